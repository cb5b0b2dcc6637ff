// What all pages share. A text is its own key in TEXTS, which holds it in other languages.
const speaking = (host, wanted) => {
  const language = (wanted ?? host.closest("[lang]")?.lang ?? "en").slice(0, 2);
  return (text, values = {}) =>
    (TEXTS[text]?.[language] ?? text).replace(/\{(\w+)\}/g, (slot, name) => values[name] ?? slot);
};

const fill = (element, attributes, children) => {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
};
const make = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
const makeSvg = (tag, attributes = {}, ...children) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

// A number in about four significant digits, as the package writes it in Python: a tie goes to the even digit.
const rounded = (size, digits, method) => {
  const [long, exponent] = size[method](digits + 40).split("e"), end = long.indexOf(".") + 1 + digits;
  const isTie = /^50*$/.test(long.slice(end)) && "02468".includes(long[end - 1]);
  return isTie ? long.slice(0, end) + (exponent ? `e${exponent}` : "") : size[method](digits);
};
const compact = (x) => {
  if (!isFinite(x)) return x !== x ? "nan" : x > 0 ? "inf" : "-inf";
  if (x === 0) return Object.is(x, -0) ? "-0.0" : "0.0";
  const sign = x < 0 ? "-" : "", size = Math.abs(x), magnitude = Number(size.toExponential(20).split("e")[1]);
  if (magnitude < -4 || magnitude >= 6) {
    const [mantissa, exponent] = rounded(size, 3, "toExponential").split("e");
    return `${sign}${mantissa.replace(/\.?0+$/, "")}e${Number(exponent)}`;
  }
  const shown = rounded(size, Math.max(1, 3 - magnitude), "toFixed").replace(/0+$/, "");
  return sign + (shown.endsWith(".") ? `${shown}0` : shown);
};

// Blue is positive, orange negative, the stronger the larger; yellow is no finite number.
const tint = (x, largest) => {
  if (!isFinite(x)) return "#ffe94d";
  const part = x === 0 || !largest ? 0 : 0.15 + 0.85 * Math.sqrt(Math.abs(x) / largest);
  const far = x > 0 ? [0x7f, 0xb8, 0xe6] : [0xf5, 0xa3, 0x5c];
  return `rgb(${far.map((end) => Math.round(0xf7 + part * (end - 0xf7))).join(" ")})`;
};

// A labelled number to type, and to drag; `changed` is told. Returns its parts, and a function that sets it.
const numberField = (name, start, low, high, changed, say) => {
  const number = make("input", { type: "number", step: "any" });
  const step = 10 ** Math.floor(Math.log10((high - low) / 100));
  const drag = make("input", { type: "range", min: low, max: high, step, "aria-label": say("drag {name}", { name }) });
  let current = start;
  const set = (x) => {
    current = x;
    if (x < Number(drag.min)) drag.min = x - Math.abs(x);
    if (x > Number(drag.max)) drag.max = x + Math.abs(x);
    for (const field of [number, drag]) if (field !== document.activeElement) field.value = x;
  };
  for (const field of [number, drag]) {
    field.addEventListener("input", () => {
      if (field.value === "" || !isFinite(field.value)) return;
      set(Number(field.value));
      changed(current);
    });
    field.addEventListener("blur", () => set(current));
  }
  set(start);
  return { parts: [make("label", {}, make("span", {}, name), number), drag], set };
};
