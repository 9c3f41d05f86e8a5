// Canvases that stay sharp, follow their size and follow the page's colors.

// An empty drawing context in CSS pixels, as sharp as the screen.
export function sharpContext(canvas) {
  const {width, height} = canvas.getBoundingClientRect();
  const scale = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext("2d");
  context.scale(scale, scale);
  return {context, width, height};
}

// Text cut out of what is behind it. `align` and `baseline` as in canvases.
export function write(context, text, x, y, {color, surface, align = "center", baseline = "middle"}) {
  [context.textAlign, context.textBaseline, context.lineJoin] = [align, baseline, "round"];
  context.lineWidth = 4;
  context.strokeStyle = surface;
  context.strokeText(text, x, y);
  context.fillStyle = color;
  context.fillText(text, x, y);
}

// Paint numbers in [0, 1], row after row, as gray pixels: 0 is black and 1 is white, as in the data.
export function paintGray(canvas, pixels) {
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  const {data} = image; // clamps and rounds to whole numbers by its type
  for (let i = 0; i < pixels.length; i++) {
    data[4 * i] = data[4 * i + 1] = data[4 * i + 2] = 255 * pixels[i];
    data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

// The theme's colors where `element` stands, from the style sheet's variables.
export function cssColors(element) {
  const style = getComputedStyle(element);
  const read = (name) => style.getPropertyValue(`--vae-${name}`).trim();
  const numbered = (name, count) => Array.from({length: count}, (_, i) => read(`${name}-${i}`));
  return {
    ink: read("ink"),
    muted: read("muted"),
    surface: read("surface"),
    line: read("line"),
    series: numbered("series", 4),
    digits: numbered("digit", 10),
  };
}

// Call `redraw` when the element's size or the page's theme changes. Returns the function that stops it.
export function onAppearance(element, redraw) {
  const size = new ResizeObserver(redraw);
  size.observe(element);
  const theme = new MutationObserver(redraw);
  const attributes = {attributeFilter: ["data-theme", "data-jp-theme-light", "class"]};
  theme.observe(document.documentElement, attributes);
  theme.observe(document.body, attributes);
  return () => {
    size.disconnect();
    theme.disconnect();
  };
}
