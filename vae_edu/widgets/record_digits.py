"""Record the digits that a VAE in the page learns from: 1,500 images in black and white, a byte for each row.

    python -m vae_edu.widgets.record_digits

`bits` (n, 8) with the leftmost pixel in the highest bit, `labels` (n,), and in the metadata the `image_shape`.
"""

import numpy as np
from safetensors.numpy import save_file

from vae_edu import data, files
from vae_edu.widgets.networks import about
from vae_edu.widgets.shipped import DATA


def record() -> None:
    """Write `widgets/data/digits.bits.safetensors`: the training images, white where more than half of the ink is."""
    digits = data.load("digits", "train")
    pixels = data.binarize(digits.x, "threshold").numpy().astype(bool)
    tensors = {"bits": np.packbits(pixels, axis=1), "labels": np.asarray(digits.labels, np.uint8)}
    with files.written_atomically(DATA / "digits.bits.safetensors") as temporary:
        save_file(tensors, temporary, about({"image_shape": digits.image_shape}))


if __name__ == "__main__":
    record()
