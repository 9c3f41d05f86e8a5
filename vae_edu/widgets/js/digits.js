// The 8×8 digits that a VAE in the page learns from.

import {file} from "./weights.js";

// {images, labels, imageShape}: each image an array of zeros and ones, unpacked from eight pixels a byte.
export function readDigits(model) {
  const {tensors: {bits, labels}, about: {image_shape: imageShape}} = file(model, ".bits");
  const [count, bytes] = bits.shape;
  const pixel = (image) => (_, i) => (bits.values[image * bytes + (i >> 3)] >> (7 - (i & 7))) & 1;
  const images = Array.from({length: count}, (_, image) => Float64Array.from({length: 8 * bytes}, pixel(image)));
  return {images, labels: labels.values, imageShape};
}
