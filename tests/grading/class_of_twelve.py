"""A made-up class of twelve: honest, partial, blank, broken and hostile work, as it is handed in."""

import ast
import re
import zipfile
from pathlib import Path

import yaml

from vae_edu.course.catalog import load_catalog

ROOT = Path(__file__).resolve().parents[2]
MASTERS = {path.name: path.read_text(encoding="utf-8") for path in sorted((ROOT / "solutions").glob("ch*.py"))}
STUBS = {name: (ROOT / "exercises" / name).read_text(encoding="utf-8") for name in MASTERS}
HALF = [*MASTERS][: len(MASTERS) // 2]
GAUSSIANS = "ch03_gaussians.py"


def write(folder):
    """Hand all of it in below `folder`; the names that earn every point, and those that earn none."""
    for name, files in folders().items():
        (folder / name).mkdir(parents=True)
        for file, content in files.items():
            data = content if isinstance(content, bytes) else content.encode("utf-8")
            (folder / name / file).write_bytes(data)
    edition = {f"vae_edu-exercises/exercises/{file}": text for file, text in otherwise(1, MASTERS).items()}
    zipped(folder / "chen.zip", edition | {"vae_edu-exercises/README.md": "the edition's own"})
    zipped(folder / "kim.zip", {f"../../{GAUSSIANS}": MASTERS[GAUSSIANS], "big.py": "0" * 50_000_000})
    return {"ada", "chen", "hana", "lea"}, {"dora", "emil", "ivo", "kim"}


def folders():
    """The folders by student: file and content."""
    return {
        "ada": MASTERS,
        "ben": STUBS | otherwise(0, HALF),
        "dora": STUBS,
        "emil": {GAUSSIANS.replace(".py", ".ipynb"): '{"cells": []}', "notes.docx": "what I tried"},
        "fay": MASTERS | {GAUSSIANS: with_mistakes("log_normal", "kl_standard_normal", "kl_full")},
        "gus": STUBS | {GAUSSIANS: "def log_normal(x, mean, log_var:\n", "ch04_gradients.py": LATIN_1},
        "hana": MASTERS | {GAUSSIANS: MASTERS[GAUSSIANS] + WITH_DISTRIBUTIONS},
        "ivo": STUBS | {GAUSSIANS: ALWAYS_EQUAL},
        "jun": otherwise(0, MASTERS) | {GAUSSIANS: MASTERS[GAUSSIANS] + ENDLESS},
        "lea": {name: renamed(text) for name, text in MASTERS.items()},
    }


LATIN_1 = "# für\n".encode("latin-1")
WITH_DISTRIBUTIONS = """

def log_normal(x, mean, log_var):
    return torch.distributions.Normal(mean, (log_var / 2).exp()).log_prob(x).sum(-1)
"""
ENDLESS = """

right = kl_standard_normal


def kl_standard_normal(mean, log_var):
    while len(mean) == 0:
        mean = mean + 0
    return right(mean, log_var)
"""
ALWAYS_EQUAL = next(
    attack["source"] + "\nlog_normal = kl_standard_normal = kl_full = answer\n"
    for attack in yaml.safe_load((ROOT / "tests/grading/attacks.yml").read_text(encoding="utf-8"))["submissions"]
    if attack["name"] == "always_equal"
)


def with_mistakes(*functions):
    """The Gaussians with a usual slip in each function: the first wrong answer of tests/mutants."""
    text = MASTERS[GAUSSIANS]
    for function in functions:
        text += answer(f"ch03.{function}", lambda node: bool(ast.get_docstring(node)), 0)
    return text


def otherwise(number, files):
    """The files with every answer written in another way: the right answer of tests/mutants with this number."""
    exercises = load_catalog(ROOT / "exercises/catalog.yml").values()
    return {
        file: MASTERS[file]
        + "".join(answer(e.id, lambda node: not ast.get_docstring(node), number) for e in exercises if e.file == file)
        for file in files
    }


def answer(exercise, chosen, number):
    """One answer of tests/mutants under the exercise's own name, with what it needs under names of its own."""
    path = ROOT / "tests/mutants" / f"{exercise.replace('.', '_')}.py"
    nodes = ast.parse(path.read_text(encoding="utf-8")).body[1:]
    helpers = [node for node in nodes if _shared(node)]
    answers = [node for node in nodes if not _shared(node) and chosen(node)]
    answers[number].name = exercise.partition(".")[2]
    body = "\n".join(ast.unparse(node) for node in [*helpers, answers[number]] if not _is_import(node))
    imports = [node for node in helpers if _is_import(node) and any(re.search(rf"\b{n}\b", body) for n in _names(node))]
    text = "\n".join(["", *map(ast.unparse, imports), body, ""])
    for name in [node.name for node in helpers if hasattr(node, "name")]:
        text = re.sub(rf"\b{name}\b", f"{name}_of_{answers[number].name}", text)
    return text


def _shared(node):
    return getattr(node, "name", "_").startswith("_")


def _is_import(node):
    return isinstance(node, (ast.Import, ast.ImportFrom))


def _names(node):
    return [(alias.asname or alias.name).partition(".")[0] for alias in node.names]


def renamed(text):
    """The same answers with another name for everything local, as who copies them would hand in."""
    return re.sub(r"\b(distance|total|draws|weights|terms|squared|noise)\b", r"my_\1", text)


def zipped(path, files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
