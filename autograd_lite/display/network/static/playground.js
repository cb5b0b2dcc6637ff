// A network that learns on the page. `data` says what it is and where its parameters start; `gradient`, `update` and
// `field` are programs: functions of numbers, in order, to an array of numbers. `keep` takes the weights to Python.
const BLUE = [0x7f, 0xb8, 0xe6], ORANGE = [0xf5, 0xa3, 0x5c], GREY = "#808080", CURVES = ["#009e73", "#8a5fd3", "#c0559a", "#8f7a00"];
const SHADES = Uint32Array.from({ length: 511 }, (_, i) => { // blue positive, orange negative, the stronger the larger
  const part = Math.abs(i - 255) / 255, far = i > 255 ? BLUE : ORANGE;
  const [red, green, blue] = far.map((end) => Math.round(247 + (end - 247) * part));
  return (255 << 24) | (blue << 16) | (green << 8) | red;
});
const shade = (part) => SHADES[part > 1 ? 510 : part < -1 ? 0 : part === part ? Math.round(255 * part) + 255 : 255];

const mountPlayground = (host, data, { gradient, update, field }, keep) => {
  const { columns, weights, inputs, targets, rates, square, curve, metrics } = data, say = speaking(host, data.language);
  const measures = [say("loss"), ...metrics], rows = inputs[0].flatMap((_, i) => inputs.map((x) => x[i])), held = data.held.map(Number);
  let state, steps, latest, seen, every, problem, playing = false, chosen = null;

  // --- training: the arithmetic of `fit` ---
  const restart = () => {
    state = data.state.map((row) => Float64Array.from(row, Number));
    steps = data.steps;
    seen = measures.map(() => []);
    every = 1; // how many steps one entry of `seen` stands for
    problem = "";
    remember(look());
  };
  const look = () => gradient(rows, state[0], held);
  const remember = (found) => { latest = { steps, measured: [...found.subarray(0, measures.length)] }; };
  const rate = () => rates[Math.min(steps - data.steps, rates.length - 1)] * 10 ** Number(rateBy.field.value);
  const train = () => {
    const found = look(), slopes = found.subarray(found.length - state[0].length);
    if (!Number.isFinite(found[0]) || !slopes.every(Number.isFinite)) {
      const loss = compact(Number.isFinite(found[0]) ? NaN : found[0]);
      problem = say("The loss is {loss} at step {steps}: try a smaller learning rate.", { loss, steps: counted(steps) });
      return false;
    }
    remember(found);
    const moved = update(state[0], slopes, ...state.slice(1), rate(), steps + 1);
    state = state.map((row, k) => moved.subarray(k * row.length, (k + 1) * row.length));
    if ((steps - data.steps) % every === 0) seen.forEach((values, k) => values.push(found[k]));
    if (seen[0].length > 2000) {
      seen = seen.map((values) => values.filter((_, i) => i % 2 === 0));
      every *= 2;
    }
    steps += 1;
    return true;
  };

  // --- the page ---
  const counted = (n) => n.toLocaleString("en");
  const button = (text, act) => make("button", { type: "button", onclick: act }, say(text));
  const slider = (text, attributes) => {
    const field = make("input", { type: "range", oninput: () => show(), ...attributes }), output = make("output");
    return { field, output, label: make("label", {}, say(text), field, output) };
  };
  const start = button("play", () => play(!playing));
  const step = button("single step", () => { play(false); if (train()) remember(look()); show(); });
  const reset = button("reset", () => { play(false); restart(); show(); });
  const give = keep && button("keep", () => {
    keep({ state: state.map((row) => [...row]), steps });
    said.textContent = say("The model has the weights after {steps} steps.", { steps: counted(steps) });
  });
  const speed = slider("steps a frame", { min: 0, max: 6, step: 1, value: 0 });
  const rateBy = slider("learning rate", { min: -1.5, max: 1.5, step: 0.1, value: 0 });
  const measured = make("output", { class: "measured" }), said = make("div", { class: "said", "aria-live": "polite" });
  const canvas = (text, width, height, ...caption) => {
    const made = make("canvas", { role: "img", "aria-label": say(text) }), by = window.devicePixelRatio || 1, pen = made.getContext("2d");
    fill(made, { width: width * by, height: height * by, style: `width: ${width}px; aspect-ratio: ${width} / ${height}` }, []);
    pen.scale(by, by);
    pen.font = "11px system-ui, sans-serif";
    return { made, pen, width, height, figure: make("figure", {}, made, make("figcaption", {}, say(text), ...caption)) };
  };
  const room = Math.min(480, Math.max(240, (host.clientWidth || 570) - 90)), across = Math.min(130, room / (columns.length - 1)), most = Math.max(...columns.map((c) => c.shown.length));
  const thumb = Math.max(12, Math.min(34, 300 / most)), down = thumb + 6;
  const swatches = metrics.length ? measures.map((name, k) => make("span", { class: "swatch", style: `--swatch: ${CURVES[k % CURVES.length]}` }, name)) : [];
  const network = canvas(field ? "the network, and what each neuron says over the inputs" : "the network", across * (columns.length - 1) + 90, Math.max(160, down * most + 30));
  const plane = field && canvas("what the chosen neuron says, with the data", 260, 260);
  const graph = canvas(metrics.length ? "loss and metrics at each step" : "the loss at each step", 260, 130, ...swatches);
  const caption = plane && plane.figure.querySelector("figcaption");
  fill(network.made, { tabindex: 0 }, []);
  host.replaceChildren(
    make("div", { class: "controls" }, start, step, reset, ...(give ? [give] : []), speed.label, rateBy.label), measured,
    make("div", { class: "panels" }, network.figure, make("div", { class: "panels" }, ...(plane ? [plane.figure] : []), graph.figure)), said);
  fill(host, { class: "autograd autograd-play", role: "group", "aria-label": say("network of {sizes}", { sizes: data.sizes }), "data-lm-suppress-shortcuts": "true" }, []);

  // --- what neurons say ---
  const low = inputs[0].map((_, i) => Math.min(...inputs.map((x) => x[i])));
  const high = inputs[0].map((_, i) => Math.max(...inputs.map((x) => x[i])));
  const margin = low.map((l, i) => 0.15 * (high[i] - l) || 1);
  const along = (i, part) => low[i] - margin[i] + part * (high[i] - low[i] + 2 * margin[i]);
  const at = (x, i) => (x - low[i] + margin[i]) / (high[i] - low[i] + 2 * margin[i]);
  const points = !field ? [] : inputs[0].length === 2
    ? [0, 1].map((i) => Float64Array.from({ length: square * square }, (_, l) =>
      along(i, (i ? square - 1 - Math.floor(l / square) : l % square) / (square - 1))))
    : [Float64Array.from({ length: curve }, (_, l) => along(0, l / (curve - 1)))];
  const lanes = points.length ? points[0].length : 0, outputs = columns.at(-1).size;
  const numbers = targets.flat(), classes = outputs > 1 && !Array.isArray(targets[0]);
  const middle = outputs > 1 ? 0.5 : (Math.min(...numbers) + Math.max(...numbers)) / 2;
  const reach = outputs > 1 ? 0.5 : (Math.max(...numbers) - Math.min(...numbers)) / 2 || 1;
  const wanted = (n, j) => (Array.isArray(targets[n]) ? targets[n][j] : classes ? Number(targets[n] === j) : targets[n]);
  const starts = columns.map((_, k) => columns.slice(1, k).reduce((sum, c) => sum + c.size, 0)); // of columns, in what is said
  const count = columns.slice(1).reduce((sum, c) => sum + c.size, 0), isPlane = points.length === 2;
  const rowOf = (all, k, j) => all.subarray((starts[k] + j) * lanes, (starts[k] + j + 1) * lanes);
  const pictures = make("canvas", { width: square, height: isPlane ? square * count : 1 }), brush = pictures.getContext("2d");
  const image = brush.createImageData(square, pictures.height), pixels = new Uint32Array(image.data.buffer);
  const colour = (all) => { // of every neuron a picture, one below the other: to be drawn in one go
    const answers = starts.at(-1) * lanes;
    for (let l = 0; l < pixels.length; l++) pixels[l] = shade(l < answers ? all[l] : (all[l] - middle) / reach);
    brush.putImageData(image, 0, 0);
  };
  const drawPicture = (pen, k, j, ...place) => // between the middles of its outer pixels: beyond is another's picture
    pen.drawImage(pictures, 0.5, (starts[k] + j) * square + 0.5, square - 1, square - 1, ...place);

  // --- drawing ---
  const place = (k, row) => {
    const count = columns[k].shown.length;
    return [45 + k * across, (network.height - 20) / 2 + (row - (count - 1) / 2) * Math.min(2 * down, (network.height - 30) / count)];
  };
  const drawLines = ({ pen }) => {
    weights.forEach((layer, k) => {
      const largest = Math.max(...layer.flat().map((i) => Math.abs(state[0][i])).filter(Number.isFinite)) || 1;
      columns[k + 1].shown.forEach((j, row) => columns[k].shown.forEach((i, from) => {
        const w = state[0][layer[j][i]], part = Math.min(Math.abs(w) / largest, 1);
        pen.strokeStyle = `rgba(${(w > 0 ? BLUE : ORANGE).join()}, ${0.2 + 0.8 * part})`;
        pen.lineWidth = 0.4 + 4.6 * part;
        pen.beginPath();
        pen.moveTo(...place(k, from));
        pen.lineTo(...place(k + 1, row));
        pen.stroke();
      }));
    });
  };
  const drawNeurons = ({ pen, height }, all) => {
    columns.forEach((column, k) => {
      column.shown.forEach((j, row) => {
        const [x, y] = place(k, row), half = thumb / 2, isChosen = chosen && chosen[0] === k && chosen[1] === row;
        pen.fillStyle = "#f7f7f7";
        pen.strokeStyle = isChosen ? "#d03050" : GREY;
        pen.lineWidth = isChosen ? 3 : 1;
        pen.beginPath();
        if (k && field) pen.rect(x - half, y - half, thumb, thumb);
        else pen.arc(x, y, Math.min(half, 10), 0, 7);
        pen.fill();
        pen.stroke();
        if (!k || !field) return;
        const values = rowOf(all, k, j);
        pen.lineWidth = 1.5;
        if (isPlane) drawPicture(pen, k, j, x - half, y - half, thumb, thumb);
        else drawSigned(pen, values, x - half, y - half + 2, thumb, thumb - 4, Math.min(...values), Math.max(...values));
      });
      pen.fillStyle = GREY;
      pen.textAlign = "center";
      const missing = column.size - column.shown.length;
      const inputs = column.size === 1 ? "{count} input" : "{count} inputs", title = k ? column.title : say(inputs, { count: column.size });
      pen.fillText(title + (missing ? ` (${missing} …)` : ""), place(k, 0)[0], height - 6);
    });
  };
  const drawCurve = (pen, values, x, y, width, height, least, greatest, colour) => {
    const scale = height / (greatest - least || 1);
    pen.strokeStyle = colour;
    pen.beginPath();
    values.forEach((v, l) => pen.lineTo(x + (l * width) / (values.length - 1), y + height - (v - least) * scale));
    pen.stroke();
  };
  const drawSigned = (pen, values, x, y, width, height, least, greatest) => { // above 0 blue, below orange
    const zero = Math.max(0, Math.min(1, greatest / (greatest - least || 1))), colour = pen.createLinearGradient(0, y, 0, y + height);
    colour.addColorStop(zero, "#1f77c8");
    colour.addColorStop(zero, "#e0570b");
    drawCurve(pen, values, x, y, width, height, least, greatest, greatest > 0 ? (least < 0 ? colour : "#1f77c8") : "#e0570b");
  };
  const dot = (pen, x, y, radius, colour) => {
    pen.beginPath();
    pen.arc(x, y, radius, 0, 7);
    pen.fillStyle = colour;
    pen.strokeStyle = "#333";
    pen.lineWidth = 1;
    pen.fill();
    pen.stroke();
  };
  const css = (part) => `rgb(${[0, 8, 16].map((shift) => (shade(part) >>> shift) & 255)})`;
  const ofClass = (j) => CURVES[j % CURVES.length];
  const lighter = (colour) => `rgb(${[1, 3, 5].map((i) => 128 + (parseInt(colour.slice(i, i + 2), 16) >> 1))})`;
  const drawClasses = (pen, all, width, height) => { // where each of several outputs is the largest
    const rows = Array.from({ length: outputs }, (_, j) => rowOf(all, columns.length - 1, j));
    for (let l = 0; l < lanes; l++) {
      const best = rows.reduce((most, row, j) => (row[l] > rows[most][l] ? j : most), 0);
      pen.fillStyle = lighter(ofClass(best));
      pen.fillRect(((l % square) - 0.5) * width, (Math.floor(l / square) - 0.5) * height, 1.1 * width, 1.1 * height);
    }
  };
  const drawPlane = ({ pen, width, height }, all) => {
    const [k, row] = chosen && chosen[0] ? chosen : [columns.length - 1, 0], j = columns[k].shown[row];
    const isAnswer = k === columns.length - 1, values = rowOf(all, k, j);
    const chooses = !chosen && classes;
    caption.textContent = say(chooses ? "the class that the network chooses, with the data" : "what the chosen neuron says, with the data");
    pen.clearRect(0, 0, width, height);
    if (isPlane) {
      if (chooses) drawClasses(pen, all, width / (square - 1), height / (square - 1));
      else drawPicture(pen, k, j, 0, 0, width, height);
      inputs.forEach((x, n) => {
        const off = (wanted(n, isAnswer ? j : 0) - middle) / reach, colour = chooses ? ofClass(targets[n]) : css(isAnswer ? off : Math.sign(off));
        dot(pen, at(x[0], 0) * width, height - at(x[1], 1) * height, 4, colour);
      });
      return;
    }
    const shown = isAnswer ? [...numbers, ...values] : [...values], space = 0.1 * (Math.max(...shown) - Math.min(...shown)) || 1;
    const least = Math.min(...shown) - space, greatest = Math.max(...shown) + space, up = (y) => height - ((y - least) / (greatest - least)) * height;
    pen.fillStyle = "#f7f7f7";
    pen.fillRect(0, 0, width, height);
    if (isAnswer) inputs.forEach((x, n) => dot(pen, at(x[0], 0) * width, up(wanted(n, j)), 3, css(Math.sign(wanted(n, j)))));
    pen.lineWidth = 2.5;
    drawSigned(pen, values, 0, 0, width, height, least, greatest);
  };
  const drawMeasures = ({ pen, width, height }) => {
    const [losses, ...others] = seen, positive = losses.every((x) => x > 0), logs = positive ? losses.map(Math.log10) : losses;
    const least = Math.min(...logs), greatest = Math.max(...logs), digits = (x) => compact(positive ? 10 ** x : x);
    const all = others.flat().filter(Number.isFinite), bottom = Math.min(0, ...all), top = Math.max(1, ...all), gutter = 54;
    const drawOne = (values, from, to, colour) => drawCurve(pen, values, gutter + 4, 6, width - gutter - 8, height - 12, from, to, colour);
    pen.clearRect(0, 0, width, height);
    pen.strokeStyle = GREY;
    pen.lineWidth = 1;
    pen.strokeRect(gutter + 0.5, 0.5, width - gutter - 1, height - 1);
    if (losses.length < 2) return;
    pen.lineWidth = 2;
    pen.setLineDash([5, 3]);
    others.forEach((values, k) => drawOne(values, bottom, top, CURVES[(k + 1) % CURVES.length]));
    pen.setLineDash([]);
    drawOne(logs, least, greatest, CURVES[0]);
    pen.fillStyle = GREY;
    pen.textAlign = "right";
    pen.fillText(digits(greatest), gutter - 4, 12);
    pen.fillText(digits(least), gutter - 4, height - 4);
  };
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let drawn = 0, cost = 0; // when the pictures were drawn last, and how long that took
  const show = () => {
    const now = performance.now(), values = latest.measured.map((x, k) => `${measures[k]} ${compact(x)}`).join(", ");
    measured.textContent = problem || say("{values} after {steps} steps", { values, steps: counted(latest.steps) });
    speed.output.textContent = 2 ** Number(speed.field.value);
    rateBy.output.textContent = compact(rate());
    if (playing && now - drawn < Math.max(1.5 * cost, calm ? 1000 : 0)) return; // a slow machine draws less often, and trains on
    drawMeasures(graph);
    const all = field && field(...points, state[0]);
    if (isPlane) colour(all);
    network.pen.clearRect(0, 0, network.width, network.height);
    drawLines(network);
    drawNeurons(network, all);
    if (plane) drawPlane(plane, all);
    drawn = performance.now();
    cost = drawn - now;
  };

  // --- time, pointer and keys ---
  const frame = () => {
    if (!playing || !host.isConnected) return;
    const until = performance.now() + 50; // a slow step is shown all the same
    for (let n = 2 ** Number(speed.field.value); n > 0 && performance.now() < until; n--) if (!train()) { play(false); break; }
    show();
    if (playing) requestAnimationFrame(frame);
  };
  const play = (on) => {
    const changes = on !== playing;
    playing = on;
    start.textContent = say(on ? "pause" : "play");
    if (changes && on) {
      problem = "";
      requestAnimationFrame(frame);
    } else if (changes) {
      if (!problem) remember(look());
      show();
    }
  };
  const choose = (found) => {
    chosen = found;
    said.textContent = found ? columns[found[0]].says[columns[found[0]].shown[found[1]]].split("\n").slice(0, 2).join(", ") : "";
    if (!playing) show();
  };
  const point = (event) => {
    const box = network.made.getBoundingClientRect(), by = network.width / box.width;
    const x = (event.clientX - box.left) * by, y = (event.clientY - box.top) * by;
    const near = columns.flatMap((c, k) => c.shown.map((_, row) => [k, row, Math.hypot(place(k, row)[0] - x, place(k, row)[1] - y)]));
    const [k, row, distance] = near.sort((a, b) => a[2] - b[2])[0];
    choose(distance < thumb ? [k, row] : null);
  };
  network.made.addEventListener("pointermove", point);
  network.made.addEventListener("pointerdown", point);
  network.made.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") choose(null); });
  network.made.addEventListener("keydown", (event) => {
    const [dk, drow] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] ?? [0, 0];
    if (!dk && !drow) return;
    event.preventDefault();
    event.stopPropagation();
    const within = (x, count) => Math.max(0, Math.min(count - 1, x));
    const [k, row] = chosen ?? [columns.length - 1 - dk, -drow], next = within(k + dk, columns.length);
    choose([next, within(row + drow, columns[next].shown.length)]);
  });
  restart();
  show();
  return () => play(false);
};
