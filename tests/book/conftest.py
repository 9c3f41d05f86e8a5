"""The built book and a browser that cannot reach the network.

The book is built once for a test run, also when workers share the run; an unchanged book builds in seconds.
"""

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from filelock import FileLock

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "book/_ext"), str(Path(__file__).parent)]

CHROMIUM_FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
OUTSIDE = re.compile(r"^(?:https?|wss?)://(?!localhost[:/]|127\.0\.0\.1[:/])")


@pytest.fixture(scope="session")
def site() -> Path:
    """The folder of the built HTML pages; a warning of the build fails every test that needs it."""
    jupyter_book = shutil.which("jupyter-book", path=str(Path(sys.executable).parent))
    if jupyter_book is None:
        pytest.skip("jupyter-book is not installed: pip install -e '.[book]'")
    build = ROOT / "_build"
    build.mkdir(exist_ok=True)
    done, run = build / ".built-for-test-run", os.environ.get("PYTEST_XDIST_TESTRUNUID", "")
    with FileLock(build / ".test-lock"):
        if not (run and done.exists() and done.read_text() == run):
            command = [jupyter_book, "build", "book", "-W", "--keep-going"]
            built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
            if built.returncode:
                pytest.fail(f"the book does not build:\n{built.stderr[:5000]}", pytrace=False)
            done.write_text(run)
    return build / "html"


@pytest.fixture(scope="session")
def server(site: Path) -> Iterator[str]:
    """The address of the book on a local web server."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site))) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()


@pytest.fixture(scope="session")
def browser() -> Iterator:
    """Headless Chromium: the system's, else Playwright's own."""
    playwright_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    system = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with playwright_api.sync_playwright() as playwright:
        if system is None and not Path(playwright.chromium.executable_path).exists():
            pytest.skip("no Chromium: install Debian's chromium, or run `playwright install chromium`")
        chromium = playwright.chromium.launch(executable_path=system, args=CHROMIUM_FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page_offline(browser) -> Iterator:
    """A page that collects in `page.trouble` errors and blocked requests that would leave."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    page = context.new_page()
    page.trouble = []

    def block(route) -> None:
        page.trouble.append(f"request to {route.request.url}")
        route.abort()

    context.route(OUTSIDE, block)
    page.on("console", lambda m: page.trouble.append(f"console: {m.text}") if m.type == "error" else None)
    page.on("pageerror", lambda error: page.trouble.append(f"script error: {error}"))
    page.on("requestfailed", lambda request: page.trouble.append(f"failed: {request.url}"))
    yield page
    context.close()


@pytest.fixture
def open_widget(page_offline, tmp_path, monkeypatch) -> Callable:
    """Opens a page that holds one widget alone: open_widget("gap"), open_widget("latent-plane", "two-latents").

    Opened from disk, network blocked, less motion wanted. What goes wrong in the page fails the test at its end.
    """
    from widget_page import mount_of, settle, write_page

    monkeypatch.setenv("VAE_EDU_BOOK", "1")

    def show(widget: str, *arguments: str, **state: object):
        page_offline.emulate_media(reduced_motion="reduce")
        page_offline.goto(write_page(tmp_path, mount_of(widget, *arguments, **state)))
        page_offline.wait_for_selector(".vae-ready")
        settle(page_offline)
        return page_offline

    yield show
    assert page_offline.trouble == []


@pytest.fixture(scope="session")
def axe():
    """axe-core, which finds what is not accessible."""
    module = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is missing")
    return module.Axe()


@pytest.fixture
def script(browser) -> Iterator[Callable]:
    """Runs statements that see the given modules, each as the variable name_js, and one argument."""
    from vae_edu.widgets import bundle

    page = browser.new_page()

    def run(modules: list[str], statements: str, argument: object = None):
        return page.evaluate(f"(argument) => {{ {bundle.inlined(*modules)} {statements} }}", argument)

    yield run
    page.close()
