// A network that learns on the page. `content` says what it is and where its parameters start; `gradient`, `update` and
// `field` are programs: functions from an array of numbers to an array of numbers. `keep` takes the weights to Python.
const playground = (host, content, { gradient, update, field }, keep) => {
  const { columns, weights, inputs, targets, rates, square, curve } = content;
  const around = host.closest("[lang]")?.lang ?? "";
  const texts = content.texts[content.language ?? (around.startsWith("zh") ? "zh" : "en")];
  const BLUE = [0x7f, 0xb8, 0xe6], ORANGE = [0xf5, 0xa3, 0x5c], GREY = "#808080";
  const flatInputs = inputs[0].map((_, i) => inputs.map((x) => x[i])).flat();
  let state, steps, losses, every, latest, playing = false, chosen = null, problem = "";

  // --- training: the arithmetic of `fit` ---
  const restart = () => {
    state = content.state.map((row) => Float64Array.from(row));
    steps = content.steps;
    losses = [];
    every = 1; // how many steps one entry of `losses` stands for
    problem = "";
  };
  const look = () => gradient([...flatInputs, ...state[0], ...content.held]);
  const train = () => {
    const found = look(), loss = found[0], slopes = found.slice(found.length - state[0].length);
    if (!Number.isFinite(loss) || !slopes.every(Number.isFinite)) {
      problem = say(texts.stopped, { loss: Number.isFinite(loss) ? NaN : loss, steps });
      return false;
    }
    latest = { loss, steps };
    const t = steps - content.steps;
    const rate = rates[Math.min(t, rates.length - 1)] * factor();
    const moved = update([...state[0], ...slopes, ...state.slice(1).flatMap((row) => [...row]), rate, steps + 1]);
    state = state.map((row, k) => Float64Array.from(moved.slice(k * row.length, (k + 1) * row.length)));
    if (t % every === 0) losses.push(loss);
    if (losses.length > 2000) {
      losses = losses.filter((_, i) => i % 2 === 0);
      every *= 2;
    }
    steps += 1;
    return true;
  };

  // --- the page ---
  const say = (text, numbers) => text.replace(/\{(\w+)\}/g, (_, name) => short(numbers[name]));
  const short = (x) => (Number.isInteger(x) ? x.toLocaleString("en") : Number(x.toPrecision(4)).toString());
  const make = (tag, parent, attributes = {}, text = "") => {
    const made = document.createElement(tag);
    Object.entries(attributes).forEach(([name, value]) => made.setAttribute(name, value));
    made.textContent = text;
    parent.append(made);
    return made;
  };
  host.replaceChildren();
  host.className = "ag-play";
  host.setAttribute("role", "group");
  const bar = make("div", host, { class: "bar" });
  const button = (name, act) => {
    const made = make("button", bar, { type: "button" }, texts[name]);
    made.addEventListener("click", act);
    return made;
  };
  const slider = (name, attributes) => {
    const label = make("label", bar, {}, texts[name]);
    return [make("input", label, { type: "range", ...attributes }), make("output", label)];
  };
  const start = button("play", () => play(!playing));
  button("step", () => { play(false); train(); show(); });
  button("reset", () => { play(false); restart(); show(); });
  const [speed, speedSaid] = slider("speed", { min: 0, max: 6, step: 1, value: 0 });
  const [rateBy, rateSaid] = slider("rate", { min: -1.5, max: 1.5, step: 0.1, value: 0 });
  const factor = () => 10 ** Number(rateBy.value);
  if (keep) {
    button("keep", () => {
      keep({ state: state.map((row) => [...row]), steps });
      said.textContent = say(texts.kept, { steps });
    });
  }
  const lossSaid = make("output", make("div", host), { class: "loss" });
  const panels = make("div", host, { class: "panels" });
  const canvas = (name, width, height, around) => {
    const figure = make("figure", around), made = make("canvas", figure, { role: "img", "aria-label": texts[name] });
    const by = window.devicePixelRatio || 1;
    made.style.width = `${width}px`;
    made.style.aspectRatio = `${width} / ${height}`;
    [made.width, made.height] = [width * by, height * by];
    const pen = made.getContext("2d");
    pen.scale(by, by);
    make("figcaption", figure, {}, texts[name]);
    return { made, pen, width, height };
  };
  const across = Math.min(130, 480 / (columns.length - 1)), most = Math.max(...columns.map((c) => c.shown.length));
  const thumb = Math.max(12, Math.min(34, 300 / most)), down = thumb + 6;
  const network = canvas("network", across * (columns.length - 1) + 90, Math.max(160, down * most + 30), panels);
  const beside = make("div", panels);
  const plane = field ? canvas("field", 260, 260, beside) : null;
  const graph = canvas("curve", 260, 130, beside);
  const said = make("div", host, { class: "said", "aria-live": "polite" });

  // --- what neurons say ---
  const low = inputs[0].map((_, i) => Math.min(...inputs.map((x) => x[i])));
  const high = inputs[0].map((_, i) => Math.max(...inputs.map((x) => x[i])));
  const margin = low.map((l, i) => 0.15 * (high[i] - l) || 1);
  const along = (i, part) => low[i] - margin[i] + part * (high[i] - low[i] + 2 * margin[i]);
  const points = !field ? [] : inputs[0].length === 2
    ? [0, 1].map((i) => Array.from({ length: square * square }, (_, l) =>
      along(i, ((i ? square - 1 - Math.floor(l / square) : l % square) + 0.5) / square)))
    : [Array.from({ length: curve }, (_, l) => along(0, l / (curve - 1)))];
  const lanes = points.length ? points[0].length : 0, outputs = columns.at(-1).size;
  const numbers = targets.flat(), classes = outputs > 1 && !Array.isArray(targets[0]);
  const middle = outputs > 1 ? 0.5 : (Math.min(...numbers) + Math.max(...numbers)) / 2;
  const reach = outputs > 1 ? 0.5 : (Math.max(...numbers) - Math.min(...numbers)) / 2 || 1;
  const tint = (part) => { // blue positive, orange negative, the stronger the larger; white is 0
    const size = Math.min(Math.abs(part), 1), far = part > 0 ? BLUE : ORANGE;
    return far.map((c) => Math.round(247 + (c - 247) * size));
  };
  const tintOf = (answer, x) => tint(answer ? (x - middle) / reach : x);
  const picture = document.createElement("canvas");
  const thumbnail = (row, answer) => {
    if (inputs[0].length === 1) return null;
    [picture.width, picture.height] = [square, square];
    const image = picture.getContext("2d").createImageData(square, square);
    row.forEach((x, l) => image.data.set([...tintOf(answer, x), 255], 4 * l));
    picture.getContext("2d").putImageData(image, 0, 0);
    return picture;
  };

  // --- drawing ---
  const place = (k, row) => {
    const count = columns[k].shown.length;
    return [45 + k * across, (network.height - 20) / 2 + (row - (count - 1) / 2) * Math.min(2 * down, (network.height - 30) / count)];
  };
  const drawLines = ({ pen }) => {
    weights.forEach((layer, k) => {
      const all = layer.flat().map((i) => Math.abs(state[0][i])), largest = Math.max(...all.filter(Number.isFinite)) || 1;
      columns[k + 1].shown.forEach((j, row) => columns[k].shown.forEach((i, from) => {
        const w = state[0][layer[j][i]], part = Math.min(Math.abs(w) / largest, 1);
        pen.strokeStyle = `rgba(${(w > 0 ? BLUE : ORANGE).join()}, ${0.35 + 0.65 * part})`;
        pen.lineWidth = 0.4 + 4.6 * part;
        pen.beginPath();
        pen.moveTo(...place(k, from));
        pen.lineTo(...place(k + 1, row));
        pen.stroke();
      }));
    });
  };
  const rowOf = (said, k, j) => { // of a neuron; k counts the columns of neurons from 1
    const before = columns.slice(1, k).reduce((sum, c) => sum + c.size, 0);
    return said.subarray((before + j) * lanes, (before + j + 1) * lanes);
  };
  const drawNeurons = ({ pen, height }, said) => {
    columns.forEach((column, k) => {
      column.shown.forEach((j, row) => {
        const [x, y] = place(k, row), half = thumb / 2, isChosen = chosen && chosen[0] === k && chosen[1] === j;
        pen.fillStyle = "#f7f7f7";
        pen.strokeStyle = isChosen ? "#d03050" : GREY;
        pen.lineWidth = isChosen ? 2.5 : 1;
        pen.beginPath();
        if (k && field) pen.rect(x - half, y - half, thumb, thumb);
        else pen.arc(x, y, Math.min(half, 10), 0, 7);
        pen.fill();
        pen.stroke();
        if (!k || !field) return;
        const values = rowOf(said, k, j), image = thumbnail(values, k === columns.length - 1);
        if (image) pen.drawImage(image, x - half, y - half, thumb, thumb);
        else drawCurve(pen, values, x - half, y - half, thumb, thumb, Math.min(...values), Math.max(...values));
      });
      pen.fillStyle = GREY;
      pen.textAlign = "center";
      const missing = column.size - column.shown.length;
      pen.fillText(column.title + (missing ? ` (${missing} …)` : ""), place(k, 0)[0], height - 6);
    });
  };
  const drawCurve = (pen, values, x, y, width, height, least, greatest) => {
    pen.strokeStyle = "#3182bd";
    pen.beginPath();
    const scale = height / (greatest - least || 1);
    values.forEach((v, l) => pen.lineTo(x + (l * width) / (values.length - 1), y + height - (v - least) * scale));
    pen.stroke();
    pen.strokeStyle = GREY;
  };
  const drawPlane = ({ pen, width, height }, said) => {
    const [k, j] = chosen && chosen[0] ? chosen : [columns.length - 1, 0], answer = k === columns.length - 1;
    const at = (x, i) => (x - low[i] + margin[i]) / (high[i] - low[i] + 2 * margin[i]);
    pen.clearRect(0, 0, width, height);
    const values = rowOf(said, k, j);
    if (inputs[0].length === 2) {
      pen.drawImage(thumbnail(values, answer), 0, 0, width, height);
      inputs.forEach((x, n) => {
        const target = Array.isArray(targets[n]) ? targets[n][j] : classes ? Number(targets[n] === j) : targets[n];
        pen.beginPath();
        pen.arc(at(x[0], 0) * width, height - at(x[1], 1) * height, 4, 0, 7);
        pen.fillStyle = `rgb(${tintOf(true, answer ? target : middle + reach * Math.sign(target - middle))})`;
        pen.fill();
        pen.strokeStyle = "#333";
        pen.lineWidth = 1;
        pen.stroke();
      });
      return;
    }
    const seen = answer ? numbers : [...values], space = 0.1 * (Math.max(...seen) - Math.min(...seen)) || 1;
    const least = Math.min(...seen) - space, greatest = Math.max(...seen) + space;
    if (answer) inputs.forEach((x, n) => {
      const target = Array.isArray(targets[n]) ? targets[n][j] : classes ? Number(targets[n] === j) : targets[n];
      pen.beginPath();
      pen.arc(at(x[0], 0) * width, height - ((target - least) / (greatest - least)) * height, 3, 0, 7);
      pen.fillStyle = GREY;
      pen.fill();
    });
    pen.lineWidth = 2;
    drawCurve(pen, values, 0, 0, width, height, least, greatest);
  };
  const drawLosses = ({ pen, width, height }) => {
    pen.clearRect(0, 0, width, height);
    pen.strokeStyle = GREY;
    pen.strokeRect(0.5, 0.5, width - 1, height - 1);
    if (losses.length < 2) return;
    const positive = losses.every((x) => x > 0), logs = positive ? losses.map(Math.log10) : losses;
    const least = Math.min(...logs), greatest = Math.max(...logs), digits = (x) => short(positive ? 10 ** x : x);
    pen.lineWidth = 1.5;
    drawCurve(pen, logs, 4, 6, width - 8, height - 12, least, greatest);
    pen.fillStyle = GREY;
    pen.textAlign = "right";
    pen.fillText(digits(greatest), width - 6, 14);
    pen.textAlign = "left";
    pen.fillText(digits(least), 6, height - 6);
  };
  let drawn = 0, cost = 0; // when the pictures were drawn last, and how long that took
  const show = () => {
    const now = performance.now();
    const { loss, steps: at } = playing ? latest : { loss: look()[0], steps };
    lossSaid.textContent = problem || say(texts.loss, { loss, steps: at });
    speedSaid.textContent = 2 ** Number(speed.value);
    rateSaid.textContent = short(rates[Math.min(steps - content.steps, rates.length - 1)] * factor());
    drawLosses(graph);
    if (playing && now - drawn < 4 * cost) return; // training goes on while a slow machine draws less often
    const said = field ? Float64Array.from(field([...points.flat(), ...state[0]])) : null;
    network.pen.clearRect(0, 0, network.width, network.height);
    drawLines(network);
    drawNeurons(network, said);
    if (plane) drawPlane(plane, said);
    drawn = performance.now();
    cost = drawn - now;
  };

  // --- time and pointer ---
  const frame = () => {
    if (!playing || !host.isConnected) return;
    const until = performance.now() + 50; // a slow step is shown all the same
    for (let n = 2 ** Number(speed.value); n > 0 && performance.now() < until; n--) if (!train()) { play(false); break; }
    show();
    if (playing) requestAnimationFrame(frame);
  };
  const play = (on) => {
    const begins = on && !playing;
    playing = on;
    if (begins) problem = "";
    start.textContent = texts[on ? "pause" : "play"];
    if (begins) requestAnimationFrame(frame);
  };
  const choose = (event) => {
    const box = network.made.getBoundingClientRect(), by = network.width / box.width;
    const x = (event.clientX - box.left) * by, y = (event.clientY - box.top) * by;
    const near = columns.flatMap((c, k) => c.shown.map((j, row) => [k, j, Math.hypot(...place(k, row).map((p, i) => p - [x, y][i]))]));
    const [k, j, distance] = near.sort((a, b) => a[2] - b[2])[0];
    chosen = distance < thumb ? [k, j] : null;
    said.textContent = chosen ? columns[k].says[j].split("\n").slice(0, 2).join(", ") : "";
    if (!playing) show();
  };
  network.made.addEventListener("pointermove", choose);
  network.made.addEventListener("pointerdown", choose);
  network.made.addEventListener("pointerleave", () => { chosen = null; said.textContent = ""; if (!playing) show(); });
  [speed, rateBy].forEach((input) => input.addEventListener("input", show));
  restart();
  show();
  return () => play(false);
};
