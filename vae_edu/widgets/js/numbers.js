// Numbers as words, and sums that do not overflow.

// With a minus sign as printed, and none before 0.00.
export function fixed(number, digits = 2) {
  const text = Math.abs(number).toFixed(digits);
  return number < 0 && Number(text) !== 0 ? `−${text}` : text;
}

// log Σ exp(values), whatever their size.
export function logSumExp(values) {
  const largest = values.reduce((a, b) => Math.max(a, b), -Infinity);
  if (!Number.isFinite(largest)) return largest; // all −∞, or one +∞
  return largest + Math.log(values.reduce((sum, value) => sum + Math.exp(value - largest), 0));
}

export const clamp = (value, [least, most]) => Math.min(most, Math.max(least, value));
