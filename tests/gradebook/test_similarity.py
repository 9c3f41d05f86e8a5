"""Copies are found whatever they are called; answers written apart are not; nothing a student hands in stops it."""

import ast
import random
import time
from itertools import combinations
from pathlib import Path

import pytest

from vae_edu.course.catalog import load_catalog
from vae_edu.course.gradebook.similarity import ALIKE, LONG, alike, answers, runs, similar_pairs
from vae_edu.course.other_answers import other_answers

ROOT = Path(__file__).parents[2]
FULL = load_catalog(ROOT / "exercises/catalog.yml")
CATALOG = {key: one for key, one in FULL.items() if one.file == "ch06_vae.py"}
MASTER = (ROOT / "solutions/ch06_vae.py").read_text(encoding="utf-8")


class Renamed(ast.NodeTransformer):
    """What a copyist does first: other names and no docstrings."""

    def visit_Name(self, node):
        return ast.Name(node.id[::-1], node.ctx) if node.id not in ("torch", "math", "nn") else node

    def visit_arg(self, node):
        return ast.arg(node.arg[::-1])


@pytest.fixture
def hand_in(tmp_path):
    """hand_in(ada="source", ...) and the pairs among them."""

    def run(**sources):
        for name, source in sources.items():
            folder = tmp_path / "submissions" / name
            folder.mkdir(parents=True)
            content = source if isinstance(source, bytes) else source.encode("utf-8", "surrogatepass")
            (folder / "ch06_vae.py").write_bytes(content)
        return similar_pairs(tmp_path / "submissions", list(sources), CATALOG, ROOT / "exercises")

    return run


def test_a_copy_under_other_names_is_found(hand_in):
    tree = ast.parse(MASTER)
    copy = ast.unparse(Renamed().visit(tree))
    pairs = hand_in(ada=MASTER, eve=f"# my own work\n\n{copy}")
    found = {pair.exercise: pair for pair in pairs}
    assert "ch06.train_vae" in found
    assert (found["ch06.train_vae"].first, found["ch06.train_vae"].second) == ("ada", "eve")
    assert found["ch06.train_vae"].share >= ALIKE


def test_what_the_stub_says_does_not_count():
    given = answers(ROOT / "exercises", FULL)
    assert any(given.values())
    assert not any(answers(ROOT / "exercises", FULL, given).values())


def test_what_everybody_was_given_and_short_answers_are_not_alike(hand_in):
    stub = (ROOT / "exercises/ch06_vae.py").read_text(encoding="utf-8")
    pairs = hand_in(ada=stub, bob=stub, eve=MASTER)
    assert pairs == []
    pairs = hand_in(cy=MASTER, dan=MASTER)
    assert {pair.exercise for pair in pairs} == {"ch06.VAE", "ch06.train_vae"}  # log_bernoulli is one line


def test_right_answers_written_apart_stay_below_the_threshold():
    master = answers(ROOT / "solutions", FULL, answers(ROOT / "exercises", FULL))
    compared = 0
    for exercise in FULL.values():
        right = [answer.source for answer in other_answers(exercise, ROOT / "tests/mutants") if not answer.says]
        others = [runs(exercise.function, ast.parse(source)) for source in right]
        for one, other in combinations([master[exercise.id], *others], 2):
            if min(len(one), len(other)) >= LONG:
                compared += 1
                assert len(one & other) / len(one | other) <= 0.8 * ALIKE, exercise.id
    assert compared > 100


def test_the_share_is_what_both_have_over_what_either_has():
    assert alike(frozenset(range(100)), frozenset(range(10, 110))) == pytest.approx(90 / 110)
    assert alike(frozenset(range(100)), frozenset(range(50))) == 0
    assert alike(frozenset(range(90)), frozenset(range(100))) == pytest.approx(0.9)


BIG = "def train_vae(x, generator):\n" + "    x = x + x * x\n" * 14_000
HOSTILE = {
    "deep": "x = " + "(" * 5000 + ")" * 5000,
    "minus": "def train_vae(x, generator):\n    return " + "-" * 100_000 + "1",
    "chain": "def train_vae(x, generator):\n    return x" + ".a" * 100_000,
    "sum": "def train_vae(x, generator):\n    return x" + "+x" * 100_000,
    "digits": "def train_vae(x, generator):\n    return 0x" + "f" * 200_000,
    "binary": b"\xff\xfe\x00def",
    "null": "def train_vae(x, generator):\n    return '\0'",
    "surrogate": "train_vae = '\udc80'",
    "big": BIG[:260_000],
    "too_big": BIG * 4,
    "escapes": "def train_vae(x, generator):\n    return '\\d'",
    "many": "".join(f"def f{n}(): f{n + 1}()\n" for n in range(9000)) + "def train_vae(x, generator): f0()\n",
    "loop": "def train_vae(x, generator): return helper()\ndef helper(): return train_vae(helper(), 0)\n",
}


def test_no_file_stops_it(hand_in, recwarn):
    begun = time.monotonic()
    assert hand_in(**HOSTILE) == []
    assert time.monotonic() - begun < 30  # about 1.5 s on an idle core
    assert not recwarn.list


def test_a_missing_folder_and_a_link_are_alike_to_nothing(tmp_path):
    secret = tmp_path / "secret.py"
    secret.write_text(MASTER)
    for name in ("ada", "eve"):
        folder = tmp_path / "submissions" / name
        folder.mkdir(parents=True)
        (folder / "ch06_vae.py").symlink_to(secret)
    (tmp_path / "ch06_vae.py").write_text(MASTER)
    names = ["ada", "eve", "none", "..", "../../" + tmp_path.name, str(tmp_path), "\0", "x" * 5000]
    assert similar_pairs(tmp_path / "submissions", names, CATALOG, ROOT / "exercises") == []


def test_shuffled_statements_still_count_for_much():
    body = [f"    a{n} = x{n}.exp() + {n} * y{n}" for n in range(30)]
    mixed = random.Random(1).sample(body, len(body))
    one, other = (runs("f", ast.parse("def f():\n" + "\n".join(lines))) for lines in (body, mixed))
    assert len(one & other) / len(one | other) > 0.3
