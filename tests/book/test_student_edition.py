"""The built book as students get it: nothing secret in it, and nothing missing that its pages name."""

import html
import posixpath
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from vae_edu.course import stubs
from vae_edu.course.edition import edition
from vae_edu.course.leaks import leaks, secrets

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def known():
    return secrets(ROOT)


@pytest.fixture(scope="module")
def files(site):
    return edition(ROOT, site)


def test_no_secret_is_in_the_book(files, known):
    assert list(leaks(files, known)) == []


def test_the_book_of_the_instructors_would_be_found_out(files, known):
    """Its page has the answer folded below the hints; here it is put there."""
    page = files["book/ch03_gaussians.html"].decode()
    answer = stubs.solution((ROOT / "solutions/ch03_gaussians.py").read_text(encoding="utf-8"), "log_normal")
    assert "Hint 3" in page
    shown = page.replace("Hint 3", f"Solution</summary><pre>{answer}</pre><summary>Hint 3", 1)
    (first, *_) = leaks({"book/ch03_gaussians.html": shown.encode()}, known)
    assert first.what == "an answer in solutions/ch03_gaussians.py"


def test_no_page_names_this_machine_or_the_day_it_was_built(files):
    assert not [name for name, content in files.items() if str(ROOT).encode() in content]
    dated = [
        n for n, c in files.items() if n.endswith((".html", ".svg")) and (b"Last updated" in c or b"<dc:date>" in c)
    ]
    assert not dated


def test_what_pages_link_to_is_there(files):
    pages = {name: text.decode() for name, text in files.items() if re.fullmatch(r"book/\w+\.html", name)}
    assert len(pages) > 16
    addresses = {
        (name, urlsplit(html.unescape(address)))
        for name, text in pages.items()
        for address in re.findall(r' (?:href|src)="([^"]*)"', text)
    }
    missing = {
        (name, address.path)
        for name, address in addresses
        if address.path and not address.scheme and f"book/{posixpath.normpath(unquote(address.path))}" not in files
    }
    assert not missing
