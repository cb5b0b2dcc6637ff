// What Python's builtins and its math module have and JavaScript's Math lacks, or has with too few digits.
// Each `const` at the start of a line is a part of its own: a page holds those that it uses.

// --- Python's own words
const truthy = (x) => x !== 0 && x !== false; // a nan is true
const float = (x) => +x;
const len = (xs) => xs.length;
const list = (xs) => [...xs];
const range = (a, b, step = 1) => {
  const [from, to] = b === undefined ? [0, a] : [a, b];
  return Array.from({ length: Math.max(0, Math.ceil((to - from) / step)) }, (_, i) => from + i * step);
};
const zip = (...lists) => range(min(lists.map(len))).map((i) => lists.map((xs) => xs[i]));
const map = (f, ...lists) => zip(...lists).map((xs) => f(...xs));
const enumerate = (xs) => xs.map((x, i) => [i, x]);
const max = (...xs) => (xs.length === 1 ? [...xs[0]] : xs).reduce((most, x) => (x > most ? x : most));
const min = (...xs) => (xs.length === 1 ? [...xs[0]] : xs).reduce((least, x) => (x < least ? x : least));
const sum = (xs, start = 0) => xs.reduce((total, x) => total + x, start);
const repeat = (xs, n) => range(n).flatMap(() => xs);
const mod = (a, b) => { const r = a % b; return r !== 0 && r < 0 !== b < 0 ? r + b : r || copysign(0, b); };
const floordiv = (a, b) => Math.round((a - mod(a, b)) / b);
const add = (a, b) => a + b;
const sub = (a, b) => a - b;
const mul = (a, b) => a * b;
const div = (a, b) => a / b;
const neg = (a) => -a;

// --- the math module
const isnan = (x) => x !== x;
const isinf = (x) => x === Infinity || x === -Infinity;
const isfinite = (x) => x - x === 0;
const fmod = (a, b) => a % b;
const copysign = (size, sign) => (sign < 0 || Object.is(sign, -0) ? -Math.abs(size) : Math.abs(size));
const pow = (a, b) => (a === 1 || (a === -1 && isinf(b)) ? 1 : Math.pow(a, b)); // where Math.pow has nan
const ldexp = (m, e) => {
  for (; e > 1023; e -= 1023) m *= 2 ** 1023;
  for (; e < -1022; e += 969) m *= 2 ** -969; // so that only the last product can be subnormal, and round
  return m * 2 ** e;
};
const frexp = (x) => {
  if (x === 0 || !isfinite(x)) return [x, 0];
  let [m, e] = Math.abs(x) < 1e-290 ? [x * 2 ** 1000, -1000] : [x, 0];
  for (; Math.abs(m) >= 1; e += 1) m /= 2;
  for (; Math.abs(m) < 0.5; e -= 1) m *= 2;
  return [m, e];
};

// --- exact sums
const knuth = (a, b) => { // the sum, and what rounding took from it
  const s = a + b, t = s - a; 
  return [s, (a - (s - t)) + (b - t)];
};
const dekker = (a, b) => { // what rounding takes from the product
  const product = a * b, s = 134217729 * a, t = 134217729 * b, ah = s - (s - a), bh = t - (t - b), al = a - ah, bl = b - bh;
  return ((ah * bh - product) + ah * bl + al * bh) + al * bl;
};
const fsum = (xs) => { // compensated where that is sure to round it correctly
  let total = 0, error = 0, size = 0;
  for (const x of xs) {
    const [s, e] = knuth(total, x);
    total = s;
    error += e;
    size += Math.abs(e);
  }
  const slack = 2.3e-16 * len(xs) * size; // more than what adding the errors lost
  return total + (error - slack) === total + (error + slack) ? total + error : exact_sum(xs);
};
const exact_sum = (xs) => { // correctly rounded: Shewchuk's partial sums
  const plain = sum([...xs]);
  const scale = isfinite(plain) || [...xs].some((x) => !isfinite(x)) ? 1 : 2 ** -64; // else it overflows on the way
  if (!isfinite(plain) && scale === 1) return plain;
  const parts = [];
  for (let x of xs) {
    x *= scale;
    let kept = 0;
    for (let y of parts) {
      if (Math.abs(x) < Math.abs(y)) [x, y] = [y, x];
      const high = x + y, low = y - (high - x);
      if (low !== 0) parts[kept++] = low;
      x = high;
    }
    parts.length = kept;
    parts.push(x);
  }
  let total = (parts.pop() ?? 0) + 0, low = 0; // no zero is negative
  while (parts.length && low === 0) [total, low] = knuth(total, parts.pop());
  if (low !== 0 && parts.length && low > 0 === parts.at(-1) > 0) { // halfway between two floats: the rest decides
    const doubled = 2 * low;
    if (doubled === total + doubled - total) total += doubled;
  }
  return total / scale;
};
const prod = (xs) => xs.reduce((product, x) => product * x, 1);
const length = (xs) => { // the Euclidean one: squares taken exactly, after scaling by a power of two
  const largest = xs.reduce((most, x) => (isinf(x) || isinf(most) ? Infinity : x !== x || most !== most ? NaN : Math.max(most, Math.abs(x))), 0);
  if (largest === 0 || !isfinite(largest)) return largest;
  const scale = ldexp(1, -Math.max(frexp(largest)[1], -1000));
  let total = 0, low = 0;
  for (const x of xs) {
    const z = x * scale, [s, error] = knuth(total, z * z);
    low += error + dekker(z, z);
    total = s;
  }
  const root = Math.sqrt(total + low);
  return (root + ((total - root * root - dekker(root, root)) + low) / (2 * root)) / scale;
};
const hypot = (...xs) => length(xs);

// --- the error function: a series near 0, else exp(-x * x) times a Chebyshev series in t = 2 / (2 + x)
const ERFC = [ // of exp(x * x) * erfc(x) / t for t from 0 to 1, computed with mpmath at 60 digits
  1.1540674772329393, 0.3554369212704985, 0.06509515882878653, 0.003671142395836639, -0.0011128447433526325,
  -0.0001607582991537808, 3.278031574173137e-05, 5.442441645505016e-06, -1.5154665553171482e-06,
  -1.4297608181169865e-07, 8.234608827419493e-08, -1.2962846852306563e-09, -4.154721631015199e-09,
  6.347058278362811e-10, 1.4320822712256225e-10, -6.160390105204585e-11, 2.0612138554721698e-12,
  3.5714931488477042e-12, -8.586422843251796e-13, -6.14560021379063e-14, 7.418725748596617e-14,
  -1.2895042755032325e-14, -2.358726385710632e-15, 1.5729349381685912e-15, -2.278296623954646e-16,
  -6.312330450756439e-17, 3.591676353181494e-17, -5.049809149846953e-18,
];
const erf = (x) => {
  if (Math.abs(x) >= 0.5) return x < 0 ? erfc(-x) - 1 : 1 - erfc(x);
  let power = 1.1283791670955126 * x, rest = 0; // 2 / sqrt(pi) * (x - x**3 / 3 + x**5 / 10 - ...)
  const first = power;
  for (let n = 1; n < 20; n++) { power *= -(x * x) / n; rest += power / (2 * n + 1); }
  return x === 0 ? x : first + rest;
};
const erfc = (x) => {
  if (x < 0.5) return x > -0.5 ? 1 - erf(x) : 2 - erfc(-x);
  if (x > 28) return 0;
  const [s, low] = knuth(2, x), t = 2 / s, u = 4 * t - 2; // u is twice the place of t between -1 and 1
  let b = 0, after = 0;
  for (let k = ERFC.length - 1; k > 0; k--) [b, after] = [u * b - after + ERFC[k], b];
  const series = 0.5 * u * b - after + 0.5 * ERFC[0];
  const rounding = 0.5 * (2 - t * s - dekker(t, s) - t * low) - dekker(x, x); // of t and of x * x
  return Math.exp(-(x * x)) * (t * (series + series * rounding));
};
