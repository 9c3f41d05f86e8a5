// A digit completed around its center column: draws of a CVAE, one after the other, and what their spread is.

import {Random} from "./random.js";

export const SIDE = 28;
const MIDDLE = 13; // the column, from 0
const given = (entry) => entry % SIDE === MIDDLE;

// The center column of a picture, from above.
export const columnOf = (image) => Array.from(image).filter((_, entry) => given(entry));

// The other 756 pixels, in order.
export const targetOf = (image) => image.filter((_, entry) => !given(entry));

// The whole picture, from both.
export function complete(column, target) {
  const [c, y] = [column.values(), target.values()];
  return Float32Array.from({length: SIDE * SIDE}, (_, entry) => (given(entry) ? c : y).next().value);
}

// The pictures of the target at draws z ~ N(0, I), for one column; made when they are asked for, and kept.
export class Draws {
  // `condition` looks at the column, `decoder` at z and what it saw there. The same seed is the same z for every column.
  constructor({condition, decoder}, column, seed) {
    const features = condition.forward(column)[0];
    this.input = new Float64Array(decoder.hidden[0].inputs);
    this.latent = this.input.length - features.length;
    this.input.set(features, this.latent);
    Object.assign(this, {decoder, random: new Random(seed), pictures: []});
  }

  // Makes up to `most` of those that are missing to `count`. Returns whether some still are.
  add(count, most) {
    for (let i = 0; i < most && this.pictures.length < count; i++) {
      this.input.set(this.random.normals(this.latent));
      this.pictures.push(this.decoder.forward(this.input)[0].slice()); // copied: the decoder writes into one array
    }
    return this.pictures.length < count;
  }
}

// {mean, variance} over pictures: the mean picture, and the variance summed over its pixels.
export function moments(pictures) {
  const mean = new Float64Array(pictures[0].length);
  for (const picture of pictures) picture.forEach((value, pixel) => (mean[pixel] += value / pictures.length));
  const variance = pictures.reduce((sum, picture) => sum + squaredError(picture, mean), 0) / pictures.length;
  return {mean, variance};
}

export function squaredError(one, other) {
  return one.reduce((sum, value, pixel) => sum + (value - other[pixel]) ** 2, 0);
}

const WIDTH = 2.4; // rows that a pen inks, as wide as MNIST's strokes

// The column after a pen went from one height to another, in rows from above: at least this much ink, or with `ink` 0 at
// most so little, gray where it covers a pixel in part.
export function painted(column, heights, ink) {
  const [top, bottom] = [Math.min(...heights) - WIDTH / 2, Math.max(...heights) + WIDTH / 2];
  return column.map((value, row) => {
    const covered = Math.max(0, Math.min(row + 1, bottom) - Math.max(row, top));
    return ink ? Math.max(value, covered) : Math.min(value, 1 - covered);
  });
}
