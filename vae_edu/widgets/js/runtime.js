// What stands in for Jupyter in a page without Python: a model with anywidget's methods, and loading of the
// widget's code and data when a reader comes near. Classic scripts, because a page opened from disk may
// load nothing else.

const here = document.currentScript?.src;
const shelf = new Map(); // what the loaded scripts brought, by name
const loading = new Map(); // promises, by file
const decoded = new Map(); // promises of bytes, by name

export class PageModel {
  constructor(state) {
    this.state = state;
    this.listeners = new Map();
  }

  get(name) {
    return this.state[name];
  }

  set(name, value) {
    this.state[name] = value;
    for (const listener of this.listeners.get(`change:${name}`) ?? []) listener();
  }

  on(event, listener) {
    this.listeners.set(event, [...(this.listeners.get(event) ?? []), listener]);
  }

  off(event, listener) {
    this.listeners.set(event, (this.listeners.get(event) ?? []).filter((other) => other !== listener));
  }

  save_changes() {} // nobody but the page listens

  send() {}
}

export function bytesOf(base64) {
  const characters = atob(base64);
  const bytes = new Uint8Array(characters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = characters.charCodeAt(i); // nine times as fast as Uint8Array.from
  return new DataView(bytes.buffer);
}

// What the script `file`, beside this one, registers as `name`. Each file is loaded once.
function load(file, name) {
  if (!loading.has(file)) loading.set(file, new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL(file, here).href;
    script.onload = () => (shelf.has(name) ? resolve(shelf.get(name)) : reject(new Error(`${file} is damaged`)));
    script.onerror = () => reject(new Error(`${file} could not be loaded`));
    document.head.append(script);
  }));
  return loading.get(file);
}

// The shipped file `name`, decoded once for all widgets of the page.
function shipped(name) {
  if (!decoded.has(name)) decoded.set(name, load(`${name}.data.js`, name).then(bytesOf));
  return decoded.get(name);
}

// [[name, DataView], …] of what a place is given: shipped files, and files that stand in the page itself.
function dataOf(place) {
  const names = (place.dataset.vaeData ?? "").split(" ").filter(Boolean);
  const own = [...place.querySelectorAll("script.vae-data")];
  return Promise.all([
    ...names.map(async (name) => [name, await shipped(name)]),
    ...own.map(({dataset, textContent}) => [dataset.name, bytesOf(textContent)]),
  ]);
}

async function mount(place) {
  const {vaeWidget: widget, vaeState: state = "{}"} = place.dataset;
  try {
    const [{render}, data] = await Promise.all([load(`${widget}.js`, widget), dataOf(place)]);
    place.replaceChildren();
    place.model = new PageModel({...JSON.parse(state), data: Object.fromEntries(data)}); // for tests and the curious
    render({model: place.model, el: place});
  } catch (error) {
    sayWhy(place, error);
  }
  place.classList.add("vae-ready");
}

function sayWhy(place, error) {
  const notice = document.createElement("p");
  notice.className = "vae-failure";
  notice.setAttribute("role", "alert");
  notice.textContent = `This figure could not start: ${error.message}. What it shows: ${place.getAttribute("aria-label")}`;
  place.replaceChildren(notice);
}

if (here) {
  globalThis.vaeEdu = {register: (name, value) => shelf.set(name, value)};
  const near = new IntersectionObserver((entries) => {
    for (const {isIntersecting, target} of entries) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      mount(target);
    }
  }, {rootMargin: "600px"});
  for (const place of document.querySelectorAll("[data-vae-widget]")) near.observe(place);
}
