"""Wake-sleep: each network gets the gradient of its own objective, and where q can be exact it reaches the maximum."""

import pytest
import torch

from vae_edu.bounds import elbo_a
from vae_edu.errors import UserError
from vae_edu.gaussians import log_normal, log_standard_normal
from vae_edu.learning import evaluate, wake_sleep
from vae_edu.learning.adagrad import GatheringAdagrad
from vae_edu.models import gaussian_mlp_vae, mlp_vae


def listen(model):
    """Keep what is drawn while learning: arguments of encode, decode and log_likelihood, call by call."""
    heard = {"encode": [], "decode": [], "log_likelihood": []}
    for name, calls in heard.items():
        method = getattr(model, name)

        def call(*arguments, _method=method, _calls=calls):
            _calls.append([argument.detach().clone() for argument in arguments])
            return _method(*arguments)

        setattr(model, name, call)
    return heard


@pytest.mark.parametrize("maker", [mlp_vae, gaussian_mlp_vae])
def test_one_step_climbs_log_joint_awake_and_log_q_of_dreams_asleep(maker, digits):
    torch.manual_seed(0)
    model, x = maker(64, (8,), 2).double(), digits.x[:20].double()
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    heard = listen(model)
    wake_sleep(
        model, x, epochs=1, batch_size=20, learning_rate=0.01, make_optimizer=torch.optim.SGD, progress=False
    )  # fmt: skip
    after = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    ((batch,), (dream,)), (batch_again, z) = heard["encode"], heard["log_likelihood"][0]
    dreamed_z = heard["decode"][0][0]
    assert torch.equal(batch, batch_again)
    assert not torch.equal(z, dreamed_z)

    fresh = maker(64, (8,), 2).double()
    fresh.load_state_dict(before)
    wake = (fresh.log_likelihood(batch, z) + log_standard_normal(z)).mean()
    sleep = log_normal(dreamed_z, *fresh.encode(dream)).mean()
    for part, objective in (("decoder", wake), ("encoder", sleep)):
        names = [name for name in before if name.startswith(part)]
        gradients = torch.autograd.grad(objective, [dict(fresh.named_parameters())[name] for name in names])
        for name, gradient in zip(names, gradients, strict=True):
            torch.testing.assert_close(after[name], before[name] + 0.01 * gradient)


def test_dreams_are_draws_of_the_model_not_its_mean_pictures(digits):
    torch.manual_seed(0)
    model = mlp_vae(64, (8,), 2)
    heard = listen(model)
    wake_sleep(model, digits.x[:50], epochs=1, progress=False)
    assert set(heard["encode"][1][0].unique().tolist()) == {0.0, 1.0}


def test_it_reaches_the_largest_evidence_of_a_linear_model(line):
    """With one latent the encoder can be the posterior, and then wake-sleep is stochastic EM."""
    model = line.new_model()
    wake_sleep(model, line.x, epochs=80, batch_size=100, learning_rate=1e-2, progress=False)
    # Adam's steps jitter each of 13 parameters by about the learning rate; the evidence is quadratic around its top.
    assert line.best - 0.05 < model.log_marginal(line.x).mean() <= line.best + 1e-4
    assert model.gap(line.x).mean() < 0.05


def test_what_is_recorded_is_estimator_a_of_the_bound(digits):
    """With the networks held still (learning rate 0) the epoch's mean is the bound's, up to sampling."""
    torch.manual_seed(0)
    model = mlp_vae(64, (8,), 2).double()
    x = digits.x.double()
    history = wake_sleep(model, x, x_test=x, epochs=1, learning_rate=0.0, progress=False)
    draws = elbo_a(model, x, eps=torch.randn(200, len(x), 2, dtype=torch.float64)[:, :, :])
    several = torch.stack([elbo_a(model, x, samples=1) for _ in range(200)])
    # Noise of the mean over n images of one draw each; five standard deviations and more have a chance below 1e-6.
    noise = (several.var(0).mean() / len(x)).sqrt()
    assert abs(history["bound"][0] - draws.mean()) < 5.5 * noise
    assert history["test bound"][0] == pytest.approx(evaluate(model, x))


def test_it_resumes_and_is_not_mistaken_for_fit(digits, tmp_path):
    options = {"batch_size": 50, "progress": False, "weight_prior": True, "make_optimizer": GatheringAdagrad}

    def new():
        torch.manual_seed(0)
        return mlp_vae(64, (8,), 2)

    whole = wake_sleep(new(), digits.x, epochs=4, **options)
    wake_sleep(new(), digits.x, epochs=2, resume=tmp_path / "s.pt", **options)
    resumed = wake_sleep(new(), digits.x, epochs=4, resume=tmp_path / "s.pt", **options)
    assert resumed["bound"] == whole["bound"]
    from vae_edu.learning import fit

    with pytest.raises(UserError, match="learner was wake-sleep and is now None"):
        fit(new(), digits.x, epochs=4, resume=tmp_path / "s.pt", **options)
