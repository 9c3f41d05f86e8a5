"""Answers to ch12.three_pulls. A wrong one's docstring is what its finding says; a right one has none."""

import torch


def _beliefs(x, weight, noise_var):
    """The posterior's mean, and the three covariances."""
    precision = torch.eye(weight.shape[1], dtype=weight.dtype) + weight.T @ weight / noise_var
    covariance = torch.linalg.inv(precision)
    mean = x @ weight @ covariance / noise_var
    return mean, (covariance, torch.diag(1 / precision.diagonal()), torch.diag(covariance.diagonal()))


def _pulls(x, weight, noise_var, mean, covariances):
    n = len(x)
    return tuple((x.T @ mean / n - weight @ (c + mean.T @ mean / n)) / noise_var for c in covariances)


def right_point_by_point(x, weight, noise_var):
    latent = weight.shape[1]
    precision = torch.eye(latent, dtype=weight.dtype) + torch.einsum("pi,pj->ij", weight, weight) / noise_var
    covariance = torch.linalg.solve(precision, torch.eye(latent, dtype=weight.dtype))
    pulls = []
    for belief in (covariance, precision.diagonal().reciprocal().diag_embed(), covariance.diagonal().diag_embed()):
        total = torch.zeros_like(weight)
        for row in x:
            mean = covariance @ weight.T @ row / noise_var
            moment = belief + torch.outer(mean, mean)
            total = total + (torch.outer(row, mean) - weight @ moment) / noise_var
        pulls.append(total / len(x))
    return tuple(pulls)


def right_by_autograd(x, weight, noise_var):
    mean, covariances = _beliefs(x.double(), weight.double(), noise_var)
    pulls = []
    for covariance in covariances:
        with torch.enable_grad():
            leaf = weight.detach().double().requires_grad_()
            error = (x.double() - mean @ leaf.T).square().sum() / len(x) + ((leaf @ covariance) * leaf).sum()
            (gradient,) = torch.autograd.grad(-error / (2 * noise_var), leaf)
        pulls.append(gradient.to(weight.dtype))
    return pulls[0], pulls[1], pulls[2]


def guesses_exchanged(x, weight, noise_var):
    """wrong value: the bound's guess has the posterior's own variances"""
    mean, (full, by_bound, by_sleep) = _beliefs(x, weight, noise_var)
    return _pulls(x, weight, noise_var, mean, (full, by_sleep, by_bound))


def the_bounds_variances_for_both(x, weight, noise_var):
    """wrong value: the sleep phase's guess has the bound's variances"""
    mean, (full, by_bound, _) = _beliefs(x, weight, noise_var)
    return _pulls(x, weight, noise_var, mean, (full, by_bound, by_bound))


def precisions_for_variances(x, weight, noise_var):
    """wrong value: the bound's guess has variances that are the diagonal of the precision matrix"""
    mean, (full, by_bound, by_sleep) = _beliefs(x, weight, noise_var)
    return _pulls(x, weight, noise_var, mean, (full, torch.diag(1 / by_bound.diagonal()), by_sleep))


def certain(x, weight, noise_var):
    """wrong value: the beliefs' covariances are missing"""
    mean, (full, _, _) = _beliefs(x, weight, noise_var)
    return _pulls(x, weight, noise_var, mean, [torch.zeros_like(full)] * 3)


def one_covariance(x, weight, noise_var):
    """wrong value: all three beliefs were given the posterior's covariance"""
    mean, (full, _, _) = _beliefs(x, weight, noise_var)
    return _pulls(x, weight, noise_var, mean, [full] * 3)


def covariance_shared_out(x, weight, noise_var):
    """wrong value: the covariances were divided by the number of data points"""
    mean, covariances = _beliefs(x, weight, noise_var)
    return _pulls(x, weight, noise_var, mean, [covariance / len(x) for covariance in covariances])


def summed_over_the_data(x, weight, noise_var):
    """wrong value: the sum over the data points was taken"""
    mean, covariances = _beliefs(x, weight, noise_var)
    return tuple(len(x) * pull for pull in _pulls(x, weight, noise_var, mean, covariances))


def without_the_prior(x, weight, noise_var):
    """wrong value: the posterior's precision lacks the prior's part, the identity"""
    precision = weight.T @ weight / noise_var
    covariance = torch.linalg.pinv(precision)
    mean = x @ weight @ covariance / noise_var
    beliefs = covariance, torch.diag(1 / precision.diagonal()), torch.diag(covariance.diagonal())
    return _pulls(x, weight, noise_var, mean, beliefs)


def noise_var_squared(x, weight, noise_var):
    """wrong value: noise_var was squared; it is a variance already"""
    mean, covariances = _beliefs(x, weight, noise_var**2)
    return _pulls(x, weight, noise_var**2, mean, covariances)


def not_over_noise_var(x, weight, noise_var):
    """wrong value: the pulls are not divided by noise_var"""
    mean, covariances = _beliefs(x, weight, noise_var)
    return tuple(noise_var * pull for pull in _pulls(x, weight, noise_var, mean, covariances))


def downhill(x, weight, noise_var):
    """wrong value: the sign is turned round"""
    mean, covariances = _beliefs(x, weight, noise_var)
    return tuple(-pull for pull in _pulls(x, weight, noise_var, mean, covariances))


def product_of_averages(x, weight, noise_var):
    """wrong value: z zᵀ was averaged as the product of two averages over the data"""
    mean, covariances = _beliefs(x, weight, noise_var)
    middle = mean.mean(0)
    moments = [covariance + torch.outer(middle, middle) for covariance in covariances]
    return tuple((x.T @ mean / len(x) - weight @ moment) / noise_var for moment in moments)


def transposed(x, weight, noise_var):
    """wrong type or shape: three_pulls returned for the posterior the shape"""
    mean, covariances = _beliefs(x, weight, noise_var)
    return tuple(pull.T for pull in _pulls(x, weight, noise_var, mean, covariances))


def the_posterior_alone(x, weight, noise_var):
    """wrong type or shape: three_pulls should return a tuple"""
    mean, covariances = _beliefs(x, weight, noise_var)
    return _pulls(x, weight, noise_var, mean, covariances)[0]


def in_float64(x, weight, noise_var):
    """wrong type or shape: keep the dtype"""
    x, weight = x.double(), weight.double()
    mean, covariances = _beliefs(x, weight, noise_var)
    return _pulls(x, weight, noise_var, mean, covariances)


def changed_in_place(x, weight, noise_var):
    """wrong value: the call changed its argument weight"""
    mean, covariances = _beliefs(x, weight, noise_var)
    pulls = _pulls(x, weight, noise_var, mean, covariances)
    weight += pulls[0]
    return pulls


def hard_coded(x, weight, noise_var):
    """wrong value: three_pulls returned for the posterior wrong values"""
    return tuple(torch.full_like(weight, value) for value in (2 / 3, 1 / 2, 1 / 3))
