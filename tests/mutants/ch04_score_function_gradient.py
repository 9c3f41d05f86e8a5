"""Answers to ch04.score_function_gradient. A wrong one's docstring is what its finding says; a right one has none."""

import torch
from torch.distributions import Normal


def right_through_autograd(f, mean, log_var, eps):
    z = mean.detach() + torch.exp(0.5 * log_var.detach()) * eps
    value = f(z).detach()
    baseline = torch.stack([torch.cat([value[:k], value[k + 1 :]]).mean(0) for k in range(len(value))])
    leaves = mean.detach().clone().requires_grad_(), log_var.detach().clone().requires_grad_()
    with torch.enable_grad():
        log_q = Normal(leaves[0], torch.exp(0.5 * leaves[1])).log_prob(z).sum(-1)
        return torch.autograd.grad(((value - baseline) * log_q).mean(0).sum(), leaves)


def right_by_covariances(f, mean, log_var, eps):
    sigma = log_var.double().exp().sqrt()
    value = f(mean.double() + sigma * eps.double())
    centered = value - value.mean(0)  # with the draw's own value in the mean, what is left is (L - 1)/L of it
    by_mean = torch.einsum("lb,lbj->bj", centered, eps.double()) / (len(eps) - 1) / sigma
    by_log_var = torch.einsum("lb,lbj->bj", centered, 0.5 * (eps.double() ** 2 - 1)) / (len(eps) - 1)
    return by_mean.to(mean.dtype), by_log_var.to(mean.dtype)


def right_draw_by_draw(f, mean, log_var, eps):
    heights = [f(mean + (log_var / 2).exp() * one) for one in eps]
    gradients = [torch.zeros_like(mean), torch.zeros_like(mean)]
    for draw, one in enumerate(eps):
        others = sum(height for k, height in enumerate(heights) if k != draw) / (len(eps) - 1)
        weight = ((heights[draw] - others) / len(eps))[:, None]
        gradients[0] = gradients[0] + weight * one / (log_var / 2).exp()
        gradients[1] = gradients[1] + weight * (one * one - 1) / 2
    return tuple(gradients)


def right_because_the_weights_sum_to_zero(f, mean, log_var, eps):
    value = f(mean + torch.exp(0.5 * log_var) * eps)
    weight = ((len(value) * value - value.sum(0)) / (len(value) - 1)).unsqueeze(-1)
    # A constant in the score meets weights whose sum over the draws is 0, so the -1/2 may be left out.
    return (weight * eps).mean(0) / torch.exp(log_var / 2), (weight * eps**2).mean(0) / 2


def _scores(log_var, eps):
    return eps * torch.exp(-0.5 * log_var), 0.5 * (eps**2 - 1)


def _heights(f, mean, log_var, eps):
    value = f(mean + torch.exp(0.5 * log_var) * eps)
    return value, (value.sum(0) - value) / (len(value) - 1)


def _average(weight, scores):
    return tuple((weight.unsqueeze(-1) * score).mean(0) for score in scores)


def no_baseline(f, mean, log_var, eps):
    """wrong value: there is no baseline"""
    return _average(_heights(f, mean, log_var, eps)[0], _scores(log_var, eps))


def mean_of_all(f, mean, log_var, eps):
    """wrong value: the baseline is the mean of all draws"""
    value, _ = _heights(f, mean, log_var, eps)
    return _average(value - value.mean(0), _scores(log_var, eps))


def mean_over_the_batch(f, mean, log_var, eps):
    """wrong value: the baseline was taken over the data points"""
    value, _ = _heights(f, mean, log_var, eps)
    return _average(value - value.mean(1, keepdim=True), _scores(log_var, eps))


def sum_of_the_others(f, mean, log_var, eps):
    """wrong value: the baseline is the sum of the other draws"""
    value, others = _heights(f, mean, log_var, eps)
    return _average(value - others * (len(eps) - 1), _scores(log_var, eps))


def baseline_added(f, mean, log_var, eps):
    """wrong value: the baseline was added"""
    value, others = _heights(f, mean, log_var, eps)
    return _average(value + others, _scores(log_var, eps))


def next_draw_as_baseline(f, mean, log_var, eps):
    """wrong value: score_function_gradient returned for the gradient with respect to mean wrong values"""
    value, _ = _heights(f, mean, log_var, eps)
    return _average(value - value.roll(1, 0), _scores(log_var, eps))


def divided_by_samples(f, mean, log_var, eps):
    """wrong value: For a constant f every draw equals its baseline"""
    value, others = _heights(f, mean, log_var, eps)
    return _average(value - others * (len(eps) - 1) / len(eps), _scores(log_var, eps))


def summed(f, mean, log_var, eps):
    """wrong value: the draws were summed, not averaged"""
    value, others = _heights(f, mean, log_var, eps)
    weight = (value - others).unsqueeze(-1)
    return tuple((weight * score).sum(0) for score in _scores(log_var, eps))


def turned_sign(f, mean, log_var, eps):
    """wrong value: the sign is turned round"""
    value, others = _heights(f, mean, log_var, eps)
    return _average(others - value, _scores(log_var, eps))


def swapped(f, mean, log_var, eps):
    """wrong value: the two gradients changed places"""
    value, others = _heights(f, mean, log_var, eps)
    return _average(value - others, _scores(log_var, eps)[::-1])


def no_sigma(f, mean, log_var, eps):
    """wrong value: the score of mean lacks its 1/σ"""
    value, others = _heights(f, mean, log_var, eps)
    return _average(value - others, (eps, 0.5 * (eps**2 - 1)))


def variance_for_sigma(f, mean, log_var, eps):
    """wrong value: the score of mean was divided by σ²"""
    value, others = _heights(f, mean, log_var, eps)
    return _average(value - others, (eps / log_var.exp(), 0.5 * (eps**2 - 1)))


def by_log_sigma(f, mean, log_var, eps):
    """wrong value: the second gradient is with respect to log σ"""
    value, others = _heights(f, mean, log_var, eps)
    by_mean, _ = _scores(log_var, eps)
    return _average(value - others, (by_mean, eps**2 - 1))


def by_sigma(f, mean, log_var, eps):
    """wrong value: the second gradient is with respect to σ, not to log_var"""
    value, others = _heights(f, mean, log_var, eps)
    by_mean, _ = _scores(log_var, eps)
    return _average(value - others, (by_mean, (eps**2 - 1) * torch.exp(-0.5 * log_var)))


def wrong_draws(f, mean, log_var, eps):
    """wrong value: score_function_gradient returned for the gradient with respect to mean wrong values"""
    value, others = _heights(f, mean, 2 * log_var, eps)
    return _average(value - others, _scores(log_var, eps))


def pathwise(f, mean, log_var, eps):
    """exception: score_function_gradient stopped with RuntimeError"""
    leaves = mean.clone().requires_grad_(), log_var.clone().requires_grad_()
    value = f(leaves[0] + torch.exp(0.5 * leaves[1]) * eps)
    return torch.autograd.grad(value.mean(0).sum(), leaves)


def live_draws_in_log_q(f, mean, log_var, eps):
    """wrong value: Its average over all draws misses the exact gradient"""
    leaves = mean.clone().requires_grad_(), log_var.clone().requires_grad_()
    z = leaves[0] + torch.exp(0.5 * leaves[1]) * eps
    value = f(z).detach()
    others = (value.sum(0) - value) / (len(value) - 1)
    log_q = Normal(leaves[0], torch.exp(0.5 * leaves[1])).log_prob(z).sum(-1)
    return torch.autograd.grad(((value - others) * log_q).mean(0).sum(), leaves)


def one_score_for_all_dimensions(f, mean, log_var, eps):
    """wrong value: score_function_gradient returned for the gradient with respect to mean wrong values"""
    value, others = _heights(f, mean, log_var, eps)
    scores = [score.sum(-1, keepdim=True).expand_as(eps) for score in _scores(log_var, eps)]
    return _average(value - others, scores)


def clamped(f, mean, log_var, eps):
    """wrong value: neither clamp σ nor add a small number to it"""
    value, others = _heights(f, mean, log_var, eps)
    return _average(value - others, (eps / (torch.exp(0.5 * log_var) + 1e-6), 0.5 * (eps**2 - 1)))


def batch_mean(f, mean, log_var, eps):
    """wrong type or shape: returned for the gradient with respect to mean the shape"""
    value, others = _heights(f, mean, log_var, eps)
    return tuple(gradient.mean(0) for gradient in _average(value - others, _scores(log_var, eps)))


def draws_kept(f, mean, log_var, eps):
    """wrong type or shape: returned for the gradient with respect to mean the shape"""
    value, others = _heights(f, mean, log_var, eps)
    return tuple((value - others).unsqueeze(-1) * score for score in _scores(log_var, eps))


def stacked(f, mean, log_var, eps):
    """wrong type or shape: score_function_gradient should return a tuple"""
    value, others = _heights(f, mean, log_var, eps)
    return torch.stack(_average(value - others, _scores(log_var, eps)))


def changed_in_place(f, mean, log_var, eps):
    """wrong value: the call changed its argument eps"""
    value, others = _heights(f, mean, log_var, eps)
    by_mean = _average(value - others, _scores(log_var, eps)[:1])
    return *by_mean, *_average(value - others, [eps.square_().sub_(1).mul_(0.5)])


def hard_coded(f, mean, log_var, eps):
    """wrong value: wrong values"""
    return torch.full_like(mean, 6.0), torch.full_like(mean, 15 / 8)
