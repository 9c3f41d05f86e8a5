// Importance weights in the model z ~ N(0, 1), x | z ~ N(z, 1), with a guess q = N(mean, sd²): all of it exact.

import {LinearGaussian, logNormal} from "./gaussian.js";
import {logSumExp} from "./numbers.js";

const MODEL = new LinearGaussian();
const NODES = Array.from({length: 161}, (_, i) => (i - 80) / 10); // of a standard normal
const MASSES = NODES.map((node) => 0.1 * Math.exp(logNormal(node, 0, 0)));
const [FIRST, LAST, STEP] = [-40, 80, 0.5]; // of r, the logarithm of what u is multiplied by

export const evidence = (x) => MODEL.logMarginal(x);
export const posterior = (x) => MODEL.posterior(x);

// log w at z = mean + sd·noise: log p(z) + log p(x | z) − log q(z).
export function logWeight(noise, {mean, sd, x}) {
  const z = mean + sd * noise;
  return logNormal(z, 0, 0) + logNormal(x, z, 0) - logNormal(z, mean, 2 * Math.log(sd));
}

// The log of the mean of the first 1, 2, … weights.
export function running(logWeights) {
  let total = -Infinity;
  return logWeights.map((weight, i) => {
    total = logSumExp([total, weight]);
    return total - Math.log(i + 1);
  });
}

// Weights divided by their sum.
export function shares(logWeights) {
  const total = logSumExp(logWeights);
  return logWeights.map((weight) => Math.exp(weight - total));
}

// (Σw)²/Σw².
export const effective = (logWeights) => 1 / shares(logWeights).reduce((sum, share) => sum + share ** 2, 0);

// L_k for k = 1, 2, 4, …, 2^doublings, without sampling: log p(x) less the integral over r of φ(eʳ)ᵏ − exp(−k eʳ),
// where φ(t) = E_q[exp(−tu)] with u = w/p(x). Twice the k is the same powers, squared.
export function bounds(values, doublings) {
  const logP = evidence(values.x);
  const u = NODES.map((node) => Math.exp(logWeight(node, values) - logP));
  const gaps = new Array(doublings + 1).fill(0);
  for (let r = FIRST; r <= LAST; r += STEP) {
    const t = Math.exp(r);
    let phi = u.reduce((sum, value, i) => sum + MASSES[i] * Math.exp(-t * value), 0);
    let limit = Math.exp(-t); // of a weight that is always its mean
    if (phi + limit === 0) break; // and so are all that follow
    for (let j = 0; j <= doublings; j++) {
      gaps[j] += STEP * (phi - limit);
      [phi, limit] = [phi ** 2, limit ** 2];
    }
  }
  return gaps.map((gap) => logP - gap);
}

// The part of many draws that is effective, 1/E[u²]: none where q is narrower than the posterior by √2 or more.
export function effectiveShare({mean, sd, x}) {
  const {mean: center, logVar} = posterior(x);
  const [a, b] = [Math.exp(-logVar), 1 / (2 * sd ** 2)];
  if (a <= b) return 0;
  return (Math.sqrt(2 * (a - b)) / (sd * a)) * Math.exp((-a * b * (mean - center) ** 2) / (a - b));
}
