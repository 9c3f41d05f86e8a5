"""The usual slips of chapter 7's exercises."""

import math
from typing import Any


def quantile_grid(side: int) -> dict[str, Any]:
    """What the usual slips return in place of the grid of equal probability."""
    import torch

    def grid(z: Any) -> Any:
        z2, z1 = torch.meshgrid(z.flip(0), z, indexing="ij")
        return torch.stack([z1, z2], dim=-1)

    middles = (torch.arange(side) + 0.5) / side
    right = grid(torch.special.ndtri(middles))
    return {
        "z2 grows downward; row 0 has the largest z2": right.flip(0),
        "z1 changes along the rows and z2 along the columns; z1 grows from left to right": right.transpose(0, 1),
        "z1 and z2 have changed places: a point is (z1, z2)": right.flip(-1),
        "both axes are turned round": right.flip(0, 1),
        "z1 grows from row to row, as meshgrid with indexing='ij' has it": right.flip(0).transpose(0, 1),
        "the probabilities are 1/(side + 1), 2/(side + 1), …: not the middles of equal cells": grid(
            torch.special.ndtri((torch.arange(side) + 1) / (side + 1))
        ),
        "the points are evenly spaced in z, not in probability": grid(
            torch.linspace(float(right.min()), float(right.max()), side)
        ),
        "the points are evenly spaced from -3 to 3, not in probability": grid(torch.linspace(-3, 3, side)),
        "the middles of the cells were returned, without the inverse distribution function": grid(middles),
        "the distribution function was used, not its inverse": grid(torch.special.ndtr(middles)),
        "the factor √2 before erfinv is missing": right / math.sqrt(2),
        "the points come as one list; keep rows and columns apart": right.reshape(-1, 2),
        "only one axis was returned": right[0, :, 0],
    }


def log_density_ratio(z: Any, mean: Any, log_var: Any) -> dict[str, Any]:
    """What the usual slips return in place of log q(z) - log p(z)."""
    from torch import logsumexp

    distance = (z.unsqueeze(1) - mean) ** 2

    def terms(log_var: Any, var: Any) -> Any:
        return -0.5 * (math.log(2 * math.pi) + log_var + distance / var)

    log_n = math.log(len(mean))
    log_p = -(math.log(2 * math.pi) + z**2).sum(-1) / 2
    each = terms(log_var, log_var.exp()).sum(-1)
    right = logsumexp(each, 1) - log_n - log_p
    average = mean.mean(0)
    spread = log_var.exp().mean(0) + mean.var(0, correction=0)
    matched = -0.5 * (math.log(2 * math.pi) + spread.log() + (z - average) ** 2 / spread).sum(-1)
    return {
        "the sign is turned round: log q(z) comes first": -right,
        "the densities were added up and not averaged: log n is missing": right + log_n,
        "the prior is missing: that is log q(z)": right + log_p,
        "log p(z) was added, not subtracted": right + 2 * log_p,
        "the logarithms were averaged; q(z) is a mean of densities": each.mean(1) - log_p,
        "the largest of the densities was taken for their mean": each.max(1).values - log_p,
        "the largest of the densities was taken for their sum": each.max(1).values - log_n - log_p,
        "the ratio was returned, not its logarithm": right.exp(),
        "log_var was used as log σ; it is log σ²": (
            logsumexp(terms(2 * log_var, (2 * log_var).exp()).sum(-1), 1) - log_n - log_p
        ),
        "the squared distance was divided by σ; divide by σ²": (
            logsumexp(terms(log_var, (0.5 * log_var).exp()).sum(-1), 1) - log_n - log_p
        ),
        "log_var is missing from the log-densities: a narrow Gaussian is a high one": (
            logsumexp(terms(0, log_var.exp()).sum(-1), 1) - log_n - log_p
        ),
        "the variances were left out; every posterior has its own": logsumexp(terms(0, 1).sum(-1), 1) - log_n - log_p,
        "log 2π is missing from the posteriors and not from the prior": right
        + 0.5 * math.log(2 * math.pi) * z.shape[-1],
        "log 2π is missing from the prior and not from the posteriors": right
        - 0.5 * math.log(2 * math.pi) * z.shape[-1],
        "the mean over the latents was taken; a log-density is a sum over them": (
            logsumexp(terms(log_var, log_var.exp()).mean(-1), 1) - log_n - log_p / z.shape[-1]
        ),
        "one Gaussian with the images' mean and spread took the place of the mixture": matched - log_p,
        "the ratio was averaged over the points; give one number per point": right.mean(),
        "the densities were added up over the points, not over the images": logsumexp(each, 0),
        "the sum over the images is missing": each - log_n - log_p.unsqueeze(1),
    }


def posterior_log_var(decode: Any, z: Any) -> dict[str, Any]:
    """What the usual slips return in place of the logarithms of the best variances."""
    import torch

    p = torch.sigmoid(decode(z)).unsqueeze(-1)
    weight = p * (1 - p)
    jacobian = torch.func.vmap(torch.func.jacfwd(decode))(z)
    fisher = (weight * jacobian).mT @ jacobian

    def log_var(diagonal: Any) -> Any:
        return -torch.log1p(diagonal)

    diagonal = fisher.diagonal(dim1=1, dim2=2)
    right = log_var(diagonal)
    full = fisher + torch.eye(z.shape[-1], dtype=z.dtype)
    return {
        "the whole matrix I + F was inverted; a diagonal Gaussian's best variances are 1/(1 + F_jj)": (
            full.inverse().diagonal(dim1=1, dim2=2).log()
        ),
        "the sign is turned round: that is the logarithm of the precision": -right,
        "the variance was returned, not its logarithm": right.exp(),
        "log σ was returned, not log σ²": 0.5 * right,
        "the 1, the prior's own precision, is missing": -diagonal.log(),
        "F was returned": diagonal,
        "the weights p(1 - p) are missing": log_var((jacobian**2).sum(1)),
        "pixels took the place of logits: that is the pull-back metric": log_var((weight**2 * jacobian**2).sum(1)),
        "the logits' derivatives were divided by p(1 - p), not multiplied": log_var((jacobian**2 / weight).sum(1)),
        "the weights are p, not p(1 - p)": log_var((p * jacobian**2).sum(1)),
        "the derivatives were added up before they were squared": log_var((weight.sqrt() * jacobian).sum(1) ** 2),
        "the derivatives were not squared": log_var((weight * jacobian).sum(1)),
        "the mean over the pixels was taken; F is their sum": log_var((weight * jacobian**2).mean(1)),
        "F was added up over the latents; every latent has its own": log_var(
            diagonal.sum(-1, keepdim=True).expand(z.shape)
        ),
        "the row sums of F were taken; its diagonal counts": log_var(fisher.sum(-1)),
        "the average over the batch was taken": right.mean(0).expand(z.shape),
        "the whole matrix was returned; its diagonal is asked for": log_var(fisher),
    }
