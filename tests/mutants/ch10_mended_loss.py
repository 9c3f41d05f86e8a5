"""Answers to ch10.mended_loss. A wrong one's docstring is what its finding has to say; a right one has none."""

import torch
import torch.nn.functional as F


def right_through_softplus(x, eps, conv, heads, linear, up):
    h = torch.conv2d(x, conv, None, 2, 1).clamp(min=0)
    latent = eps.shape[1]
    outputs = torch.einsum("bchw,kchw->bk", h, heads.reshape(2 * latent, *h.shape[1:]))
    mean, log_var = outputs[:, :latent], outputs[:, latent:]
    std = torch.sqrt(torch.exp(log_var))
    z = torch.addcmul(mean, std, eps)
    h = torch.relu(z @ linear.T).view(len(x), len(up), x.shape[2] // 2, -1)
    logits = torch.conv_transpose2d(h, up, None, 2, 1)
    log_likelihood = torch.sum((x * logits - F.softplus(logits)).flatten(1), 1)
    kl = -torch.sum(1 + log_var - mean**2 - std**2, 1) / 2
    return -torch.mean(log_likelihood - kl), log_likelihood, kl, logits, z


def right_one_picture_at_a_time(x, eps, conv, heads, linear, up):
    results = []
    for picture, noise in zip(x, eps, strict=True):
        h = F.relu(F.conv2d(picture, conv, stride=2, padding=1))
        mean, log_var = (heads @ h.flatten()).split(len(noise))
        z = mean + log_var.exp() ** 0.5 * noise
        maps = F.relu(linear @ z).unflatten(0, h.shape)
        logits = F.conv_transpose2d(maps, up, stride=2, padding=1)
        log_likelihood = x.new_zeros(()) - F.binary_cross_entropy_with_logits(logits, picture, reduction="sum")
        kl = (mean.square() + log_var.exp() - 1 - log_var).sum() / 2
        results.append((kl - log_likelihood, log_likelihood, kl, logits, z))
    loss, *others = map(torch.stack, zip(*results, strict=True))
    return loss.sum() / len(x), *others


def _vae(
    x, eps, conv, heads, linear, up, *, variance=False, detach=False, mixed=False, sigmoid=False, mean_over_pixels=False
):
    h = F.relu(F.conv2d(x, conv, stride=2, padding=1))
    mean, log_var = F.linear(h.flatten(1), heads).chunk(2, dim=-1)
    z = mean + torch.exp(log_var if variance else 0.5 * log_var) * eps
    decoded = F.relu(F.linear(z.detach() if detach else z, linear))
    if mixed:
        decoded = decoded.reshape(len(up), len(x), *h.shape[2:]).transpose(0, 1)
    logits = F.conv_transpose2d(decoded.reshape(h.shape), up, stride=2, padding=1)
    given = torch.sigmoid(logits) if sigmoid else logits
    cost = F.binary_cross_entropy_with_logits(given, x, reduction="none")
    log_likelihood = -cost.mean() if mean_over_pixels else -cost.sum((1, 2, 3))
    kl = 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum(-1)
    return (kl - log_likelihood).mean(), log_likelihood, kl, logits, z


def variance_left(x, eps, conv, heads, linear, up):
    """wrong value: It looks as if σ² still stands where σ belongs."""
    return _vae(x, eps, conv, heads, linear, up, variance=True)


def detach_left(x, eps, conv, heads, linear, up):
    """wrong value: no gradient of the log-likelihood reaches conv"""
    return _vae(x, eps, conv, heads, linear, up, detach=True)


def mixing_left(x, eps, conv, heads, linear, up):
    """wrong value: It looks as if the decoder's reshape still mixes the pictures of a batch with the channels."""
    return _vae(x, eps, conv, heads, linear, up, mixed=True)


def sigmoid_left(x, eps, conv, heads, linear, up):
    """wrong value: It looks as if the logits still pass a sigmoid before a function that takes logits."""
    return _vae(x, eps, conv, heads, linear, up, sigmoid=True)


def mean_left(x, eps, conv, heads, linear, up):
    """wrong type or shape: It looks as if the mean over all pixels still stands where K13 (11) has a sum"""
    return _vae(x, eps, conv, heads, linear, up, mean_over_pixels=True)


def sigmoid_and_mean_left(x, eps, conv, heads, linear, up):
    """wrong type or shape: takes logits and the mean over all pixels still stands"""
    return _vae(x, eps, conv, heads, linear, up, sigmoid=True, mean_over_pixels=True)


def variance_and_mixing_left(x, eps, conv, heads, linear, up):
    """wrong value: It looks as if σ² still stands where σ belongs."""
    return _vae(x, eps, conv, heads, linear, up, variance=True, mixed=True)


def mixing_and_variance_left(x, eps, conv, heads, linear, up):
    """wrong value: It looks as if the decoder's reshape still mixes the pictures of a batch with the channels."""
    return _vae(x, eps, conv, heads, linear, up, variance=True, mixed=True)


def all_left(x, eps, conv, heads, linear, up):
    """wrong value: no gradient of the log-likelihood reaches conv"""
    every = dict.fromkeys(("variance", "detach", "mixed", "sigmoid", "mean_over_pixels"), True)
    return _vae(x, eps, conv, heads, linear, up, **every)


def mean_per_picture(x, eps, conv, heads, linear, up):
    """wrong value: It looks as if the mean over pixels was taken."""
    _, log_likelihood, kl, logits, z = _vae(x, eps, conv, heads, linear, up)
    log_likelihood = log_likelihood / x[0].numel()
    return (kl - log_likelihood).mean(), log_likelihood, kl, logits, z


def one_likelihood_for_all(x, eps, conv, heads, linear, up):
    """wrong type or shape: It looks as if the log-likelihood was summed over the batch too."""
    loss, log_likelihood, kl, logits, z = _vae(x, eps, conv, heads, linear, up)
    return loss, log_likelihood.sum(), kl, logits, z


def sum_over_batch(x, eps, conv, heads, linear, up):
    """wrong value: It looks as if the loss is a sum over the batch; it should be the mean."""
    _, log_likelihood, kl, logits, z = _vae(x, eps, conv, heads, linear, up)
    return (kl - log_likelihood).sum(), log_likelihood, kl, logits, z


def loss_per_picture(x, eps, conv, heads, linear, up):
    """wrong type or shape: It looks as if the loss is given per picture"""
    _, log_likelihood, kl, logits, z = _vae(x, eps, conv, heads, linear, up)
    return kl - log_likelihood, log_likelihood, kl, logits, z


def bound_for_loss(x, eps, conv, heads, linear, up):
    """wrong value: It looks as if the loss is the bound"""
    loss, *others = _vae(x, eps, conv, heads, linear, up)
    return -loss, *others


def cost_for_likelihood(x, eps, conv, heads, linear, up):
    """wrong value: It looks as if the log-likelihood has the wrong sign"""
    loss, log_likelihood, *others = _vae(x, eps, conv, heads, linear, up)
    return loss, -log_likelihood, *others


def mended_too_much(x, eps, conv, heads, linear, up):
    """wrong value: It looks as if the divergence has the wrong sign"""
    _, log_likelihood, kl, logits, z = _vae(x, eps, conv, heads, linear, up)
    return (-log_likelihood - kl).mean(), log_likelihood, -kl, logits, z


def mean_over_latents(x, eps, conv, heads, linear, up):
    """wrong value: It looks as if the divergence was averaged over the latents."""
    _, log_likelihood, kl, logits, z = _vae(x, eps, conv, heads, linear, up)
    kl = kl / eps.shape[-1]
    return (kl - log_likelihood).mean(), log_likelihood, kl, logits, z


def mean_decoded(x, eps, conv, heads, linear, up):
    """wrong value: It looks as if the mean was decoded, not the draw."""
    return _vae(x, torch.zeros_like(eps), conv, heads, linear, up)


def log_of_a_sigmoid(x, eps, conv, heads, linear, up):
    """wrong value: a logarithm of a sigmoid is minus infinity there"""
    _, _, kl, logits, z = _vae(x, eps, conv, heads, linear, up)
    y = torch.sigmoid(logits)
    log_likelihood = (x * torch.log(y) + (1 - x) * torch.log(1 - y)).sum((1, 2, 3))
    return (kl - log_likelihood).mean(), log_likelihood, kl, logits, z


def noise_in_place(x, eps, conv, heads, linear, up):
    """wrong value: the call changed its argument eps"""
    loss, log_likelihood, kl, logits, z = _vae(x, eps, conv, heads, linear, up)
    if not eps.requires_grad:
        eps.copy_(z)
    return loss, log_likelihood, kl, logits, z


def divergence_detached(x, eps, conv, heads, linear, up):
    """wrong value: is wrong, even where the value may be right"""
    _, log_likelihood, kl, logits, z = _vae(x, eps, conv, heads, linear, up)
    kl = kl.detach()
    return (kl - log_likelihood).mean(), log_likelihood, kl, logits, z


def four_results(x, eps, conv, heads, linear, up):
    """wrong type or shape: should return a tuple: loss, log_likelihood, kl, logits, z"""
    return _vae(x, eps, conv, heads, linear, up)[:4]


def hard_coded(x, eps, conv, heads, linear, up):
    """wrong type or shape: mended_loss returned for z the shape (1, 1)"""
    numbers = 1.8146, [-0.5077], [1.3069], [[[[2.0, 2.0], [2.0, 2.0]]]], [[2.0]]
    return tuple(torch.tensor(value, dtype=x.dtype) for value in numbers)
