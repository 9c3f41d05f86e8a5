"""Recording what an encoder says of ten digits, and that what is shipped belongs to the checkpoint beside it."""

import json

import torch
from safetensors import safe_open
from safetensors.numpy import load_file

from vae_edu import data, files
from vae_edu.checkpoints import load_pretrained
from vae_edu.widgets import record_latents, record_plane

NAME = "vanilla"


def test_what_is_shipped_belongs_to_its_checkpoint():
    with safe_open(record_latents.latents_path(NAME), framework="numpy") as file:
        description = json.loads(file.metadata()["about"])
    message = f"the checkpoint has changed; run: python -m vae_edu.widgets.record_latents {NAME}"
    assert description["checkpoint"] == files.sha256(record_latents.CHECKPOINTS / f"{NAME}.safetensors"), message


def test_what_is_shipped_is_what_the_encoder_says_of_mnist(mnist):
    test = data.load(mnist.name, "test")
    with torch.no_grad():
        mean, log_var = load_pretrained(NAME).encode(test.x)
    sd = (0.5 * log_var).exp()
    first = [test.labels.tolist().index(digit) for digit in range(10)]
    divergence = torch.distributions.kl_divergence(
        torch.distributions.Normal(mean, sd), torch.distributions.Normal(0.0, 1.0)
    )
    expected = {"mean": mean[first], "sd": sd[first], "activity": mean.var(0), "nats": divergence.mean(0)}
    recorded = load_file(record_latents.latents_path(NAME))
    assert recorded.keys() == expected.keys()
    for name, array in recorded.items():  # rounded to float16
        torch.testing.assert_close(torch.from_numpy(array).float(), expected[name], rtol=1e-3, atol=1e-4)


def test_an_unknown_name_is_one_sentence(capsys):
    assert record_plane.main(["no-such-model"], record_latents.record) == 2
    assert "no-such-model" in capsys.readouterr().err
