"""What is kept beside the exercises: progress survives damage, and settings are read with care."""

import json
from datetime import date

import pytest

from vae_edu.course.own_work import attempted, digest, flags
from vae_edu.course.progress import FILE, Progress, Record
from vae_edu.course.settings import Settings, load_settings
from vae_edu.errors import UserError


def test_progress_is_remembered(tmp_path):
    progress = Progress(tmp_path)
    progress.passed("ch01.double", "ab12")
    progress.take_hint("ch01.double")
    progress.take_hint("ch02.halve")
    progress.save()
    again, today = Progress(tmp_path), date.today().isoformat()
    assert again.of("ch01.double") == Record("ab12", today, [today])
    assert again.of("ch02.halve") == Record(hints=[today])
    assert again.of("ch02.other") == Record()
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_the_day_of_passing_stays_until_the_answer_changes(tmp_path):
    (tmp_path / FILE).write_text('{"ch01.double": {"passed": "ab12", "passed_on": "2020-02-02"}}')
    progress = Progress(tmp_path)
    progress.passed("ch01.double", "ab12")
    assert progress.of("ch01.double").passed_on == "2020-02-02"
    progress.passed("ch01.double", "cd34")
    assert progress.of("ch01.double").passed_on == date.today().isoformat()


@pytest.mark.parametrize(
    "text",
    ["", "{", "[1]", "null", "\0", "[" * 10**5, '{"ch01.double": 3}', '{"ch01.double": {"passed": 1, "hints": 2}}'],
)
def test_damage_costs_what_is_damaged(tmp_path, text):
    (tmp_path / FILE).write_text(text)
    progress = Progress(tmp_path)
    assert progress.of("ch01.double") == Record()
    progress.take_hint("ch01.double")
    progress.save()
    assert len(json.loads((tmp_path / FILE).read_text())["ch01.double"]["hints"]) == 1


def test_what_is_whole_beside_damage_stays(tmp_path):
    (tmp_path / FILE).write_text('{"a": 3, "ch01.double": {"passed": "ab12", "hints": ["2020-02-02", 4], "new": 1}}')
    assert Progress(tmp_path).of("ch01.double") == Record("ab12", "", ["2020-02-02"])


def test_a_digest_is_of_the_answer_and_what_it_may_use(course):
    def digests(**bodies):
        course.write(**bodies)
        return [digest(course.catalog[name], course.folder, course.catalog) for name in ("ch01.double", "ch01.square")]

    double, square = digests(double="return 2 * x", square="return x**2")
    assert digests(double="return 2 * x  # twice", square="return x**2") == [double, square]
    assert digests(double="return x + x", square="return x**2")[1] == square
    assert digests(double="return x + x", square="return x**2")[0] != double
    path = course.folder / "ch01_numbers.py"
    path.write_text(path.read_text() + "\n\ndef helper():\n    return 1\n")
    assert digest(course.catalog["ch01.square"], course.folder, course.catalog) not in ("", square)
    path.write_text("def (")
    assert digest(course.catalog["ch01.square"], course.folder, course.catalog) == ""


def test_a_class_is_attempted_with_its_first_method(course):
    exercise, path = course.catalog["ch01.double"], course.folder / "ch01_numbers.py"
    two = "class double:\n    def __init__(self):\n        {}\n    def forward(self):\n        {}\n"
    untouched = 'raise NotImplementedError("Replace this line with your answer.")'
    for first, second, whether in ((untouched, untouched, False), ("pass", untouched, True), ("pass", "pass", True)):
        path.write_text(two.format(first, second))
        assert attempted(exercise, course.folder) is whether


def test_a_flag_names_the_file_the_line_and_whose_answer_it_is(course):
    normal = "return torch.distributions.Normal(x, x).mean"
    course.write(double=normal, square="return x**2", halve="return x / 2")
    assert flags(course.catalog.values(), course.folder, course.catalog) == [
        "ch01_numbers.py, line 11: torch.distributions, which double should do without; an instructor sees a flag."
    ]


def test_settings_have_defaults_and_are_read(tmp_path):
    path = tmp_path / "course.yml"
    assert load_settings(path) == Settings("after-passing", "", "", {})
    path.write_text("# nothing\n")
    assert load_settings(path) == Settings()
    path.write_text("solutions: always\ntitle: A course\ncontact: us\ndue: {ch01: 2030-10-14}\n")
    assert load_settings(path) == Settings("always", "A course", "us", {"ch01": date(2030, 10, 14)})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("solutions: sometimes", "solutions should be after-passing, always, never, got 'sometimes'"),
        ("solutions: no", "solutions should be after-passing, always, never, got False"),
        ("due: {ch01: soon}", "due should give chapters a date, such as ch03: 2030-01-31"),
        ("due: {ch3: 2030-01-31}", "due should give chapters a date, such as ch03: 2030-01-31"),
        ("due: [ch03]", "due should give chapters a date, such as ch03: 2030-01-31"),
        ("title: 3", "title should be a text, got 3"),
        ("solution: never", "unknown setting solution; the settings are solutions, title, contact, due, book"),
        ("- a", "should give the settings"),
        ("a: [", "is not valid YAML"),
    ],
)
def test_a_mistake_in_the_settings_is_named(tmp_path, text, says):
    path = tmp_path / "course.yml"
    path.write_text(text)
    with pytest.raises(UserError) as error:
        load_settings(path)
    assert str(path) in str(error.value)
    assert says in str(error.value)
