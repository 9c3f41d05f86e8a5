"""The mount and the files beside a page."""

import base64
import re

from bs4 import BeautifulSoup

from vae_edu.widgets import page
from vae_edu.widgets.plane import recorded_plane


def test_the_mount_says_in_words_what_is_to_be_seen():
    alt = 'dots & "clouds" <of digits>'
    html = page.mount("latent-plane", alt, "two-latents")
    mount = BeautifulSoup(html, "html.parser").div
    assert mount["aria-label"] == mount.noscript.get_text() == alt
    assert page.MARK in html


def test_the_files_a_page_needs(shelf, tmp_path):
    page.write_assets(tmp_path / "vae")
    names = {path.name for path in (tmp_path / "vae").iterdir()}
    assert names == {"runtime.js", "widgets.css", "latent-plane.js", "small.data.js"}
    text = (tmp_path / "vae/small.data.js").read_text(encoding="utf-8")
    name, data = re.fullmatch(r'vaeEdu\.register\("([\w-]+)", "([^"]*)"\);\n', text).groups()
    assert (name, base64.b64decode(data)) == (shelf, recorded_plane(shelf))
