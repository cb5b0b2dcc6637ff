"""Graphviz for a worker: viz.js gives pictures by promise only, but Python in the middle of a cell cannot wait for one.

A worker, unlike a page, may compile WebAssembly at once. Where viz.js waits for the compiler, it calls it here.
"""

from pathlib import Path

NOW = {  # each stands exactly once in the script; a version in which it does not must be looked at
    "async function Module(": "function Module(",
    "import.meta.url": '""',
    "async function getWasmBinary(": "function getWasmBinary(",
    "async function instantiateArrayBuffer(": "function instantiateArrayBuffer(",
    "var binary=await getWasmBinary(": "var binary=getWasmBinary(",
    "var instance=await WebAssembly.instantiate(binary,imports)": (
        "var instance={instance:new WebAssembly.Instance(new WebAssembly.Module(binary),imports)}"
    ),
    "async function instantiateAsync(": "function instantiateAsync(",
    "async function createWasm(": "function createWasm(",
    "var result=await instantiateAsync(": "var result=instantiateAsync(",
    "async function run(){preRun();if(runDependencies){await resolveRunDependencies()}": "function run(){preRun();",
    "wasmExports=await createWasm();await run();": "wasmExports=createWasm();run();",
    "export default Module;": "",
}
FUNCTION = """let viz;
globalThis.autogradLiteDot = (dot, format, attributes) =>
  (viz ??= new Viz(Module())).renderString(dot, { format, graphAttributes: JSON.parse(attributes) });
"""
PARTS = ("src/errors.js", "src/wrapper.js", "src/viz.js")


def script(viz: Path) -> str:
    """The package @viz-js/viz as one script that defines `autogradLiteDot(dot, format, attributes)`."""
    module = (viz / "lib/backend.js").read_text(encoding="utf-8")
    for old, new in NOW.items():
        count = module.count(old)
        assert count == 1, f"viz.js has {count} of {old!r}, not one"
        module = module.replace(old, new)
    lines = [line for part in PARTS for line in (viz / part).read_text(encoding="utf-8").splitlines(keepends=True)]
    rest = "".join(line for line in lines if not line.startswith(("import ", "export default")))
    return f"(() => {{\n{module}\n{rest.replace('export function', 'function')}\n{FUNCTION}}})();\n"
