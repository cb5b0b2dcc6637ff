"""A headless Chromium, found through the environment (CHROMIUM, CHROMEDRIVER) or on PATH, and a JupyterLab for it."""

import os
import shutil
import socket
import subprocess
import sys
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
