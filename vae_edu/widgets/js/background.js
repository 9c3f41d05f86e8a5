// Work beside the page: a worker made from text, because a page opened from disk may load no file for it.

const SLICE = 8; // milliseconds of work between two looks at what else the page has to do

// A promise of {port, close}. `text` is a module as the bundler gives it, `serve` the function in it, MODULE.serve,
// that answers a port. Where the browser refuses the worker, at once or later, it answers here, in small slices.
export function besideThePage(text, module, serve) {
  return new Promise((resolve) => {
    const here = () => {
      const {port1: port, port2} = new MessageChannel();
      serve(port2, SLICE);
      resolve({port, close: () => port.close()});
    };
    try {
      const source = new Blob([text, `\n${module}.serve(self);\npostMessage("ready");`], {type: "text/javascript"});
      const address = URL.createObjectURL(source);
      const port = new Worker(address);
      port.onerror = here;
      port.onmessage = () => {
        URL.revokeObjectURL(address);
        resolve({port, close: () => port.terminate()});
      };
    } catch {
      here();
    }
  });
}
