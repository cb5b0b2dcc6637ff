// Starts Python with the page. JupyterLab starts the kernel only when it is there itself, and either takes seconds; the
// first worker that it asks for is the one that has been started here.
{
  const { kernel, early } = document.currentScript.dataset;
  const address = new URL(kernel, location).href;
  const Native = Worker;
  if (!crossOriginIsolated) {
    const started = new Native(new URL(early, location), { type: "module" });
    window.Worker = class extends Native {
      constructor(url, options) {
        if (String(url) !== address) return new Native(url, options);
        window.Worker = Native;
        return started;
      }
    };
  }
}
