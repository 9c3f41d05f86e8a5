"""Answers to ch16.doubly_reparameterized. A wrong one's docstring is what its finding has to say, a right has none."""

import torch
from torch.distributions import Normal


def _pieces(x, mean, log_var, weight, eps):
    """The normalized weights, the slope of log p(x, z) and the standard deviation."""
    std = torch.exp(0.5 * log_var)
    z = mean + std * eps
    residual = x - z @ weight.mT
    log_w = -0.5 * (residual**2).sum(-1) - 0.5 * (z**2).sum(-1) + 0.5 * (eps**2).sum(-1)
    return torch.softmax(log_w, 0).unsqueeze(-1), residual @ weight - z, std


def _sums(weights, slope, std, eps):
    return (weights * slope).sum(0), (weights * slope * std * eps).sum(0) / 2


def right_by_autograd(x, mean, log_var, weight, eps):
    leaves = [mean.detach().clone().requires_grad_(), log_var.detach().clone().requires_grad_()]
    z = leaves[0] + torch.exp(leaves[1] / 2) * eps
    q, one = Normal(mean, (log_var / 2).exp()), Normal(0.0, 1.0)
    log_w = Normal(z @ weight.T, 1.0).log_prob(x).sum(-1) + (one.log_prob(z) - q.log_prob(z)).sum(-1)
    share = torch.softmax(log_w.detach(), dim=0)
    by_mean, by_log_var = torch.autograd.grad(torch.sum(share**2 * log_w), leaves)
    return by_mean, by_log_var


def right_draw_by_draw(x, mean, log_var, weight, eps):
    std = log_var.exp().sqrt()
    precision = torch.eye(weight.shape[1], dtype=x.dtype) + weight.T @ weight
    logs, slopes = [], []
    for noise in eps:
        z = mean + std * noise
        logs.append((-(x - z @ weight.T).square() / 2).sum(1) + (noise**2 - z**2).sum(1) / 2)
        slopes.append(x @ weight - z @ precision + noise / std)
    total = torch.logsumexp(torch.stack(logs), 0)
    by_mean, by_log_var = torch.zeros_like(mean), torch.zeros_like(mean)
    for noise, log_w, slope in zip(eps, logs, slopes, strict=True):
        pull = torch.exp(2 * (log_w - total))[:, None] * slope
        by_mean = by_mean + pull
        by_log_var = by_log_var + 0.5 * pull * std * noise
    return by_mean, by_log_var


def usual_gradient(x, mean, log_var, weight, eps):
    """wrong value: the usual gradient of the bound of many draws was returned"""
    leaves = [mean.detach().clone().requires_grad_(), log_var.detach().clone().requires_grad_()]
    q = Normal(leaves[0], (leaves[1] / 2).exp())
    z = leaves[0] + q.stddev * eps
    log_w = -0.5 * (x - z @ weight.T).square().sum(-1) + (Normal(0.0, 1.0).log_prob(z) - q.log_prob(z)).sum(-1)
    return torch.autograd.grad(log_w.logsumexp(0).sum(), leaves)


def not_squared(x, mean, log_var, weight, eps):
    """wrong value: the normalized weights were not squared"""
    share, slope, std = _pieces(x, mean, log_var, weight, eps)
    return _sums(share, slope + eps / std, std, eps)


def equal_weights(x, mean, log_var, weight, eps):
    """wrong value: all draws have the same weight, as in the VAE's bound"""
    share, slope, std = _pieces(x, mean, log_var, weight, eps)
    return _sums(torch.full_like(share, 1 / len(eps)), slope + eps / std, std, eps)


def what_is_subtracted(x, mean, log_var, weight, eps):
    """wrong value: the weights are w̃(1 - w̃)"""
    share, slope, std = _pieces(x, mean, log_var, weight, eps)
    return _sums(share * (1 - share), slope + eps / std, std, eps)


def no_q_in_the_slope(x, mean, log_var, weight, eps):
    """wrong value: q is missing from the derivative of log w"""
    share, slope, std = _pieces(x, mean, log_var, weight, eps)
    return _sums(share**2, slope, std, eps)


def no_q_in_the_weights(x, mean, log_var, weight, eps):
    """wrong value: q is missing from the weights"""
    _, slope, std = _pieces(x, mean, log_var, weight, eps)
    z = mean + std * eps
    share = torch.softmax(-0.5 * (x - z @ weight.mT).square().sum(-1) - 0.5 * z.square().sum(-1), 0).unsqueeze(-1)
    return _sums(share**2, slope + eps / std, std, eps)


def no_prior(x, mean, log_var, weight, eps):
    """wrong value: the prior is missing from the derivative of log w"""
    share, slope, std = _pieces(x, mean, log_var, weight, eps)
    return _sums(share**2, slope + eps / std + mean + std * eps, std, eps)


def q_the_wrong_way(x, mean, log_var, weight, eps):
    """wrong value: the derivative of log q has the wrong sign"""
    share, slope, std = _pieces(x, mean, log_var, weight, eps)
    return _sums(share**2, slope - eps / std, std, eps)


def variance_for_deviation(x, mean, log_var, weight, eps):
    """wrong value: the derivative of log q was divided by σ twice"""
    share, slope, std = _pieces(x, mean, log_var, weight, eps)
    return _sums(share**2, slope + eps / std**2, std, eps)


def no_half(x, mean, log_var, weight, eps):
    """wrong value: the derivative of z by log_var lacks the factor 1/2"""
    share, slope, std = _pieces(x, mean, log_var, weight, eps)
    return _sums(share**2, slope + eps / std, std, eps)[0], _sums(share**2, slope + eps / std, 2 * std, eps)[1]


def by_sigma(x, mean, log_var, weight, eps):
    """wrong value: the derivative was taken by σ"""
    share, slope, std = _pieces(x, mean, log_var, weight, eps)
    pull = share**2 * (slope + eps / std)
    return pull.sum(0), (pull * eps).sum(0)


def averaged(x, mean, log_var, weight, eps):
    """wrong value: the draws were averaged"""
    share, slope, std = _pieces(x, mean, log_var, weight, eps)
    pull = share**2 * (slope + eps / std)
    return pull.mean(0), (pull * 0.5 * std * eps).mean(0)


def a_loss(x, mean, log_var, weight, eps):
    """wrong value: the sign is turned round"""
    share, slope, std = _pieces(x, mean, log_var, weight, eps)
    return _sums(-(share**2), slope + eps / std, std, eps)


def changed_places(x, mean, log_var, weight, eps):
    """wrong value: the two gradients changed places"""
    share, slope, std = _pieces(x, mean, log_var, weight, eps)
    return _sums(share**2, slope + eps / std, std, eps)[::-1]


def normalized_over_the_batch(x, mean, log_var, weight, eps):
    """wrong value: doubly_reparameterized returned for mean wrong values"""
    share, slope, std = _pieces(x, mean, log_var, weight, eps)
    share = share / share.sum(1, keepdim=True)
    return _sums(share**2, slope + eps / std, std, eps)


def weights_formed(x, mean, log_var, weight, eps):
    """wrong value: normalize them by their logarithms"""
    _, slope, std = _pieces(x, mean, log_var, weight, eps)
    z = mean + std * eps
    w = torch.exp(0.5 * (eps**2 - z**2).sum(-1) - 0.5 * (x - z @ weight.mT).square().sum(-1)).unsqueeze(-1)
    return _sums((w / w.sum(0)) ** 2, slope + eps / std, std, eps)


def small_number_added(x, mean, log_var, weight, eps):
    """wrong value: normalize them by their logarithms"""
    _, slope, std = _pieces(x, mean, log_var, weight, eps)
    z = mean + std * eps
    w = torch.exp(0.5 * (eps**2 - z**2).sum(-1) - 0.5 * (x - z @ weight.mT).square().sum(-1)).unsqueeze(-1)
    return _sums((w / (w.sum(0) + 1e-300)) ** 2, slope + eps / std, std, eps)


def summed_over_the_batch(x, mean, log_var, weight, eps):
    """wrong type or shape: the gradients were summed over the batch"""
    share, slope, std = _pieces(x, mean, log_var, weight, eps)
    return tuple(value.sum(0) for value in _sums(share**2, slope + eps / std, std, eps))


def one_tensor(x, mean, log_var, weight, eps):
    """wrong type or shape: doubly_reparameterized should return a tuple"""
    share, slope, std = _pieces(x, mean, log_var, weight, eps)
    return _sums(share**2, slope + eps / std, std, eps)[0]


def changed_in_place(x, mean, log_var, weight, eps):
    """wrong value: the call changed its argument log_var"""
    share, slope, std = _pieces(x, mean, log_var, weight, eps)
    right = _sums(share**2, slope + eps / std, std, eps)
    log_var.mul_(0.5).exp_()
    return right
