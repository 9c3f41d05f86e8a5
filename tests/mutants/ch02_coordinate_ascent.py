"""Answers to ch02.coordinate_ascent. A wrong one's docstring is what its finding has to say; a right one has none."""

import torch


def right_through_the_normal_equations(x, weight, bias, noise_var, sweeps):
    # One sweep is one of Gauss and Seidel's on M·mean = weightᵀ(x - bias).
    m = weight.T @ weight + noise_var * torch.eye(weight.shape[1], dtype=x.dtype)
    lower, upper = torch.tril(m), torch.triu(m, diagonal=1)
    target = weight.T @ (x - bias).T
    mean = torch.zeros_like(target)
    for _ in range(sweeps):
        mean = torch.linalg.solve_triangular(lower, target - upper @ mean, upper=False)
    return mean.T, torch.log(noise_var / m.diagonal()).repeat(len(x), 1)


def right_with_the_residual_kept(x, weight, bias, noise_var, sweeps):
    residual = (x - bias).clone()
    columns = [torch.zeros(len(x), dtype=x.dtype) for _ in weight.T]
    precisions = [1 / noise_var * torch.dot(w, w) + 1 for w in weight.T]
    for _ in range(sweeps):
        for j, w in enumerate(weight.T):
            residual += torch.outer(columns[j], w)
            columns[j] = torch.einsum("bp,p->b", residual, w) / noise_var / precisions[j]
            residual -= torch.outer(columns[j], w)
    return [torch.stack(columns, -1), -torch.stack(precisions).log()[None] * torch.ones_like(torch.stack(columns, -1))]


def _ascend(x, weight, bias, noise_var, sweeps, backwards=False):
    mean = x.new_zeros(len(x), weight.shape[1])
    for _ in range(sweeps):
        for j in range(weight.shape[1])[:: -1 if backwards else 1]:
            mean[:, j] = 0
            rest = x - bias - mean @ weight.T
            mean[:, j] = rest @ weight[:, j] / (weight[:, j] @ weight[:, j] + noise_var)
    return mean


def _log_var(x, weight, noise_var):
    return -(1 + weight.square().sum(0) / noise_var).log().expand(len(x), -1)


def _posterior(x, weight, bias, noise_var):
    covariance = torch.linalg.inv(weight.T @ weight / noise_var + torch.eye(weight.shape[1], dtype=x.dtype))
    return (x - bias) @ weight @ covariance / noise_var, covariance


def all_at_once(x, weight, bias, noise_var, sweeps):
    """wrong value: all means were changed at once"""
    lengths = weight.square().sum(0)
    mean = x.new_zeros(len(x), weight.shape[1])
    for _ in range(sweeps):
        rest = x - bias - mean @ weight.T
        mean = (rest @ weight + mean * lengths) / (lengths + noise_var)
    return mean, _log_var(x, weight, noise_var)


def bias_forgotten(x, weight, bias, noise_var, sweeps):
    """wrong value: the bias was not subtracted"""
    return _ascend(x, weight, 0 * bias, noise_var, sweeps), _log_var(x, weight, noise_var)


def prior_forgotten(x, weight, bias, noise_var, sweeps):
    """wrong value: noise_var is missing in the denominator, which leaves the prior out"""
    return _ascend(x, weight, bias, 0.0, sweeps), _log_var(x, weight, noise_var)


def one_for_noise(x, weight, bias, noise_var, sweeps):
    """wrong value: the prior was added as 1 where noise_var belongs"""
    return _ascend(x, weight, bias, 1.0, sweeps), _log_var(x, weight, noise_var)


def own_contribution_subtracted(x, weight, bias, noise_var, sweeps):
    """wrong value: its own contribution was subtracted too"""
    mean = x.new_zeros(len(x), weight.shape[1])
    for _ in range(sweeps):
        for j in range(weight.shape[1]):
            rest = x - bias - mean @ weight.T
            mean[:, j] = rest @ weight[:, j] / (weight[:, j] @ weight[:, j] + noise_var)
    return mean, _log_var(x, weight, noise_var)


def others_not_subtracted(x, weight, bias, noise_var, sweeps):
    """wrong value: the other dimensions were not subtracted from x"""
    return (x - bias) @ weight / (weight.square().sum(0) + noise_var), _log_var(x, weight, noise_var)


def one_sweep(x, weight, bias, noise_var, sweeps):
    """wrong value: only one sweep was made"""
    return _ascend(x, weight, bias, noise_var, 1), _log_var(x, weight, noise_var)


def one_sweep_too_few(x, weight, bias, noise_var, sweeps):
    """wrong value: one sweep too few was made"""
    return _ascend(x, weight, bias, noise_var, sweeps - 1), _log_var(x, weight, noise_var)


def one_sweep_too_many(x, weight, bias, noise_var, sweeps):
    """wrong value: one sweep too many was made"""
    return _ascend(x, weight, bias, noise_var, sweeps + 1), _log_var(x, weight, noise_var)


def backwards(x, weight, bias, noise_var, sweeps):
    """wrong value: the dimensions were taken in reverse order"""
    return _ascend(x, weight, bias, noise_var, sweeps, backwards=True), _log_var(x, weight, noise_var)


def the_posterior_at_once(x, weight, bias, noise_var, sweeps):
    """wrong value: the posterior's mean was returned"""
    return _posterior(x, weight, bias, noise_var)[0], _log_var(x, weight, noise_var)


def posterior_variances(x, weight, bias, noise_var, sweeps):
    """wrong value: the posterior's own variances were returned"""
    covariance = _posterior(x, weight, bias, noise_var)[1]
    return _ascend(x, weight, bias, noise_var, sweeps), covariance.diagonal().log().repeat(len(x), 1)


def variances_for_logarithms(x, weight, bias, noise_var, sweeps):
    """wrong value: the variances were returned, not their logarithms"""
    return _ascend(x, weight, bias, noise_var, sweeps), _log_var(x, weight, noise_var).exp()


def log_sigma(x, weight, bias, noise_var, sweeps):
    """wrong value: log σ was returned"""
    return _ascend(x, weight, bias, noise_var, sweeps), 0.5 * _log_var(x, weight, noise_var)


def log_precision(x, weight, bias, noise_var, sweeps):
    """wrong value: the precision was returned"""
    return _ascend(x, weight, bias, noise_var, sweeps), -_log_var(x, weight, noise_var)


def prior_missing_in_the_precision(x, weight, bias, noise_var, sweeps):
    """wrong value: the prior is missing in the precision"""
    log_var = (noise_var / weight.square().sum(0)).log().repeat(len(x), 1)
    return _ascend(x, weight, bias, noise_var, sweeps), log_var


def precision_not_divided_by_noise(x, weight, bias, noise_var, sweeps):
    """wrong value: the precision was taken as ‖W_j‖² + noise_var"""
    log_var = -(weight.square().sum(0) + noise_var).log().repeat(len(x), 1)
    return _ascend(x, weight, bias, noise_var, sweeps), log_var


def one_variance_for_all(x, weight, bias, noise_var, sweeps):
    """wrong value: coordinate_ascent returned for log_var wrong values"""
    log_var = _log_var(x, weight, noise_var)
    return _ascend(x, weight, bias, noise_var, sweeps), log_var.mean(1, keepdim=True).expand_as(log_var)


def variances_once(x, weight, bias, noise_var, sweeps):
    """wrong type or shape: coordinate_ascent returned for log_var the shape"""
    return _ascend(x, weight, bias, noise_var, sweeps), -(1 + weight.square().sum(0) / noise_var).log()


def mean_alone(x, weight, bias, noise_var, sweeps):
    """wrong type or shape: coordinate_ascent should return a tuple: mean, log_var"""
    return _ascend(x, weight, bias, noise_var, sweeps)


def changed_in_place(x, weight, bias, noise_var, sweeps):
    """wrong value: the call changed its argument x"""
    x -= bias
    return _ascend(x, weight, 0 * bias, noise_var, sweeps), _log_var(x, weight, noise_var)


def first_data_point_only(x, weight, bias, noise_var, sweeps):
    """wrong value: coordinate_ascent returned for mean wrong values"""
    mean = _ascend(x[:1], weight, bias, noise_var, sweeps)
    return mean.expand(len(x), -1) if len(x) else x.new_zeros(0, weight.shape[1]), _log_var(x, weight, noise_var)


def hard_coded(x, weight, bias, noise_var, sweeps):
    """wrong type or shape: coordinate_ascent returned for mean the shape (1, 2)"""
    return torch.tensor([[1.5, 0.75]], dtype=x.dtype), torch.full((1, 2), -0.693147, dtype=x.dtype)
