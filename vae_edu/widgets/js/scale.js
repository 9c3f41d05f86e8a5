// From numbers to places, and the round numbers that are written along an axis.

// The linear function that takes `from` to the first and `to` to the second of two places.
export function scale([from, to], [start, end]) {
  return (value) => start + ((value - from) / (to - from)) * (end - start);
}

// Round numbers in [from, to], about `count` of them: steps of 1, 2 or 5 times a power of ten.
export function ticks([from, to], count = 6) {
  const rough = (to - from) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough * 0.999);
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  return Array.from({length: last - first + 1}, (_, i) => (first + i) * step);
}

// The decimals that tell ticks apart.
export function decimals(values) {
  const step = values.length > 1 ? values[1] - values[0] : 1;
  return Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
}

// [[x, f(x)], …] along a range: a curve to draw.
export function sample(f, [from, to], count = 240) {
  return Array.from({length: count + 1}, (_, i) => {
    const x = from + (i / count) * (to - from);
    return [x, f(x)];
  });
}
