"""The usual slips of chapter 2's exercises. The project has none: its weights are judged by what they achieve."""

import math
from typing import Any


def bound_and_gap(log_joint: Any, log_q: Any) -> dict[str, Any]:
    """What the usual slips return in place of the bound of a discrete guess and its gap."""
    q, log_ratio, values = log_q.exp(), log_joint - log_q, math.log(max(1, log_q.shape[1]))
    evidence, posterior = log_joint.logsumexp(-1), log_joint.softmax(-1)
    bound, entropy = (q * log_ratio).sum(-1), -(q * log_q).sum(-1)
    gap = evidence - bound
    return {
        "the entropy of q is missing: take the mean of log p(x, z) - log q(z)": (bound - entropy, gap + entropy),
        "the entropy of q was subtracted; -log q(z) is added": (bound - 2 * entropy, gap + 2 * entropy),
        "the mean was taken with equal weights, not under q": (log_ratio.mean(-1), evidence - log_ratio.mean(-1)),
        "the sum was taken without weights; the mean under q has q(z) in every term": (log_ratio.sum(-1), gap),
        "the mean was taken under the posterior, not under q": ((posterior * log_ratio).sum(-1), gap),
        "log q was used where q belongs, as the weight of the mean": ((log_q * log_ratio).sum(-1), gap),
        "the logarithm was taken after the mean, which gives log p(x) itself": (evidence, gap),
        "the sign is turned round": (-bound, -gap),
        "the bound was divided by the number of values of z": (bound / max(1, log_q.shape[1]), gap),
        "the bound was averaged over the batch; give one number per data point": (bound.mean(), gap.mean()),
        "log p(x) was returned in place of the gap": (bound, evidence),
        "the gap was taken the other way round: it is the divergence of q from the posterior": (
            bound,
            (posterior * (posterior.log() - log_q)).sum(-1),
        ),
        "the divergence of q from p(x, z) was taken, which is minus the bound; p(z|x) is p(x, z)/p(x)": (bound, -bound),
        "p(x) was taken as the average of p(x, z) over z; it is their sum": (bound, gap - values),
        "p(x) was taken as the largest p(x, z); it is their sum over z": (bound, log_joint.amax(-1) - bound),
        "the logarithms log p(x, z) were added, not the probabilities": (bound, log_joint.sum(-1) - bound),
        "the gap of probabilities was returned, not that of their logarithms": (bound, evidence.exp() - bound.exp()),
    }


def coordinate_ascent(x: Any, weight: Any, bias: Any, noise_var: float, sweeps: int) -> dict[str, Any]:
    """What the usual slips return in place of the best diagonal guess."""
    from torch import linalg

    squared, centered = weight.square().sum(0), x - bias
    precision = 1 + squared / noise_var
    gram = weight.mT @ weight

    def swept(
        x: Any = centered,
        sweeps: int = sweeps,
        length: Any = squared + noise_var,
        backwards: bool = False,
        own: float = 0.0,
        newest: bool = True,
    ) -> Any:
        """Means after some sweeps; `own` is how much of its own contribution a dimension takes for explained."""
        mean = x.new_zeros(len(x), len(squared))
        for _ in range(sweeps):
            before = mean.clone()
            for j in range(len(squared))[:: -1 if backwards else 1]:
                known = mean if newest else before
                explained = known @ gram[:, j] - (1 - own) * known[:, j] * squared[j]
                mean[:, j] = (x @ weight[:, j] - explained) / length[j]
        return mean

    mean, log_var = swept(), -precision.log().expand(len(x), -1)
    covariance = linalg.inv(gram / noise_var + gram.new_ones(len(squared)).diag())

    def everywhere(value: Any) -> Any:
        return value.expand(len(x), -1)

    means = {
        "all means were changed at once; each should see those already changed in this sweep": swept(newest=False),
        "the bias was not subtracted from x": swept(x),
        "noise_var is missing in the denominator, which leaves the prior out": swept(length=squared),
        "the prior was added as 1 where noise_var belongs: the denominator is ‖W_j‖² + noise_var": swept(
            length=squared + 1
        ),
        "its own contribution was subtracted too: r lacks what the other dimensions explain, not what j does": swept(
            own=1.0
        ),
        "the other dimensions were not subtracted from x": everywhere(centered @ weight / (squared + noise_var)),
        "the sum was not divided by ‖W_j‖² + noise_var": swept(length=0 * squared + 1),
        "only one sweep was made": swept(sweeps=1),
        "one sweep too few was made": swept(sweeps=sweeps - 1),
        "one sweep too many was made": swept(sweeps=sweeps + 1),
        "the dimensions were taken in reverse order": swept(backwards=True),
        "the posterior's mean was returned, where the sweeps would end in time": centered
        @ weight
        @ covariance
        / noise_var,
        "the sign is turned round": -mean,
    }
    log_vars = {
        "the variances were returned, not their logarithms": log_var.exp(),
        "log σ was returned; log_var is log σ²": 0.5 * log_var,
        "the precision was returned, not the variance": -log_var,
        "the prior is missing in the precision 1/σ² = 1 + ‖W_j‖²/noise_var": everywhere(
            math.log(noise_var) - squared.log()
        ),
        "the precision was taken as ‖W_j‖² + noise_var; divide that by noise_var": everywhere(
            -(squared + noise_var).log()
        ),
        "the noise is missing in the precision 1/σ² = 1 + ‖W_j‖²/noise_var": everywhere(-(1 + squared).log()),
        "the prior's variances were returned": 0 * log_var,
        "the posterior's own variances were returned; the best diagonal guess is narrower where dimensions correlate": (
            everywhere(covariance.diagonal().log())
        ),
    }
    return {slip: (value, log_var) for slip, value in means.items()} | {
        slip: (mean, value) for slip, value in log_vars.items()
    }
