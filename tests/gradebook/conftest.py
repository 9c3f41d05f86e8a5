"""A made-up class: two chapters, three exercises, journals written by hand."""

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from vae_edu.course.catalog import Exercise
from vae_edu.course.gradebook.publish import publish
from vae_edu.course.journal import Entry, Journal
from vae_edu.course.scores import Check
from vae_edu.course.settings import Settings

SEED = 8_214_417_093  # nowhere but in the records
SESSION = {"seed": SEED, "isolation": {"mode": "sandbox"}, "versions": {"python": "3.11"}, "begun": "2030-02-01T09:00"}
WRONG = "the result is twice what it should be; look for a missing 1/2."


def exercise(chapter, file, name, points):
    hints = (f"Think of {name}.", "The second hint.", "The third hint.")
    return Exercise(f"{chapter}.{name}", f"To {name}", points, 5, "easy", ("K13 (9)",), file, name, hints)


ALL = (
    exercise("ch01", "ch01_numbers.py", "double", 5),
    exercise("ch01", "ch01_numbers.py", "halve", 4),
    exercise("ch02", "ch02_roots.py", "root", 3),
)
CATALOG = {one.id: one for one in ALL}
WORTH = {"ch01.double": {"values": 3, "gradients": 2}, "ch01.halve": {"values": 4}, "ch02.root": {"values": 3}}


def verdicts(name, awarded, category="wrong value", message=WRONG):
    """Full points but for the checks in `awarded`, such as {"ch01.halve values": 0}; None is no verdict."""
    checks = []
    for exercise_id, worth in WORTH.items():
        for check, points in worth.items():
            got = awarded.get(f"{exercise_id} {check}", points)
            bad = {} if got == points else {"category": category, "message": message}
            if got is None:
                bad = {"category": "not graded", "message": "the check itself failed; see its traceback."}
            checks.append(Check(name, exercise_id, check, points, got, seconds=0.1, **bad))
    return tuple(checks)


def entry(name, awarded=(), **fields):
    values = {
        "origin": f"{name}.zip",
        "graded": "2030-02-01T10:00:00+00:00",
        "sha256": {"ch01_numbers.py": "11" * 32, "ch02_roots.py": "22" * 32},
        "modified": {"ch01_numbers.py": "2030-01-31T22:10:00+00:00"},
        "exercises": tuple(CATALOG),
        "checks": verdicts(name, dict(awarded)),
        "seed": SEED,
        "isolation": {"mode": "sandbox"},
        "suite": {"tests/hidden/test_ch01_numbers.py": "33" * 32},
    }
    return Entry(submission=name, **{**values, **fields})


def blank(name):
    nothing = {f"{key} {check}": 0 for key, worth in WORTH.items() for check in worth}
    return entry(name, checks=verdicts(name, nothing, "not attempted", "it has no answer yet."))


@pytest.fixture
def books(tmp_path):
    """`books.publish(*entries)` writes everything into `books.out`."""
    exercises = tmp_path / "exercises"
    exercises.mkdir()
    (exercises / "ch01_numbers.py").write_text('"""Chapter 1: Doubling and halving.\n\nThe task.\n"""\n')
    (exercises / "ch02_roots.py").write_text('"""Chapter 2: Roots.\n\nThe task.\n"""\n')
    out = tmp_path / "out"
    out.mkdir()

    def run(*entries, into=out, settings=Settings(contact="office hours"), session=SESSION, catalog=CATALOG, **options):  # noqa: B008
        journal = Journal(into / "journal.jsonl")
        for one in entries:
            journal.append(one)
        return publish(into, journal, catalog, settings, session, exercises=exercises, **options)

    def text(name):
        return (out / name).read_bytes().decode("utf-8-sig")

    return SimpleNamespace(
        out=out, exercises=exercises, catalog=CATALOG, publish=run, text=text, entry=entry, blank=blank,
        verdicts=verdicts, replace=replace, seed=SEED, wrong=WRONG, json=lambda name: json.loads(text(name)),
    )  # fmt: skip
