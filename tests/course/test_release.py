"""The student edition: what is in it, what is not, that it works by itself, and what is refused."""

import json
import os
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

from vae_edu.course import release as releases
from vae_edu.course import stubs
from vae_edu.course.edition import MANIFEST, edition
from vae_edu.course.leaks import leaks
from vae_edu.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
STUB = stubs.stub((ROOT / "solutions/ch03_gaussians.py").read_text(encoding="utf-8"))
VAE_EDU = [sys.executable, "-m", "vae_edu.cli"]


def book(folder, page="<p>The evidence.</p>"):
    """A few built pages, with what a builder leaves beside them."""
    files = {
        "index.html": '<a href="ch03.html">3</a><a href="_downloads/1a/ch03_gaussians.py">stub</a>',
        "ch03.html": f'{page}<img src="_images/shown%20here.svg">',
        "_images/shown here.svg": "<svg></svg>",
        "_images/of-an-earlier-build.svg": "<svg></svg>",
        "_downloads/1a/ch03_gaussians.py": STUB,
        "notebooks/ch03.ipynb": '{"cells": []}',
        "notebooks/.state": "1",
        ".buildinfo": "1",
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def command(*arguments, inside=ROOT, **environment):
    """Runs in a folder, with the package that is there."""
    environment = {**os.environ, "PYTHONPATH": str(inside), "OMP_NUM_THREADS": "1", **environment}
    return subprocess.run(arguments, cwd=inside, env=environment, capture_output=True, text=True, check=False)


def tree(folder):
    """The files below a folder, by path."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture(scope="module")
def students(tmp_path_factory):
    """The folder of a student edition, made by the command; its zip lies beside it."""
    place = tmp_path_factory.mktemp("handed out")
    done = command(*VAE_EDU, "release", str(place / "students"), "--book", str(book(place / "html")))
    assert done.returncode == 0, done.stderr
    assert str(place / "students.zip") in done.stdout.replace("\n", "")
    return place / "students"


@pytest.fixture
def unpacked(students, tmp_path):
    """What a student has who unpacks the zip."""
    with zipfile.ZipFile(students.with_suffix(".zip")) as archive:
        archive.extractall(tmp_path)
    return tmp_path / "students"


def test_the_zip_is_the_folder_below_one_name(students, unpacked):
    assert tree(unpacked) == tree(students)
    with zipfile.ZipFile(students.with_suffix(".zip")) as archive:
        entries = archive.infolist()
    assert {entry.filename.split("/")[0] for entry in entries} == {"students"}
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {entry.external_attr >> 16 for entry in entries} == {stat.S_IFREG | 0o644}


def test_the_same_course_gives_the_same_bytes(students, tmp_path):
    """Whatever the time zone, the mask of rights, the order of sets, and the times of the files."""
    pages = book(tmp_path / "elsewhere")
    again = f"umask 077; exec {sys.executable} -m vae_edu.cli release '{tmp_path}/students' --book '{pages}'"
    done = command("bash", "-c", again, TZ="Asia/Tokyo", PYTHONHASHSEED="7", LC_ALL="C")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "students.zip").read_bytes() == students.with_suffix(".zip").read_bytes()


def test_the_edition_holds_what_students_need(students):
    names = set(tree(students))
    exercises = {path.name for path in (ROOT / "exercises").iterdir() if path.is_file()} - {".progress.json"}
    assert {f"exercises/{name}" for name in exercises} <= names
    assert {"README.md", "pyproject.toml", "constraints.txt", ".github/workflows/classroom.yml", MANIFEST} <= names
    assert {
        "book/index.html",
        "book/_images/shown here.svg",
        "notebooks/ch03.ipynb",
        "book/results/k13-fig3/run.json",
    } <= names
    assert json.loads((students / MANIFEST).read_text())["files"].keys() == names - {MANIFEST}


def test_the_edition_holds_nothing_else(students):
    names = set(tree(students))
    tops = {name.split("/")[0] for name in names}
    assert tops == {"README.md", "pyproject.toml", "constraints.txt", "LICENSE", MANIFEST, ".gitignore", ".github",
                    "exercises", "vae_edu", "book", "notebooks"}  # fmt: skip
    unwanted = ("slips", "earlier", ".state", "buildinfo", "results/grading")
    assert not [name for name in names if any(part in name for part in unwanted)]
    ours = [*ROOT.glob("solutions/*.py"), *ROOT.glob("tests/**/*.py"), *ROOT.glob("vae_edu/course/slips/*.py")]
    assert not {path.read_bytes() for path in ours if path.stat().st_size} & set(tree(students).values())


def test_no_secret_is_in_folder_or_zip(students, unpacked, known):
    assert list(leaks(tree(students), known)) == []
    assert list(leaks(tree(unpacked), known)) == []


def test_no_file_names_a_place_of_this_machine(students):
    here = [str(ROOT).encode(), str(students.parent).encode(), sys.prefix.encode()]
    assert not [name for name, content in tree(students).items() if any(place in content for place in here)]


def test_it_works_with_what_is_in_it(unpacked):
    """Untouched, nothing is attempted; with the masters in place of the stubs every visible check passes."""
    where = command(sys.executable, "-c", "import vae_edu; print(vae_edu.__file__)", inside=unpacked)
    assert Path(where.stdout.strip()).is_relative_to(unpacked)
    fresh = command(*VAE_EDU, "check", inside=unpacked)
    assert "0 of 48 exercises of the course pass." in fresh.stdout
    assert fresh.returncode == 1
    ran = command(sys.executable, "-m", "pytest", "exercises", "-q", "-p", "no:cacheprovider", inside=unpacked)
    summary = [line for line in ran.stdout.splitlines() if line.startswith("ch") and "  " in line]
    assert len(summary) == 48
    assert all(line.endswith("  not attempted") for line in summary)

    for master in ROOT.glob("solutions/ch*.py"):
        (unpacked / "exercises" / master.name).write_bytes(master.read_bytes())
    ran = command(sys.executable, "-m", "pytest", "exercises", "-q", "-p", "no:cacheprovider", inside=unpacked)
    assert ran.returncode == 0, ran.stdout[-3000:]
    workflow = yaml.safe_load((unpacked / ".github/workflows/classroom.yml").read_text(encoding="utf-8"))
    steps = {step.get("name"): step for step in workflow["jobs"]["visible-checks"]["steps"]}
    check = steps["Run the visible checks"]["run"].replace("vae-edu", " ".join(VAE_EDU))
    ran = command("bash", "-eo", "pipefail", "-c", check, inside=unpacked, ASKED="ch03 ch08.road")
    assert ran.returncode == 0, ran.stdout
    assert "hidden tests not run" in (unpacked / "checks.txt").read_text()
    assert list(workflow["jobs"]) == ["visible-checks"]


@pytest.mark.parametrize("setting", ["always", "after-passing", "never"])
def test_solutions_are_asked_for_in_vain(setting, unpacked):
    (unpacked / "exercises/course.yml").write_text(f"solutions: {setting}\n")
    asked = command(*VAE_EDU, "solution", "ch03.kl_full", inside=unpacked)
    assert asked.returncode == 2
    assert "solutions" in asked.stderr
    assert asked.stderr.count("\n") == 1


def test_an_edition_makes_no_edition(unpacked):
    asked = command(*VAE_EDU, "release", "more", "--no-book", inside=unpacked)
    assert asked.returncode == 2
    assert "has no solutions, tests/hidden; a student edition is made in the instructor's copy" in asked.stderr
    assert not (unpacked / "more").exists()


@pytest.fixture
def project(tmp_path):
    """A checkout of the course, whose exercises may be changed."""
    folder = tmp_path / "course"
    folder.mkdir()
    for name in ("vae_edu", "solutions", "tests", "pyproject.toml", "constraints.txt"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "exercises").mkdir()
    for path in (ROOT / "exercises").iterdir():
        if path.is_file():
            (folder / "exercises" / path.name).write_bytes(path.read_bytes())
    return folder


def test_what_an_instructor_does_in_exercises_stays_there(project, known):
    (project / "exercises/ch03_gaussians.py").write_bytes((ROOT / "solutions/ch03_gaussians.py").read_bytes())
    for name in (".progress.json", "notes.md", "ch03_gaussians_old.py"):
        (project / "exercises" / name).write_text("private")
    files = edition(project, None)
    assert files["exercises/ch03_gaussians.py"].decode() == STUB
    assert b"private" not in files.values()
    assert not [name for name in files if name.startswith(("book/", "notebooks/"))]
    assert "book/" not in files["README.md"].decode()
    assert list(leaks(files, known)) == []


def test_the_readme_says_what_the_settings_say(project):
    settings = 'title: "Models & codes"\ncontact: "Ada, room 7"\ndue: {ch01: 2030-10-14}\n'
    (project / "exercises/course.yml").write_text(settings)
    text = edition(project, None)["README.md"].decode()
    assert text.startswith("# Models & codes\n")
    assert "Questions: Ada, room 7." in text
    assert "| `ch01_latent_variables.py` | prior_sampling, ring_log_density, exact_inference | 2030-10-14 |\n" in text
    assert "| `ch02_variational_bound.py` | bound_and_gap, coordinate_ascent, fit_linear_gaussian |  |\n" in text


def instructors(folder):
    answer = stubs.solution((ROOT / "solutions/ch03_gaussians.py").read_text(encoding="utf-8"), "kl_full")
    return book(folder, f"<details><summary>Solution</summary><pre>{answer}</pre></details>")


def empty(folder):
    folder.mkdir()
    return folder


def of_other_exercises(folder):
    book(folder)
    (folder / "_downloads/1a/ch03_gaussians.py").write_text(STUB + "# changed\n")
    return folder


@pytest.mark.parametrize(
    ("pages", "sentence"),
    [
        (instructors, "the book shows solutions: ch03.html holds an answer in solutions/ch03_gaussians.py"),
        (empty, "there is no built book in"),
        (of_other_exercises, "offers another ch03_gaussians.py than this edition has"),
        (lambda folder: book(folder, f"<p>{ROOT}/book/ch03.md: warning</p>"), f"book/ch03.html names {ROOT}"),
    ],
)
def test_a_book_that_gives_something_away_is_refused(pages, sentence, tmp_path, known, monkeypatch):
    monkeypatch.setattr(releases, "secrets", lambda project: known)
    made = pages(tmp_path / "html")
    before = tree(tmp_path)
    with pytest.raises(UserError, match=sentence):
        releases.release(ROOT, tmp_path / "students", made)
    assert tree(tmp_path) == before
    assert [path.name for path in tmp_path.iterdir()] == ["html"]
