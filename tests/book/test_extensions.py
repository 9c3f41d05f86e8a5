"""The book's Sphinx extensions on a small book of two chapters, built in a second without live cells."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup

pytest.importorskip("sphinx_exercise", reason="the book's tools are not installed: pip install -e '.[book]'")

import execution
from course_exercise import plain
from course_exercise import task as task_of
from docutils import nodes
from docutils.utils import new_document
from jupyter_cache import get_cache
from numbering import by_chapter
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import docutils_namespace
from wide_listings import mark

FIGURE = "```{figure} dot.svg\n:alt: A dot.\n:name: NAME\nA dot.\n```\n"
FILES = {
    "book/_toc.yml": "{root: index, parts: [{chapters: [{file: ch02_bound}, {file: ch05_more}]}]}",
    "book/equations.yml": (
        "K13:\n- {id: K13 (1), chapter: 2, says: sum}\n- {id: K13 algorithm 1, chapter: 5, says: loop}\n"
        "- {id: K13 (13), chapter: 15, says: later}\n"
    ),
    "book/dot.svg": '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>',
    "book/index.md": "# Book\n\n```{toctree}\nch02_bound\nch05_more\nequation_index\n```\n",
    "book/equation_index.md": "# Equation index\n\n```{equation-index}\n```\n",
    "book/ch02_bound.md": (
        "# 2. Bound\n\n$$ a $$ (eq-k13-1)\n\n$$ b $$ (eq-own)\n\n$$ c $$ (eq-other)\n\n"
        + FIGURE.replace("NAME", "fig-two")
        + "\n```{course-exercise} ch02.bound\n```\n"
    ),
    "book/ch05_more.md": (
        "# 5. More\n\nSee {eq}`eq-k13-1`, {eq}`eq-other`, {numref}`fig-five`, {ref}`ex-ch02-bound`.\n\n"
        "```{prf:algorithm}\n:label: eq-k13-algorithm-1\nStep.\n```\n\n" + FIGURE.replace("NAME", "fig-five")
    ),
    "vae_edu/bounds.py": 'def bound():\n    """The bound. Source: K13 (1)."""\n',
    "tests/test_bounds.py": '@mark.equation("K13 (1)")\ndef test_bound():\n    pass\n',
    "exercises/ch02_bound.py": (
        'def bound(x: int) -> int:\n    """Return the *bound* of x_i.\n\n    So: [[1]]$a$.\n    """\n'
        "    raise NotImplementedError\n"
    ),
    "solutions/ch02_bound.py": (
        'def bound(x: int) -> int:\n    """Return the *bound*."""\n    # answer\n    return 3 * x**2 + 7\n    # end\n'
    ),
    "exercises/catalog.yml": (
        "ch02.bound: {title: The bound, points: 4, minutes: 15, difficulty: easy, "
        "equation: [K13 (1), K13 algorithm 1], hints: [Think., Add., It is a_b.], "
        "file: ch02_bound.py, function: bound}\n"
    ),
}


def build(root: Path) -> Path:
    book, out = root / "book", root / "_build/html"
    extensions = ["myst_parser", "sphinx_design", "sphinx_proof", "numbering", "equation_index", "course_exercise"]
    settings = {
        "extensions": extensions,
        "myst_enable_extensions": ["colon_fence", "dollarmath", "attrs_block"],
        "numfig": True,
        "math_numfig": False,
        "math_eqref_format": "{number}",
        "suppress_warnings": ["config.cache"],
    }
    with docutils_namespace():
        app = Sphinx(book, None, out, root / "_build/doctrees", "html", settings, status=None, warningiserror=True)
        app.build()
    return out


@pytest.fixture
def small(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def soup(out: Path, page: str) -> BeautifulSoup:
    return BeautifulSoup((out / f"{page}.html").read_text(encoding="utf-8"), "html.parser")


def row(index: BeautifulSoup, identifier: str) -> list[str]:
    rows = [[cell.get_text().strip() for cell in tr.find_all("td")] for tr in index.find_all("tr")]
    return next(cells for cells in rows if cells and cells[0] == identifier)


def test_a_small_book(small: Path):
    out = build(small)
    chapter, other, index = (soup(out, page) for page in ("ch02_bound", "ch05_more", "equation_index"))

    shown = [number.get_text().rstrip("¶#") for number in chapter.select(".eqno")]
    assert shown == ["(K13 1)", "(2.1)", "(2.2)"]
    assert chapter.select_one("#fig-two .caption-number").get_text(strip=True) == "Fig. 2.1"

    cited = [link.get_text() for link in other.select("p > a.reference.internal")]
    assert cited == ["K13 (1)", "(2.2)", "Fig. 5.1", "Exercise 2.1"]

    assert row(index, "K13 (1)") == ["K13 (1)", "sum", "2", "bounds.bound", "test_bound", "", "ch02.bound"]
    assert index.find("a", href="ch02_bound.html#ex-ch02-bound").get_text() == "ch02.bound"
    assert row(index, "K13 (13)") == ["K13 (13)", "later", "15, to come", "", "", "", ""]
    assert index.find("a", string="K13 algorithm 1")["href"] == "ch05_more.html#eq-k13-algorithm-1"

    box = chapter.select_one("#ex-ch02-bound")
    text = box.get_text()
    assert box.select_one(".admonition-title").get_text(" ", strip=True) == "Exercise 2.1 (The bound)"
    assert box.select_one(".exercise-facts").get_text() == "4 points · 15 minutes · easy · K13 (1), K13 algorithm 1"
    assert box.find("a", string="K13 algorithm 1")["href"] == "ch05_more.html#eq-k13-algorithm-1"
    assert box.select_one("pre").get_text().strip() == "def bound(x: int) -> int:"
    for task in (
        "Return the *bound* of x_i.",
        "So: [[1]]$a$.",
        "exercises/ch02_bound.py",
        "exercises -k bound",
        "vae-edu check ch02.bound",
    ):
        assert task in text
    download = out / box.select_one("a.download")["href"]
    assert download.read_text(encoding="utf-8") == FILES["exercises/ch02_bound.py"]
    assert [hint.get_text(strip=True) for hint in box.select("details summary")] == ["Hint 1", "Hint 2", "Hint 3"]
    assert "It is a_b." in text


def test_only_the_instructor_edition_shows_answers(small: Path, monkeypatch):
    def written(out: Path) -> str:
        files = (path for path in out.rglob("*") if path.suffix in (".html", ".js", ".py", ".txt"))
        return "".join(path.read_text(encoding="utf-8") for path in files)

    assert "+ 7" not in BeautifulSoup(written(build(small)), "html.parser").get_text()
    monkeypatch.setenv("VAE_EDU_INSTRUCTOR", "1")
    box = soup(build(small), "ch02_bound").select_one("#ex-ch02-bound")
    assert box.select("details summary")[-1].get_text(strip=True) == "Solution"
    assert box.select("details pre")[-1].get_text().strip() == "def bound(x: int) -> int:\n    return 3 * x**2 + 7"
    monkeypatch.delenv("VAE_EDU_INSTRUCTOR")
    assert "+ 7" not in BeautifulSoup(written(build(small)), "html.parser").get_text()


def test_an_unchanged_page_is_not_written_again(small: Path):
    out = build(small)
    before = {page: (out / f"{page}.html").stat().st_mtime_ns for page in ("ch02_bound", "ch05_more")}
    build(small)
    assert before == {page: (out / f"{page}.html").stat().st_mtime_ns for page in before}


def test_the_index_follows_its_sources(small: Path):
    build(small)
    tests = small / "tests/test_bounds.py"
    tests.write_text(tests.read_text().replace("test_bound", "test_other"))
    assert row(soup(build(small), "equation_index"), "K13 (1)")[4] == "test_other"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Mend `broken_loss` [a_b].\n", r"Mend `broken_loss` \[a\_b\]."),
        ("The result is\n1. Then 0.5 and\n-2.5.", "The result is\n1\\. Then 0.5 and\n-2.5."),
        ("f' and f''²·s of the model's `x'`", "f′ and f′′²·s of the model's `x'`"),
    ],
)
def test_a_task_is_plain_text(written: str, shown: str):
    assert plain(written) == shown


LONG = "def f(x: Tensor, sizes: tuple[int, int] = (1, 2), *, name: str) -> Callable[[Tensor], Tensor]:"
WRAPPED = """\
def f(
    x: Tensor,
    sizes: tuple[int, int] = (1, 2),
    *,
    name: str,
) -> Callable[[Tensor], Tensor]:"""


@pytest.mark.parametrize(("written", "shown"), [(LONG, WRAPPED), ("def f(x: int) -> int:", "def f(x: int) -> int:")])
def test_a_long_signature_has_one_argument_a_line(tmp_path: Path, written: str, shown: str):
    stub = tmp_path / "stub.py"
    stub.write_text(f'{written}\n    """The task."""\n')
    assert task_of(stub, "f") == (shown, "The task.")


def test_code_takes_the_margin_where_it_is_too_long_and_not_framed():
    document = new_document("page")
    long, short, framed = (nodes.literal_block("", "x" * columns) for columns in (89, 88, 120))
    document += [long, short, nodes.admonition("", framed)]
    mark(None, document)
    assert [block["classes"] for block in (long, short, framed)] == [["full-width"], [], []]


def test_an_unknown_exercise_is_named(small: Path):
    page = small / "book/ch02_bound.md"
    page.write_text(page.read_text().replace("ch02.bound", "ch02.bond"))
    with pytest.raises(Exception, match=r'has no exercise "ch02.bond"; it has ch02.bound'):
        build(small)


def test_figures_count_anew_in_every_chapter():
    running = {
        "ch02_a": {"figure": {"b": (2,), "a": (1,)}, "table": {"t": (1,)}},
        "ch03_b": {"figure": {"c": (3,)}},
        "index": {"figure": {"d": (4,)}},
    }
    assert by_chapter(running) == {
        "ch02_a": {"figure": {"a": (2, 1), "b": (2, 2)}, "table": {"t": (2, 1)}},
        "ch03_b": {"figure": {"c": (3, 1)}},
        "index": {"figure": {"d": (1,)}},
    }


@pytest.mark.parametrize("source", ["vae_edu/a/b.py", "vae_edu/checkpoints/w.safetensors", "book/results/r/run.json"])
def test_outputs_are_forgotten_when_a_source_changes(tmp_path: Path, source: str):
    path = tmp_path / source
    path.parent.mkdir(parents=True)
    app = SimpleNamespace(outdir=tmp_path / "_build/html", srcdir=tmp_path / "book")
    caches = []
    for content in ("one", "two", "two"):
        path.write_text(content)
        config = SimpleNamespace()
        execution.choose_cache(app, config)
        caches.append(Path(config.nb_execution_cache_path))
        caches[-1].mkdir(parents=True, exist_ok=True)
    assert caches[0] != caches[1] == caches[2]
    assert [cache.exists() for cache in caches] == [False, True, True]


@pytest.fixture
def run_cells(tmp_path: Path, monkeypatch):
    """Runs pages given as name = code; returns what each printed."""
    monkeypatch.setenv("VAE_EDU_BOOK", "1")
    config = SimpleNamespace(nb_execution_cache_path=str(tmp_path / "cache"), nb_execution_timeout=60)
    env = SimpleNamespace(doc2path=lambda name: str(tmp_path / f"{name}.md"))
    head = "---\nfile_format: mystnb\nkernelspec: {name: python3}\n---\n\n"

    def run(**pages: str | None) -> dict[str, str]:
        for name, code in pages.items():
            text = f"{head}```{{code-cell}}\n{code}\n```\n" if code else "No cells.\n"
            (tmp_path / f"{name}.md").write_text(text)
        execution.run_cells(SimpleNamespace(config=config), env, list(pages))
        cache = get_cache(config.nb_execution_cache_path)
        bundles = {Path(r.uri).stem: cache.get_cache_bundle(r.pk) for r in cache.list_cache_records()}
        return {name: bundle.nb.cells[0].outputs[0].text for name, bundle in bundles.items()}

    return run


def test_cells_run_ahead_of_reading_and_know_of_the_book(run_cells):
    told = "import os; print(os.environ['VAE_EDU_BOOK'])"
    assert run_cells(told=told, other="print(2)", prose=None) == {"told": "1\n", "other": "2\n"}


def test_a_failing_cell_stops_the_build(run_cells):
    with pytest.raises(ExtensionError, match=r"a cell failed, see above, in .*broken\.md"):
        run_cells(broken="1 / 0")


def test_a_build_with_warnings_is_not_resumed(tmp_path: Path):
    pickle = tmp_path / "environment.pickle"
    for warnings, kept in ((0, True), (1, False)):
        pickle.touch()
        execution.forget_warned_build(SimpleNamespace(_warncount=warnings, doctreedir=tmp_path), None)
        assert pickle.exists() == kept
