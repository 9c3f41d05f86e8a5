"""One widget in a page of its own, without building the book; and what tests do with it."""

import re
from pathlib import Path

import numpy as np

from vae_edu import widgets
from vae_edu.widgets import page as pages
from vae_edu.widgets.page import Mount

# The theme's switch and the colors that the theme brings, as pydata-sphinx-theme has them.
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>One widget</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
  html {{ --pst-color-text-base: #222832; --pst-color-text-muted: #48566b; --pst-color-background: #fff; }}
  html[data-theme="dark"] {{ --pst-color-text-base: #ced6dd; --pst-color-text-muted: #9ca4af;
    --pst-color-background: #14181e; --pst-color-border: #48566b; --pst-color-primary: #3fb1c5; }}
  body {{ margin: 1rem 1rem 100vh; background: var(--pst-color-background); color: var(--pst-color-text-base); }}
</style>
<script>
  {{
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const follow = () => {{ document.documentElement.dataset.theme = dark.matches ? "dark" : "light"; }};
    dark.addEventListener("change", follow);
    follow();
  }}
</script>
<link rel="stylesheet" href="widgets.css"><script defer src="runtime.js"></script></head>
<body><main><h1>One widget</h1>{mounts}</main></body></html>"""

FRAMES = """() => {
  window.frames = [];
  const note = (now) => { frames.push(now); requestAnimationFrame(note); };
  requestAnimationFrame(note);
}"""


def mount_of(widget: str, *arguments: str, **state: object) -> Mount:
    """The place of a widget with the words of `:data:`, as the directive makes it; `state` to begin with."""
    placed = getattr(widgets, widget.replace("-", "_"))(*arguments)
    assert isinstance(placed, Mount), "set VAE_EDU_BOOK=1"
    return Mount(placed.widget, placed.alt, placed.data, {**placed.state, **state})


def write_page(folder: Path, *mounts: Mount) -> str:
    """Write a page and the files it needs into `folder`; returns its address, which begins with file://."""
    html = PAGE.format(mounts="".join(mount.html for mount in mounts))
    pages.write_assets(folder)
    pages.write_data(folder, [html])
    (folder / "page.html").write_text(html, encoding="utf-8")
    return (folder / "page.html").as_uri()


def settle(page) -> None:
    """Wait until what was asked for has been drawn."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def values(page) -> dict:
    """What the widget shows, in full precision and by the names that Python gives it."""
    settle(page)
    return page.evaluate("(({data, ...values}) => values)(document.querySelector('.vae-widget').model.state)")


def numbers(text: str) -> list[float]:
    """The numbers in a text that a widget shows."""
    return [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", text.replace("−", "-"))]


def drag(page, selector: str, right: float, up: float, steps: int = 5) -> None:
    """Take the element at its center and drag it by so many pixels."""
    settle(page)  # a key pressed just before may still be moving it
    box = page.locator(selector).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + right, y - up, steps=steps)
    page.mouse.up()
    settle(page)


def touch_drag(page, selector: str, right: float, up: float) -> None:
    """The same with a finger."""
    settle(page)
    box = page.locator(selector).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    screen = page.context.new_cdp_session(page)

    def send(kind: str, *touches: dict[str, float]) -> None:
        screen.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": list(touches)})

    send("touchStart", {"x": x, "y": y})
    for share in (0.3, 0.6, 1):
        send("touchMove", {"x": x + share * right, "y": y - share * up})
    send("touchEnd")
    settle(page)


def frame_times(page, move, count: int = 90) -> np.ndarray:
    """Milliseconds between frames while `move(i)` is called for i = 0, 1, …"""
    page.evaluate(FRAMES)
    for i in range(count):
        move(i)
    return np.diff(page.evaluate("frames"))


def check_frames(between: np.ndarray, record_property) -> None:
    """Record how frames came, and hold them to 60 a second with room for a busy machine."""
    median, p95 = np.quantile(between, [0.5, 0.95]).tolist()
    record_property("frame_ms", {"median": round(median, 1), "p95": round(p95, 1), "frames": len(between)})
    print(f"frames: median {median:.1f} ms, p95 {p95:.1f} ms of {len(between)}")
    assert median < 34
    assert p95 < 100
