// Between what a caller passes and the flat list of numbers that a program takes. A shape is null for a number, else an
// array of shapes, or an object of them.
const flatten = (shape, x, place) => {
  const wrong = (wanted) => { throw new TypeError(`${place} must be ${wanted}, not ${JSON.stringify(x) ?? x}`); };
  if (shape === null) return typeof x === "number" ? [x] : wrong("a number");
  if (Array.isArray(shape)) {
    if (x?.length !== shape.length) wrong(`an array of length ${shape.length}`);
    return shape.flatMap((part, i) => flatten(part, x[i], `${place}[${i}]`));
  }
  if (typeof x !== "object" || x === null) wrong(`an object with ${Object.keys(shape)}`);
  return Object.entries(shape).flatMap(([key, part]) => flatten(part, x[key], `${place}.${key}`));
};
const assemble = (shape, numbers) => { // takes its numbers from an iterator
  if (shape === null) return numbers.next().value;
  if (Array.isArray(shape)) return shape.map((part) => assemble(part, numbers));
  return Object.fromEntries(Object.entries(shape).map(([key, part]) => [key, assemble(part, numbers)]));
};
