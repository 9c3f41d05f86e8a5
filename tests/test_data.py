"""Images come as promised or not at all: real files, damaged files, no files, and a download over loopback."""

import gzip
import http.server
import math
import os
import shutil
import threading
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from vae_edu import data, files
from vae_edu._torchvision import import_datasets
from vae_edu.data import binarize, load
from vae_edu.errors import UserError


def write_idx(path: Path, array: np.ndarray) -> None:
    header = bytes([0, 0, 8, array.ndim]) + b"".join(int(n).to_bytes(4, "big") for n in array.shape)
    path.write_bytes(header + array.astype(np.uint8).tobytes())


@pytest.fixture
def tiny_mnist(tmp_path, monkeypatch) -> Path:
    """Files in MNIST's format with a handful of images, and their checksums in place of the real ones."""
    raw = tmp_path / "tiny" / "MNIST" / "raw"
    raw.mkdir(parents=True)
    random = np.random.default_rng(0)
    for (name, _), n in zip(data.MNIST_FILES.items(), (20, 20, 10, 10), strict=True):
        write_idx(
            raw / name, random.integers(0, 10 if "labels" in name else 256, (n, 28, 28)[: 1 if "labels" in name else 3])
        )
    monkeypatch.setattr(data, "MNIST_FILES", {name: files.sha256(raw / name) for name in data.MNIST_FILES})
    return tmp_path / "tiny"


def test_digits_are_real_images_in_the_unit_interval(digits):
    test = load("digits", "test")
    assert digits.x.shape == (1500, 64)
    assert test.x.shape == (297, 64)
    assert digits.x.min() == 0
    assert digits.x.max() == 1
    assert set(digits.labels.tolist()) == set(range(10))
    assert digits.checksum == test.checksum


def test_mnist_is_mnist(mnist):
    assert mnist.x.shape == (60000, 784)
    assert mnist.image_shape == (28, 28)
    assert mnist.labels[:5].tolist() == [5, 0, 4, 1, 9]  # as its authors publish them
    assert (mnist.x.min(), mnist.x.max()) == (0, 1)


def test_frey_face_is_split_without_overlap(frey):
    test = load("frey", "test")
    assert frey.x.shape == (1600, 560)
    assert test.x.shape == (365, 560)
    assert frey.labels is None
    rows = {row.numpy().tobytes() for row in frey.x}
    assert sum(row.numpy().tobytes() in rows for row in test.x) <= 5  # a film may hold one frame twice


def test_search_order_is_argument_environment_cache(tiny_mnist, no_data, monkeypatch):
    shutil.copytree(tiny_mnist, no_data)
    write_idx(no_data / "MNIST" / "raw" / "t10k-images-idx3-ubyte", np.zeros((10, 28, 28)))
    assert load("mnist", "test", root=tiny_mnist).x.shape == (10, 784)
    monkeypatch.setenv("VAE_EDU_DATA", str(tiny_mnist))
    assert load("mnist", "test").x.shape == (10, 784)
    monkeypatch.delenv("VAE_EDU_DATA")
    with pytest.raises(UserError, match="truncated or not the expected file"):  # now the cache's own is found
        load("mnist", "test")


@pytest.mark.parametrize("damage", ["truncated", "flipped", "empty"])
@pytest.mark.parametrize("name", ["t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"])
def test_damaged_idx_is_refused_by_name(tiny_mnist, damage, name):
    path = tiny_mnist / "MNIST" / "raw" / name
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes({"truncated": path.read_bytes()[:-3], "flipped": content, "empty": b""}[damage])
    with pytest.raises(UserError, match=f"{name} is truncated or not the expected file.*delete it"):
        load("mnist", "test", root=tiny_mnist)


def test_one_split_is_read_from_its_two_verified_files_alone(tiny_mnist):
    raw = tiny_mnist / "MNIST" / "raw"
    for name in list(data.MNIST_FILES)[:2]:
        (raw / name).unlink()
    stray = tiny_mnist / "MNIST" / "processed"  # where old versions of torchvision kept what nobody verifies
    stray.mkdir()
    for name in ("training.pt", "test.pt"):
        torch.save((torch.zeros(3, 28, 28, dtype=torch.uint8), torch.zeros(3)), stray / name)
    test = load("mnist", "test", root=tiny_mnist)
    pixels = (raw / "t10k-images-idx3-ubyte").read_bytes()[16:]
    assert torch.equal(test.x, torch.tensor(list(pixels)).view(10, 784) / 255)
    assert test.labels.tolist() == list((raw / "t10k-labels-idx1-ubyte").read_bytes()[8:])


def test_a_folder_in_place_of_a_file_is_one_sentence(tiny_mnist):
    path = tiny_mnist / "MNIST" / "raw" / "t10k-images-idx3-ubyte"
    path.unlink()
    path.mkdir()
    with pytest.raises(UserError, match="could not be read"):
        load("mnist", "test", root=tiny_mnist)


def test_frey_without_its_file_says_where_it_belongs(no_data):
    with pytest.raises(
        UserError, match=r"Frey Face was not found: expected FreyFace/frey_rawface\.mat .* VAE_EDU_DATA"
    ):
        load("frey")


@pytest.mark.parametrize(("name", "split"), [("cifar", "train"), ("digits", "validation")])
def test_unknown_names_list_the_known(name, split):
    with pytest.raises(UserError, match=r"choose (one of: digits, mnist, frey|'train' or 'test')"):
        load(name, split)


@pytest.fixture
def mirror(tiny_mnist, tmp_path, monkeypatch):
    """A local mirror of the tiny MNIST, in place of torchvision's."""
    served = tmp_path / "mirror"
    served.mkdir()
    for file in (tiny_mnist / "MNIST" / "raw").iterdir():
        (served / f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes(), mtime=0))

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(served)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    from hashlib import md5

    mnist_class = import_datasets().MNIST
    monkeypatch.setattr(mnist_class, "mirrors", [f"http://127.0.0.1:{server.server_port}/"])
    monkeypatch.setattr(
        mnist_class, "resources", [(file.name, md5(file.read_bytes()).hexdigest()) for file in sorted(served.iterdir())]
    )
    yield served
    server.shutdown()


def test_mnist_is_downloaded_once_into_the_cache(mirror, no_data):
    assert load("mnist", "test").x.shape == (10, 784)
    assert sorted(p.name for p in (no_data / "MNIST" / "raw").iterdir()) == sorted(data.MNIST_FILES)
    shutil.rmtree(mirror)
    assert load("mnist", "train").x.shape == (20, 784)


def test_a_failed_download_leaves_nothing_and_says_what_to_do(mirror, no_data):
    (mirror / "train-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(UserError, match="downloading it failed; connect to the network, or put"):
        load("mnist")
    assert list(no_data.iterdir()) == []


def test_an_unwritable_cache_is_one_sentence(mirror, no_data):
    no_data.parent.joinpath("cache").write_text("a file where a folder should be")
    with pytest.raises(UserError, match="cannot be written to"):
        load("mnist")


def test_no_traceback_of_torchvision_hides_behind_a_real_defect(monkeypatch):
    """The stand-in schemas are declared for the one known failure only."""
    import builtins

    real = builtins.__import__

    def failing(name, *args, **kwargs):
        if name.startswith("torchvision"):
            raise RuntimeError("another defect")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", failing)
    with pytest.raises(RuntimeError, match="another defect"):
        import_datasets()


def test_written_atomically_leaves_nothing_behind_on_failure(tmp_path):
    path = tmp_path / "deep" / "file.txt"
    with files.written_atomically(path) as temporary:
        temporary.write_text("first")
    with pytest.raises(ZeroDivisionError), files.written_atomically(path) as temporary:
        temporary.write_text(str(1 / 0))
    assert path.read_text() == "first"
    assert os.listdir(path.parent) == ["file.txt"]
    assert path.stat().st_mode & 0o044 == 0o044


def test_binarization():
    x = torch.tensor([[0.0, 0.2, 0.5, 0.7, 1.0]])
    assert binarize(x, "none") is x
    assert binarize(x, "threshold").tolist() == [[0, 0, 0, 1, 1]]
    with pytest.raises(UserError, match="choose 'none', 'threshold' or 'dynamic'"):
        binarize(x, "sometimes")


def test_dynamic_binarization_draws_anew_with_the_pixel_as_probability():
    """Hoeffding: the mean of n draws misses by more than t with probability at most 2·exp(−2nt²); five pixels."""
    n, false_alarm = 40_000, 1e-7
    x = torch.tensor([0.0, 0.2, 0.5, 0.7, 1.0])
    generator = torch.Generator().manual_seed(1)
    draws = binarize(x.expand(n, 5), "dynamic", generator)
    assert set(draws.unique().tolist()) == {0.0, 1.0}
    bound = math.sqrt(math.log(2 * 5 / false_alarm) / (2 * n))
    assert (draws.mean(0) - x).abs().max() < bound
    assert not torch.equal(draws, binarize(x.expand(n, 5), "dynamic", generator))
