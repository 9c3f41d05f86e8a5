"""Answers to grade: the hidden checks run here in this process on one answer, or as an instructor runs them."""

import importlib.util
from pathlib import Path

import pytest
import torch

from vae_edu.course import isolation
from vae_edu.course.catalog import load_catalog
from vae_edu.course.causes import slips_of
from vae_edu.course.checks import checks_of, outcome
from vae_edu.course.other_answers import other_answers
from vae_edu.course.student import AnswerHere, Student
from vae_edu.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
CATALOG = load_catalog(ROOT / "exercises/catalog.yml")


def answers():
    """Every answer in tests/mutants as (exercise id, name, source of the file, what its finding has to say)."""
    for exercise in CATALOG.values():
        for answer in other_answers(exercise, ROOT / "tests/mutants"):
            yield exercise.id, answer.name, answer.source, answer.says


def pytest_generate_tests(metafunc):
    for fixture in {"wrong_answer", "right_answer"} & set(metafunc.fixturenames):
        wanted = [answer for answer in answers() if bool(answer[3]) == (fixture == "wrong_answer")]
        metafunc.parametrize(fixture, [as_parameter(answer) for answer in wanted])


def as_parameter(answer):
    """An answer with its name, in a group of its exercise, so that workers share them."""
    return pytest.param(answer, id=f"{answer[0]}-{answer[1]}", marks=pytest.mark.xdist_group(answer[0]))


@pytest.fixture(scope="session")
def projects():
    return {exercise.id for exercise in CATALOG.values() if "project" in exercise.tags}


@pytest.fixture(scope="session")
def findings():
    """findings(exercise id, source, seed): check by check, its name and what it finds, None where it passes."""

    def run(exercise_id, source, seed):
        exercise = CATALOG[exercise_id]
        for name, check in checks_of(exercise, ROOT / "tests/hidden").items():
            student = Student(exercise, lambda file: source, AnswerHere(Path("submitted")), slips_of(exercise))
            yield name, outcome(check, student, torch.Generator().manual_seed(seed))

    return run


def load(name):
    """A module beside this one; benchmarks load the same."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def arena():
    return load("arena")


@pytest.fixture(scope="session")
def fuzz():
    return load("fuzz")


@pytest.fixture(scope="session")
def class_of_twelve():
    return load("class_of_twelve")


@pytest.fixture(scope="session")
def without_isolation():
    """Why there is no sandbox here, None where there is one."""
    try:
        isolation.sandboxed()
    except UserError as error:
        return str(error)
    return None


@pytest.fixture(scope="session")
def grade(tmp_path_factory, arena, without_isolation):
    """grade(folders, *options): arena.grade, as far isolated as this machine can."""

    def run(folders, *options, **more):
        scores = tmp_path_factory.mktemp("scores") / "scores.json"
        return arena.grade(folders, scores, *options, *(["--practice"] if without_isolation else []), **more)

    return run
