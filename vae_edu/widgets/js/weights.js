// The data a widget is given: files by name, "two-latents.decoder", each of which is read once.

import {MLP} from "./mlp.js";
import {readSafetensors} from "./safetensors.js";

// {tensors, about} of the file of that name, else of one whose name ends so; `about` is what Python says of it.
// Undefined if there is none.
export function file(model, ending) {
  const data = model.get("data");
  const view = data[ending] ?? data[Object.keys(data).find((name) => name.endsWith(ending))];
  if (!view) return undefined;
  const {metadata, tensors} = readSafetensors(view);
  return {tensors, about: JSON.parse(metadata.about ?? "{}")};
}

// The network in the file of that name, or whose name ends so.
export function network(model, ending) {
  const {tensors, about} = file(model, ending);
  return new MLP(tensors, about);
}
