// An example's link opens a console in the page, in place of a page of its own. Without scripts the link still leads there.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a.run");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const frame = document.createElement("iframe");
  frame.className = "console";
  frame.title = "Python in the browser";
  const dark = document.body.dataset.theme === "dark" ||
    (document.body.dataset.theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  frame.src = link.href + "&theme=" + encodeURIComponent(dark ? "JupyterLab Dark" : "JupyterLab Light");
  link.parentElement.replaceWith(frame);
});
