// The aggregate posterior, q(z) = Σ q(z | x)/n over encoded images, as the cloud of its draws.

import {Random} from "./random.js";

// One draw from the posterior of each image, the same each time: z₁, z₂, z₁, …, as in `means` and `sds`.
export function draws({means, sds}) {
  const noise = new Random(1).normals(means.length);
  return means.map((mean, i) => mean + sds[i] * noise[i]);
}

// Which share of the points z₁, z₂, z₁, … lies within so many standard deviations of the prior from its center.
export function shareWithin(points, radius) {
  let inside = 0;
  for (let i = 0; i < points.length; i += 2) inside += Math.hypot(points[i], points[i + 1]) <= radius;
  return inside / (points.length / 2);
}

// The prior's own share: ‖z‖² of two standard normals is exponential with mean 2.
export const priorWithin = (radius) => -Math.expm1(-(radius ** 2) / 2);
