"""What is made of a journal: right sums, nothing lost in silence, the same bytes again, nothing of a submission run."""

import csv
import io
import json

import pytest

from vae_edu.course.gradebook.roster import read_roster
from vae_edu.course.gradebook.text import cell, file_names, shown
from vae_edu.course.journal import Journal
from vae_edu.course.settings import Settings, load_settings
from vae_edu.errors import UserError

CANVAS_EXPORT = """\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,Old (99)
    Points Possible,,,,,5
"Lovelace, Ada",00012,s-7,Ada,Monday,3
"Missing, Max",13,s-8,max,Monday,
"""
MOODLE_EXPORT = """First name,Surname,ID number,Email address,Username
Ada,Lovelace,s-7,ada@example.org,ada
"""


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def by_name(books):
    return {row["submission"]: row for row in rows(books.text("gradebook.csv"))}


def test_a_row_a_student_and_a_column_an_exercise(books):
    books.publish(books.entry("ada"), books.entry("bob", {"ch01.double gradients": 0}), books.blank("zoe"))
    table = by_name(books)
    assert [table[name]["total"] for name in ("ada", "bob", "zoe")] == ["12", "10", "0"]
    assert [table["bob"][key] for key in books.catalog] == ["3", "4", "3"]
    assert {row["of"] for row in table.values()} == {"12"}
    assert {row["not graded"] for row in table.values()} == {"0"}


def test_what_was_not_graded_is_never_a_zero(books):
    missing = tuple(check for check in books.verdicts("eve", {}) if check.exercise != "ch02.root")
    books.publish(books.entry("dan", {"ch01.double values": None}), books.entry("eve", checks=missing))
    table = by_name(books)
    assert table["dan"]["ch01.double"] == "2 (3 not graded)"
    assert table["eve"]["ch02.root"] == "not graded"
    assert (table["dan"]["not graded"], table["eve"]["not graded"]) == ("3", "3")
    for name in ("canvas.csv", "moodle.csv"):
        login = "SIS Login ID" if name == "canvas.csv" else "Username"
        lines = {row[login]: row for row in rows(books.text(name))}
        assert lines["dan"]["ch01.double"] == ""
        assert lines["eve"]["ch02.root"] == ""
        assert lines["eve"]["ch01.double"] == "5"
    assert "score" not in books.json("gradescope/dan/results.json")["tests"][0]
    tests = books.json("gradescope/eve/results.json")["tests"]
    assert [test for test in tests if "score" not in test] == [
        {
            "name": "ch02.root: not graded yet",
            "output": "3 points are not graded yet.",
            "visibility": "after_published",
        }
    ]
    assert "A person will look" in books.text("reports/dan.html")
    assert "ch02.root" in books.text("overview.html").partition("no verdict")[2].partition("</table>")[0]


def test_a_regrade_keeps_what_it_did_not_grade_and_where_that_is_from(books):
    again = books.verdicts("ada", {"ch02.root values": 0})[-1:]
    later = books.entry("ada", exercises=("ch02.root",), checks=again, graded="2030-03-01T10:00:00+00:00", seed=5,
                        sha256={"ch02_roots.py": "44" * 32}, flags=("ch02_roots.py, line 1: odd.",))  # fmt: skip
    books.publish(books.entry("ada", {"ch01.halve values": 0}), later)
    assert by_name(books)["ada"]["total"] == "5"
    assert by_name(books)["ada"]["flags"] == "ch02_roots.py, line 1: odd."
    records = {record["exercise"]: record for record in map(json.loads, books.text("checks.jsonl").splitlines())}
    old, new = records["ch01.halve"], records["ch02.root"]
    assert (old["graded"][:7], old["seed"], old["sha256"]) == ("2030-02", books.seed, "11" * 32)
    assert (new["graded"][:7], new["seed"], new["sha256"]) == ("2030-03", 5, "44" * 32)
    assert len(old["suite"]) == 64
    assert "44" * 32 in books.text("reports/ada.html")


def test_flags_stay_as_long_as_points_stand_by_the_file_they_are_about(books):
    odd, clean = "ch01_numbers.py, line 3: odd.", books.entry("ada", sha256={"ch01_numbers.py": "44" * 32})

    def regraded(*names):
        checks = tuple(check for check in clean.checks if check.exercise in names)
        return books.replace(clean, exercises=names, checks=checks)

    books.publish(books.entry("ada", flags=(odd,)), regraded("ch01.double"))
    assert by_name(books)["ada"]["flags"] == odd
    books.publish(regraded("ch01.halve"))
    assert by_name(books)["ada"]["flags"] == ""


def test_an_exercise_that_is_no_longer_in_the_course_is_in_nobodys_way(books):
    journal = Journal(books.out / "journal.jsonl")
    journal.append(books.entry("ada"))
    journal.append(books.entry("ada", exercises=("ch01.double",), checks=books.verdicts("ada", {})[:2]))
    assert journal.standing(["ch01.double", "ch01.halve"])["ada"].exercises == ("ch01.double", "ch01.halve")


def test_a_line_that_finds_no_room_on_the_disk_is_refused_and_leaves_the_others(books):
    resource = pytest.importorskip("resource")
    path = books.out / "journal.jsonl"
    Journal(path).append(books.entry("ada"))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 10, limits[1]))
    try:
        with pytest.raises(UserError, match="cannot be written to"):
            Journal(path).append(books.entry("bob"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [entry.submission for entry in Journal(path).entries] == ["ada"]


def test_only_exercises_that_count_are_counted(books):
    chapter = {key: one for key, one in books.catalog.items() if key.startswith("ch01")}
    books.publish(books.entry("ada"), books.entry("ada", {"ch01.halve values": 0}), catalog=chapter)
    assert (by_name(books)["ada"]["total"], by_name(books)["ada"]["of"]) == ("5", "9")
    assert "ch02" not in books.text("overview.html") + books.text("checks.jsonl") + books.text("reports/ada.html")


def test_the_same_journal_gives_the_same_bytes(books, tmp_path):
    entries = [books.entry("ada", {"ch01.halve values": 0}), books.blank("zoe"), books.entry("<b>")]
    books.publish(*entries)
    (tmp_path / "other").mkdir()
    books.publish(*entries[:2], into=tmp_path / "other")  # an interruption in between
    books.publish(entries[2], into=tmp_path / "other")
    written = {path.relative_to(books.out): path.read_bytes() for path in books.out.rglob("*") if path.is_file()}
    again = {path.relative_to(tmp_path / "other"): path.read_bytes() for path in (tmp_path / "other").rglob("*.*")
             if path.is_file()}  # fmt: skip
    assert written == again
    assert {str(name) for name in written} >= {"gradebook.csv", "overview.html", "similar.csv", "reports/zoe.html"}


def test_a_journal_without_entries_gives_books_without_students(books):
    assert books.publish() == []
    assert rows(books.text("gradebook.csv")) == []
    assert "0 submissions" in books.text("overview.html")


@pytest.mark.parametrize("mode", ["practice: not for grades", "trusted"])
def test_whatever_is_not_for_grades_says_so(books, mode):
    books.publish(books.entry("ada", isolation={"mode": mode}))
    for name in ("reports/ada.html", "overview.html", "gradescope/ada/results.json"):
        assert f"Not for grades: {mode}" in books.text(name)
    for name in ("canvas.csv", "moodle.csv"):
        assert "NOT FOR GRADES ch01.double" in books.text(name)
    assert by_name(books)["ada"]["isolation"] == mode
    books.publish(books.entry("ada", isolation={}))
    assert "Not for grades" not in books.text("reports/ada.html")  # the session's mode, where an entry has none


def test_a_report_says_what_to_do_next(books):
    books.publish(books.entry("ada", {"ch01.double values": 1, "ch02.root values": 0}),
                  settings=Settings(title="My course", book="https://example.org/vae/"))  # fmt: skip
    page = books.text("reports/ada.html")
    for phrase in (books.wrong, "Think of double.", "Think of root.", "values (3 points, 1 given)", "7 of 12 points"):
        assert phrase in page
    assert '<a href="https://example.org/vae/ch02_roots.html">Chapter 2: Roots</a>' in page
    assert "Think of halve." not in page
    assert "The second hint." not in page


def test_a_file_that_does_not_load_is_told_once(books):
    broken = {"ch01.double values": 0, "ch01.double gradients": 0, "ch01.halve values": 0}
    message = "ch01_numbers.py could not be loaded: SyntaxError at line 2."
    books.publish(books.entry("ada", checks=books.verdicts("ada", broken, "import error", message)))
    page = books.text("reports/ada.html")
    assert page.count(message) == 1
    assert "(9 points)" in page
    assert "Think of double." not in page


def test_a_report_keeps_secrets(books):
    books.publish(
        books.entry("ada", flags=("imports torch.distributions.",)),
        books.entry("eve", checks=books.verdicts("eve", {"ch02.root values": 0}, "protocol", "not understood.")),
    )
    for name in ("ada", "eve"):
        for file in (f"reports/{name}.html", f"gradescope/{name}/results.json"):
            assert str(books.seed) not in books.text(file)
            assert "torch.distributions" not in books.text(file)
            assert "person will look" in books.text(file)
    assert "protocol" not in books.text("reports/eve.html")
    assert "not understood" not in books.text("reports/eve.html")
    assert "imports torch.distributions." in books.text("overview.html")
    assert "1 checks ended with" in by_name(books)["eve"]["flags"]


HOSTILE = "<script>alert(1)</script>\x1b[31m\u202e=1"


def test_text_of_a_submission_is_shown_and_not_run(books):
    books.publish(books.entry(HOSTILE, {"ch01.halve values": 0}, notes=(f"{HOSTILE} is no exercise's file.",)))
    pages = [books.out / "overview.html", *(books.out / "reports").iterdir()]
    assert len(pages) == 2
    for path in pages:
        page = path.read_text(encoding="utf-8")
        assert "<script" not in page
        assert r"&lt;script&gt;alert(1)&lt;/script&gt;\x1b[31m\u202e=1" in page
    (books.out / "journal.jsonl").unlink()
    for path in books.out.rglob("*.*"):
        assert path.name.isascii()
        assert not {"\x1b", "\u202e"} & set(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ['=HYPERLINK("x")', "+1", "-1", "@SUM(A1)", " =1", "\t=1", "＝1", "\r=1"])
def test_no_name_is_a_formula(books, name):
    books.publish(books.entry(name))
    for file in ("gradebook.csv", "canvas.csv", "moodle.csv"):
        cells = [value for row in csv.reader(io.StringIO(books.text(file))) for value in row]
        assert not [value for value in cells if value.lstrip().startswith(("=", "+", "-", "@", "＝"))]


def test_numbers_and_plain_text_stay_as_they_are():
    assert [cell(value) for value in (3, "ada", "ch03.kl_full", "a=b")] == [3, "ada", "ch03.kl_full", "a=b"]
    assert shown("Åsa Öberg 王") == "Åsa Öberg 王"


def test_file_names_are_safe_and_apart():
    names = ["ada", "Ada", "CON", "con.txt", "../../x", "a/b", ".", "", "-rf", "x" * 300, "王", "\udc80", "bob.smith-2"]
    files = file_names(names)
    assert files["bob.smith-2"] == "bob.smith-2"
    assert len({file.casefold() for file in files.values()}) == len(names)
    for file in files.values():
        assert file.isascii()
        assert 0 < len(file) <= 100
        assert not set(file) & set('/\\:*?"<>| ')
        assert not file.startswith((".", "-"))
        assert not file.endswith(".")
        assert file.partition(".")[0].lower() not in ("con", "nul")


def test_a_roster_fills_in_who_is_who(books, tmp_path):
    roster = tmp_path / "canvas.csv"
    roster.write_text(CANVAS_EXPORT, encoding="utf-8")
    books.publish(books.entry("ada"), books.entry("Points Possible"), roster=roster)
    header, worth, odd, ada = list(csv.reader(io.StringIO(books.text("canvas.csv"))))
    assert header[:6] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "ch01.double"]
    assert (worth[0].strip(), worth[5:]) == ("Points Possible", ["5", "4", "3"])
    assert ada == ["Lovelace, Ada", "00012", "s-7", "Ada", "Monday", "5", "4", "3"]
    assert "Points Possible" not in odd[0]
    assert "without a submission: <bdi>max</bdi>" in books.text("overview.html")
    roster.write_text(MOODLE_EXPORT, encoding="utf-8")
    books.publish(roster=roster)
    ada = next(row for row in rows(books.text("moodle.csv")) if row["Username"] == "ada")
    assert (ada["Last name"], ada["Email address"], ada["total"]) == ("Lovelace", "ada@example.org", "12")


@pytest.mark.parametrize(
    ("content", "phrase"),
    [
        (b"name,points\nada,3\n", "no column of logins"),
        (b"", "no column of logins"),
        (b"login\nada\nADA\n", "twice"),
        (b"login\n\xff\xfe\n", "UTF-8"),
    ],
)
def test_a_bad_roster_is_told_in_a_sentence(tmp_path, content, phrase):
    (tmp_path / "roster.csv").write_bytes(content)
    with pytest.raises(UserError, match=phrase):
        read_roster(tmp_path / "roster.csv")
    with pytest.raises(UserError, match="could not be read"):
        read_roster(tmp_path / "nowhere.csv")


def test_whoever_is_not_on_a_roster_is_a_stranger_and_nobody_is_without_one(tmp_path):
    (tmp_path / "roster.csv").write_text("login\nAda\n")
    assert read_roster(tmp_path / "roster.csv").strangers(["ada", "ada_12_work"]) == ["ada_12_work"]
    assert read_roster(None).strangers(["ada"]) == []


def test_semicolons_part_a_roster_as_well(tmp_path):
    (tmp_path / "roster.csv").write_text('"Vorname, Name";Username\nAda;ada\n')
    assert read_roster(tmp_path / "roster.csv").of("ADA")["login"] == "ada"


def test_gradescope_gets_a_test_a_check(books):
    books.publish(books.entry("ada", {"ch01.double values": 1}))
    results = books.json("gradescope/ada/results.json")
    assert results["score"] == 10
    assert sum(test["score"] for test in results["tests"]) == 10
    assert sum(test["max_score"] for test in results["tests"]) == 12
    assert results["tests"][0] == {
        "name": "ch01.double: values", "score": 1, "max_score": 3, "status": "failed",
        "output": f"wrong value: {books.wrong}", "visibility": "after_published",
    }  # fmt: skip


def test_the_overview_counts_wrong_answers_and_hard_checks(books):
    wrong = {"ch01.halve values": 0}
    books.publish(books.entry("ada", wrong), books.entry("bob", wrong), books.entry("cy"), books.blank("zoe"))
    page = books.text("overview.html")
    hardest = page.partition('id="hardest"')[2].partition("</table>")[0]
    assert "1 of 3" in hardest  # zoe did not attempt it
    assert "1 of 4" not in page
    mistakes = page.partition('id="mistakes"')[2].partition("</table>")[0]
    assert mistakes.count("<bdi>") == 2
    assert books.wrong in mistakes


def test_the_books_address_is_one(tmp_path):
    (tmp_path / "course.yml").write_text("book: javascript:alert(1)\n")
    with pytest.raises(UserError, match="book should be"):
        load_settings(tmp_path / "course.yml")
    (tmp_path / "course.yml").write_text("book: https://example.org/vae\n")
    assert load_settings(tmp_path / "course.yml").book == "https://example.org/vae"
