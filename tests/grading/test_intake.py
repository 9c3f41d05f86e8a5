"""What students hand in: files are found by name and read without trust; whatever else is there becomes a sentence."""

import os
import stat
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vae_edu.course.findings import Finding
from vae_edu.course.intake import collect, safe_name
from vae_edu.course.submission import MAX_SOURCE, Submission
from vae_edu.errors import UserError

WANTED = ("ch01_one.py", "ch02_two.py")


@pytest.fixture
def hand_in(tmp_path):
    """hand_in(name, {path: content}): a folder, or a zip where the name ends so."""

    def write(name, files):
        place = tmp_path / name
        if name.endswith(".zip"):
            place.write_bytes(archive_of(files))
            return place
        place.mkdir()
        for path, content in files.items():
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            (place / path).write_text(content)
        return place

    write.folder = tmp_path
    return write


def only(folder):
    [handed_in] = collect(folder, WANTED)
    return handed_in


@pytest.mark.parametrize("name", ["ann", "ann.zip"])
def test_files_are_found_wherever_they_lie_and_the_nearest_counts(hand_in, name):
    hand_in(name, {"a/exercises/ch01_one.py": "x = 1", "a/old/of/ch02_two.py": "old", "a/ch02_two.py": "new"})
    ann = only(hand_in.folder)
    assert (ann.name, ann.files) == ("ann", {"ch01_one.py": b"x = 1", "ch02_two.py": b"new"})
    assert ann.notes == ("ch02_two.py is there 2 times; a/ch02_two.py was graded.",)
    assert all(time.endswith("+00:00") for time in ann.modified.values())


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"ch01_one.ipynb": "{}"}, "ch01_one.ipynb is a notebook and was not graded; hand in ch01_one.py."),
        ({"work.ipynb": "{}"}, "work.ipynb: notebooks are not graded; hand in the .py files."),
        ({"Ch01_One (2).py": ""}, "Ch01_One (2).py was not graded; a file of the course is named ch01_one.py."),
        ({"ch01_one.py.txt": ""}, "ch01_one.py.txt was not graded; a file of the course is named ch01_one.py."),
        ({f"{n}.dat": "" for n in range(7)}, "not looked at: 0.dat, 1.dat, 2.dat, 3.dat, 4.dat and 2 more."),
        ({"\x1b[2J.py": ""}, "not looked at: \\x1b[2J.py."),
        ({"a\u202eb.py": ""}, "not looked at: a\\u202eb.py."),
        ({}, "none of the course's files was found."),
        ({"ch01_one.py": "x" * (MAX_SOURCE + 1)}, "ch01_one.py is larger than 256 KiB, which no answer needs."),
        ({f"{n}": "" for n in range(10_000)}, "there are more than 5000 files; the others were not looked at."),
    ],
)
@pytest.mark.parametrize("name", ["ann", "ann.zip"])
def test_each_mistake_has_its_sentence(hand_in, name, files, says):
    hand_in(name, files)
    assert says in only(hand_in.folder).notes


def test_what_belongs_to_the_edition_needs_no_sentence(hand_in):
    of_the_edition = ("test_ch01_one.py", "catalog.yml", "README.md", ".progress.json")
    hand_in("ann", dict.fromkeys([*WANTED, *of_the_edition], ""))
    assert only(hand_in.folder).notes == ()


def test_a_bomb_a_way_out_and_a_link_in_a_zip_meet_nothing(hand_in):
    place = hand_in("ann.zip", {"../ch01_one.py": "out", "/ch01_one.py": "out", "ch02_two.py": "0" * 50_000_000})
    link = zipfile.ZipInfo("deep/ch01_one.py")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(place, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    ann = only(hand_in.folder)
    assert ann.files["ch01_one.py"] is None
    assert len(ann.files["ch02_two.py"]) == MAX_SOURCE + 1
    assert ann.digest("ch01_one.py") is ann.digest("ch02_two.py") is None
    assert "2 paths in the zip would lead out of it; nothing there was read." in ann.notes
    assert [path.name for path in hand_in.folder.iterdir()] == ["ann.zip"]


def test_links_pipes_and_folders_are_no_files_and_the_hidden_tests_see_them_so(hand_in, tmp_path_factory):
    secret = tmp_path_factory.mktemp("elsewhere") / "secret.py"
    secret.write_text("secret")
    place = hand_in("ann", {"README.md": ""})
    (place / "ch01_one.py").symlink_to(secret)
    os.mkfifo(place / "ch02_two.py")
    hand_in.folder.joinpath("bob").symlink_to(secret.parent)
    ann, bob = collect(hand_in.folder, WANTED)
    assert ann.files == {"ch01_one.py": None, "ch02_two.py": None}
    assert "ch01_one.py is not an ordinary file that can be read; hand in the file itself." in ann.notes
    assert bob.files == {}
    assert "bob is neither a folder nor a zip; hand in a folder or a zip." in bob.notes
    staged = tmp_path_factory.mktemp("staged") / "ann"
    ann.write(staged)
    for folder in (place, staged):
        with pytest.raises(Exception, match=r"ch01_one\.py is not a text file of its own that can be read"):
            Submission(folder).source("ch01_one.py")


@pytest.mark.parametrize("name", ["ann", "ann.zip"])
def test_a_hidden_folder_of_thousands_hides_nothing_that_comes_after_it(hand_in, name):
    hand_in(
        name,
        {f".git/objects/{n}": "" for n in range(5001)} | {"sub\\ch01_one.py" if "zip" in name else "ch01_one.py": "x"},
    )
    ann = only(hand_in.folder)
    assert (ann.files, ann.notes) == ({"ch01_one.py": b"x"}, ())


def test_a_zip_in_a_folder_is_looked_into_and_a_file_beside_it_comes_first(hand_in):
    place = hand_in("Ada Lovelace_12345_assignsubmission_file_", {"ch01_one.py": "new"})
    (place / "work.ZIP").write_bytes(archive_of({"sub/ch02_two.py": "two", "ch01_one.py": "old", "../x.py": ""}))
    ada = only(hand_in.folder)
    assert ada.files == {"ch01_one.py": b"new", "ch02_two.py": b"two"}
    assert ada.notes == (
        "1 path in the zip would lead out of it; nothing there was read.",
        "ch01_one.py is there 2 times; ch01_one.py was graded.",
    )


def test_a_zip_in_a_folder_that_is_none_a_link_or_one_of_two_is_not_looked_into(hand_in, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "secret.zip"
    elsewhere.write_bytes(archive_of({"ch01_one.py": "secret"}))
    hand_in("broken", {"work.zip": "no zip"})
    hand_in("link", {}).joinpath("work.zip").symlink_to(elsewhere)
    two = hand_in("two", {})
    for name in ("a.zip", "b.zip"):
        (two / name).write_bytes(elsewhere.read_bytes())
    for handed_in in collect(hand_in.folder, WANTED):
        assert handed_in.files == {}
        assert handed_in.notes[-1] == "none of the course's files was found."
        assert handed_in.notes[0].startswith("not looked at: ")


@pytest.mark.parametrize("name", ["lovelaceada_12_345_ch01_one.py", "Ada L_1_assignsubmission_file_ch02_two-3.py"])
def test_files_as_course_systems_name_them_are_refused_before_they_become_students(hand_in, name):
    hand_in("ben", {"ch01_one.py": ""})
    (hand_in.folder / name).touch()
    with pytest.raises(UserError, match=f"{name}, as course systems name a single file; put each student's files"):
        collect(hand_in.folder, WANTED)


def test_a_mark_that_windows_begins_a_file_with_is_no_part_of_it_and_other_codes_are_named(hand_in):
    ann = Submission(hand_in("ann", {"ch01_one.py": "\ufeffx = 1"}))
    assert ann.source("ch01_one.py") == "x = 1"
    (ann.folder / "ch01_one.py").write_bytes("x = 1".encode("utf-16"))
    with pytest.raises(Finding, match=r"ch01_one\.py cannot be read as text in UTF-8"):
        ann.source("ch01_one.py")


def test_names_are_safe_and_never_shared(hand_in):
    for name in ("ann", "ann.zip", "ANN", "=SUM(A1)", "<b>x", "b\x1b[0m", "Zoë Müller", "dots. ."):
        hand_in(name, {"ch01_one.py": name})
    names = {handed_in.files["ch01_one.py"].decode(): handed_in.name for handed_in in collect(hand_in.folder, WANTED)}
    assert len({name.casefold() for name in names.values()}) == 8
    assert {names["ann"], names["ANN"]} >= {"ANN"}
    assert names["ann.zip"] == "ann.zip"
    assert names["Zoë Müller"] == "Zoë Müller"
    assert (names["=SUM(A1)"], names["<b>x"], names["b\x1b[0m"]) == ("_SUM(A1)", "_b_x", "b__0m")
    assert names["dots. ."] == "dots"


@given(st.text(max_size=200))
def test_any_name_becomes_a_safe_one(name):
    assert safe_name(name) == safe_name(safe_name(name)) != ""
    assert len(safe_name(name)) <= 80
    assert not set('/\\:*?"<>|\0\n\x1b=\u202e') & set(safe_name(name))


def test_a_submission_in_place_of_a_class_an_empty_folder_and_none(hand_in):
    with pytest.raises(UserError, match="empty"):
        collect(hand_in.folder, WANTED)
    with pytest.raises(UserError, match="there is no folder"):
        collect(hand_in.folder / "nowhere", WANTED)
    with pytest.raises(UserError, match="is a file; unpack it"):
        collect(Path(__file__), WANTED)
    place = hand_in("ann", {"ch01_one.py": ""})
    with pytest.raises(UserError, match=r"itself a submission: it holds ch01_one\.py"):
        collect(place, WANTED)


def archive_of(files):
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()
