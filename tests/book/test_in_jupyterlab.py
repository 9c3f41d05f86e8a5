"""Two widgets in a real JupyterLab: what is dragged or pressed in the browser is read in Python, and set from there."""

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from widget_page import drag, numbers

playwright_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

ROOT = Path(__file__).parents[2]
WAIT = 60  # seconds for what takes a few on an idle machine
OPTIONS = [
    "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1", "--ServerApp.port_retries=0",
    "--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
]  # fmt: skip
READ = "import json, pathlib\npathlib.Path({file!r}).write_text(json.dumps({values}))"


def until(answer: Callable[[], object], what: str) -> object:
    """The first answer that is neither false nor an error of a file; fails when there is none in time."""
    end = time.monotonic() + WAIT
    while time.monotonic() < end:
        try:
            if found := answer():
                return found
        except (OSError, ValueError):  # a file that is not there, or not whole
            pass
        time.sleep(0.05)
    pytest.fail(f"{what}: not within {WAIT} seconds", pytrace=False)


def stop(server: subprocess.Popen) -> None:
    """End the server and its kernels, gently at first, and wait until they are gone."""
    import psutil

    family = [psutil.Process(server.pid), *psutil.Process(server.pid).children(recursive=True)]
    server.terminate()
    _, left = psutil.wait_procs(family, timeout=10)
    for process in left:
        process.kill()
    psutil.wait_procs(left, timeout=10)


@pytest.fixture(scope="module")
def lab(browser, tmp_path_factory) -> Iterator[tuple[Path, str]]:
    """The folder of a JupyterLab with nobody's settings, and its address with the token left open."""
    pytest.importorskip("jupyterlab", reason="JupyterLab is not installed: pip install -e '.[book]'")
    folder, own = tmp_path_factory.mktemp("notebooks"), tmp_path_factory.mktemp("jupyter")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = secrets.token_hex()
    places = {
        name: str(own / name)
        for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    }
    environment = {name: value for name, value in os.environ.items() if name != "VAE_EDU_BOOK"}
    command = [sys.executable, "-m", "jupyterlab", *OPTIONS, f"--ServerApp.port={port}"]
    with (own / "log").open("wb") as log:
        server = subprocess.Popen(
            [*command, f"--ServerApp.root_dir={folder}", f"--IdentityProvider.token={token}"],
            env=environment | places | {"PYTHONPATH": str(ROOT)}, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        address = f"http://127.0.0.1:{port}"
        until(
            lambda: urllib.request.urlopen(f"{address}/api/status?token={token}", timeout=5).status == 200, "JupyterLab"
        )
        yield folder, f"{address}/doc/tree/{{}}?token={token}"
    finally:
        stop(server)


@pytest.fixture
def run(lab, page_offline) -> Callable:
    """Opens a notebook of these cells; the returned function runs the next one as a reader does."""
    folder, address = lab

    def open_notebook(name: str, *cells: str) -> Callable[[], None]:
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(book, folder / name)
        page_offline.set_default_timeout(1000 * WAIT)
        page_offline.goto(address.format(name))
        page_offline.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
        left = iter(page_offline.locator(".jp-CodeCell").all())
        return lambda: run_cell(next(left))

    return open_notebook


def run_cell(cell) -> None:
    """Press Shift+Enter in it, again if JupyterLab was not ready to hear it: an empty prompt says so."""
    for _ in range(WAIT // 5):
        cell.locator(".jp-InputArea-editor").click()
        cell.page.keyboard.press("Shift+Enter")
        try:
            cell.locator(".jp-InputPrompt").filter(has_not_text="[ ]:").wait_for(timeout=5000)
        except playwright_api.TimeoutError:
            continue
        return
    pytest.fail("the cell does not run")


def read(folder: Path, file: str) -> dict:
    """What a cell has written."""
    return until(lambda: json.loads((folder / file).read_text() or "null"), f"a cell that writes {file}")


def test_the_gap_is_dragged_and_python_has_the_mean(lab, run, page_offline):
    next_cell = run(
        "gap.ipynb",
        "from vae_edu.widgets import gap\nw = gap()\nw",
        READ.format(file="gap.json", values="{'mean': w.mean, 'sd': w.sd}"),
    )
    next_cell()
    page_offline.wait_for_selector(".vae-handle")
    drag(page_offline, ".vae-handle >> nth=0", 60, 0)
    shown = numbers(page_offline.inner_text(".vae-readout"))
    next_cell()
    seen = read(lab[0], "gap.json")
    assert seen["mean"] > 0.2
    assert seen["mean"] == pytest.approx(
        float(page_offline.locator(".vae-handle").first.get_attribute("aria-valuenow"))
    )
    assert round(seen["mean"], 2) in shown


def test_the_plane_obeys_keys_and_python(lab, run, page_offline):
    next_cell = run(
        "plane.ipynb",
        "from vae_edu.widgets import latent_plane\nw = latent_plane('two-latents')\nw",
        READ.format(file="plane.json", values="{'z': w.z, 'path': w.path}"),
        "w.z = (2, 1)",
    )
    next_cell()
    page_offline.wait_for_selector(".vae-plane")
    for key in ("ArrowRight", "Enter", "Shift+ArrowUp", "Enter"):
        page_offline.locator(".vae-plane").press(key)
    next_cell()
    assert read(lab[0], "plane.json") == {"z": [0.1, 0.5], "path": [[0.1, 0], [0.1, 0.5]]}
    next_cell()
    page_offline.wait_for_function("document.querySelector('.vae-point').textContent === 'z = (2.00, 1.00)'")
