"""D16 figure 8 and its half-digit claim: what is measured of models that are known, and what is drawn."""

from functools import partial

import pytest
import torch
from matplotlib.colors import to_rgb
from torch import nn

from vae_edu.data import load
from vae_edu.experiments import Request, d16_fig8, d16_half
from vae_edu.experiments.seed_subjects import judge
from vae_edu.likelihoods import Bernoulli
from vae_edu.models import CVAE, mlp_cvae, mlp_regressor
from vae_edu.objectives import regression_terms
from vae_edu.plots.conditional import DARK, completions
from vae_edu.plots.style import ORANGE
from vae_edu.recipes import CENTER_COLUMN

QUICK = Request("quick", progress=False)
COLUMN = d16_fig8.DIGITS_COLUMN
TARGETS = 64 - 8
LOG_HALF = torch.tensor(0.5).log().item()


@pytest.fixture(scope="module")
def x() -> torch.Tensor:
    return load("digits", "test").x


@pytest.fixture(scope="module")
def critic():
    return judge(QUICK)


def silent(model: nn.Module) -> nn.Module:
    """Every weight zero: a picture of one half everywhere, a posterior that is the prior."""
    for parameter in model.requires_grad_(False).parameters():
        parameter.zero_()
    return model


class Coin(nn.Module):
    """A decoder whose target is all ink where z > 0 and all paper elsewhere, whatever the condition."""

    def forward(self, z, condition):
        return (1e6 * z).expand(*z.shape[:-1], TARGETS)


def test_a_cvae_that_knows_nothing(x, critic):
    numbers = d16_fig8.measure_cvae(silent(mlp_cvae(64, COLUMN, (5,), (6,), 2)), x, critic, 0)
    error = ((x[:, numbers_of_the_target()] - 0.5) ** 2).sum(1)[: d16_fig8.IMAGES].mean().item()
    assert numbers["bound on log p(y|c)"]["mean"] == pytest.approx(TARGETS * LOG_HALF, rel=1e-5)
    few = numbers[f"first {d16_fig8.IMAGES}"]
    assert few["bound of 100 importance weights"] == pytest.approx(few["bound"], abs=1e-3)
    assert numbers["share of grey pixels"] == numbers["classes among 20 samples"] == 1
    assert numbers["variance over samples, summed over pixels"] == pytest.approx(0, abs=1e-6)
    assert list(numbers["squared error of the best of so many"].values()) == pytest.approx([error] * 7, rel=1e-5)


def numbers_of_the_target() -> list[int]:
    return [i for i in range(64) if i % 8 != 3]


def test_a_cvae_that_tosses_a_coin(x, critic):
    """Ink or paper: variance ¼ per pixel, no grey, and the best of many is whichever is nearer.

    The mean over 297 images of sample variances of 100 tosses strays less than 1e-3 but for a chance below 1e-6: one
    strays about 0.0035 (its fourth moment is 1/16), and the mean of 297 a seventeenth of that, times 5.
    """
    encoder = silent(mlp_cvae(64, COLUMN, (), (6,), 1)).encoder
    model = CVAE(encoder, Coin(), Bernoulli(), 1, 64, COLUMN)
    numbers = d16_fig8.measure_cvae(model, x, critic, 0)
    assert numbers["share of grey pixels"] == 0
    assert numbers["mean of the samples"]["share of grey pixels"] == 1
    assert numbers["variance over samples, summed over pixels"] == pytest.approx(TARGETS / 4, abs=2e-3 * TARGETS)
    target = x[:, numbers_of_the_target()]
    nearer = torch.minimum((target**2).sum(1), ((1 - target) ** 2).sum(1)).mean().item()
    assert numbers["squared error of the best of so many"]["100"] == pytest.approx(nearer, rel=1e-5)


def test_a_regressor_by_hand(x, critic):
    torch.manual_seed(0)
    model = mlp_regressor(64, COLUMN, (7,)).requires_grad_(False)
    numbers = d16_fig8.measure_regressor(model, x, critic)
    p = torch.sigmoid(model.network(x[:, list(COLUMN)]))
    target = x[:, numbers_of_the_target()]
    value = (target * p.log() + (1 - target) * (1 - p).log()).sum(1)
    assert numbers["log p(y|c)"]["mean"] == pytest.approx(value.mean().item(), rel=1e-5)
    assert numbers["squared error"] == pytest.approx(((p - target) ** 2).sum(1).mean().item(), rel=1e-5)


def test_grey_counts_what_is_neither_ink_nor_paper():
    assert d16_fig8.grey(torch.tensor([0.0, 0.05, 0.2, 0.5, 0.95, 1.0])) == pytest.approx(2 / 6)


def test_the_figure_colors_what_was_given_and_puts_it_in_its_place():
    images = torch.zeros(4, 15, 784)
    images[1, 2, 13 + 28 * 5] = 1  # given, ink
    images[1, 2, 14 + 28 * 5] = 0.5  # told
    axes = completions({"a": images, "b": images}, list(CENTER_COLUMN), (28, 28)).axes
    whole = axes[1].images[0].get_array()
    assert whole.shape == (4 * 28, 15 * 28, 3)
    assert whole[28 + 5, 2 * 28 + 13].tolist() == pytest.approx(to_rgb(ORANGE))
    assert whole[28 + 6, 2 * 28 + 13].tolist() == pytest.approx(to_rgb(DARK))
    assert whole[28 + 5, 2 * 28 + 14].tolist() == pytest.approx([0.5] * 3)
    assert [a.get_title() for a in axes] == ["a", "b"]


def test_the_paper_s_networks_have_the_paper_s_sizes():
    regressor = d16_fig8.untrained("regressor-column", Request("paper"))
    assert [p.shape[0] for p in regressor.parameters() if p.ndim == 2] == [1000, 500, 250, 250, 500, 1000, 756]
    assert d16_fig8.untrained("cvae-column", Request("paper")).latent == 30
    assert d16_fig8.untrained("cvae-column", Request("cpu")).latent == 16


def test_the_two_conditions():
    where = d16_half.given((28, 28))
    assert where["column"] == CENTER_COLUMN
    assert torch.equal(torch.arange(784)[where["left half"]].view(28, 14), torch.arange(784).view(28, 28)[:, :14])


def test_drawn_conditions_are_0_or_1_with_the_grey_values_as_probabilities(x):
    """10,000 draws per pixel stray at most 5 standard deviations, 0.025; false alarm 6e-7 per pixel, 8 pixels."""
    model = mlp_regressor(64, COLUMN, (3,))
    rows = x[0].expand(10_000, -1)
    drawn = d16_half.drawn(model, rows, torch.Generator().manual_seed(0))
    condition = drawn[:, list(COLUMN)]
    assert ((condition == 0) | (condition == 1)).all()
    assert (condition.mean(0) - x[0, list(COLUMN)]).abs().max() < 0.025
    assert torch.equal(drawn[:, numbers_of_the_target()], rows[:, numbers_of_the_target()])


def test_an_objective_with_drawn_condition_is_the_objective_of_the_drawn_rows(x):
    model = mlp_regressor(64, COLUMN, (3,))
    objective = partial(d16_half.with_drawn_condition, objective=regression_terms)
    (value,) = objective(model, x[:9], generator=torch.Generator().manual_seed(1)).values()
    rows = d16_half.drawn(model, x[:9], torch.Generator().manual_seed(1))
    torch.testing.assert_close(value, model.log_likelihood(rows))


@pytest.mark.parametrize("module", [d16_fig8, d16_half])
def test_quick_runs_need_no_mnist(no_data, module):
    outcome = module.reproduce(QUICK)
    assert set(outcome.data) == {"digits train", "digits test"}
