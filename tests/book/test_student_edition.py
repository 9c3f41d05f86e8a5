"""The built book as students get it: nothing secret in it, and nothing missing that its pages name."""

import posixpath
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup

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
    missing = []
    for name in (
        name for name in files if name.startswith("book/") and name.count("/") == 1 and name.endswith(".html")
    ):
        for tag in BeautifulSoup(files[name], "html.parser").find_all(["a", "img", "link", "script"]):
            address = urlsplit(tag.get("href") or tag.get("src") or "")
            target = posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(address.path)))
            if address.path and not address.scheme and target not in files:
                missing.append((name, target))
    assert not missing
