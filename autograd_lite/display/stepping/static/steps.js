// A page on which the passes over a computation graph can be stepped through. `mount` fills an element with it, and
// returns a function that shows new data at the same step. `edit(leaf, number)`, if given, is told of edited leaves.
function mount(host, data, edit) {
  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
  };
  let pass = "backward";
  const at = { forward: 0, backward: 0 };
  let timer = null;

  const tabs = ["forward", "backward"].map((name) =>
    make("button", { type: "button", onclick: () => turnTo(name) }, `${name[0].toUpperCase()}${name.slice(1)} pass`));
  const previous = make("button", { type: "button", "aria-label": "previous step", onclick: () => go(at[pass] - 1) }, "◀");
  const play = make("button", { type: "button", onclick: () => (timer ? pause() : start()) });
  const next = make("button", { type: "button", "aria-label": "next step", onclick: () => go(at[pass] + 1) }, "▶");
  const slider = make("input", { type: "range", min: 0, "aria-label": "step", oninput: () => go(Number(slider.value)) });
  const counter = make("span", { class: "counter" });
  const picture = make("div", { class: "picture", role: "img", "aria-label": data.caption });
  const says = make("div", { class: "says", "aria-live": "polite" });
  const leaves = make("div", { class: "leaves", role: "group", "aria-label": "leaves" });
  picture.innerHTML = data.svg; // made by the renderer, which escapes labels
  const svg = picture.querySelector("svg");
  svg.style.minWidth = `${0.8 * svg.viewBox.baseVal.width}px`; // still to be read: a wider diagram scrolls
  host.replaceChildren(
    make("div", { class: "controls" }, ...tabs, previous, play, next, slider, counter), picture, says);
  if (edit) host.append(leaves);
  Object.entries({
    class: "autograd-steps", role: "group", tabindex: 0, "aria-label": `${data.caption}, step by step`,
    "data-lm-suppress-shortcuts": "true", // JupyterLab's own arrow keys
  }).forEach(([name, value]) => host.setAttribute(name, value));
  host.addEventListener("keydown", (event) => {
    const isField = event.target.matches(".leaves input");
    const target = { ArrowRight: at[pass] + 1, ArrowLeft: at[pass] - 1, Home: 0, End: Infinity }[event.key];
    const plays = event.key === " " && event.target === host;
    if (isField || event.altKey || event.ctrlKey || event.metaKey || (target === undefined && !plays)) return;
    event.preventDefault();
    event.stopPropagation();
    if (plays) play.click();
    else { pause(); go(target); }
  });

  const node = (id) => picture.querySelector(`[id="${id}"]`);
  const write = (id, line, text) => { node(id).querySelectorAll("text")[line].textContent = text; };
  const mark = (id, name) => picture.querySelectorAll(`[id="${id}"]`).forEach((e) => e.classList.add(name));

  function turnTo(name) { pause(); pass = name; show(); }
  function go(step) { at[pass] = Math.max(0, Math.min(data[pass].length, step)); show(); }
  function pause() { clearInterval(timer); timer = null; showPlay(); }
  function start() {
    if (at[pass] === data[pass].length) go(0);
    timer = setInterval(() => {
      if (!host.isConnected || at[pass] === data[pass].length) pause();
      else go(at[pass] + 1);
    }, 1200);
    showPlay();
  }
  function showPlay() {
    play.textContent = timer ? "❚❚ pause" : "play";
    play.setAttribute("aria-label", timer ? "pause" : "play");
  }

  function show() {
    const steps = data[pass], count = at[pass], done = steps.slice(0, count), current = done.at(-1);
    picture.querySelectorAll(".is-active, .receives, .waits").forEach((e) => e.classList.remove("is-active", "receives", "waits"));
    const known = new Set(done.map((step) => step.node));
    for (const [id, n] of Object.entries(data.nodes)) {
      const waits = pass === "forward" && n.computed && !known.has(id);
      if (n.dataLine !== null) write(id, n.dataLine, waits ? "data ?" : n.constant ? n.data : `data ${n.data}`);
      if (n.gradLine !== null) write(id, n.gradLine, `grad ${pass === "backward" && id === data.root ? "1.0" : "0.0"}`);
      if (waits) { mark(id, "waits"); mark(id.replace("n", "o"), "waits"); }
    }
    if (pass === "backward") {
      for (const step of done) for (const part of step.parts) write(part.node, data.nodes[part.node].gradLine, `grad ${part.total}`);
    }
    if (current) reveal(node(current.node));
    const lines = current ? current.lines : data.opening[pass];
    if (current) {
      const operation = current.node.replace("n", "o");
      [current.node, operation, `${operation}-${current.node}`].forEach((id) => mark(id, "is-active"));
      for (const id of current.operands) {
        mark(`${id}-${operation}`, "is-active");
        mark(id, "receives");
      }
    }
    says.replaceChildren(
      make("p", {}, lines[0]), make("ul", {}, ...lines.slice(1).map((line) => make("li", {}, line))));
    tabs.forEach((tab, i) => tab.setAttribute("aria-pressed", String(["forward", "backward"][i] === pass)));
    slider.max = steps.length;
    slider.value = count;
    slider.setAttribute("aria-valuetext", `step ${count} of ${steps.length}`);
    counter.textContent = `${count} / ${steps.length}`;
    previous.disabled = count === 0;
    next.disabled = count === steps.length;
  }

  function reveal(active) {
    const box = active.getBoundingClientRect(), frame = picture.getBoundingClientRect();
    const outside = (low, high, from, to) => (low < from || high > to ? (low + high - from - to) / 2 : 0);
    picture.scrollBy(outside(box.left, box.right, frame.left, frame.right), outside(box.top, box.bottom, frame.top, frame.bottom));
  }

  const fields = {};
  function fill() {
    for (const [id, n] of Object.entries(data.nodes)) {
      if (!edit || n.computed || n.constant) continue;
      if (!fields[id]) {
        const reach = Math.max(1, 2 * Math.abs(n.number));
        const number = make("input", { type: "number", step: "any", "aria-label": n.name });
        const drag = make("input", {
          type: "range", min: n.number - reach, max: n.number + reach, step: reach / 100, "aria-label": `drag ${n.name}`,
        });
        const send = (field) => () => { if (field.value !== "" && isFinite(field.value)) edit(id, Number(field.value)); };
        number.addEventListener("input", send(number));
        drag.addEventListener("input", send(drag));
        leaves.append(make("span", {}, n.name), number, drag);
        fields[id] = [number, drag];
      }
      for (const field of fields[id]) if (field !== document.activeElement) field.value = n.number;
    }
  }

  showPlay();
  fill();
  show();
  return (fresh) => { data = { ...data, ...fresh }; fill(); show(); };
}
