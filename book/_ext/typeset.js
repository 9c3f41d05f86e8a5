// What is on the screen first, the rest a few formulas at a time: a chapter has hundreds, and is readable at once.
Object.assign((window.MathJax ??= {}), {
  startup: {
    async pageReady() {
      const formulas = [...document.querySelectorAll(".math")];
      const start = document.getElementById(decodeURIComponent(location.hash.slice(1)))?.getBoundingClientRect().top ?? 0;
      const distance = (node) => Math.abs(node.getBoundingClientRect().top - start);
      const near = formulas.filter((node) => distance(node) < 2 * innerHeight);
      const rest = formulas.filter((node) => !near.includes(node));
      await MathJax.typesetPromise(near);
      document.documentElement.dataset.readable = performance.now();
      while (rest.length) {
        await new Promise((resume) => setTimeout(resume));
        await MathJax.typesetPromise(rest.splice(0, 30));
      }
    },
  },
});
