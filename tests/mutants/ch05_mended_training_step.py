"""Answers to ch05.mended_training_step. A wrong one's docstring is what its finding says; a right one has none."""

import torch
from torch.distributions import Normal, kl_divergence


def _bound(model, x, n, eps):
    mean, log_var = model.encode(x)
    z = mean + torch.exp(0.5 * log_var) * eps
    kl = 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum(-1)
    return n / len(x) * (model.log_likelihood(x, z).mean(0) - kl).sum()


def right_cleared_afterwards(model, optimizer, x, n, eps):
    mean, log_var = model.encode(x)
    q = Normal(mean, log_var.exp().sqrt())
    log_likelihood = model.log_likelihood(x, q.mean + q.stddev * eps)
    loss = (kl_divergence(q, Normal(0.0, 1.0)).sum(1) - log_likelihood.mean(0)).mean() * n
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return -loss.detach()


def right_by_a_closure(model, optimizer, x, n, eps):
    def closure():
        optimizer.zero_grad()
        loss = -_bound(model, x, n, eps)
        loss.backward()
        return loss

    return -optimizer.step(closure).detach()


def right_gradients_put_in_place(model, optimizer, x, n, eps):
    bound = _bound(model, x, n, eps)
    weights = list(model.parameters())
    for weight, gradient in zip(weights, torch.autograd.grad(bound, weights), strict=True):
        weight.grad = gradient.neg()
    optimizer.step()
    return bound.detach().clone()


def as_it_was(model, optimizer, x, n, eps):
    """wrong value: the broken step was not mended"""
    mean, log_var = model.encode(x)
    z = mean + torch.exp(log_var) * eps
    log_likelihood = model.log_likelihood(x, z.detach()).mean(0)
    kl = 0.5 * (mean**2 + log_var.exp() - 1 - log_var).mean(-1)
    bound = n * (log_likelihood - kl).sum()
    bound.backward()
    optimizer.step()
    return bound.detach()


def _climb(optimizer, bound):
    optimizer.zero_grad()
    (-bound).backward()
    optimizer.step()
    return bound.detach()


def downhill(model, optimizer, x, n, eps):
    """wrong value: the step goes downhill"""
    bound = _bound(model, x, n, eps)
    optimizer.zero_grad()
    bound.backward()
    optimizer.step()
    return bound.detach()


def negated(model, optimizer, x, n, eps):
    """wrong value: It is K13 (8), n/M times a sum of estimators B, before the step"""
    return -_climb(optimizer, _bound(model, x, n, eps))


def gradients_add_up(model, optimizer, x, n, eps):
    """wrong value: gradients of earlier steps are still there"""
    bound = _bound(model, x, n, eps)
    (-bound).backward()
    optimizer.step()
    return bound.detach()


def cleared_too_late(model, optimizer, x, n, eps):
    """wrong value: After one step these weights are not where"""
    bound = _bound(model, x, n, eps)
    (-bound).backward()
    optimizer.zero_grad()
    optimizer.step()
    return bound.detach()


def no_step(model, optimizer, x, n, eps):
    """wrong value: After one step these weights are not where"""
    bound = _bound(model, x, n, eps)
    optimizer.zero_grad()
    (-bound).backward()
    return bound.detach()


def scaled_by_n(model, optimizer, x, n, eps):
    """wrong value: the sum over the minibatch is scaled by n, not by n/M"""
    return _climb(optimizer, _bound(model, x, n * len(x), eps))


def mean_over_the_minibatch(model, optimizer, x, n, eps):
    """wrong value: the step follows a mean over the minibatch"""
    return _climb(optimizer, _bound(model, x, 1, eps))


def mean_in_the_gradient_only(model, optimizer, x, n, eps):
    """wrong value: the step follows a mean over the minibatch"""
    return n * _climb(optimizer, _bound(model, x, 1, eps))


def variance_for_sigma(model, optimizer, x, n, eps):
    """wrong value: the noise is scaled by σ², not by σ"""
    mean, log_var = model.encode(x)
    kl = 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum(-1)
    bounds = model.log_likelihood(x, mean + log_var.exp() * eps).mean(0) - kl
    return _climb(optimizer, n / len(x) * bounds.sum())


def z_detached(model, optimizer, x, n, eps):
    """wrong value: no gradient passes through z"""
    mean, log_var = model.encode(x)
    z = (mean + torch.exp(0.5 * log_var) * eps).detach()
    kl = 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum(-1)
    return _climb(optimizer, n / len(x) * (model.log_likelihood(x, z).mean(0) - kl).sum())


def divergence_averaged(model, optimizer, x, n, eps):
    """wrong value: the divergence is averaged over the latent dimensions"""
    mean, log_var = model.encode(x)
    z = mean + torch.exp(0.5 * log_var) * eps
    kl = 0.5 * (mean**2 + log_var.exp() - 1 - log_var).mean(-1)
    return _climb(optimizer, n / len(x) * (model.log_likelihood(x, z).mean(0) - kl).sum())


def two_mistakes_left(model, optimizer, x, n, eps):
    """wrong value: the noise is scaled by σ², not by σ, and the divergence is averaged over the latent dimensions"""
    mean, log_var = model.encode(x)
    z = mean + torch.exp(log_var) * eps
    kl = 0.5 * (mean**2 + log_var.exp() - 1 - log_var).mean(-1)
    return _climb(optimizer, n / len(x) * (model.log_likelihood(x, z).mean(0) - kl).sum())


def draws_summed(model, optimizer, x, n, eps):
    """wrong value: the draws are summed, not averaged"""
    mean, log_var = model.encode(x)
    z = mean + torch.exp(0.5 * log_var) * eps
    kl = 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum(-1)
    return _climb(optimizer, n / len(x) * (model.log_likelihood(x, z).sum(0) - kl).sum())


def no_divergence(model, optimizer, x, n, eps):
    """wrong value: the divergence is missing"""
    mean, log_var = model.encode(x)
    z = mean + torch.exp(0.5 * log_var) * eps
    return _climb(optimizer, n / len(x) * model.log_likelihood(x, z).mean(0).sum())


def encoder_alone(model, optimizer, x, n, eps):
    """wrong value: mended_training_step returned for the decoder's weights wrong values"""
    bound = _bound(model, x, n, eps)
    optimizer.zero_grad()
    (-bound).backward()
    model.decoder.grad = None
    optimizer.step()
    return bound.detach()


def estimate_after_the_step(model, optimizer, x, n, eps):
    """wrong value: before the step"""
    _climb(optimizer, _bound(model, x, n, eps))
    return _bound(model, x, n, eps).detach()


def optimizer_of_its_own(model, optimizer, x, n, eps):
    """wrong value: Leave the step to the optimizer that is given"""
    return _climb(torch.optim.SGD(model.parameters(), lr=0.003), _bound(model, x, n, eps))


def graph_returned(model, optimizer, x, n, eps):
    """wrong value: The returned estimate still holds the graph behind it"""
    bound = _bound(model, x, n, eps)
    _climb(optimizer, bound)
    return bound


def one_estimate_for_each_data_point(model, optimizer, x, n, eps):
    """wrong type or shape: mended_training_step returned the shape"""
    return _climb(optimizer, _bound(model, x, n, eps)).expand(len(x))


def a_number(model, optimizer, x, n, eps):
    """wrong type or shape: mended_training_step returned a value of type float"""
    return _climb(optimizer, _bound(model, x, n, eps)).item()


def noise_of_its_own(model, optimizer, x, n, eps):
    """wrong value: the call changed the random number generator"""
    return _climb(optimizer, _bound(model, x, n, torch.randn_like(eps)))


def changed_in_place(model, optimizer, x, n, eps):
    """wrong value: the call changed its argument eps"""
    eps *= 0.99
    return _climb(optimizer, _bound(model, x, n, eps))


def hard_coded(model, optimizer, x, n, eps):
    """wrong value: After one step these weights are not where"""
    return torch.tensor(-4.6752, dtype=x.dtype)
