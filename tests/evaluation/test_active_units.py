"""Active units of encoders whose posterior means are known."""

import torch
from torch import Tensor

from vae_edu.evaluation.active_units import active_units, activity
from vae_edu.likelihoods import Bernoulli
from vae_edu.models import GaussianMLP, TwoLayerVAE, mlp_vae


def scaling(scales: list[float], log_var: float = 0.0) -> GaussianMLP:
    """An encoder whose mean is scale·input, unit by unit."""
    network = GaussianMLP((len(scales), len(scales)), torch.nn.Identity).double()
    with torch.no_grad():
        network.mean.weight.copy_(torch.diag(torch.tensor(scales)))
        network.log_var.weight.zero_()
        network.log_var.bias.fill_(log_var)
        network.mean.bias.fill_(3.0)  # a mean that is not 0 is no activity
    return network


def data() -> Tensor:
    x = torch.randn(500, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return x / x.std(0)


def test_one_layer() -> None:
    model = mlp_vae(3, (4,), 3).double()
    model.encoder = scaling([1.0, 0.0, 0.2])
    activities = activity(model, data())
    torch.testing.assert_close(activities[0], torch.tensor([1.0, 0.0, 0.04], dtype=torch.float64))
    assert active_units(activities) == [2]
    assert active_units(activities, threshold=0.05) == [1]


def test_noise_of_the_layer_below_is_averaged_out() -> None:
    """q(h1|x) with variance 1 would alone make every upper unit look active; over 1,000 draws, 0.001 of it is left."""
    encoders = scaling([1.0, 0.0, 0.2], log_var=0.0), scaling([0.5, 1.0, 1.0])
    model = TwoLayerVAE(encoders, (scaling([1.0] * 3), scaling([1.0] * 3)), Bernoulli(), (3, 3))
    activities = activity(model, data(), 1000, torch.Generator().manual_seed(1))
    assert active_units(activities) == [2, 2]
    torch.testing.assert_close(
        activities[1], torch.tensor([0.25, 0.0, 0.04], dtype=torch.float64), rtol=0.05, atol=0.003
    )
    one_draw = activity(model, data(), 1, torch.Generator().manual_seed(1))
    assert active_units(one_draw) == [2, 3]
