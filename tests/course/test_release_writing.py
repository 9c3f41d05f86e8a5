"""How an edition takes its place: over nothing or an untouched earlier one, and whole whenever it is killed."""

import hashlib
import json
import random
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from vae_edu.course import release as releases
from vae_edu.course.edition import MANIFEST
from vae_edu.errors import UserError


def files(text, count=3):
    """A small edition: `count` files that say `text`, and their manifest."""
    contents = {f"folder {n}/file": f"{text} {n}".encode() for n in range(count)}
    checksums = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    return contents | {MANIFEST: json.dumps({"files": checksums}).encode()}


def tree(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def zipped(archive):
    with zipfile.ZipFile(archive) as opened:
        return {name.split("/", 1)[1]: opened.read(name) for name in opened.namelist()}


@pytest.fixture
def place(tmp_path, monkeypatch):
    """place.release(files) releases them to `tmp_path/students`."""

    class Place:
        folder, archive = tmp_path / "students", tmp_path / "students.zip"

        def release(self, contents):
            monkeypatch.setattr(releases, "edition", lambda project, book: contents)
            monkeypatch.setattr(releases, "secrets", lambda project: {})
            return releases.release(tmp_path, self.folder, None)

    return Place()


def test_an_earlier_edition_is_replaced_whole(place):
    place.release(files("old", 9))
    made = place.release(files("new", 2))
    assert tree(place.folder) == zipped(place.archive) == files("new", 2)
    assert sorted(path.name for path in place.folder.parent.iterdir()) == ["students", "students.zip"]
    assert made.files == 3
    assert made.digest == hashlib.sha256(place.archive.read_bytes()).hexdigest()


def test_an_empty_folder_and_what_trying_out_leaves_are_no_hindrance(place):
    place.folder.mkdir()
    place.release(files("old"))
    (place.folder / "folder 0/__pycache__").mkdir()
    (place.folder / "folder 0/__pycache__/x.pyc").write_bytes(b"x")
    place.release(files("new"))
    assert tree(place.folder) == files("new")


def changed(folder):
    (folder / "folder 1/file").write_text("a student's answer")


def added(folder):
    (folder / ".git").mkdir()
    (folder / ".git/HEAD").write_text("ref")


def no_edition(folder):
    (folder / MANIFEST).unlink()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (changed, "folder 1/file was changed since the edition was written"),
        (added, r"\.git/HEAD is not part of the earlier edition"),
        (no_edition, "it holds something else than an earlier edition"),
        (lambda folder: (folder / MANIFEST).write_text("[]"), "it holds something else than an earlier edition"),
        (
            lambda folder: folder.with_suffix(".zip").write_text("mine"),
            r"students\.zip is there and is no student edition",
        ),
    ],
)
def test_what_somebody_has_made_is_never_replaced(change, sentence, place):
    place.release(files("old"))
    change(place.folder)
    before = tree(place.folder.parent)
    with pytest.raises(UserError, match=sentence):
        place.release(files("new"))
    assert tree(place.folder.parent) == before


def test_a_file_in_the_folders_place_is_refused(place):
    place.folder.write_text("mine")
    with pytest.raises(UserError, match="students is a file; name a folder"):
        place.release(files("new"))


def test_two_at_once_do_not_mix(place):
    with releases._workplace(place.folder), pytest.raises(UserError, match="another run is writing"):
        place.release(files("new"))
    place.release(files("new"))
    assert tree(place.folder) == files("new")


@pytest.mark.parametrize("broken", ["_write_zip", "_put"])
def test_an_error_on_the_way_leaves_the_earlier_edition(broken, place, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    place.release(files("old"))
    before = tree(place.folder.parent)
    monkeypatch.setattr(releases, broken, full)
    with pytest.raises(UserError, match="cannot be written to \\(No space left on device\\)"):
        place.release(files("new"))
    assert tree(place.folder.parent) == before


def test_without_an_exchange_in_one_step_two_renames_do(place, monkeypatch):
    monkeypatch.setattr(releases, "_trade", lambda first, second: False)
    place.release(files("old", 9))
    place.release(files("new"))
    assert tree(place.folder) == files("new")


ENDLESS = """
import sys
from pathlib import Path

sys.path.insert(0, {tests!r})
from test_release_writing import files
from vae_edu.course.release import write

print("ready", flush=True)
while True:
    for text in ("old", "new"):
        write(Path({folder!r}), Path({folder!r} + ".zip"), files(text, 40))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere folders trade places in two steps")
def test_killed_at_any_moment_it_leaves_one_edition_or_the_other(tmp_path):
    folder = tmp_path / "students"
    releases.write(folder, tmp_path / "students.zip", files("old", 40))
    program = ENDLESS.format(tests=str(Path(__file__).parent), folder=str(folder))
    seen = set()
    for kill in range(10):
        child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
        child.stdout.readline()
        time.sleep(random.Random(kill).uniform(0, 0.1))
        child.kill()
        child.wait()
        for found in (tree(folder), zipped(tmp_path / "students.zip")):
            assert found in (files("old", 40), files("new", 40)), f"kill {kill}"
            seen.add(found["folder 0/file"])
    assert len(seen) == 2
    releases.write(folder, tmp_path / "students.zip", files("new"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["students", "students.zip"]
