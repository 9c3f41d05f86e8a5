// A drawing made into what MNIST's images are: shrunk so that it fills a box of 20 × 20, gray at its edges, and moved by
// whole pixels until its center of mass is the middle of 28 × 28.

export const SIDE = 28;
const BOX = 20;
const MIDDLE = SIDE / 2;

// `ink` is a square of numbers in [0, 1], row after row; returns 784 of them, or undefined where there is no ink.
export function likeMnist(ink) {
  const size = Math.sqrt(ink.length);
  const [top, bottom] = extent(size, (row, k) => ink[row * size + k]);
  const [left, right] = extent(size, (column, k) => ink[k * size + column]);
  if (top === undefined) return undefined;
  const step = (1 + Math.max(bottom - top, right - left)) / BOX; // of the drawing's pixels, for one of the image's
  const mean = (row, column) => average((i) => average((j) => ink[i * size + j], left + column * step, step, size),
    top + row * step, step, size);
  return centered(Array.from({length: BOX}, (_, row) => Array.from({length: BOX}, (_, column) => mean(row, column))));
}

// The first and the last line that has ink in it.
function extent(size, at) {
  const lines = Array.from({length: size}, (_, i) => i);
  const inked = lines.filter((i) => lines.some((k) => at(i, k) > 0));
  return [inked[0], inked.at(-1)];
}

// The mean of a function that is constant on [i, i + 1) over [from, from + step), and 0 beyond `size`.
function average(f, from, step, size) {
  let sum = 0;
  for (let i = Math.floor(from); i < from + step && i < size; i++) {
    sum += f(i) * Math.max(0, Math.min(i + 1, from + step) - Math.max(i, from));
  }
  return sum / step;
}

function centered(box) {
  const mass = box.flat().reduce((sum, value) => sum + value);
  const center = (place) => box.flatMap((row, i) => row.map((value, j) => value * place(i, j)))
    .reduce((sum, value) => sum + value) / mass;
  const down = Math.round(MIDDLE - center((i) => i));
  const along = Math.round(MIDDLE - center((i, j) => j));
  return Float32Array.from({length: SIDE * SIDE}, (_, k) =>
    box[Math.floor(k / SIDE) - down]?.[(k % SIDE) - along] ?? 0);
}
