// The models of a latent plane: the decoder of each, and where its encoder puts images.

import {draws} from "./aggregate.js";
import {halfWidth, labelPlaces} from "./scatter.js";
import {file, network} from "./weights.js";

// What the dots may show, by name.
export const DOTS = {
  means: {text: "posterior means", of: ({means}) => means},
  draws: {text: "one draw of each posterior", of: draws},
};

// Map from the name of each model that the widget is given to what is known of it.
export function readPlanes(model) {
  const names = Object.keys(model.get("data")).filter((name) => name.endsWith(".plane"));
  return new Map(names.map((name) => [name.slice(0, -".plane".length), readPlane(model, name)]));
}

function readPlane(model, name) {
  const {tensors, about: {image_shape: imageShape}} = file(model, name);
  const [means, sds, labels] = ["means", "sds", "labels"].map((tensor) => tensors[tensor]?.values);
  const half = halfWidth(means);
  const decoder = network(model, name.replace(/plane$/, "decoder"));
  return {decoder, imageShape, means, sds, labels, half, places: labelPlaces(means, labels, half)};
}

// All labels of all planes, in order.
export function labelsOf(planes) {
  return [...new Set([...planes.values()].flatMap(({labels}) => Array.from(labels ?? [])))].sort((a, b) => a - b);
}
