// The passes over a computation graph, step by step. `data.numbers` are all that is shown, in one row: the data of each
// node, then of each step of the backward pass its upstream gradient, and for each parent slope and addition. `compute`,
// if there is one, gives that row for other leaves; `edited(i, number)` is told of a leaf that was moved.
const mountSteps = (host, data, compute, edited) => {
  const say = speaking(host, data.language), root = data.nodes[data.root].name, word = /^[\p{L}\p{N}]+$/u;
  const leaves = data.start.map(Number);
  let pass = "backward", isOpening = true, timer = null, steps;
  const at = { forward: 0, backward: data.backward.length };

  // The row of numbers as sentences, and what each step does to the picture.
  const written = (row) => {
    const name = (i) => data.nodes[i].name, value = (i) => compact(row[i]), total = {};
    const forward = data.forward.map(({ node, operands, formula }) => {
      const known = [...new Set(operands)].filter((i) => !data.nodes[i].constant).map((i) => `${name(i)} = ${value(i)}`);
      const lines = [`${name(node)} = ${formula}`, `${name(node)} = ${value(node)}`];
      return { node, operands, lines: known.length ? [...lines, say("with {values}", { values: known.join(", ") })] : lines };
    });
    let k = data.nodes.length;
    const backward = data.backward.map(({ node, parts }) => {
      const g = row[k++], symbol = `∂${root}/∂${name(node)}`, number = compact(g), handed = [];
      const lines = [say("{name}: upstream gradient {symbol} = {number}", { name: name(node), symbol, number })];
      for (const { node: to, formula } of parts) {
        const slope = row[k++], added = row[k++];
        if (g === 0 || data.nodes[to].constant) continue;
        const before = total[to] ?? 0, factor = formula || compact(slope);
        total[to] = before + added;
        const sum = total[to] === added || added !== added ? "" : say(", in total {total}", { total: compact(total[to]) });
        const product = `${number} · ${word.test(factor) ? factor : `(${factor})`}`;
        lines.push(`∂${root}/∂${name(to)} += ${symbol} · ∂${name(node)}/∂${name(to)} = ${product} = ${compact(added)}${sum}`);
        handed.push({ node: to, total: total[to] });
      }
      if (g === 0) lines.push(say("a gradient of 0 stops here: nothing flows on"));
      return { node, operands: handed.map((part) => part.node), handed, lines };
    });
    return { row, forward, backward };
  };
  const opening = () => pass === "forward"
    ? [say("The leaves are known. Each node is computed once its operands are.")]
    : isOpening ? [
      say("The backward pass is done: every box shows ∂{root}/∂ of it, blue if positive, orange if negative.", { root }),
      say(compute ? "Move a leaf and all numbers follow; step or play to see how they come about." : "Step or play to see how the gradients come about."),
      ...(data.why ? [say("The leaves cannot be moved here: {why}", data)] : []),
    ] : [say("∂{root}/∂{root} = 1, all other gradients start from 0.", { root })];

  const caption = say("computation graph of {name}", { name: root });
  const button = (label, act, text) => make("button", { type: "button", "aria-label": say(label), onclick: act }, text ?? say(label));
  const tabs = ["Forward pass", "Backward pass"].map((label, i) => button(label, () => turnTo(["forward", "backward"][i])));
  const previous = button("previous step", () => { pause(); go(at[pass] - 1); }, "◀");
  const next = button("next step", () => { pause(); go(isOpening || at[pass] === steps[pass].length ? 1 : at[pass] + 1); }, "▶");
  const play = button("play", () => (timer ? pause() : start()));
  const slider = make("input", { type: "range", min: 0, "aria-label": say("step"), oninput: () => { pause(); go(Number(slider.value)); } });
  const counter = make("span", { class: "counter" });
  const picture = make("div", { class: "picture", role: "img", "aria-label": caption });
  const says = make("div", { class: "says", "aria-live": "polite" });
  const fields = make("div", { class: "fields", role: "group", "aria-label": say("leaves") });
  picture.innerHTML = data.svg; // made by the renderer, which escapes labels
  const svg = picture.querySelector("svg");
  svg.style.minWidth = `${0.8 * svg.viewBox.baseVal.width}px`; // still to be read: a wider diagram scrolls
  host.replaceChildren(make("div", { class: "controls" }, ...tabs, previous, play, next, slider, counter), picture, says, fields);
  fill(host, {
    class: "autograd autograd-steps", role: "group", tabindex: 0, "aria-label": say("{caption}, step by step", { caption }),
    "data-lm-suppress-shortcuts": "true", // JupyterLab's own arrow keys
  }, []);
  host.addEventListener("keydown", (event) => {
    const target = { ArrowRight: at[pass] + 1, ArrowLeft: at[pass] - 1, Home: 0, End: Infinity }[event.key];
    const plays = event.key === " " && event.target === host;
    if (event.target.matches(".fields input") || event.altKey || event.ctrlKey || event.metaKey || (target === undefined && !plays)) return;
    event.preventDefault();
    event.stopPropagation();
    if (plays) play.click();
    else if (event.key === "ArrowRight") next.click();
    else { pause(); go(target); }
  });

  const box = (i) => picture.querySelector(`[id="n${i}"]`);
  const mark = (id, name) => picture.querySelectorAll(`[id="${id}"]`).forEach((e) => e.classList.add(name));
  const write = (i, line, text) => { box(i).querySelectorAll("text")[line].textContent = text; };

  const turnTo = (name) => { pause(); pass = name; isOpening = false; show(); };
  const go = (step) => { isOpening = false; at[pass] = Math.max(0, Math.min(steps[pass].length, step)); show(); };
  const pause = () => { clearInterval(timer); timer = null; showPlay(); };
  const start = () => {
    if (isOpening || at[pass] === steps[pass].length) go(0);
    timer = setInterval(() => {
      if (!host.isConnected || at[pass] === steps[pass].length) pause();
      else go(at[pass] + 1);
    }, 1200);
    showPlay();
  };
  const showPlay = () => {
    play.textContent = timer ? `❚❚ ${say("pause")}` : say("play");
    play.setAttribute("aria-label", say(timer ? "pause" : "play"));
  };

  const show = () => {
    const all = steps[pass], count = at[pass], done = all.slice(0, count), current = isOpening ? undefined : done.at(-1);
    picture.querySelectorAll(".is-active, .receives, .waits").forEach((e) => e.classList.remove("is-active", "receives", "waits"));
    const known = new Set(done.map((step) => step.node)), gradients = data.nodes.map(() => 0);
    if (pass === "backward") {
      gradients[data.root] = 1;
      for (const step of done) for (const part of step.handed) gradients[part.node] = part.total;
    }
    const largest = Math.max(...gradients.map(Math.abs).filter(isFinite));
    data.nodes.forEach((n, i) => {
      const waits = pass === "forward" && n.computed && !known.has(i);
      if (waits) { mark(`n${i}`, "waits"); mark(`o${i}`, "waits"); }
      box(i).querySelector("path, polygon").setAttribute("fill", tint(gradients[i], largest));
      if (n.constant) return write(i, 0, compact(steps.row[i]));
      write(i, 1, waits ? "data ?" : `data ${compact(steps.row[i])}`);
      write(i, 2, `grad ${compact(gradients[i])}`);
    });
    if (current) {
      const operation = `o${current.node}`;
      [`n${current.node}`, operation, `${operation}-n${current.node}`].forEach((id) => mark(id, "is-active"));
      for (const i of current.operands) { mark(`n${i}-${operation}`, "is-active"); mark(`n${i}`, "receives"); }
      reveal(box(current.node));
    }
    const [head, ...lines] = current ? current.lines : opening();
    says.classList.toggle("opening", !current);
    says.replaceChildren(make("p", {}, head), make("ul", {}, ...lines.map((line) => make("li", {}, line))));
    tabs.forEach((tab, i) => tab.setAttribute("aria-pressed", String(["forward", "backward"][i] === pass)));
    slider.max = all.length;
    slider.value = count;
    slider.setAttribute("aria-valuetext", say("step {count} of {all}", { count, all: all.length }));
    counter.textContent = `${count} / ${all.length}`;
    previous.disabled = count === 0;
    next.disabled = all.length === 0;
  };
  const reveal = (active) => {
    const inner = active.getBoundingClientRect(), frame = picture.getBoundingClientRect();
    const outside = (low, high, from, to) => (low < from || high > to ? (low + high - from - to) / 2 : 0);
    picture.scrollBy(outside(inner.left, inner.right, frame.left, frame.right), outside(inner.top, inner.bottom, frame.top, frame.bottom));
  };

  const refresh = (row) => { steps = written(row); show(); };
  const controls = compute ? data.leaves.map((node, i) => {
    const reach = Math.max(1, 2 * Math.abs(leaves[i]));
    const field = numberField(data.nodes[node].name, leaves[i], leaves[i] - reach, leaves[i] + reach, (x) => {
      leaves[i] = x;
      refresh(compute(leaves));
      edited?.(i, x);
    }, say);
    fields.append(...field.parts);
    return field;
  }) : [];
  showPlay();
  refresh(compute ? compute(leaves) : data.numbers.map(Number));
  return (numbers) => { // the leaves were moved elsewhere
    numbers.map(Number).forEach((x, i) => { leaves[i] = x; controls[i]?.set(x); });
    if (compute) refresh(compute(leaves));
  };
};
