"""What a student sees of `vae-edu check`, `hint` and `solution`."""

import os
import signal
import sys

import pytest
from typer.testing import CliRunner

from vae_edu import cli_hints, cli_practice
from vae_edu.cli import app
from vae_edu.course.desk import exercises_folder
from vae_edu.course.progress import Progress
from vae_edu.errors import UserError

RIGHT = {"double": "return 2 * x", "square": "return x**2", "halve": "return x / 2"}


@pytest.fixture
def check(course, capsys):
    """check(*names): whether they pass, and what was printed."""

    def run(*names):
        passed = cli_practice.check(names, course.folder, 60.0, watch=False)
        return passed, capsys.readouterr().out

    return run


def test_at_the_beginning_there_is_a_line_per_chapter(check):
    passed, output = check()
    assert not passed
    assert output.splitlines() == [
        "ch01  Doubling: 0 of 2 pass; not attempted: double, square",
        "ch02  Halving: 0 of 1 pass; not attempted: halve",
        "0 of 3 exercises of the course pass.",
        "This is practice in a process on your own machine, not grading.",
        "no visible checks run; hidden tests not run",
    ]


def test_half_done_there_is_a_line_per_exercise_and_what_failed_first(check, course):
    course.write(double="return x + 1", square="print('x is', x)\n    return x**2")
    passed, output = check()
    assert not passed
    assert output.splitlines() == [
        "ch01.double  1 of 2 visible checks passed (wrong value)",
        "    of two: double returned wrong values. Two is not one. See K13 (1).",
        "    called double(x) with",
        "        x = tensor([2.])",
        "        expected = tensor([4.])",
        "        returned = tensor([3.])",
        "ch01.square  2 of 2 visible checks passed",
        "    printed:",
        "        x is tensor([1.])",
        "        x is tensor([2.])",
        "ch01  Doubling: 1 of 2 pass",
        "ch02  Halving: 0 of 1 pass; not attempted: halve",
        "1 of 3 exercises of the course pass.",
        "Stuck? vae-edu hint ch01.double",
        "This is practice in a process on your own machine, not grading.",
        "3 of 4 visible checks passed; hidden tests not run",
    ]


def test_what_is_named_is_checked_and_no_more(check, course):
    course.write(**RIGHT)
    passed, output = check("ch02", "ch01.square")
    assert passed
    assert output.splitlines()[:2] == [
        "ch01.square  2 of 2 visible checks passed",
        "ch02.halve   2 of 2 visible checks passed",
    ]
    assert output.endswith("\nvisible checks passed; hidden tests not run\n")
    course.write()
    passed, output = check("ch02")
    assert not passed
    assert output.startswith("ch02.halve  not attempted\n")


def test_the_exit_status_says_whether_all_that_is_named_passes(course):
    course.write(halve=RIGHT["halve"])
    where = ["--exercises", str(course.folder)]
    assert [CliRunner().invoke(app, ["check", name, *where]).exit_code for name in ("ch02", "ch01")] == [0, 1]


def test_an_edit_after_passing_is_noticed_and_so_is_its_undoing(check, course):
    course.write(**RIGHT)
    check()
    course.write(**RIGHT | {"double": "return x + 1"})
    assert "2 of 3 exercises of the course pass. Passed once and edited since: ch01.double." in check("ch02")[1]
    day = Progress(course.folder).of("ch01.double").passed_on
    assert f"(wrong value); passed on {day}, edited since" in check("ch01")[1]
    course.write(**RIGHT)
    assert "3 of 3 exercises of the course pass.\n" in check("ch02")[1]


def test_a_file_that_does_not_parse_is_told_once(check, course):
    (course.folder / "ch01_numbers.py").write_text('"""Chapter 1: Doubling."""\ndef double(:\n')
    _, output = check()
    told = "worked example: ch01_numbers.py could not be loaded: SyntaxError at line 2 of ch01_numbers.py."
    assert output.count(told) == 1
    assert output.count("    as above\n") == 1


def test_a_flag_is_a_note_and_costs_nothing(check, course):
    course.write(halve="return torch.distributions.Normal(x / 2, x).mean")
    passed, output = check("ch02")
    assert passed
    assert "Note: ch02_numbers.py, line 11: torch.distributions, which halve should do without;" in output


def test_a_folder_that_cannot_be_written_to_is_a_note(check, course, monkeypatch):
    def refuse(self):
        raise UserError("it cannot be written to.")

    monkeypatch.setattr(Progress, "save", refuse)
    course.write(**RIGHT)
    passed, output = check("ch02")
    assert passed
    assert "Not remembered: it cannot be written to." in output


def test_title_and_due_dates_are_shown(check, course):
    (course.folder / "course.yml").write_text("title: Numbers\ndue: {ch02: 2030-10-14}\n")
    output = check()[1].splitlines()
    assert output[0] == "Numbers"
    assert output[2].endswith("; due 2030-10-14")


def test_hints_come_one_by_one(course, capsys, check):
    def hint(again=False):
        cli_hints.hint("ch01.double", course.folder, again)
        return capsys.readouterr().out.splitlines()

    with pytest.raises(UserError, match=r"no hint for ch01\.double has been taken"):
        hint(again=True)
    heads = [f"Hint {number} of 3 for ch01.double, To double" for number in (1, 2, 3)]
    texts = ["    Think of double.", "    Think again.", "    It is plain."]
    assert hint() == [heads[0], texts[0], "2 more hints are left."]
    assert hint() == [heads[1], texts[1], "One more hint is left."]
    assert hint(again=True) == [heads[0], texts[0], heads[1], texts[1], "One more hint is left."]
    assert hint() == [heads[2], texts[2], "That was the last hint."]
    assert hint() == [heads[0], texts[0], heads[1], texts[1], heads[2], texts[2], "That was the last hint."]
    assert "ch01  Doubling: 0 of 2 pass; not attempted: double, square; hints taken: 3" in check()[1]


@pytest.fixture
def solution(course, capsys):
    """solution(setting): what `vae-edu solution ch01.double` shows, or the sentence that refuses."""
    masters = course.folder.parent / "solutions"
    masters.mkdir()
    (masters / "ch01_numbers.py").write_text(
        'def double(x):\n    """The task."""\n    # answer\n    return x + x\n    # end\n\n\ndef square(x):\n    pass\n'
    )

    def show(setting):
        (course.folder / "course.yml").write_text(f"solutions: {setting}\ncontact: Ada\n")
        try:
            cli_hints.solution("ch01.double", course.folder)
        except UserError as refusal:
            return str(refusal)
        return capsys.readouterr().out

    return show


def test_a_solution_is_shown_after_passing_or_as_the_settings_say(solution, course, check):
    shown = "def double(x):\n    return x + x\n"
    assert solution("always") == shown
    assert solution("never") == "this course shows no solutions; ask Ada."
    assert "is shown once its visible checks pass: `vae-edu check ch01.double`" in solution("after-passing")
    course.write(**RIGHT)
    check("ch01.double")
    course.write()
    assert solution("after-passing") == shown


def test_a_students_edition_has_no_solutions_and_says_so(solution, course):
    (course.folder.parent / "solutions/ch01_numbers.py").unlink()
    assert solution("always") == "solutions are not part of this student edition; Ada may hand them out later."


@pytest.mark.parametrize("name", ["double", "ch01.dobule", "ch1.double", "ch01_double"])
def test_an_unknown_exercise_suggests_the_nearest(course, name):
    for command in (lambda: cli_practice.check([name], course.folder, 1.0, False),
                    lambda: cli_hints.hint(name, course.folder, False)):  # fmt: skip
        with pytest.raises(UserError, match=f"no exercise '{name}'; do you mean ch01.double?"):
            command()


def test_a_chapter_without_its_zero_is_recognized_and_is_no_exercise(course):
    with pytest.raises(UserError, match="no exercise 'ch1'; do you mean ch01"):
        cli_practice.check(["ch1"], course.folder, 1.0, False)
    with pytest.raises(UserError, match=r"^ch01 is a chapter; name one of its exercises: ch01\.\w+"):
        cli_hints.hint("ch01", course.folder, False)


def test_the_folder_is_found_from_within_and_from_above(course, monkeypatch):
    inner = course.folder / "deeper"
    inner.mkdir()
    for place in (inner, course.folder, course.folder.parent):
        monkeypatch.chdir(place)
        assert exercises_folder() == course.folder
    assert exercises_folder(course.folder.parent) == course.folder
    with pytest.raises(UserError, match=r"there are no exercises in .*deeper: no file catalog.yml"):
        exercises_folder(inner)


def test_watching_checks_what_is_saved_until_interrupted(course):
    pexpect = pytest.importorskip("pexpect", reason="watching is tested in a terminal")
    if not hasattr(pexpect, "spawn"):
        pytest.skip("this system has no such terminal")
    command = ["-m", "vae_edu.cli", "check", "--watch", "--exercises", str(course.folder)]
    terminal = pexpect.spawn(
        sys.executable,
        command,
        env=os.environ | {"TERM": "xterm"},
        encoding="utf-8",
        timeout=120,
        preexec_fn=lambda: signal.signal(
            signal.SIGINT, signal.SIG_DFL
        ),  # ignored where the suite runs in the background
    )
    terminal.expect("0 of 3 exercises of the course pass")
    course.write(**RIGHT)  # perhaps before it watches: that must not be lost
    terminal.expect("ch01.double  2 of 2 visible checks passed")
    terminal.expect("3 of 3 exercises of the course pass")
    terminal.expect("Ctrl-C leaves")
    course.write(**RIGHT | {"double": "return x + 1"})
    terminal.expect("ch01.double  1 of 2 visible checks passed")
    terminal.expect("2 of 3 exercises of the course pass")
    terminal.expect("Ctrl-C leaves")
    assert terminal.expect(["hidden tests not run", pexpect.TIMEOUT], timeout=2.5) == 1  # nothing saved, nothing run
    terminal.sendintr()
    terminal.expect(pexpect.EOF)
    assert "Traceback" not in terminal.before
    terminal.close()
    assert terminal.exitstatus == 1
