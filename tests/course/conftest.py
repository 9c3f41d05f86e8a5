"""A small course of its own: two chapters, three exercises, checks that take milliseconds."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from vae_edu.course.catalog import load_catalog
from vae_edu.course.leaks import secrets

ENTRY = """
{id}:
  title: {title}
  points: 2
  minutes: 5
  difficulty: easy
  equation: K13 (1)
  file: {file}
  function: {name}
  hints: [Think of {name}., Think again., It is plain.]
"""
CHECKS = """
import pytest
import torch

from vae_edu.course.compare import check
"""
CLASS = """

@pytest.mark.exercise("{id}")
class Test_{name}:
    def test_worked_example(self, student):
        check(student(x=torch.tensor([1.0])), torch.tensor([{one}]))

    def test_of_two(self, student):
        check(student(x=torch.tensor([2.0])), torch.tensor([{two}]), otherwise="Two is not one.")
"""
STUB = '''"""Chapter {number}: {topic}.

Replace each line that raises.
"""

import torch

'''
FUNCTION = '''
def {name}(x):
    """The task."""
    {body}
'''
UNTOUCHED = 'raise NotImplementedError("Replace this line with your answer.")'
EXERCISES = [("ch01.double", 2.0, 4.0), ("ch01.square", 1.0, 4.0), ("ch02.halve", 0.5, 1.0)]
TOPICS = {"ch01": "Doubling", "ch02": "Halving"}


@pytest.fixture
def course(tmp_path):
    """`course.write(double="return 2 * x")` writes the files of `course.folder` with this answer, the rest as stubs."""
    folder = tmp_path / "exercises"
    folder.mkdir()
    catalog, checks = "", {}
    for key, one, two in EXERCISES:
        chapter, name = key.split(".")
        file = f"{chapter}_numbers.py"
        catalog += ENTRY.format(id=key, title=f"To {name}", file=file, name=name)
        checks[file] = checks.get(file, CHECKS) + CLASS.format(id=key, name=name, one=one, two=two)
    (folder / "catalog.yml").write_text(catalog)
    for file, text in checks.items():
        (folder / f"test_{file}").write_text(text)

    def write(**bodies):
        for chapter, topic in TOPICS.items():
            text = STUB.format(number=int(chapter[2:]), topic=topic)
            for key, *_ in EXERCISES:
                name = key.split(".")[1]
                if key.startswith(chapter):
                    text += FUNCTION.format(name=name, body=bodies.get(name, UNTOUCHED))
            (folder / f"{chapter}_numbers.py").write_text(text)

    write()
    return SimpleNamespace(folder=folder, write=write, catalog=load_catalog(folder / "catalog.yml"))


@pytest.fixture(scope="session")
def known():
    """The secrets of the whole course."""
    return secrets(Path(__file__).resolve().parents[2])
