"""What a person is told of a source: each way of writing a forbidden name, and none where there is none."""

from pathlib import Path

import pytest

from vae_edu.course.rules import forbidden_uses, unusual

MASTERS = sorted((Path(__file__).resolve().parents[2] / "solutions").glob("ch*.py"))


@pytest.mark.parametrize(
    "source",
    [
        "import torch.distributions as d",
        "from torch import distributions",
        "from torch.distributions import Normal",
        "import torch as t; t.distributions.Normal",
        "from torch import nn; nn.modules.torch.distributions.Normal",
    ],
)
def test_a_forbidden_name_is_found_under_every_alias(source):
    assert forbidden_uses(f"import torch\n{source}", ("torch.distributions",)) == {"torch.distributions": 2}


@pytest.mark.parametrize("source", ["torch.distributionsx", "mytorch.distributions", "'torch.distributions'", "a ="])
def test_what_only_looks_like_it_is_none(source):
    assert forbidden_uses(source, ("torch.distributions",)) == {}


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("import os", "os"),
        ("from . import other", "."),
        ("__import__('os')", "__import__"),
        ("().__class__.__base__.__subclasses__()", "__subclasses__"),
        ("eval('1')", "eval"),
        ("torch.os.listdir()", "os"),
        ("np.sys.modules", "sys"),
        ("torch.__dict__['distributions']", "__dict__"),
    ],
)
def test_ways_round_an_import_are_found(source, name):
    assert unusual(source) == {name: 1}


@pytest.mark.parametrize("source", ["torch.compile(f)", "model.eval()", "os = 1", "import torch.nn, math, numpy as np"])
def test_what_answers_need_is_not_unusual(source):
    assert unusual(source) == {}


def test_the_masters_do_without_all_of_it():
    assert [unusual(path.read_text(encoding="utf-8")) for path in MASTERS] == [{}] * len(MASTERS)
