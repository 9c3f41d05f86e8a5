// Multilayer perceptrons: the encoders and decoders of the book's VAEs, computed as PyTorch computes them.

const FUNCTIONS = {
  relu: (a) => Math.max(0, a),
  tanh: Math.tanh,
  sigmoid: (a) => 1 / (1 + Math.exp(-a)),
  identity: (a) => a,
};

export class MLP {
  // `tensors` holds hidden.0.weight, hidden.0.bias, hidden.1.weight, … and for each of `heads`, [[name, function], …],
  // NAME.weight and NAME.bias, or those of several layers, NAME.0.weight, …, with nothing between them. `activation`
  // follows every hidden layer.
  constructor(tensors, {activation, heads}) {
    const layer = (name, f) => {
      const {shape: [outputs, inputs], values: weight} = tensors[`${name}.weight`];
      return {inputs, weight, bias: tensors[`${name}.bias`].values, f: FUNCTIONS[f], out: new Float32Array(outputs)};
    };
    const numbered = (name) => {
      const found = [];
      while (`${name}.${found.length}.weight` in tensors) found.push(`${name}.${found.length}`);
      return found;
    };
    const head = ([name, f]) => {
      const names = numbered(name).length ? numbered(name) : [name];
      return names.map((each) => layer(each, each === names.at(-1) ? f : "identity"));
    };
    this.hidden = numbered("hidden").map((name) => layer(name, activation));
    this.heads = heads.map(head);
  }

  // The outputs of each head for one input vector, in order: [probabilities], or [mean, logVar].
  // The returned arrays are reused by the next call.
  forward(x) {
    const through = (layers, input) => layers.reduce((between, layer) => dense(layer, between), input);
    const h = through(this.hidden, x);
    return this.heads.map((head) => through(head, h));
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
