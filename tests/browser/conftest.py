"""A real JupyterLab, on loopback and with folders of its own, and a headless Chromium to look at it."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parent.parent.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
TOKEN = "only-on-loopback"
SETTINGS = {
    "apputils-extension/notification": '{"fetchNews": "false", "checkForUpdates": false}',
    "notebook-extension/tracker": '{"windowingMode": "none"}',  # cells out of sight stay in the page
}
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
QUIET += ["--disable-background-networking", "--disable-component-update"]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address of a JupyterLab that serves copies of the notebooks, without their outputs."""
    folder = tmp_path_factory.mktemp("lab")
    copy_notebooks(folder / "course" / "notebooks")
    (folder / "course" / "results").symlink_to(ROOT / "results")  # where the notebooks find trained drivers
    for name, text in SETTINGS.items():
        file = folder / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}"]
    command += ["--ServerApp.port_retries=0", f"--IdentityProvider.token={TOKEN}"]
    command += [f"--ServerApp.root_dir={folder / 'course'}"]
    with open(folder / "log", "w") as log:
        server = subprocess.Popen(command, env=environment(folder), cwd=folder, stdout=log, stderr=log)
        try:
            wait_for(f"http://127.0.0.1:{port}/api/status?token={TOKEN}", server, folder / "log")
            yield f"http://127.0.0.1:{port}/lab/tree/notebooks/{{}}?reset&token={TOKEN}"
        finally:
            server.terminate()  # it ends its kernels first
            server.wait(120)


@pytest.fixture(scope="module")
def browser():
    """Chromium, driven by playwright; skips where one of the two is missing.

    It ends with the file that uses it: Playwright's own process ends only when nobody holds the pipe to it any more,
    and a process that a later test forks would.
    """
    sync_api = pytest.importorskip("playwright.sync_api")
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip(f"no browser is installed; these would do: {', '.join(BROWSERS)}")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield chromium
        chromium.close()


def copy_notebooks(folder):
    """The chapters without outputs: what a page shows then, this kernel has made."""
    folder.mkdir(parents=True)
    for path in (ROOT / "notebooks").glob("[0-9]*.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        nbformat.write(notebook, folder / path.name)


def environment(folder):
    """Nothing of the user's own Jupyter is read or written; the kernels import this checkout."""
    names = ("CONFIG", "DATA", "RUNTIME")
    ours = {f"JUPYTER_{name}_DIR": folder / name for name in names} | {"IPYTHONDIR": folder / "ipython"}
    ours |= {"JUPYTERLAB_SETTINGS_DIR": folder / "settings", "JUPYTERLAB_WORKSPACES_DIR": folder / "workspaces"}
    return os.environ | {name: str(path) for name, path in ours.items()} | {"PYTHONPATH": str(ROOT)}


def wait_for(url, server, log, seconds=120):
    """Until the server answers."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert server.poll() is None, log.read_text()
        try:
            return urllib.request.urlopen(url, timeout=5).read()
        except OSError:  # also what urllib raises
            time.sleep(0.5)
    raise AssertionError(f"JupyterLab did not answer within {seconds} s:\n{log.read_text()}")
