"""Images as tensors in memory, values in [0, 1]: MNIST, Frey Face, and scikit-learn's handwritten digits."""

import tempfile
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from hashlib import sha256
from io import StringIO
from pathlib import Path
from urllib.error import URLError

import numpy as np
import torch
from jaxtyping import Float, Int64, Shaped
from torch import Generator, Tensor

from vae_edu import files
from vae_edu.errors import UserError

MNIST_FILES = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
FREY_FILE = "frey_rawface.mat"
FREY_SHA256 = "265a83a23adb081755cd3de375509828e690324d1d60f076b8ecebc840d59c64"


@dataclass(frozen=True)
class ImageData:
    """One split of a data set. `labels` is None where there are none (Frey Face)."""

    name: str
    split: str
    x: Float[Tensor, "n pixels"]
    labels: Int64[Tensor, "n"] | None
    image_shape: tuple[int, int]
    checksum: str  # SHA-256 of what x was read from

    def __len__(self) -> int:
        return len(self.x)


def load(name: str, split: str = "train", root: str | Path | None = None) -> ImageData:
    """The data set `name` ("digits", "mnist" or "frey") as flat images with values in [0, 1].

    Files are looked for in `root`, in the folder named by VAE_EDU_DATA, then in the user's cache; MNIST is
    downloaded to the cache if it is in none of them. Checksums are verified.

    Raises UserError for an unknown name or split, and for a missing or damaged file.
    """
    if name not in _LOADERS:
        raise UserError(f"there is no data set {name!r}; choose one of: {', '.join(_LOADERS)}.")
    if split not in ("train", "test"):
        raise UserError(f"there is no split {split!r}; choose 'train' or 'test'.")
    return _LOADERS[name](split, root)


def binarize(
    x: Shaped[Tensor, "batch pixels"], how: str, generator: Generator | None = None
) -> Shaped[Tensor, "batch pixels"]:
    """Grey values turned into what the decoder is asked to explain.

    "none" leaves them alone; "threshold" is 1 where x > 0.5; "dynamic" draws
    1 with probability x, anew at each call. Raises UserError for any other.
    """
    if how == "none":
        return x
    if how == "threshold":
        return (x > 0.5).to(x.dtype)
    if how == "dynamic":
        return torch.bernoulli(x, generator=generator)
    raise UserError(f"there is no binarization {how!r}; choose 'none', 'threshold' or 'dynamic'.")


def _load_digits(split: str, root: str | Path | None) -> ImageData:
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    part = slice(None, 1500) if split == "train" else slice(1500, None)  # other writers than those trained on
    return ImageData(
        name="digits",
        split=split,
        x=torch.from_numpy(pixels[part] / 16).float(),
        labels=torch.from_numpy(labels[part]).long(),
        image_shape=(8, 8),
        checksum=sha256(pixels.tobytes()).hexdigest(),
    )


def _load_frey(split: str, root: str | Path | None) -> ImageData:
    from scipy.io import loadmat

    path = _find([Path("FreyFace") / FREY_FILE, Path(FREY_FILE)], root)
    if path is None:
        raise UserError(
            f"Frey Face was not found: expected FreyFace/{FREY_FILE} in one of {_listed(root)}; it is not downloaded "
            "for you, so put the file there or set VAE_EDU_DATA to the folder that holds FreyFace/."
        )
    files.verify(path, FREY_SHA256)
    faces = loadmat(path)["ff"].T
    # RandomState's stream is frozen by NumPy's policy, so the 1600/365 split is the same everywhere and for good.
    order = np.random.RandomState(0).permutation(len(faces))
    part = order[:1600] if split == "train" else order[1600:]
    # Divided by 256, as in K13's released code: a density depends on the unit it is measured in.
    x = torch.from_numpy(faces[part] / 256).float()
    return ImageData("frey", split, x, None, (28, 20), FREY_SHA256)


def _load_mnist(split: str, root: str | Path | None) -> ImageData:
    images_file, labels_file = list(MNIST_FILES)[:2] if split == "train" else list(MNIST_FILES)[2:]
    path = _find([Path("MNIST") / "raw" / images_file], root)
    folder = path.parent if path else _download_mnist(root)
    for name in (images_file, labels_file):
        files.verify(folder / name, MNIST_FILES[name])
    # The class MNIST would want the other split's files as well, and prefer a stray MNIST/processed to those verified.
    reader = _datasets().mnist
    return ImageData(
        name="mnist",
        split=split,
        x=reader.read_image_file(folder / images_file).flatten(1).float() / 255,
        labels=reader.read_label_file(folder / labels_file),
        image_shape=(28, 28),
        checksum=MNIST_FILES[images_file],
    )


def _download_mnist(root: str | Path | None) -> Path:
    """Download all four files beside their place, verify them, and only then move them there."""
    datasets = _datasets()
    cache = files.cache_folder()
    raw = cache / "MNIST" / "raw"
    with files.writable_folder(cache), tempfile.TemporaryDirectory(dir=cache, suffix=".partial") as partial:
        try:
            with redirect_stdout(StringIO()):  # torchvision prints addresses; its progress bar goes to stderr
                datasets.MNIST(partial, download=True)
        except (RuntimeError, URLError, ConnectionError, TimeoutError):
            raise UserError(
                f"MNIST was not found in {_listed(root)}, and downloading it failed; connect to the network, or put "
                "its four IDX files into MNIST/raw/ below one of these folders (VAE_EDU_DATA can name another)."
            ) from None
        downloaded = Path(partial) / "MNIST" / "raw"
        for name, checksum in MNIST_FILES.items():
            files.verify(downloaded / name, checksum)
        raw.mkdir(parents=True, exist_ok=True)
        for name in MNIST_FILES:
            (downloaded / name).replace(raw / name)
    return raw


def _datasets():  # type: ignore[no-untyped-def]
    from vae_edu._torchvision import import_datasets

    return import_datasets()


def _find(candidates: list[Path], root: str | Path | None) -> Path | None:
    places = [folder / candidate for folder in files.data_roots(root) for candidate in candidates]
    return next((place for place in places if place.exists()), None)


def _listed(root: str | Path | None) -> str:
    return ", ".join(str(folder) for folder in files.data_roots(root))


_LOADERS: dict[str, Callable[[str, str | Path | None], ImageData]] = {
    "digits": _load_digits,
    "mnist": _load_mnist,
    "frey": _load_frey,
}
