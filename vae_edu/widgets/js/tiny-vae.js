// A small VAE with Bernoulli pixels, its bound and the bound's gradient, written out by hand:
// pixels → hidden, relu → mean and log-variance of q(z|x); z → hidden, relu → a logit for each pixel.

const sigmoid = (a) => 1 / (1 + Math.exp(-a));
const softplus = (a) => Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a)));

export class TinyVAE {
  // All weights are one array, `parameters`, in the order in which PyTorch lists those of vae_edu's mlp_vae;
  // `gradient` has the same order. They begin as PyTorch's do: uniform, the wider the fewer the inputs.
  constructor({pixels, hidden, latent}, random) {
    Object.assign(this, {pixels, latent});
    const shapes = [
      [pixels, hidden, "relu"], [hidden, latent], [hidden, latent],
      [latent, hidden, "relu"], [hidden, pixels],
    ];
    const count = shapes.reduce((sum, [inputs, outputs]) => sum + (inputs + 1) * outputs, 0);
    this.parameters = new Float64Array(count);
    this.gradient = new Float64Array(count);
    let from = 0;
    const [encoder, mean, logVar, decoder, logits] = shapes.map(([inputs, outputs, bend]) => {
      const to = from + (inputs + 1) * outputs;
      const weights = this.parameters.subarray(from, to);
      for (let i = 0; i < weights.length; i++) weights[i] = (2 * random.uniform() - 1) / Math.sqrt(inputs);
      const layer = new Dense(inputs, weights, this.gradient.subarray(from, to), bend === "relu");
      from = to;
      return layer;
    });
    Object.assign(this, {encoder, mean, logVar, decoder, logits, z: new Float64Array(latent)});
  }

  // q(z|x), as {mean, logVar}; like all arrays that are handed out, used again by the next call.
  encode(x) {
    const h = this.encoder.forward(x);
    return {mean: this.mean.forward(h), logVar: this.logVar.forward(h)};
  }

  decode(z) {
    return this.logits.forward(this.decoder.forward(z));
  }

  // E[x|z]: the decoder's picture at z.
  picture(z) {
    return this.decode(z).map(sigmoid);
  }

  // The terms of the bound of one image, with z = mean + sd·eps: log p(x|z), and the divergence of each latent.
  terms(x, eps) {
    const {mean, logVar} = this.encode(x);
    for (let j = 0; j < this.latent; j++) this.z[j] = mean[j] + Math.exp(logVar[j] / 2) * eps[j];
    const logits = this.decode(this.z);
    let reconstruction = 0;
    for (let i = 0; i < this.pixels; i++) reconstruction += x[i] * logits[i] - softplus(logits[i]);
    return {reconstruction, divergences: mean.map((m, j) => 0.5 * (m * m + Math.expm1(logVar[j]) - logVar[j]))};
  }

  // Adds `share` of the gradient of log p(x|z) − beta·KL of one image to `gradient`: the chain rule, last layer first.
  addGradient(x, eps, beta, share = 1) {
    this.terms(x, eps);
    const logits = this.logits.out.map((logit, i) => share * (x[i] - sigmoid(logit)));
    const z = this.decoder.backward(this.logits.backward(logits));
    const [mean, logVar] = [this.mean.out, this.logVar.out];
    const toLogVar = z.map((dz, j) => // by way of z, whose slope is sd·eps/2, and of the divergence
      0.5 * (dz * eps[j] * Math.exp(logVar[j] / 2) - share * beta * Math.expm1(logVar[j])));
    const toMean = z.map((dz, j) => dz - share * beta * mean[j]);
    const [one, other] = [this.mean.backward(toMean), this.logVar.backward(toLogVar)];
    this.encoder.backward(one.map((value, i) => value + other[i]), {toInput: false});
  }
}

// W·x + b, or its relu. `weights` is W, stored row after row, one row per output, and then b.
class Dense {
  constructor(inputs, weights, gradient, relu) {
    const outputs = weights.length / (inputs + 1);
    Object.assign(this, {inputs, outputs, weights, gradient, relu});
    this.out = new Float64Array(outputs);
    this.toInput = new Float64Array(inputs);
  }

  forward(x) {
    const {inputs, outputs, weights, relu, out} = this;
    this.x = x;
    for (let row = 0, k = 0; row < outputs; row++) {
      let sum = weights[inputs * outputs + row];
      for (let column = 0; column < inputs; column++) sum += weights[k++] * x[column];
      out[row] = relu ? Math.max(0, sum) : sum;
    }
    return out;
  }

  // Adds to the weights' gradient what `slopes`, the gradient by the output, make of it; returns that by the input.
  backward(slopes, {toInput = true} = {}) {
    const {inputs, outputs, weights, gradient, relu, out, x} = this;
    this.toInput.fill(0);
    for (let row = 0; row < outputs; row++) {
      const slope = relu && out[row] === 0 ? 0 : slopes[row]; // flat where it is 0
      if (slope === 0) continue;
      gradient[inputs * outputs + row] += slope;
      for (let column = 0, k = row * inputs; column < inputs; column++, k++) {
        gradient[k] += slope * x[column];
        if (toInput) this.toInput[column] += slope * weights[k];
      }
    }
    return this.toInput;
  }
}

const [KEEP_MEAN, KEEP_SQUARE, TINY] = [0.9, 0.999, 1e-8]; // PyTorch's defaults

// Kingma and Ba's Adam, uphill.
export class Adam {
  constructor(count) {
    Object.assign(this, {mean: new Float64Array(count), square: new Float64Array(count), steps: 0});
  }

  // Moves `parameters` along `gradient`, and sets the gradient to 0.
  step(parameters, gradient, learningRate) {
    this.steps += 1;
    const rate = learningRate / (1 - KEEP_MEAN ** this.steps);
    const unbias = 1 / (1 - KEEP_SQUARE ** this.steps);
    for (let i = 0; i < parameters.length; i++) {
      this.mean[i] += (1 - KEEP_MEAN) * (gradient[i] - this.mean[i]);
      this.square[i] += (1 - KEEP_SQUARE) * (gradient[i] ** 2 - this.square[i]);
      parameters[i] += (rate * this.mean[i]) / (Math.sqrt(this.square[i] * unbias) + TINY);
    }
    gradient.fill(0);
  }
}
