// Codes of many latents: the way from one to another, the noise along it, and what a hand moves.

import {Random} from "./random.js";

export const DRAW = -1; // a draw from the prior, where else a digit stands

// The codes in a file of record_latents.py: mean and sd (10, latents) of one image of each digit.
export class Codes {
  constructor({mean, sd}) {
    this.latents = mean.shape[1];
    const rows = ({values}) => Array.from({length: 10}, (_, digit) =>
      values.slice(digit * this.latents, (digit + 1) * this.latents));
    [this.mean, this.sd] = [rows(mean), rows(sd)];
  }

  // z on the way: the ends' means and standard deviations mixed at t, and one noise for both (eq-ch8-shared).
  onTheWay({start, end, t, noise, seed}) {
    const random = new Random(seed);
    const [epsilon, ...draws] = [0, 1, 2].map(() => random.normals(this.latents));
    const [from, to] = [start, end].map((which, i) => this.code(which, draws[i]));
    const mixed = (name, j) => (1 - t) * from[name][j] + t * to[name][j];
    return Array.from(epsilon, (e, j) => mixed("mean", j) + noise * mixed("sd", j) * e);
  }

  // z with what was moved by hand on top.
  at({moved, ...values}) {
    return this.onTheWay(values).map((z, j) => z + moved[j]);
  }

  code(which, draw) {
    if (which === DRAW) return {mean: draw, sd: new Float64Array(this.latents)};
    return {mean: this.mean[which], sd: this.sd[which]};
  }
}

export const lengthOf = (z) => Math.hypot(...z);

// The root mean square difference of two pictures.
export function change(one, other) {
  return Math.sqrt(one.reduce((sum, value, i) => sum + (value - other[i]) ** 2, 0) / one.length);
}
