// The curve of a function with its tangent. `compute` gives for each function value, slope and curvature, of the
// arguments and what is held. What bends or parts a curve is found by bisection, and named by what both sides do.
const SAMPLES = 240, FLAT = 0.02, LEAST = 0.1, LARGEST = 1e300, MARGIN = { right: 14, top: 10, bottom: 22 };
const isGap = (e) => !["kink", "vertical"].includes(e.kind), isLong = (e) => ["pole", "end pole", "overflow"].includes(e.kind);

// What one function looks like between `low` and `high`: `points` [x, value, slope, curvature] in pieces without a
// break between them, and the `events` that part or bend them.
const trace = (at, low, high) => {
  const width = high - low, events = [], pieces = [[]];
  const grid = Array.from({ length: SAMPLES + 1 }, (_, k) => at(low + (width * k) / SAMPLES));
  const sorted = (list) => list.filter(isFinite).sort((a, b) => a - b);
  const of = (list, part) => list[Math.floor(part * (list.length - 1))] || 0;
  const values = sorted(grid.map((p) => p[1])), steep = of(sorted(grid.map((p) => Math.abs(p[2]))), 0.95) || 1e-9;
  const middling = of(values, 0.5), range = Math.min(LARGEST, of(values, 0.95) - of(values, 0.05)), spread = range || 1;
  const isFar = (p) => !(Math.abs(p[1] - middling) < 20 * spread); // out of the picture
  let left = 5000; // more points than this no curve needs
  const add = (p) => pieces.at(-1).push(p);
  const differ = (a, b) => {
    if (!isFinite(a[1]) || !isFinite(b[1])) return isFinite(a[1]) || isFinite(b[1]) ? "end" : "";
    const size = Math.max(steep, Math.abs(a[2]), Math.abs(b[2])), change = b[1] - a[1], alike = a[2] > 0 === b[2] > 0;
    if (isFar(a) && isFar(b) && a[1] > middling === b[1] > middling && alike) return "";
    const against = alike && change > 0 !== a[2] > 0; // it rises at both, and has fallen
    if (Math.abs(change) > 0.01 * spread + (against ? 0 : 2 * size * Math.abs(b[0] - a[0]))) return "jump";
    return Math.abs(b[2] - a[2]) <= 0.04 * size ? "" : "kink";
  };
  const weight = (a, b) => { // of two halves the heavier one holds what happens
    const bend = Math.abs(b[2] - a[2]) / Math.max(steep, Math.abs(a[2]), Math.abs(b[2]));
    return { "": 0, end: 4, jump: 3, kink: bend || 2 }[differ(a, b)];
  };
  // What the function does towards x from one side: it has no value there, is infinite, grows beyond all bounds, gets
  // ever steeper, or none of this. A hundredth of the distance tells: slope times distance stays as large, or does not.
  const towards = (far, near, nearest) => {
    if (Number.isNaN(near[1])) return "nothing";
    if (!isFinite(near[1])) return "infinite";
    const goesOn = near[1] > far[1] === nearest[1] > near[1] && Math.abs(near[1] - far[1]) > 0.02 * spread;
    const isOut = near[1] < of(values, 0.02) || near[1] > of(values, 0.98);
    return goesOn && isOut && Math.abs(near[2]) > 80 * Math.abs(far[2]) ? "grows" : Math.abs(near[2]) > 3 * Math.abs(far[2]) + 10 * steep ? "steep" : "plain";
  };
  const happens = (kind, a, b) => {
    const grain = 10 ** Math.floor(Math.log10(width * 1e-6)), x = Math.round((a[0] + b[0]) / 2 / grain) * grain + 0;
    const [lefts, rights] = [-1, 1].map((side) => [1e-5, 1e-7, 1e-9].map((part) => at(x + side * part * width)));
    const sides = [towards(...lefts), towards(...rights)], has = (state) => sides.includes(state);
    const [before, after] = [lefts, rights].map((points) => points[kind === "end" ? 0 : 1]);
    if (has("infinite")) kind = Math.max(...[a[1], b[1]].filter(isFinite).map(Math.abs)) > 1e290 ? "overflow" : "infinite";
    else if (has("nothing")) kind = has("grows") ? "end pole" : has("steep") ? "end vertical" : "end";
    else if (has("grows")) kind = "pole";
    else if (kind === "end" && [lefts, rights].some(([p, q]) => Math.abs(p[1] - q[1]) > 0.05 * spread)) kind = "none";
    else if (kind === "end") kind = differ(before, after) === "jump" ? "jump" : "hole";
    else if (kind === "kink" && has("steep")) kind = "vertical";
    else if (differ(before, after) !== kind) return; // rounding, of a function that cancels
    if (events.length && Math.abs(events.at(-1).x - x) < 4 * grain) events.pop();
    events.push({ kind, x, before, after });
    if (!isGap(events.at(-1))) return;
    if (sides[1] === "nothing" && isFinite(b[1])) add(b); // the last point of its domain
    pieces.push([]);
  };
  const between = (a, b, depth) => { // adds what lies between two points, and b
    let kind = differ(a, b);
    if (kind && depth < 9 && left-- > 0) {
      const middle = at((a[0] + b[0]) / 2);
      between(a, middle, depth + 1);
      between(middle, b, depth + 1);
      return;
    }
    let [c, d] = [a, b];
    for (let n = 0; kind && depth === 9 && n < 60; n++) { // where a curve is but steep, it gets smooth
      const middle = at((c[0] + d[0]) / 2);
      if (middle[0] === c[0] || middle[0] === d[0]) break;
      [c, d] = weight(middle, d) > weight(c, middle) ? [middle, d] : [c, middle];
      kind = differ(c, d);
    }
    if (kind && depth === 9) happens(kind, c, d);
    if (isFinite(b[1])) add(b);
  };
  if (isFinite(grid[0][1])) add(grid[0]);
  for (let k = 0; k < SAMPLES; k++) between(grid[k], grid[k + 1], 0);
  const stretches = (holds) => grid.reduce((found, p, k) => {
    if (holds(p) && k && holds(grid[k - 1], p)) found.at(-1)[1] = p[0];
    else if (holds(p)) found.push([p[0], p[0]]);
    return found;
  }, []);
  const few = Math.min(LEAST, FLAT * (range / width || LEAST)); // a turning point is shorter
  const isLevel = (p, next = p) => Math.abs(p[2]) < few && Math.abs(next[1] - p[1]) < (few * width) / SAMPLES;
  const saturated = stretches(isLevel).filter(([from, to]) => to - from > 0.05 * width);
  const isFlat = (x) => saturated.some(([from, to]) => x >= from && x <= to);
  const tidy = (slope) => compact(Math.abs(slope) < 1e-6 * steep ? 0 : slope);
  const gaps = stretches((p) => !isFinite(p[1])).filter(([from, to]) => to > from), isConstant = values.length > SAMPLES && !range && steep === 1e-9;
  return { pieces: pieces.filter((p) => p.length), events, grid, saturated, gaps, isConstant, isFlat, tidy };
};

const ticks = (low, high, size) => {
  const rough = (high - low) / Math.max(3, size / 60), power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((m) => m * power >= rough) ?? 10);
  return Array.from({ length: Math.floor(high / step) - Math.ceil(low / step) + 1 }, (_, k) => (Math.ceil(low / step) + k) * step);
};

const label = (v) => {
  const exact = Number(v.toPrecision(12)), short = compact(exact);
  return Number(short) === exact ? short.replace(/\.0$/, "") : String(exact);
};

const mountExplore = (host, data, compute) => {
  const say = speaking(host, data.language), axis = data.arguments[0];
  const numbers = data.arguments.map((a) => a.start), held = data.held.map(Number);
  const orders = [0]; // of the derivatives drawn
  let chosen = 0, drawn, scaleX, leftMargin;

  const at = (i) => (x) => [x, ...compute([x, ...numbers.slice(1), ...held]).slice(3 * i, 3 * i + 3)];
  const title = (i, order) => { const name = data.functions[i]; return name + "′".repeat(order); };
  const place = (x) => (Math.abs(Number(compact(x)) - x) < 0.002 * (axis.high - axis.low) ? compact(x) : label(x));
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
  const span = (order) => { // of what a panel shows
    const all = drawn.flatMap((t) => t.grid.map((p) => p[1 + order])).filter(isFinite).map((v) => Math.max(-LARGEST, Math.min(LARGEST, v))).sort((a, b) => a - b);
    const cut = drawn.some((t) => t.events.some(isLong)) ? Math.floor(all.length * 0.05) : 0;
    let [low, high] = all.length ? [all[cut], all[all.length - 1 - cut]] : [-1, 1];
    const least = Math.max(Math.abs(low), Math.abs(high), 1e-300);
    if (high - low < 1e-12 * least) [low, high] = [low - 0.5 * least, high + 0.5 * least];
    return [low - 0.08 * (high - low), high + 0.08 * (high - low)];
  };
  const panel = (order, [low, high], top, height, width) => {
    const clip = `clip${Math.random().toString(36).slice(2)}`;
    const inner = height - MARGIN.top - MARGIN.bottom, bottom = top + MARGIN.top + inner;
    const unit = inner / (high - low), y = (v) => Math.max(-1e4, Math.min(1e4, bottom - (v - low) * unit));
    const group = makeSvg("g");
    group.append(makeSvg("clipPath", { id: clip }, makeSvg("rect", { x: leftMargin, y: top + MARGIN.top, width: width - leftMargin - MARGIN.right, height: inner })));
    for (const v of ticks(low, high, height)) {
      group.append(makeSvg("line", { class: "axis", x1: leftMargin, x2: width - MARGIN.right, y1: y(v), y2: y(v), "stroke-opacity": Math.abs(v) < 1e-9 * (high - low) ? 1 : 0.35 }),
        makeSvg("text", { x: leftMargin - 6, y: y(v) + 4, "text-anchor": "end" }, label(v)));
    }
    for (const v of ticks(axis.low, axis.high, width / 1.5)) {
      group.append(makeSvg("line", { class: "axis", x1: scaleX(v), x2: scaleX(v), y1: top + MARGIN.top, y2: bottom, "stroke-opacity": Math.abs(v) < 1e-9 * (axis.high - axis.low) ? 1 : 0.35 }),
        makeSvg("text", { x: Math.min(scaleX(v), width - 3.6 * label(v).length), y: bottom + 16, "text-anchor": "middle" }, label(v)));
    }
    const inside = makeSvg("g", { "clip-path": `url(#${clip})` });
    for (const [from, to] of drawn[chosen].gaps) inside.append(makeSvg("rect", { class: "gap", x: scaleX(from), y: top, width: scaleX(to) - scaleX(from), height }));
    drawn.forEach((t, i) => {
      for (const piece of t.pieces) {
        for (let k = 0; k < piece.length - 1;) { // in runs that are flat, or not
          const isFlat = (p) => order === 0 && t.isFlat(p[0]), flat = isFlat(piece[k + 1]), run = [piece[k]];
          while (k < piece.length - 1 && isFlat(piece[k + 1]) === flat) run.push(piece[++k]);
          const path = run.filter((p) => isFinite(p[1 + order])).map((p, n) => {
            const breaks = n && order > 0 && t.events.some((e) => e.x >= run[n - 1][0] && e.x <= p[0]);
            return `${n && !breaks ? "L" : "M"}${scaleX(p[0]).toFixed(1)},${y(p[1 + order]).toFixed(1)}`;
          });
          inside.append(makeSvg("path", { class: `curve${flat ? " flat" : ""}`, d: path.join(""), stroke: data.colours[i % data.colours.length], "stroke-width": i === chosen ? 2.5 : 1.5 }));
        }
      }
      for (const e of t.events) {
        if (isGap(e) && e.kind !== "hole") inside.append(makeSvg("line", { class: "pole", x1: scaleX(e.x), x2: scaleX(e.x), y1: top, y2: bottom }));
        if (order || isLong(e) || e.kind === "none") continue;
        for (const v of new Set([e.before[1], e.after[1]].filter(isFinite).map(y))) inside.append(makeSvg("circle", { class: "kink", cx: scaleX(e.x), cy: v, r: 4 }));
      }
    });
    const mark = makeSvg("g");
    inside.append(mark);
    group.append(inside, makeSvg("text", { x: leftMargin + 6, y: top + MARGIN.top + 13, "font-weight": 600 }, `${title(chosen, order)}(${axis.name})`));
    return { group, mark, y, unit, order };
  };

  let panels = [];
  const draw = () => {
    const width = Math.max(260, Math.min(760, host.clientWidth || 640)), heights = orders.map((order) => (order ? 150 : Math.min(330, 0.75 * width)));
    scaleX = (x) => leftMargin + ((x - axis.low) / (axis.high - axis.low)) * (width - leftMargin - MARGIN.right);
    drawn = data.functions.map((_, i) => trace(at(i), axis.low, axis.high));
    const spans = orders.map(span), labels = spans.flatMap((s, k) => ticks(...s, heights[k]).map((v) => label(v).length));
    leftMargin = Math.max(44, 14 + 7 * Math.max(...labels));
    svg.setAttribute("viewBox", `0 0 ${width} ${heights.reduce((a, b) => a + b, 0)}`);
    svg.style.maxWidth = `${width}px`;
    let top = 0;
    panels = orders.map((order, k) => { const made = panel(order, spans[k], top, heights[k], width); top += heights[k]; return made; });
    svg.replaceChildren(...panels.map((p) => p.group));
    legend.forEach((entry, i) => entry.setAttribute("aria-pressed", String(i === chosen)));
    toggles.forEach((toggle, i) => toggle.setAttribute("aria-pressed", String(orders.includes(i + 1))));
    notes.replaceChildren(...remarks().map((text) => make("li", {}, text)));
    point();
  };
  const remarks = () => {
    const { events, saturated, grid, isConstant, tidy } = drawn[chosen], x = axis.name, ends = { from: place(axis.low), to: place(axis.high) };
    if (!grid.some((p) => isFinite(p[1]))) return [say("from {x} = {from} to {to} it has no finite value", { x, ...ends })];
    if (isConstant) return [say("constant: no gradient comes through")];
    return [
      ...events.slice(0, 6).map((e) => say({
        kink: "kink at {x} = {at}: slope {left} from the left, {right} from the right; the engine takes {engine}",
        vertical: "at {x} = {at} the tangent is vertical: the slope grows beyond all bounds",
        jump: "jump at {x} = {at}, from {low} to {high}: there is no slope",
        hole: "at {x} = {at} it has no value, though it comes to {low} from both sides",
        none: "at {x} = {at} it has no value, and comes to none",
        pole: "pole at {x} = {at}: it grows beyond all bounds",
        end: "at {x} = {at} its domain ends: no value on one side",
        "end pole": "at {x} = {at} its domain ends: it grows beyond all bounds, with no value on the other side",
        "end vertical": "at {x} = {at} its domain ends with a vertical tangent: no value on the other side",
        infinite: "at {x} = {at} it becomes infinite: inf on one side",
        overflow: "overflow at {x} = {at}: on one side it is larger than any number a computer holds, 1.8e308, and becomes inf",
      }[e.kind], {
        x, at: place(e.x), left: tidy(e.before[2]), right: tidy(e.after[2]), engine: tidy(at(chosen)(e.x)[2]),
        low: compact(e.before[1]), high: compact(e.after[1]),
      })),
      ...saturated.slice(0, 4).map(([from, to]) =>
        say("flat from {x} = {from} to {to}: hardly any gradient comes through", { x, from: place(from), to: place(to) })),
    ];
  };

  // --- the point and its tangent
  const point = () => {
    const [x, ...found] = at(chosen)(numbers[0]), name = title(chosen, 0), where = place(x);
    for (const { mark, y, unit, order } of panels) {
      const value = found[order], slope = found[order + 1], sign = slope > 0 ? "positive" : slope < 0 ? "negative" : "zero";
      const far = axis.high - axis.low, parts = [];
      if (order === 0 && isFinite(value) && Math.abs(slope) === Infinity) {
        parts.push(makeSvg("line", { class: `tangent ${sign}`, x1: scaleX(x), x2: scaleX(x), y1: -1e4, y2: 1e4 }));
      } else if (order === 0 && isFinite(value) && isFinite(slope)) {
        const reach = Math.min(far, 5000 / Math.abs(slope * unit)); // pixels enough, even of a steep one
        const [[x1, y1], [x2, y2]] = [-reach, reach].map((dx) => [scaleX(x + dx), y(value) - slope * dx * unit]);
        parts.push(makeSvg("line", { class: `tangent ${sign}`, x1, y1, x2, y2 }));
      }
      if (isFinite(value)) parts.push(makeSvg("circle", { class: `handle ${order ? (value > 0 ? "positive" : value < 0 ? "negative" : "zero") : sign}`, cx: scaleX(x), cy: y(value), r: order ? 5 : 8 }));
      mark.replaceChildren(...parts);
    }
    const [value, slope, curvature] = found, change = Math.min(0.01, 10 ** Math.floor(Math.log10((axis.high - axis.low) / 100)));
    const event = drawn[chosen].events.find((e) => Math.abs(e.x - x) < 1e-6 * (axis.high - axis.low));
    says.replaceChildren(
      make("p", {}, `${name}(${where}) = ${compact(value)}`),
      make("p", {}, say("slope {name}′({where}) = {slope}", { name, where, slope: compact(slope) }) + (orders.includes(2) ? `, ${name}″(${where}) = ${compact(curvature)}` : "")),
      make("p", {}, event?.kind === "kink" ? say("a kink: the engine takes one slope, of several that would do")
        : Number.isNaN(value) ? say("no value here: nan")
        : !isFinite(value) ? say("no finite value here")
        : Math.abs(slope) === Infinity ? say("the tangent is vertical here")
        : Number.isNaN(slope) ? say("no tangent here")
        : drawn[chosen].isFlat(x) ? say("flat: hardly any gradient comes through")
        : say("{change} more of {x} changes it by about {by}", { change: compact(change), x: axis.name, by: compact(slope * change) })));
  };
  const follow = (event) => {
    const box = svg.getBoundingClientRect(), width = svg.viewBox.baseVal.width;
    const part = (((event.clientX - box.left) / box.width) * width - leftMargin) / (width - leftMargin - MARGIN.right);
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
