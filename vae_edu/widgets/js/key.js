// The key of a plot: what each line and each area is, by the color, dash and hatching of its series.

import {h} from "./dom.js";

// `entries` is [{text, series, kind}, …] with kind "line" or "area".
export function key(entries) {
  return h("ul", {class: "vae-key"}, ...entries.map(({text, series = 0, kind = "line"}) =>
    h("li", {}, h("span", {class: `vae-swatch vae-${kind}`, "data-series": series, "aria-hidden": "true"}), text)));
}
