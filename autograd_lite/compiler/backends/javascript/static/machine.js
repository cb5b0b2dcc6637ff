// Runs a program that is given as data. `r` holds a number for each input, constant and result in turn, or `lanes` of
// them for those in `rows`. An instruction applies a kind of operation to the results `operands[starts[i]..starts[i + 1]]`;
// on rows, once for each lane, where a single number stands for the same number in every lane.
const load = (program, functions) => {
  const { lanes, block, inputs, constants, outputs, rowsOut, kinds, codes, starts, operands } = program;
  const rows = new Set(program.rows), first = inputs + constants.length, places = [];
  let size = 0;
  for (let i = 0; i < first + codes.length; i++) {
    places.push(size);
    size += rows.has(i) ? lanes : 1;
  }
  const r = new Float64Array(size);
  const scratch = new Float64Array(lanes);
  constants.forEach((x, k) => { r[places[inputs + k]] = x; });
  const place = (x) => places[x];
  const stride = (x) => (rows.has(x) ? 1 : 0);

  // A sum of products in one lane; `ends[k]` says whether operand k ends a term.
  const sumAt = (at, by, ends, l, stops) => {
    let total = -0, product = 1, first = true;
    for (let k = 0; k < at.length; k++) {
      const x = r[at[k] + by[k] * l];
      product = first ? x : stops && product === 0 ? 0 : product * x;
      first = ends[k];
      if (first) total += product;
    }
    return total;
  };

  const sumOfProducts = (t, n, at, by, ends, stops) => {
    if (n === 1) {
      const y = sumAt(at, by, ends, 0, false);
      r[t] = stops && y !== y ? sumAt(at, by, ends, 0, true) : y;
      return;
    }
    r.fill(-0, t, t + n);
    for (let k = 0; k < at.length; k++) {
      const a = at[k], da = by[k];
      if (ends[k]) {
        for (let l = 0; l < n; l++) r[t + l] += r[a + da * l];
      } else if (ends[k + 1]) {
        const b = at[++k], db = by[k];
        for (let l = 0; l < n; l++) r[t + l] += r[a + da * l] * r[b + db * l];
      } else {
        for (let l = 0; l < n; l++) scratch[l] = r[a + da * l];
        do {
          const b = at[++k], db = by[k];
          for (let l = 0; l < n; l++) scratch[l] *= r[b + db * l];
        } while (!ends[k]);
        for (let l = 0; l < n; l++) r[t + l] += scratch[l];
      }
    }
    if (stops) for (let l = 0; l < n; l++) if (r[t + l] !== r[t + l]) r[t + l] = sumAt(at, by, ends, l, true);
  };

  const operandsAt = (at, by, l) => Array.from(at, (x, k) => r[x + by[k] * l]);
  const call = (f, t, n, at, by) => {
    const [a, b, c, d] = at, [da, db, dc, dd] = by;
    if (at.length === 1) for (let l = 0; l < n; l++) r[t + l] = f(r[a + da * l]);
    else if (at.length === 2) for (let l = 0; l < n; l++) r[t + l] = f(r[a + da * l], r[b + db * l]);
    else if (at.length === 3) for (let l = 0; l < n; l++) r[t + l] = f(r[a + da * l], r[b + db * l], r[c + dc * l]);
    else if (at.length === 4) for (let l = 0; l < n; l++) r[t + l] = f(r[a + da * l], r[b + db * l], r[c + dc * l], r[d + dd * l]);
    else for (let l = 0; l < n; l++) r[t + l] = f(...operandsAt(at, by, l));
  };
  const callOnMany = (f, t, n, at, by) => {
    for (let l = 0; l < n; l++) r[t + l] = f(operandsAt(at, by, l));
  };
  const dotAt = (f, at, by, l) => { // compensated; where nearly all cancels, or leaves the range, f itself
    const half = at.length >> 1, last = at.length - 1;
    let total = at.length > 2 * half ? r[at[last] + by[last] * l] : 0, error = 0;
    let size = Math.abs(total), squares = total * total;
    for (let k = 0; k < half; k++) {
      const product = r[at[k] + by[k] * l] * r[at[half + k] + by[half + k] * l], s = total + product, t = s - total;
      error += (total - (s - t)) + (product - t);
      total = s;
      size += Math.abs(product);
      squares += product * product;
    }
    if (size === 0) return total;
    if (size > 1e8 * Math.abs(total) || squares < 1e-280 || squares > 1e290) return f(operandsAt(at, by, l));
    if (squares >= 16 * total * total) { // the terms cancel: what rounding took from the products counts too
      for (let k = 0; k < half; k++) error += dekker(r[at[k] + by[k] * l], r[at[half + k] + by[half + k] * l]);
    }
    return total + error;
  };
  const sumOfLanes = (t, at, by) => {
    const [a] = at, [da] = by;
    let total = 0, error = 0, size = 0;
    for (let l = 0; l < lanes; l++) {
      const x = r[a + da * l], s = total + x, u = s - total;
      error += (total - (s - u)) + (x - u);
      total = s;
      size += Math.abs(x);
      scratch[l] = x;
    }
    r[t] = size <= Math.min(1e8 * Math.abs(total), 1e300) ? total + error : exact_sum(scratch);
  };
  const meanOfLanes = (f, t, at, by) => {
    sumOfLanes(t, at, by);
    r[t] = Number.isFinite(r[t]) ? r[t] / lanes : f(Array.from(scratch));
  };
  const dotOfLanes = (t, at, by) => {
    const sum = (begin, stops) => {
      let total = -0;
      for (let l = begin; l < Math.min(begin + block, lanes); l++) {
        const g = r[at[0] + by[0] * l];
        if (!stops || g !== 0) total += g * r[at[1] + by[1] * l];
      }
      return total;
    };
    r[t] = -0;
    for (let begin = 0; begin < lanes; begin += block) {
      const total = sum(begin, false);
      r[t] += total === total ? total : sum(begin, true);
    }
  };

  const instruction = (i) => {
    const kind = kinds[codes[i]], f = functions[codes[i]], signed = operands.slice(starts[i], starts[i + 1]);
    const ends = signed.map((x) => x < 0), xs = signed.map((x) => (x < 0 ? -1 - x : x));
    const t = place(first + i), n = rows.has(first + i) ? lanes : 1, at = Int32Array.from(xs, place), by = Int32Array.from(xs, stride);
    const [a, b] = at, [da, db] = by;
    switch (kind) {
      case "+": return () => { for (let l = 0; l < n; l++) r[t + l] = r[a + da * l] + r[b + db * l]; };
      case "-": return () => { for (let l = 0; l < n; l++) r[t + l] = r[a + da * l] - r[b + db * l]; };
      case "*": return () => { for (let l = 0; l < n; l++) r[t + l] = r[a + da * l] * r[b + db * l]; };
      case "/": return () => { for (let l = 0; l < n; l++) r[t + l] = r[a + da * l] / r[b + db * l]; };
      case "sum": return () => sumOfProducts(t, n, at, by, ends, false);
      case "stopping sum": return () => sumOfProducts(t, n, at, by, ends, true);
      case "stack": return () => { for (let l = 0; l < lanes; l++) r[t + l] = r[at[l]]; };
      case "lane": return () => { r[t] = r[a + r[b]]; };
      case "lane sum": return () => sumOfLanes(t, at, by);
      case "lane mean": return () => meanOfLanes(f, t, at, by);
      case "lane dot": return () => dotOfLanes(t, at, by);
      case "dot": return () => { for (let l = 0; l < n; l++) r[t + l] = dotAt(f, at, by, l); };
      case "many": return () => callOnMany(f, t, n, at, by);
      default: return () => call(f, t, n, at, by);
    }
  };

  const steps = codes.map((_, i) => instruction(i));
  const counts = outputs.map((_, k) => (rowsOut[k] ? lanes : 1)), count = counts.reduce((a, b) => a + b, 0);
  return (...parts) => { // numbers, or arrays of them, one after the other
    let at = 0, from = 0;
    for (const part of parts) {
      if (typeof part === "number") r[at++] = part;
      else {
        r.set(part, at);
        at += part.length;
      }
    }
    for (const step of steps) step();
    const found = new Float64Array(count);
    outputs.forEach((x, k) => {
      const begin = place(x);
      if (counts[k] === 1) found[from] = r[begin];
      else if (stride(x)) found.set(r.subarray(begin, begin + lanes), from);
      else found.fill(r[begin], from, from + lanes);
      from += counts[k];
    });
    return found;
  };
};
