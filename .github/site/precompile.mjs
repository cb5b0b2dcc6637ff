// Compiles what a first cell imports: `node precompile.mjs FOLDER PACKAGE...`, by the very Python that will read it.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, ...packages] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(resolve(folder, "pyodide.mjs")));
const python = await loadPyodide({ indexURL: resolve(folder) + "/", stdout: () => {} });
await python.loadPackage(packages, { messageCallback: () => {} });
python.FS.mkdirTree("/distribution");
python.FS.mount(python.FS.filesystems.NODEFS, { root: resolve(folder) }, "/distribution");
await python.runPythonAsync(readFileSync(new URL("precompile.py", import.meta.url), "utf8"));
