"""K13 figure 4's experiment on made-up faces: what is trained, what is measured, what is drawn."""

import pytest
import torch

from vae_edu.data import ImageData
from vae_edu.experiments import Request, k13_fig4
from vae_edu.gaussians import kl_standard_normal
from vae_edu.models import gaussian_mlp_vae, mlp_vae
from vae_edu.recipes import Stage, recipe

QUIET = Request(progress=False)


def made_up_faces(n: int, split: str = "train") -> ImageData:
    x = torch.rand(n, 560, generator=torch.Generator().manual_seed(0))
    return ImageData("made-up", split, x, None, (28, 20), "")


def test_both_schedules_end_on_the_bound_itself_after_equally_many_passes():
    weighted = recipe("frey-two-latents")
    assert k13_fig4.PLAIN[-1].kl_weight == 1
    assert sum(s.epochs for s in weighted.warm_up) + weighted.epochs == sum(s.epochs for s in k13_fig4.PLAIN)


def test_a_heavier_divergence_keeps_the_posteriors_nearer_the_prior():
    faces = made_up_faces(200)
    free, held = (k13_fig4.train_frey(faces, [Stage(20, 1e-3, weight)], QUIET) for weight in (1.0, 1000.0))
    divergence = [kl_standard_normal(*model.encode(faces.x)).mean() for model in (free, held)]
    assert divergence[1] < 0.5 * divergence[0]


def test_what_is_measured_of_an_encoder_that_knows_nothing():
    """Every posterior is the prior: the aggregate is the prior too, and the bound is the plain likelihood."""
    model = gaussian_mlp_vae(560, (5,), 2).requires_grad_(False)
    for head in (model.encoder.mean, model.encoder.log_var, model.decoder.mean, model.decoder.log_var):
        head.weight.zero_()
        head.bias.zero_()
    faces = made_up_faces(30)
    numbers = k13_fig4.measure(model, faces, faces, seed=0)
    likelihood = torch.distributions.Normal(0.5, 1).log_prob(faces.x).sum(1).mean().item()  # sigmoid(0), exp(0)
    assert numbers["train bound"] == pytest.approx(likelihood, rel=1e-5)
    assert numbers["KL(q(z) || p(z))"] == pytest.approx(0, abs=1e-5)
    assert numbers["largest posterior mean"] == numbers["smallest log-variance of a pixel"] == 0


def test_the_figures_have_the_papers_grids():
    figures = k13_fig4.draw(gaussian_mlp_vae(560, (5,), 2), (28, 20), mlp_vae(784, (5,), 2))
    shapes = {name: figure.axes[0].images[0].get_array().shape for name, figure in figures.items()}
    assert shapes == {"frey": (280, 200), "mnist": (560, 560)}
