// The curve of a function with its tangent. `compute` gives for each function value, slope and curvature, of the
// arguments and what is held. Kinks, jumps and poles are found by bisection where slopes disagree.
const SAMPLES = 240, FLAT = 0.02, MARGIN = { left: 44, right: 12, top: 10, bottom: 22 };

// What one function looks like between `low` and `high`: `points` [x, value, slope, curvature] in pieces without a
// break between them, and the `events` that part or bend them.
const trace = (at, low, high) => {
  const width = high - low, events = [], pieces = [[]];
  const grid = Array.from({ length: SAMPLES + 1 }, (_, k) => at(low + (width * k) / SAMPLES));
  const sorted = (list) => list.filter(isFinite).sort((a, b) => a - b);
  const of = (list, part) => list[Math.floor(part * (list.length - 1))] || 0;
  const values = sorted(grid.map((p) => p[1])), steep = of(sorted(grid.map((p) => Math.abs(p[2]))), 0.95) || 1e-9;
  const middling = of(values, 0.5), spread = of(values, 0.95) - of(values, 0.05) || 1;
  const isFar = (p) => !(Math.abs(p[1] - middling) < 20 * spread); // out of the picture
  let left = 5000; // more points than this no curve needs
  const add = (p) => pieces.at(-1).push(p);
  const part = () => { if (pieces.at(-1).length) pieces.push([]); };
  const happens = (kind, a, b) => {
    const grain = width * 1e-6, x = Math.round((a[0] + b[0]) / 2 / grain) * grain + 0, last = events.at(-1);
    if (last && Math.abs(last.x - x) < 4 * grain) Object.assign(last, { right: b[2], kind: last.kind === "kink" ? kind : last.kind });
    else events.push({ kind, x, left: a[2], right: b[2] });
  };
  const between = (a, b, depth) => { // adds what lies between two points, and b
    const known = isFinite(a[1]) && isFinite(b[1]), size = Math.max(steep, Math.abs(a[2]), Math.abs(b[2]));
    if (!isFinite(a[1]) && !isFinite(b[1])) return;
    const isAway = known && isFar(a) && isFar(b) && a[1] > middling === b[1] > middling && a[2] > 0 === b[2] > 0;
    const leaps = known && Math.abs(b[1] - a[1]) > 0.01 * spread + 2 * size * (b[0] - a[0]);
    const differs = !isAway && (!known || leaps || !(Math.abs(b[2] - a[2]) <= 0.04 * size));
    if (differs && depth < 26 && left-- > 0) {
      const middle = at((a[0] + b[0]) / 2);
      between(a, middle, depth + 1);
      between(middle, b, depth + 1);
      return;
    }
    if (differs && depth >= 26) {
      const grows = Math.abs(a[1]) === Infinity || Math.abs(b[1]) === Infinity || (known && (isFar(a) || isFar(b)));
      happens(grows ? "pole" : !known ? "edge" : leaps ? "jump" : "kink", a, b);
      if (grows || !known || leaps) part();
    }
    if (isFinite(b[1])) add(b);
  };
  if (isFinite(grid[0][1])) add(grid[0]);
  for (let k = 0; k < SAMPLES; k++) between(grid[k], grid[k + 1], 0);
  const flats = [], typical = Math.min(steep, spread / width); // where the function saturates; a turning point is shorter
  for (const p of grid) {
    if (!(Math.abs(p[2]) < FLAT * typical)) flats.push(null);
    else if (flats.at(-1)) flats.at(-1)[1] = p[0];
    else flats.push([p[0], p[0]]);
  }
  const isFlat = (x) => saturated.some(([from, to]) => x >= from && x <= to);
  const saturated = flats.filter((f) => f && f[1] - f[0] > 0.05 * width);
  const tidy = (slope) => compact(Math.abs(slope) < 1e-6 * steep ? 0 : slope);
  return { pieces: pieces.filter((p) => p.length), events, grid, saturated, isFlat, tidy };
};

const ticks = (low, high, many) => {
  const rough = (high - low) / many, power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((m) => m * power >= rough);
  return Array.from({ length: Math.floor(high / step) - Math.ceil(low / step) + 1 }, (_, k) => (Math.ceil(low / step) + k) * step);
};

const mountExplore = (host, data, compute) => {
  const say = speaking(host, data.language), axis = data.arguments[0];
  const numbers = data.arguments.map((a) => a.start), held = data.held.map(Number);
  const orders = [0]; // of the derivatives drawn
  let chosen = 0, drawn, scaleX;

  const at = (i) => (x) => [x, ...compute([x, ...numbers.slice(1), ...held]).slice(3 * i, 3 * i + 3)];
  const title = (i, order) => { const name = data.functions[i]; return name + "′".repeat(order); };
  const button = (act, ...children) => make("button", { type: "button", onclick: act }, ...children);
  const legend = data.functions.map((name, i) =>
    button(() => { chosen = i; draw(); }, make("span", { class: "swatch", style: `background: ${data.colours[i % data.colours.length]}` }), name));
  const toggles = [1, 2].map((order) => button(() => {
    if (orders.includes(order)) orders.splice(orders.indexOf(order), 1);
    else orders.push(order);
    orders.sort();
    draw();
  }, say(["slope f′", "curvature f″"][order - 1])));
  const svg = makeSvg("svg", { role: "img", "aria-label": data.functions.join(", ") });
  const says = make("div", { class: "says", "aria-live": "polite" });
  const notes = make("ul", { class: "notes" });
  const fields = make("div", { class: "fields", role: "group", "aria-label": say("arguments") });
  const controls = data.arguments.map((a, k) => numberField(a.name, a.start, a.low, a.high, (x) => {
    numbers[k] = x;
    if (k) draw();
    else point();
  }, say));
  fields.append(...controls.flatMap((field) => field.parts));
  host.replaceChildren(make("div", { class: "controls" }, ...(legend.length > 1 ? legend : []), ...toggles), svg, says, fields, notes);
  fill(host, { class: "autograd autograd-explore", role: "group", "aria-label": data.functions.join(", "), "data-lm-suppress-shortcuts": "true" }, []);

  // --- the picture
  const panel = (order, top, height, width) => {
    const traces = data.functions.map((_, i) => drawn[i]), clip = `clip${Math.random().toString(36).slice(2)}`;
    const all = traces.flatMap((t) => t.grid.map((p) => p[1 + order])).filter(isFinite).sort((a, b) => a - b);
    const grows = traces.some((t) => t.events.some((e) => e.kind === "pole"));
    const cut = grows ? Math.floor(all.length * 0.05) : 0;
    let [low, high] = all.length ? [all[cut], all[all.length - 1 - cut]] : [-1, 1];
    if (high - low < 1e-12 * Math.max(1, Math.abs(high))) [low, high] = [low - 1, high + 1];
    [low, high] = [low - 0.08 * (high - low), high + 0.08 * (high - low)];
    const inner = height - MARGIN.top - MARGIN.bottom, bottom = top + MARGIN.top + inner;
    const y = (v) => Math.max(-1e4, Math.min(1e4, bottom - ((v - low) / (high - low)) * inner));
    const group = makeSvg("g");
    group.append(makeSvg("clipPath", { id: clip }, makeSvg("rect", { x: MARGIN.left, y: top + MARGIN.top, width: width - MARGIN.left - MARGIN.right, height: inner })));
    for (const v of ticks(low, high, height > 200 ? 5 : 3)) {
      group.append(makeSvg("line", { class: "axis", x1: MARGIN.left, x2: width - MARGIN.right, y1: y(v), y2: y(v), "stroke-opacity": Math.abs(v) < 1e-9 * (high - low) ? 1 : 0.35 }),
        makeSvg("text", { x: MARGIN.left - 6, y: y(v) + 4, "text-anchor": "end" }, compact(Number(v.toPrecision(6))).replace(/\.0$/, "")));
    }
    for (const v of ticks(axis.low, axis.high, Math.max(3, width / 90))) {
      group.append(makeSvg("line", { class: "axis", x1: scaleX(v), x2: scaleX(v), y1: top + MARGIN.top, y2: bottom, "stroke-opacity": Math.abs(v) < 1e-9 * (axis.high - axis.low) ? 1 : 0.35 }),
        makeSvg("text", { x: scaleX(v), y: bottom + 16, "text-anchor": "middle" }, compact(Number(v.toPrecision(6))).replace(/\.0$/, "")));
    }
    const inside = makeSvg("g", { "clip-path": `url(#${clip})` });
    traces.forEach((t, i) => {
      for (const piece of t.pieces) {
        for (let k = 0; k < piece.length - 1;) { // in runs that are flat, or not
          const isFlat = (p) => order === 0 && t.isFlat(p[0]), flat = isFlat(piece[k + 1]), run = [piece[k]];
          while (k < piece.length - 1 && isFlat(piece[k + 1]) === flat) run.push(piece[++k]);
          const path = run.filter((p) => isFinite(p[1 + order])).map((p, n) => {
            const breaks = n && order > 0 && t.events.some((e) => e.x >= run[n - 1][0] && e.x <= p[0]);
            return `${n && !breaks ? "L" : "M"}${scaleX(p[0]).toFixed(1)},${y(p[1 + order]).toFixed(1)}`;
          });
          inside.append(makeSvg("path", { class: `curve${flat ? " flat" : ""}`, d: path.join(""), stroke: data.colours[i % data.colours.length], "stroke-opacity": i === chosen ? 1 : 0.7 }));
        }
      }
      for (const e of t.events) {
        if (e.kind === "pole") inside.append(makeSvg("line", { class: "pole", x1: scaleX(e.x), x2: scaleX(e.x), y1: top, y2: bottom }));
        else if (e.kind === "kink" && order === 0) inside.append(makeSvg("circle", { class: "kink", cx: scaleX(e.x), cy: y(at(i)(e.x)[1]), r: 4 }));
      }
    });
    const mark = makeSvg("g");
    inside.append(mark);
    group.append(inside, makeSvg("text", { x: MARGIN.left + 6, y: top + MARGIN.top + 13, "font-weight": 600 }, `${title(chosen, order)}(${axis.name})`));
    return { group, mark, y, order };
  };

  let panels = [];
  const draw = () => {
    const width = Math.max(260, Math.min(760, host.clientWidth || 640)), heights = orders.map((order) => (order ? 150 : Math.min(330, 0.75 * width)));
    const total = heights.reduce((a, b) => a + b, 0);
    scaleX = (x) => MARGIN.left + ((x - axis.low) / (axis.high - axis.low)) * (width - MARGIN.left - MARGIN.right);
    drawn = data.functions.map((_, i) => trace(at(i), axis.low, axis.high));
    svg.setAttribute("viewBox", `0 0 ${width} ${total}`);
    svg.style.maxWidth = `${width}px`;
    let top = 0;
    panels = orders.map((order, k) => { const made = panel(order, top, heights[k], width); top += heights[k]; return made; });
    svg.replaceChildren(...panels.map((p) => p.group));
    legend.forEach((entry, i) => entry.setAttribute("aria-pressed", String(i === chosen)));
    toggles.forEach((toggle, i) => toggle.setAttribute("aria-pressed", String(orders.includes(i + 1))));
    notes.replaceChildren(...remarks().map((text) => make("li", {}, text)));
    point();
  };
  const remarks = () => {
    const { events, saturated, tidy } = drawn[chosen], x = axis.name;
    return [
      ...events.slice(0, 6).map((e) => say({
        kink: "kink at {x} = {at}: slope {left} from the left, {right} from the right; the engine takes {engine}",
        jump: "jump at {x} = {at}: there is no slope",
        pole: "pole at {x} = {at}: it grows beyond all bounds",
        edge: "at {x} = {at} its domain ends: no value on one side",
      }[e.kind], { x, at: compact(e.x), left: tidy(e.left), right: tidy(e.right), engine: tidy(at(chosen)(e.x)[2]) })),
      ...saturated.slice(0, 4).map(([from, to]) =>
        say("flat from {x} = {from} to {to}: hardly any gradient comes through", { x, from: compact(from), to: compact(to) })),
    ];
  };

  // --- the point and its tangent
  const point = () => {
    const [x, ...found] = at(chosen)(numbers[0]), name = title(chosen, 0), where = compact(x);
    for (const { mark, y, order } of panels) {
      const value = found[order], slope = found[order + 1], sign = slope > 0 ? "positive" : slope < 0 ? "negative" : "zero";
      const far = axis.high - axis.low, parts = [];
      if (order === 0 && isFinite(value) && isFinite(slope)) {
        const end = (dx) => [scaleX(x + dx), y(0) + (y(1) - y(0)) * (value + slope * dx)];
        const [[x1, y1], [x2, y2]] = [end(-far), end(far)];
        parts.push(makeSvg("line", { class: `tangent ${sign}`, x1, y1, x2, y2 }));
      }
      if (isFinite(value)) parts.push(makeSvg("circle", { class: `handle ${order ? (value > 0 ? "positive" : value < 0 ? "negative" : "zero") : sign}`, cx: scaleX(x), cy: y(value), r: order ? 5 : 8 }));
      mark.replaceChildren(...parts);
    }
    const [value, slope, curvature] = found, change = 0.01;
    const event = drawn[chosen].events.find((e) => Math.abs(e.x - x) < 1e-6 * (axis.high - axis.low));
    says.replaceChildren(
      make("p", {}, `${name}(${where}) = ${compact(value)}`),
      make("p", {}, say("slope {name}′({where}) = {slope}", { name, where, slope: compact(slope) }) + (orders.includes(2) ? `, ${name}″(${where}) = ${compact(curvature)}` : "")),
      make("p", {}, event?.kind === "kink" ? say("a kink: the engine takes one slope, of several that would do")
        : !isFinite(value) || !isFinite(slope) ? say("no tangent here")
        : drawn[chosen].isFlat(x) ? say("flat: hardly any gradient comes through")
        : say("{change} more of {x} changes it by about {by}", { change, x: axis.name, by: compact(slope * change) })));
  };
  const follow = (event) => {
    const box = svg.getBoundingClientRect(), width = svg.viewBox.baseVal.width;
    const part = (((event.clientX - box.left) / box.width) * width - MARGIN.left) / (width - MARGIN.left - MARGIN.right);
    const grain = 10 ** Math.floor(Math.log10((axis.high - axis.low) / 500));
    const x = axis.low + Math.max(0, Math.min(1, part)) * (axis.high - axis.low);
    numbers[0] = Number((Math.round(x / grain) * grain).toPrecision(12));
    controls[0].set(numbers[0]);
    point();
  };
  svg.addEventListener("pointerdown", (event) => { svg.setPointerCapture(event.pointerId); follow(event); });
  svg.addEventListener("pointermove", (event) => { if (event.buttons || event.pointerType === "touch") follow(event); });
  draw();
  let seen = host.clientWidth;
  new ResizeObserver(() => { if (host.clientWidth && host.clientWidth !== seen) { seen = host.clientWidth; draw(); } }).observe(host);
};
