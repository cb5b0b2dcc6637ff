// Pyodide with the packages that the kernel needs, started as soon as this is loaded. The packages come as one file,
// laid out before Python starts. What a new build replaces under an old name is asked for anew: while nothing has
// changed, the answer says only that.
import { loadPyodide as load } from "./pyodide.mjs";

const here = new URL(".", import.meta.url).href;
const fetched = (name) => fetch(here + name, { cache: "no-cache" });
const lock = fetched("pyodide-lock.json").then((answer) => answer.json());
const packed = fetched("packages.bin").then((answer) =>
  new Response(answer.body.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer());
// What the kernel and a first cell import, while the page has its own to do; later each import asks the page's files.
const IMPORTS = "import piplite.piplite, pyodide_kernel\nfrom autograd_lite import draw";
const started = start();

async function start() {
  let packages;
  const fsInit = async (FS, { sitePackages }) => {
    packages = layOut(FS, sitePackages, new Uint8Array(await packed));
  };
  const pyodide = await load({ indexURL: here, fsInit, lockFileContents: lock, packageBaseUrl: here });
  for (const name of packages) pyodide.loadedPackages[name] = "default channel";
  await pyodide.runPythonAsync(IMPORTS);
  return pyodide;
}

function layOut(FS, root, bytes) {
  const line = bytes.indexOf(10);
  const { packages, folders } = JSON.parse(new TextDecoder().decode(bytes.subarray(0, line)));
  let at = line + 1;
  for (const [folder, files] of folders) {
    FS.mkdirTree(`${root}/${folder}`);
    for (const [name, size] of files) {
      FS.writeFile(`${root}/${folder}/${name}`, bytes.subarray(at, at + size), { canOwn: true });
      at += size;
    }
  }
  return packages;
}

export async function loadPyodide({ stdout, stderr }) {
  const pyodide = await started;
  pyodide.setStdout({ batched: stdout });
  pyodide.setStderr({ batched: stderr });
  return pyodide;
}
