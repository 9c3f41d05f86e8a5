// A multilayer perceptron: the decoder of the book's VAEs, computed as PyTorch computes it.

const FUNCTIONS = {
  relu: (a) => Math.max(0, a),
  tanh: Math.tanh,
  sigmoid: (a) => 1 / (1 + Math.exp(-a)),
  identity: (a) => a,
};

export class MLP {
  // `tensors` holds layers.0.weight, layers.0.bias, layers.1.weight, …; `activation` follows every layer but
  // the last, which `output` follows.
  constructor(tensors, {activation, output}) {
    this.layers = [];
    for (let i = 0; `layers.${i}.weight` in tensors; i++) {
      const {shape: [outputs, inputs], values: weight} = tensors[`layers.${i}.weight`];
      const bias = tensors[`layers.${i}.bias`].values;
      this.layers.push({inputs, weight, bias, f: FUNCTIONS[activation], out: new Float32Array(outputs)});
    }
    this.layers.at(-1).f = FUNCTIONS[output];
  }

  // The outputs for one input vector. The returned array is reused by the next call.
  forward(x) {
    return this.layers.reduce((h, layer) => dense(layer, h), x);
  }
}

// f(W·x + b). W is stored row after row, one row per output.
function dense({inputs, weight, bias, f, out}, x) {
  for (let row = 0, k = 0; row < out.length; row++) {
    let sum = bias[row];
    for (let column = 0; column < inputs; column++) sum += weight[k++] * x[column];
    out[row] = f(sum);
  }
  return out;
}
