// A path in the plane: drawn point by point, and gone along with even speed.

const CORNERS = 48; // of a circle

const distance = ([x1, y1], [x2, y2]) => Math.hypot(x2 - x1, y2 - y1);

// The path with one more point, unless that is nearer than `least` to where it ends.
export function extended(path, point, least) {
  return path.length && distance(path.at(-1), point) < least ? path : [...path, point];
}

// The place at a share of the way, from 0 to 1, on straight lines from point to point.
export function along(path, share) {
  const lengths = path.slice(1).map((point, i) => distance(path[i], point));
  let left = share * lengths.reduce((sum, length) => sum + length, 0);
  for (const [i, length] of lengths.entries()) {
    if (left <= length && length > 0) return path[i].map((from, k) => from + (left / length) * (path[i + 1][k] - from));
    left -= length;
  }
  return path.at(-1); // of sums that are rounded, a little may be left
}

// Around the origin, from the point and back to it; where that is the origin itself, at a radius of 1.
export function circle([x, y]) {
  const [radius, start] = [Math.hypot(x, y) || 1, Math.atan2(y, x)];
  return Array.from({length: CORNERS + 1}, (_, i) => {
    const angle = start + (2 * Math.PI * (i % CORNERS)) / CORNERS;
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });
}
