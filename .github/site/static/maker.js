// The page on links and embedding: what is typed becomes a link and a script tag.
(() => {
  const site = new URL("../", document.currentScript.src);
  const [snippet, link, address, tag] = ["snippet", "link", "address", "tag"].map((id) => document.getElementById(id));
  const quoted = (text) => text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("\n", "&#10;");
  const script = (data) => `<script src="${new URL("embed.js", site)}"${data}></` + "script>";
  function follow() {
    link.href = new URL("lite/repl/index.html?kernel=python&toolbar=1&code=" + encodeURIComponent(snippet.value.trim()), site);
    address.value = link.href;
    tag.value = script(` data-code="${quoted(snippet.value.trim())}"`);
  }
  snippet.addEventListener("input", follow);
  follow();
  for (const example of document.querySelectorAll("[data-example]")) {
    const shown = document.createElement("pre");
    shown.textContent = script(` data-show="${example.dataset.example}"`);
    const live = document.createElement("script");
    live.src = new URL("embed.js", site);
    live.dataset.show = example.dataset.example;
    example.append(shown, live);
  }
})();
