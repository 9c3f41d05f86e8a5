"""The mount and the files beside a page."""

import base64
import json
import os
import re

from bs4 import BeautifulSoup

from vae_edu.widgets import page
from vae_edu.widgets.bundle import widget_names
from vae_edu.widgets.shipped import last_change, shipped


def element(mount: page.Mount):
    return BeautifulSoup(mount.html, "html.parser").div


def test_the_mount_says_in_words_what_is_to_be_seen():
    alt = 'dots & "clouds" <of digits>'
    mount = page.Mount("latent-plane", alt, ["a.plane", "a.decoder"], {"z": [0, 1]})
    assert element(mount)["aria-label"] == element(mount).noscript.get_text() == alt
    assert page.MARK in mount.html


def test_the_mount_names_what_it_needs_or_brings_it():
    shipped_files, own = page.Mount("w", "alt", ["a.plane", "a.decoder"]), page.Mount("w", "alt", {"live.plane": b"12"})
    assert element(shipped_files)["data-vae-data"] == "a.plane a.decoder"
    assert not element(shipped_files).select("script")
    assert "data-vae-data" not in element(own).attrs
    (script,) = element(own).select("script")
    assert (script["data-name"], base64.b64decode(script.get_text())) == ("live.plane", b"12")
    assert "data-vae-data" not in element(page.Mount("w", "alt")).attrs


def test_the_mount_carries_what_the_widget_begins_with():
    assert json.loads(element(page.Mount("w", "alt", state={"z": (0.5, 1), "of": "a"}))["data-vae-state"]) == {
        "z": [0.5, 1],
        "of": "a",
    }


def test_the_files_a_page_needs(shelf, tmp_path):
    page.write_assets(tmp_path / "vae")
    mounts = [page.Mount("latent-plane", "alt", [f"{shelf}.plane", f"{shelf}.decoder"]), page.Mount("gap", "alt")]
    page.write_data(tmp_path / "vae", [mount.html for mount in mounts])
    names = {path.name for path in (tmp_path / "vae").iterdir()}
    data = {"small.plane.data.js", "small.decoder.data.js"}
    assert names == {"runtime.js", "widgets.css", *data, *(f"{name}.js" for name in widget_names())}
    text = (tmp_path / "vae/small.plane.data.js").read_text(encoding="utf-8")
    name, content = re.fullmatch(r'vaeEdu\.register\("([\w.-]+)", "([^"]*)"\);\n', text).groups()
    assert (name, base64.b64decode(content)) == (f"{shelf}.plane", shipped(f"{shelf}.plane"))


def test_data_are_written_again_only_when_what_they_are_made_of_has_changed(shelf, tmp_path):
    mount, file = page.Mount("latent-plane", "alt", [f"{shelf}.plane"]), tmp_path / "vae/small.plane.data.js"
    page.write_data(tmp_path / "vae", [mount.html])
    whole = file.read_text(encoding="utf-8")
    file.write_text("newer than its sources", encoding="utf-8")
    os.utime(file, (0, last_change() + 1))
    page.write_data(tmp_path / "vae", [mount.html])
    assert file.read_text(encoding="utf-8") == "newer than its sources"
    os.utime(file, (0, last_change() - 1))
    page.write_data(tmp_path / "vae", [mount.html])
    assert file.read_text(encoding="utf-8") == whole
