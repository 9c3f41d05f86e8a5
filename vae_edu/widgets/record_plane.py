"""Record where a pretrained model of two latents puts test images, and its decoder as small as a page needs it.

    python -m vae_edu.widgets.record_plane two-latents

The page shows these points without shipping the images. Run it again whenever the checkpoint changes.
"""

import sys
from collections.abc import Callable

from safetensors.numpy import save_file

from vae_edu import data, files
from vae_edu.checkpoints import load_pretrained
from vae_edu.errors import UserError
from vae_edu.recipes import recipe
from vae_edu.widgets.narrow import narrowed
from vae_edu.widgets.networks import about, pack_decoder
from vae_edu.widgets.plane import check, decoder_path, encode, half_width, plane_path
from vae_edu.widgets.shipped import CHECKPOINTS


def record(name: str) -> None:
    """Write `widgets/data/NAME.plane.safetensors`, float16 posteriors and labels, and `NAME.decoder.safetensors`.

    The test images are those of the data set that the model was trained on.
    """
    model, test = load_pretrained(name), data.load(recipe(name).data, "test")
    check(model)
    description = {
        "image_shape": test.image_shape,
        "images": f"{test.name} {test.split}, SHA-256 {test.checksum}",
        "checkpoint": files.sha256(CHECKPOINTS / f"{name}.safetensors"),
    }
    encoded = encode(model, test.x, test.labels)
    with files.written_atomically(plane_path(name)) as temporary:
        save_file(encoded, temporary, about(description))
    with files.written_atomically(decoder_path(name)) as temporary:
        temporary.write_bytes(pack_decoder(narrowed(model.decoder, half_width(encoded["means"]))))


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
