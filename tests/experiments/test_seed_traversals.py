"""The seed project's experiments 1, 2, 3 and 6 on models so simple that every picture can be worked out by hand."""

import numpy as np
import pytest
import torch
from scipy.special import expit
from torch import distributions

from vae_edu.data import ImageData
from vae_edu.experiments import Request, seed_paths
from vae_edu.experiments import seed_traversals as traversals
from vae_edu.experiments.seed_subjects import Judge, judge, subject
from vae_edu.gaussians import kl_standard_normal
from vae_edu.models import mlp_vae

QUICK = Request("quick", progress=False)


def linear_vae(log_var: float, latent: int = 3):
    """No hidden layer: means and logits are linear, the log-variance a constant; the last dimension is not used."""
    torch.manual_seed(0)
    model = mlp_vae(16, (), latent).requires_grad_(False)
    model.encoder.log_var.weight.zero_()
    model.encoder.log_var.bias.fill_(log_var)
    model.encoder.mean.weight[-1] = model.encoder.mean.bias[-1] = 0
    model.decoder.logits.weight[:, -1] = 0
    return model


def made_up(split: str = "test", n: int = 60) -> ImageData:
    x = torch.rand(n, 16, generator=torch.Generator().manual_seed(1))
    return ImageData("made-up", split, x, torch.arange(n) % 10, (4, 4), "0" * 64)


class FirstTen(torch.nn.Module):
    """Reads the first ten pixels as logits."""

    def forward(self, x):
        return x[..., :10]


@pytest.fixture
def use(monkeypatch):
    """Puts a model, made-up images and a judge of ten pixels in the experiments' hands."""

    def put(model):
        monkeypatch.setattr(traversals, "subject", lambda name, request: model)
        monkeypatch.setattr(traversals, "trained", lambda plan, request: model)
        monkeypatch.setattr(traversals, "images", lambda request: (made_up("train"), made_up()))
        monkeypatch.setattr(traversals, "judge", lambda request: Judge(FirstTen(), 1.0))

    return put


def by_hand(model, z: np.ndarray) -> np.ndarray:
    weight, bias = (part.numpy() for part in (model.decoder.logits.weight, model.decoder.logits.bias))
    return expit(z @ weight.T + bias)


def test_experiment_1_moves_every_dimension_by_t_sigma_in_both_directions(use):
    model = linear_vae(log_var=-1.0)
    use(model)
    numbers = traversals.seed_1(QUICK).numbers
    mean = model.encode(made_up().x)[0].numpy()
    pictures = np.stack([by_hand(model, mean + t * np.exp(-0.5)) for t in np.linspace(-3, 3, 13)])
    moved = np.abs(pictures - by_hand(model, mean))
    found = numbers["first 60 images"]
    np.testing.assert_allclose(numbers["image 0"]["largest pixel change"], moved[:, 0].max(-1), atol=1e-6)
    np.testing.assert_allclose(found["largest pixel change, mean over images"], moved.max(-1).mean(-1), atol=1e-6)
    np.testing.assert_allclose(found["root mean square pixel change"], np.sqrt((moved**2).mean((1, 2))), atol=1e-6)
    x = made_up().x.numpy()
    likelihood = (x * np.log(pictures) + (1 - x) * np.log1p(-pictures)).sum(-1).mean(-1)
    np.testing.assert_allclose(found["log p(x|z), mean over images"], likelihood, rtol=1e-5)


def test_experiment_6_sees_nothing_move_once_sigma_is_gone(use):
    use(linear_vae(log_var=-40.0))
    numbers = traversals.seed_6(QUICK).numbers
    assert max(numbers["first 60 images"]["largest pixel change of all"]) < numbers["one step of 8-bit grey"] / 2
    assert numbers["log variance"] == {"mean": -40.0, "least": -40.0, "most": -40.0}


def test_difference_within_a_digit_is_that_of_all_pairs():
    data = made_up()
    squares = []
    for digit in range(10):
        x = data.x[data.labels == digit].numpy()
        squares.append(np.mean([((a - b) ** 2).mean() for i, a in enumerate(x) for j, b in enumerate(x) if i != j]))
    assert traversals.within_digit(data) == pytest.approx(np.sqrt(np.mean(squares)), rel=1e-5)


def test_experiment_2_tells_used_from_unused_dimensions(use):
    model = linear_vae(log_var=0.0)
    use(model)
    numbers = traversals.seed_2(QUICK).numbers
    found = numbers["20 latents"]
    assert found["shown"]["least active"] == 2
    assert found["active dimensions"] == sum(value > 0.01 for value in model.encode(made_up().x)[0].var(0))
    assert found["root mean square pixel change"][2] == pytest.approx(0, abs=1e-6)
    assert found["KL, nats"][2] == 0
    assert found["variance of the posterior mean over the data"][2] == 0
    mean, log_var = model.encode(made_up().x)
    q = distributions.Normal(mean, (log_var / 2).exp())
    kl = distributions.kl_divergence(q, distributions.Normal(0.0, 1.0)).mean(0)
    np.testing.assert_allclose(found["KL, nats"], kl, atol=1e-6)
    np.testing.assert_allclose(found["variance of the posterior mean over the data"], mean.var(0), rtol=1e-5)


def test_the_seed_projects_sweep_moves_z_by_the_variance_times_t(use):
    model = linear_vae(log_var=-2.0)
    use(model)
    numbers = traversals.seed_2(QUICK).numbers
    j = numbers["20 latents"]["shown"]["most active"]
    mean = model.encode(made_up().x)[0][0, j].item()
    low, high = numbers["the seed project's sweep of the most active of 20"]["range of z_j"]
    assert low == pytest.approx(mean + np.exp(-1) * mean, rel=1e-5)
    assert high - low == pytest.approx(np.exp(-2) * 4.75, rel=1e-5)


def test_a_traversal_touches_one_dimension():
    z = torch.tensor([0.5, -1.0, 2.0])
    path = seed_paths.traverse(z, 1, torch.tensor([-3.0, 0.0, 3.0]))
    assert path.tolist() == [[0.5, -3.0, 2.0], [0.5, 0.0, 2.0], [0.5, 3.0, 2.0]]
    assert z.tolist() == [0.5, -1.0, 2.0]


def test_interpolation_reaches_both_ends_in_equal_steps():
    start, end = torch.randn(2, 4, 3, generator=torch.Generator().manual_seed(2))
    path = seed_paths.interpolate(start, end, traversals.PATH)
    assert torch.equal(path[0], start)
    assert torch.equal(path[-1], end)
    np.testing.assert_allclose(path, np.linspace(start, end, 21), atol=1e-6)


def test_experiment_3_shares_its_noise_and_reports_what_the_judge_says(use):
    """Without noise to speak of the ends are the pictures of the two means."""
    model = linear_vae(log_var=-40.0)
    use(model)
    numbers = traversals.seed_3(QUICK).numbers
    data = made_up()
    mean = model.encode(data.x)[0].numpy()
    four, nine = mean[data.labels == 4], mean[data.labels == 9]
    path = by_hand(model, np.linspace(four, nine, 21))
    weights = np.exp(path[..., :10])
    p = weights / weights.sum(-1, keepdims=True)
    found = numbers["straight line through z"]
    np.testing.assert_allclose(found["p(4)"], p[..., 4].mean(1), atol=1e-6)
    np.testing.assert_allclose(found["p(9)"], p[..., 9].mean(1), atol=1e-6)
    np.testing.assert_allclose(found["first pair"]["p(9)"], p[:, 0, 9], atol=1e-6)
    mixed = numbers["mixed pixels"]
    assert [mixed["p(4)"][k] for k in (0, -1)] == pytest.approx([found["p(4)"][k] for k in (0, -1)])
    total = np.sum([found["p(4)"], found["p(9)"], found["p(another digit)"]], 0)
    np.testing.assert_allclose(total, 1, atol=1e-6)


def test_the_quick_subjects_are_trained_on_their_own_objectives():
    x = torch.rand(50, 64, generator=torch.Generator().manual_seed(3))
    divergence = {
        name: kl_standard_normal(*subject(name, QUICK).encode(x)).mean().item() for name in ("kl-only", "no-kl")
    }
    assert divergence["kl-only"] < 0.01 < 1 < divergence["no-kl"]


def test_the_judge_knows_digits():
    assert judge(QUICK).test_accuracy > 0.7
