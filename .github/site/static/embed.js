// One script tag puts a graph to edit, a playground or a snippet into anybody's page:
//   <script src="https://.../embed.js" data-show="graph" data-height="460"></script>
(() => {
  const tag = document.currentScript;
  const { show = "graph", height = "460", code } = tag.dataset;
  const frame = document.createElement("iframe");
  const page = code === undefined
    ? `live/${encodeURIComponent(show)}.html`
    : `lite/repl/index.html?kernel=python&toolbar=1&code=${encodeURIComponent(code)}`;
  frame.src = new URL(page, tag.src);
  frame.title = "autograd_lite";
  frame.style.cssText = `width: 100%; border: 0; height: ${Number(height) || 460}px`;
  tag.after(frame);
})();
