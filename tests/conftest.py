"""For every test: the shapes in vae_edu's signatures are checked at run time, and real data are used where they are."""

import os

import pytest
from hypothesis import settings
from jaxtyping import install_import_hook

settings.register_profile("vae_edu", deadline=None)  # the first call into LAPACK takes longer than any deadline
settings.load_profile("vae_edu")

install_import_hook("vae_edu", "beartype.beartype")  # before anything imports vae_edu

from vae_edu import data, files  # noqa: E402

BUILDS_THE_BOOK = "test_pages.py"


def _has(name: str) -> bool:
    wanted = {"mnist": "MNIST/raw/train-images-idx3-ubyte", "frey": f"FreyFace/{data.FREY_FILE}"}[name]
    return any((root / wanted).exists() for root in files.data_roots())


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A file's tests share one worker and what was costly to prepare; a long file names groups of its own.

    One file has the book built, at once; all else that opens pages comes last, when they are there.
    """
    with_pages = set()
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.path.name))
        if "site" in getattr(item, "fixturenames", ()):
            with_pages.add(_group(item))
            item.add_marker(pytest.mark.timeout(900))  # whichever comes first builds the book
    items.sort(key=lambda item: (_group(item) != BUILDS_THE_BOOK, _group(item) in with_pages))


def _group(item: pytest.Item) -> str:
    return item.get_closest_marker("xdist_group").args[0]


@pytest.fixture(scope="session")
def mnist() -> data.ImageData:
    """Real MNIST, training split; skips where it is not."""
    if not _has("mnist"):
        pytest.skip("MNIST is not here: set VAE_EDU_DATA to the folder above MNIST/raw")
    return data.load("mnist")


@pytest.fixture(scope="session")
def frey() -> data.ImageData:
    """Real Frey Face, training split; skips where it is not."""
    if not _has("frey"):
        pytest.skip("Frey Face is not here: set VAE_EDU_DATA to the folder above FreyFace/")
    return data.load("frey")


@pytest.fixture(scope="session")
def digits() -> data.ImageData:
    """The embedded digits, training split."""
    return data.load("digits")


@pytest.fixture
def no_data(tmp_path, monkeypatch):
    """An empty cache and no VAE_EDU_DATA; returns the cache folder."""
    monkeypatch.delenv("VAE_EDU_DATA", raising=False)
    monkeypatch.setattr(files.platformdirs, "user_cache_dir", lambda _name: str(tmp_path / "cache"))
    return tmp_path / "cache"


if os.environ.get("PYTEST_XDIST_WORKER"):  # two workers on two cores: more threads only wait for one another
    import torch

    torch.set_num_threads(1)
