// Between what a caller passes and the flat list of numbers that a program takes. A shape is null for a number, else an
// array of shapes, or the keys of an object and the parts that stand there: objects would put numbers among keys first.
const flatten = (shape, x, place) => {
  const wrong = (wanted) => { throw new TypeError(`${place} must be ${wanted}, not ${JSON.stringify(x) ?? x}`); };
  if (shape === null) return typeof x === "number" ? [x] : wrong("a number");
  if (Array.isArray(shape)) {
    if (x?.length !== shape.length) wrong(`an array of length ${shape.length}`);
    return shape.flatMap((part, i) => flatten(part, x[i], `${place}[${i}]`));
  }
  if (typeof x !== "object" || x === null) wrong(`an object with ${shape.keys}`);
  return shape.parts.flatMap((part, i) => flatten(part, x[shape.keys[i]], `${place}.${shape.keys[i]}`));
};
const assemble = (shape, numbers) => { // takes its numbers from an iterator
  if (shape === null) return numbers.next().value;
  if (Array.isArray(shape)) return shape.map((part) => assemble(part, numbers));
  return Object.fromEntries(shape.parts.map((part, i) => [shape.keys[i], assemble(part, numbers)]));
};
