"""What a student sees of `pytest exercises`."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from vae_edu.course.catalog import load_catalog
from vae_edu.course.checks import checks_of, outcome
from vae_edu.course.findings import Finding
from vae_edu.course.other_answers import other_answers
from vae_edu.course.student import AnswerHere, Student
from vae_edu.course.visible import student_here

ROOT = Path(__file__).resolve().parents[2]

HALF_DONE = """
import math
import torch


def log_normal(x, mean, log_var):
    print("looking at", x.shape)
    return -0.5 * (math.log(2 * math.pi) + log_var + (x - mean) ** 2 / log_var.exp()).mean(-1)


def kl_standard_normal(mean, log_var):
    return twice(mean) + 1


def twice(x):
    raise ValueError("still thinking")


def kl_full(mean_0, covariance_0, mean_1, covariance_1):
    raise NotImplementedError("Replace this line with your answer.")
"""


@pytest.fixture
def check(tmp_path):
    """check(source): the output of `pytest exercises`, where there is nothing else, and whether it passed."""

    def run(source):
        folder = tmp_path / "exercises"
        shutil.copytree(ROOT / "exercises", folder, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "ch03_gaussians.py").write_text(source, encoding="utf-8")
        command = [sys.executable, "-m", "pytest", str(folder / "test_ch03_gaussians.py")]
        finished = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False)
        return finished.stdout, finished.returncode == 0

    return run


def test_a_right_file_passes_and_is_told_that_hidden_tests_remain(check):
    output, passed = check((ROOT / "solutions/ch03_gaussians.py").read_text(encoding="utf-8"))
    assert passed
    assert "ch03.kl_full             3 of 3 visible checks passed\n" in output
    assert "\nvisible checks passed; hidden tests not run\n" in output


def test_a_file_half_done_is_told_what_and_where(check):
    output, passed = check(HALF_DONE)
    assert not passed
    for line in (
        "wrong value: log_normal returned wrong values. It looks as if the mean over the dimensions was taken; "
        "the equation has their sum. See K13 (9), K13 (12).",
        "    x = tensor([[1., 0.]])",
        "    expected = tensor([-3.0310])",
        "    returned = tensor([-1.5155])",
        "looking at torch.Size([1, 2])",
        "exception: kl_standard_normal stopped with ValueError at line 16 of ch03_gaussians.py.",
        "ValueError: still thinking",
        "    return twice(mean) + 1",
        "not attempted: kl_full in ch03_gaussians.py has no answer yet.",
        "ch03.log_normal          0 of 3 visible checks passed (wrong value)",
        "ch03.kl_standard_normal  0 of 3 visible checks passed (exception)",
        "ch03.kl_full             not attempted",
        "0 of 9 visible checks passed; hidden tests not run",
    ):
        assert line in output
    assert "vae_edu/course" not in output


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("import math\ndef log_normal(x, mean, log_var:\n", "SyntaxError at line 2 of ch03_gaussians.py"),
        ("import math\nfrom scipy import stats\n", "at line 2 of ch03_gaussians.py. Exercises may import torch, numpy"),
        (
            "import math\n",
            "not attempted: ch03_gaussians.py defines nothing named log_normal; was it renamed or deleted?",
        ),
        (
            "def log_normal(x):\n    return x\n",
            "log_normal in ch03_gaussians.py cannot be called as the task says",
        ),
        ("def log_normal(x, mean, log_var):\n    return x.nump()\n", "AttributeError at line 2 of ch03_gaussians.py"),
    ],
)
def test_what_stops_a_file_is_a_sentence_with_its_line(source, says):
    exercise = load_catalog(ROOT / "exercises/catalog.yml")["ch03.log_normal"]
    student = Student(exercise, lambda file: source, AnswerHere(ROOT / "exercises"))
    numbers = torch.zeros(1, 2)
    with pytest.raises(Finding) as found:
        student(x=numbers, mean=numbers, log_var=numbers)
    assert says in str(found.value)


@pytest.mark.parametrize(
    ("key", "slip"),
    [
        ("ch06.VAE", "the divergence was added"),  # a method of a class
        ("ch08.equal_steps", ""),  # a function that takes a function
        ("ch10.ConvDecoder", ""),
        ("ch16.AffineCoupling", "the sign of the log-determinant is turned round"),
    ],
)
def test_what_a_scenario_does_with_an_answer_has_likely_causes_too(key, slip, tmp_path):
    exercise = load_catalog(ROOT / "exercises/catalog.yml")[key]
    shutil.copy(ROOT / "exercises/causes.json", tmp_path)
    says = []
    for answer in other_answers(exercise, ROOT / "tests/mutants"):
        if answer.says and slip in answer.says:
            (tmp_path / exercise.file).write_text(answer.source, encoding="utf-8")
            checks = checks_of(exercise, ROOT / "exercises").values()
            says += [str(outcome(check, student_here(exercise, tmp_path))) for check in checks]
    assert any(f"It looks as if {slip}" in text for text in says), says
