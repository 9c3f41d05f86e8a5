"""Record where a pretrained model puts MNIST's test images.

    python -m vae_edu.widgets.record_plane two-latents

The page shows these points without shipping the images. Run it again whenever the checkpoint changes.
"""

import sys
from collections.abc import Callable

from safetensors.numpy import save_file

from vae_edu import data, files
from vae_edu.checkpoints import load_pretrained
from vae_edu.errors import UserError
from vae_edu.widgets.networks import about
from vae_edu.widgets.plane import check, encode, plane_path
from vae_edu.widgets.shipped import CHECKPOINTS


def record(name: str) -> None:
    """Write `widgets/data/NAME.plane.safetensors`: float16 posterior means and labels of the test images."""
    model = load_pretrained(name)
    test = data.load("mnist", "test")
    check(model)
    description = {
        "image_shape": test.image_shape,
        "images": f"{test.name} {test.split}, SHA-256 {test.checksum}",
        "checkpoint": files.sha256(CHECKPOINTS / f"{name}.safetensors"),
    }
    with files.written_atomically(plane_path(name)) as temporary:
        save_file(encode(model, test.x, test.labels), temporary, about(description))


def main(arguments: list[str], record_one: Callable[[str], None] = record) -> int:
    """Record what is named on the command line; a mistake is one sentence on stderr and status 2."""
    try:
        for name in arguments:
            record_one(name)
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
