"""Visible checks in a process apart: whatever a student's code does, each check has a result in time."""

import time

import pytest

from vae_edu.course import practice
from vae_edu.course.practice import Practice
from vae_edu.errors import UserError

SWALLOWS = """while x == 1:
        try:
            while True: pass
        except BaseException:
            pass
    return 2 * x"""


@pytest.fixture
def results(course, monkeypatch):
    """results(body of double): of both its checks, and then those of the untroubled ch02.halve."""
    monkeypatch.setattr(practice, "GRACE_SECONDS", 0.3)

    def run(body, seconds=20.0, method=practice.METHOD):
        course.write(double=body, halve="return x / 2")
        runner = Practice(course.folder, seconds, method)
        try:
            return [runner.run(course.catalog[name]) for name in ("ch01.double", "ch02.halve")]
        finally:
            runner.close()

    return run


def test_right_answers_pass_and_what_they_print_is_kept(results):
    (example, of_two), _ = results("print('x is', x.item())\n    return 2 * x")
    assert (example.check, example.problem, example.printed) == ("worked example", None, "x is 1.0\n")
    assert (of_two.check, of_two.problem, of_two.printed) == ("of two", None, "x is 2.0\n")


def test_a_wrong_value_comes_with_the_call_and_the_cause(results):
    (example, of_two), _ = results("return x + 1")
    assert example.problem is None
    assert of_two.problem == "wrong value: double returned wrong values. Two is not one. See K13 (1)."
    for line in ("called double(x) with", "    x = tensor([2.])", "    expected = tensor([4.])"):
        assert line in of_two.evidence


def test_an_exception_comes_with_the_students_own_lines_only(results):
    (example, _), _ = results("return torch.stack([x, x[:0]])")
    assert example.problem.startswith("exception: double stopped with RuntimeError at line 11 of ch01_numbers.py")
    assert "return torch.stack([x, x[:0]])" in example.evidence
    assert "RuntimeError: stack expects each tensor to be equal size" in example.evidence
    assert "vae_edu/course" not in example.evidence
    assert "test_ch01" not in example.evidence


def test_a_loop_is_interrupted_where_it_is_and_the_rest_goes_on(results):
    (example, of_two), after = results("while x == 1: pass\n    return 2 * x", seconds=0.5)
    assert example.problem == "timeout: double did not return in time; look for a loop that does not end."
    assert "line 11, in double\n    while x == 1: pass" in example.evidence
    assert "Interrupt" not in example.evidence
    assert "test_ch01" not in example.evidence
    assert [result.problem for result in (of_two, *after)] == [None] * 3


@pytest.mark.parametrize(
    ("body", "category"),
    [
        (SWALLOWS, "timeout"),
        ("if x == 1: __import__('time').sleep(60)\n    return 2 * x", "timeout"),
        ("if x == 1: __import__('os')._exit(3)\n    return 2 * x", "crash"),
    ],
    ids=["a loop that cannot be interrupted", "a wait", "the end of the process"],
)
def test_a_process_that_is_late_or_dead_is_replaced(results, monkeypatch, body, category):
    monkeypatch.setattr(practice, "PATIENCE", 4.0 if "sleep" in body else 100.0)
    start = time.perf_counter()
    (example, of_two), after = results(body, seconds=0.5)
    assert example.problem.startswith(f"{category}: ")
    assert [result.problem for result in (of_two, *after)] == [None] * 3
    assert time.perf_counter() - start < 50


@pytest.mark.parametrize("body", ["return torch.ones(2**32)", "return [0] * 2**32"], ids=["torch", "Python"])
def test_memory_is_limited(results, body):
    pytest.importorskip("resource", reason="this system limits no memory")
    (example, _), after = results(body)
    assert example.problem.startswith("exception: double stopped with ")
    assert body in example.evidence
    assert [result.problem for result in after] == [None] * 2


def test_endless_printing_is_cut(results):
    (example, _), _ = results("print('.' * 10**7)\n    return 2 * x")
    assert example.problem is None
    assert example.printed == "." * practice.PRINTED + " … (and more)"


def test_a_file_that_is_not_there_is_not_attempted(course):
    (course.folder / "ch01_numbers.py").unlink()
    runner = Practice(course.folder)
    assert {result.problem for result in runner.run(course.catalog["ch01.double"])} == {
        f"not attempted: there is no file ch01_numbers.py in {course.folder}."
    }


def test_a_check_that_fails_of_itself_does_not_blame_the_student(course, results):
    path = course.folder / "test_ch01_numbers.py"
    path.write_text(path.read_text().replace("torch.tensor([4.0])", "torch.tensor([4.0]).nonsense"))
    (example, of_two), _ = results("return 2 * x")
    assert example.problem is None
    assert of_two.problem.startswith("not checked: the check itself stopped (AttributeError: ")


def test_checks_that_cannot_be_read_are_one_sentence(course, results):
    (course.folder / "test_ch01_numbers.py").write_text("def (")
    with pytest.raises(UserError, match=r"test_ch01_numbers.py cannot be used \(SyntaxError: .*; take it anew"):
        results("return 2 * x")


def test_where_processes_are_not_forked_one_goes_on(results):
    (example, of_two), after = results("print('here')\n    return 2 * x", method="spawn", seconds=60.0)
    assert [result.problem for result in (example, of_two, *after)] == [None] * 4
    assert example.printed == "here\n"
