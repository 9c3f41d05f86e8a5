"""Record test images of MNIST whose center column a page lets models complete, and what the models pay for the rest.

    python -m vae_edu.widgets.record_examples

`images` (10, 784), the first test image of each digit in 256 grays; in the metadata, for each, the nats of the other
756 pixels: the CVAE's `bound` on log p(y|c), from 1,000 draws of z, and the regressor's `exact` log p(y|c). Run it
again whenever one of the two checkpoints changes.
"""

import torch
from safetensors.numpy import save_file

from vae_edu import data, files
from vae_edu.bounds import elbo
from vae_edu.checkpoints import load_pretrained
from vae_edu.widgets.networks import about
from vae_edu.widgets.shipped import CHECKPOINTS, DATA

CVAE, REGRESSOR = "cvae-column", "regressor-column"
PATH = DATA / "column.examples.safetensors"


@torch.no_grad()
def record() -> None:
    """Write `widgets/data/column.examples.safetensors`."""
    test = data.load("mnist", "test")
    assert test.labels is not None, "MNIST has labels"
    x = test.x[torch.stack([(test.labels == digit).nonzero()[0, 0] for digit in range(10)])]
    bound = elbo(load_pretrained(CVAE), x, samples=1000, generator=torch.Generator().manual_seed(0))
    description = {
        "bound": [round(nats, 1) for nats in bound.tolist()],
        "exact": [round(nats, 1) for nats in load_pretrained(REGRESSOR).log_likelihood(x).tolist()],
        "images": f"{test.name} {test.split}, SHA-256 {test.checksum}",
        "checkpoints": {name: files.sha256(CHECKPOINTS / f"{name}.safetensors") for name in (CVAE, REGRESSOR)},
    }
    with files.written_atomically(PATH) as temporary:
        save_file({"images": (255 * x).round().byte().numpy()}, temporary, about(description))


if __name__ == "__main__":
    record()
