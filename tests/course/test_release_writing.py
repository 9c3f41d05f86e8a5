"""How an edition takes its place: over nothing or an untouched earlier one, and whole whenever it is killed."""

import hashlib
import itertools
import json
import os
import shutil
import signal
import sys
import zipfile
from functools import partial

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


def killed(step, action):
    """Whether a process that is killed at its step-th call of the system, as audit hooks see them, came so far."""
    child = os.fork()
    if not child:
        steps = itertools.count()
        sys.addaudithook(lambda *_: os.kill(os.getpid(), signal.SIGKILL) if next(steps) == step else None)
        try:
            action()
        finally:
            os._exit(0)  # the rest of pytest is the parent's
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere folders trade places in two steps")
def test_killed_at_any_moment_it_leaves_one_edition_or_the_other(place):
    place.release(files("at first"))
    last = {tree: files("at first"), zipped: files("at first")}
    became = []
    for step in itertools.count():
        new = files(f"step {step}")
        ended = not killed(step, partial(releases.write, place.folder, place.archive, new))
        now = {tree: tree(place.folder), zipped: zipped(place.archive)}
        assert all(now[kind] in (last[kind], new) for kind in now), step
        became.append([edition == new for edition in now.values()])
        last = now
        if ended:
            break
    assert became[0] == [False, False]
    assert [True, False] in became  # the zip follows the folder
    assert became[-1] == [True, True]
    assert sorted(path.name for path in place.folder.parent.iterdir()) == ["students", "students.zip"]


@pytest.mark.skipif(sys.platform == "win32", reason="there processes do not fork")
def test_killed_the_first_time_it_leaves_an_edition_or_none(place):
    work = partial(releases.write, place.folder, place.archive, files("new"))
    for step in itertools.count():
        ended = not killed(step, work)
        assert not place.folder.exists() or tree(place.folder) == files("new"), step
        assert not place.archive.exists() or zipped(place.archive) == files("new"), step
        if ended:
            break
        shutil.rmtree(place.folder, ignore_errors=True)
        place.archive.unlink(missing_ok=True)
    assert place.folder.exists()
    assert place.archive.exists()
