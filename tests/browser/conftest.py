"""A headless Chromium, found through the environment (CHROMIUM, CHROMEDRIVER) or on PATH, with a JupyterLab for it and
the web site. SITE names a site that is built already, as the publishing workflow has it.
"""

import functools
import http.server
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import pytest

FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-dev-shm-usage --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync --window-size=1200,1000"
)


@pytest.fixture
def browser(chromium):
    """The browser on an empty page, with nothing in its log of what earlier tests' pages complained of."""
    chromium.get("about:blank")
    chromium.get_log("browser")
    return chromium


@pytest.fixture(scope="session")
def chromium():
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    driver = os.environ.get("CHROMEDRIVER") or shutil.which("chromedriver")
    if not chromium or not driver:
        pytest.skip("no Chromium with its chromedriver: install them, or name them in CHROMIUM and CHROMEDRIVER")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in FLAGS.split():
        options.add_argument(flag)
    opened = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    opened.set_script_timeout(60)
    yield opened
    opened.quit()


@pytest.fixture(scope="session")
def jupyterlab(tmp_path_factory):
    """The address of a JupyterLab whose kernels import this source tree, and the folder that it serves."""
    pytest.importorskip("jupyterlab", reason="JupyterLab is not installed")
    pytest.importorskip("anywidget", reason="anywidget is not installed")
    folder = tmp_path_factory.mktemp("jupyterlab")
    port = _free_port()
    home = {name: str(tmp_path_factory.mktemp("home")) for name in ("HOME", "JUPYTER_CONFIG_DIR")}
    home["JUPYTER_DATA_DIR"] = str(folder / ".jupyter")  # for tests that sign notebooks
    source = str(Path(__file__).parents[2])
    environment = {k: v for k, v in os.environ.items() if k != "AUTOGRAD_LITE_DOT"}
    environment |= home | {
        "PYTHONPATH": source,
        "PATH": str(Path(sys.executable).parent) + os.pathsep + os.environ["PATH"],
    }
    settings = [f"--ServerApp.port={port}", f"--ServerApp.root_dir={folder}", "--IdentityProvider.token="]
    settings += ["--ServerApp.disable_check_xsrf=True", "--LabApp.expose_app_in_browser=True", "--allow-root"]
    log = open(folder / "server.log", "w")  # noqa: SIM115
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", "--no-browser", *settings], env=environment, stdout=log, stderr=log
    )
    address = f"http://localhost:{port}"
    try:
        _wait_for(f"{address}/api", server, folder / "server.log")
        yield address, folder
    finally:
        log.close()
        server.terminate()
        try:
            server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _free_port():
    with socket.socket() as s:
        s.bind(("localhost", 0))
        return s.getsockname()[1]


def _wait_for(address, server, log):
    for _ in range(600):
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            if server.poll() is not None:
                break
            time.sleep(0.1)
    pytest.fail(f"JupyterLab does not start: {log.read_text()[-2000:]}")


# --- the web site ----------------------------------------------------------------------------------------------------

BUILD = Path(__file__).parents[2] / ".github/site/build.py"
POLICY = "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; report-uri /refused"


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder of the site."""
    if "SITE" in os.environ:
        return Path(os.environ["SITE"]).resolve()
    for module in ("sphinx", "myst_nb", "furo", "sphinx_copybutton", "jupyterlite_core", "jupyterlite_pyodide_kernel"):
        pytest.importorskip(module, reason="the extra [site] is not installed")
    if shutil.which("npm") is None:
        pytest.skip("no npm to fetch MathJax, Pyodide and Graphviz with")
    out = tmp_path_factory.mktemp("site")
    built = subprocess.run([sys.executable, BUILD, out], capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    return out


@pytest.fixture(scope="session")
def served(site):
    """The address of the site on this machine, and the list of what the browser was not allowed to ask for."""
    refused = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def end_headers(self):
            self.send_header("Content-Security-Policy", POLICY)
            super().end_headers()

        def do_POST(self):
            refused.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=site))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", refused
    server.shutdown()
    server.server_close()
