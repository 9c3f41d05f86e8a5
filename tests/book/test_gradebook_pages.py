"""The pages that grading writes, in a browser: accessible, from disk without network, wide and narrow."""

import pytest
from test_browser import OVERFLOWING

from vae_edu.course.catalog import Exercise
from vae_edu.course.gradebook.publish import publish
from vae_edu.course.gradebook.text import file_names
from vae_edu.course.journal import Entry, Journal
from vae_edu.course.scores import Check
from vae_edu.course.settings import Settings

HOSTILE = "<img src=http://127.0.0.1:9/x onerror=alert(1)>" + "W" * 60
HINTS = ("Look at the sign.", "Look again.", "It is a minus.")
CATALOG = {
    f"ch03.{name}": Exercise(f"ch03.{name}", "A title", 8, 5, "easy", ("K13 (9)",), "ch03_gaussians.py", name, HINTS)
    for name in ("log_normal", "a_function_with_quite_a_long_name_for_a_phone")
}


def entry(name, awarded):
    checks = [
        Check(name, key, "test_values", 8, awarded, "" if awarded == 8 else "wrong value", "off by 2.")
        for key in CATALOG
    ]
    return Entry(name, name, "2030-02-01T10:00:00+00:00", {"ch03_gaussians.py": "ab" * 32}, {}, tuple(CATALOG),
                 tuple(checks), notes=(HOSTILE,), flags=(HOSTILE,), isolation={"mode": "sandbox"})  # fmt: skip


@pytest.fixture
def pages(tmp_path):
    journal = Journal(tmp_path / "journal.jsonl")
    for name, awarded in (("ada", 8), ("bob", None), (HOSTILE, 3)):
        journal.append(entry(name, awarded))
    publish(tmp_path, journal, CATALOG, Settings(contact=HOSTILE), {}, exercises=tmp_path)
    return [
        tmp_path / "overview.html",
        *(tmp_path / f"reports/{file}.html" for file in file_names(["bob", HOSTILE]).values()),
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_of_a_grading(pages, scheme, page_offline, axe):
    page_offline.on(
        "dialog", lambda dialog: page_offline.trouble.append(f"dialog: {dialog.message}") or dialog.dismiss()
    )
    for path in pages:
        page_offline.goto(path.as_uri())
        page_offline.emulate_media(color_scheme=scheme)
        for width in (1280, 400):
            page_offline.set_viewport_size({"width": width, "height": 900})
            assert page_offline.evaluate(OVERFLOWING) == []
        found = axe.run(page_offline, options={"preload": False, "resultTypes": ["violations"]}).response["violations"]
        assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found] == []
    assert page_offline.trouble == []
