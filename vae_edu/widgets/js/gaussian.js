// Gaussians in one dimension, and the model z ~ N(0, 1), x | z ~ N(weight·z + bias, noiseVar) of which all is known.

const LOG_2PI = Math.log(2 * Math.PI);

// log N(x; mean, exp(logVar)).
export function logNormal(x, mean, logVar) {
  return -0.5 * (LOG_2PI + logVar + (x - mean) ** 2 * Math.exp(-logVar));
}

export const density = (x, mean, logVar) => Math.exp(logNormal(x, mean, logVar));

// KL(N(mean, exp(logVar)) ‖ N(otherMean, exp(otherLogVar))), in nats; the second is N(0, 1) if left out.
export function kl(mean, logVar, otherMean = 0, otherLogVar = 0) {
  const ratio = logVar - otherLogVar; // of the variances, as a logarithm
  return 0.5 * ((mean - otherMean) ** 2 * Math.exp(-otherLogVar) + Math.expm1(ratio) - ratio);
}

// The evidence, the posterior and the bound share no formula: that they add up says something.
export class LinearGaussian {
  constructor({weight = 1, bias = 0, noiseVar = 1} = {}) {
    Object.assign(this, {weight, bias, noiseVar});
  }

  logMarginal(x) {
    return logNormal(x, this.bias, Math.log(this.weight ** 2 + this.noiseVar));
  }

  // {mean, logVar} of p(z | x).
  posterior(x) {
    const m = this.weight ** 2 + this.noiseVar;
    return {mean: (this.weight * (x - this.bias)) / m, logVar: Math.log(this.noiseVar / m)};
  }

  // E_q[log p(x | z)] − KL(q ‖ N(0, 1)) for q = N(mean, exp(logVar)), exactly.
  elbo(x, mean, logVar) {
    const spread = (0.5 * this.weight ** 2 * Math.exp(logVar)) / this.noiseVar;
    return logNormal(x, this.weight * mean + this.bias, Math.log(this.noiseVar)) - spread - kl(mean, logVar);
  }

  // KL(q ‖ p(z | x)): what the bound lacks.
  gap(x, mean, logVar) {
    const posterior = this.posterior(x);
    return kl(mean, logVar, posterior.mean, posterior.logVar);
  }
}
