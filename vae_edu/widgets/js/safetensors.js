// The safetensors format: a little-endian u64 length, a JSON header of that length, then the raw numbers.

import {halfToNumber} from "./float16.js";

// {metadata, tensors: {name: {shape, values}}} from a DataView of a whole file.
export function readSafetensors(view) {
  const headerBytes = Number(view.getBigUint64(0, true));
  const text = new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + 8, headerBytes));
  const {__metadata__: metadata = {}, ...entries} = JSON.parse(text);
  const tensors = {};
  for (const [name, {dtype, shape, data_offsets: [start, end]}] of Object.entries(entries)) {
    const from = 8 + headerBytes + start;
    tensors[name] = {shape, values: readNumbers(view, dtype, from, end - start)};
  }
  return {metadata, tensors};
}

function readNumbers(view, dtype, from, bytes) {
  if (dtype === "U8") return new Uint8Array(view.buffer, view.byteOffset + from, bytes);
  if (dtype === "F16") {
    return Float32Array.from({length: bytes / 2}, (_, i) => halfToNumber(view.getUint16(from + 2 * i, true)));
  }
  throw new Error(`tensors of type ${dtype} cannot be read; expected F16 or U8`);
}
