"""Answers to ch02.fit_linear_gaussian. A wrong one's docstring is what its finding has to say; a right one has none."""

import math

import torch


def _eigen(x):
    bias = x.mean(0)
    values, vectors = torch.linalg.eigh((x - bias).T @ (x - bias) / len(x))
    return bias, values.flip(0), vectors.flip(1)


def _closed_form(x, latent):
    bias, values, vectors = _eigen(x)
    noise_var = values[latent:].mean()
    return vectors[:, :latent] * (values[:latent] - noise_var).sqrt(), bias, noise_var


def right_in_closed_form(x, latent, generator):
    return _closed_form(x, latent)


def right_through_singular_values(x, latent, generator):
    bias = x.double().mean(0)
    _, singular, directions = torch.linalg.svd(x.double() - bias, full_matrices=False)
    values = singular**2 / len(x)
    noise_var = values[latent:].sum() / (x.shape[1] - latent)
    turned, _ = torch.linalg.qr(torch.randn(latent, latent, generator=generator, dtype=torch.float64))
    weight = directions[:latent].T @ torch.diag(torch.sqrt(values[:latent] - noise_var)) @ turned
    return weight.to(x.dtype), bias.to(x.dtype), noise_var.to(x.dtype)


def right_by_gradient_ascent(x, latent, generator):
    bias, identity = x.mean(0), torch.eye(x.shape[1], dtype=x.dtype)
    covariance = torch.cov(x.T, correction=0)
    weight = torch.nn.Parameter(0.1 * torch.randn(x.shape[1], latent, generator=generator, dtype=x.dtype))
    log_noise_var = torch.nn.Parameter(torch.tensor(-1.0, dtype=x.dtype))
    optimizer = torch.optim.Adam([weight, log_noise_var], lr=0.1)
    for _ in range(100):
        chol = torch.linalg.cholesky(weight @ weight.T + log_noise_var.exp() * identity)
        loss = chol.diagonal().log().sum() + 0.5 * torch.cholesky_solve(covariance, chol).trace()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return weight, bias, log_noise_var.exp()


def right_with_few_rounds_of_em(x, latent, generator):
    bias, identity = x.mean(0), torch.eye(latent, dtype=x.dtype)
    covariance = (x - bias).T @ (x - bias) / len(x)
    weight = torch.randn(x.shape[1], latent, generator=generator, dtype=x.dtype) * covariance.trace().sqrt() / 10
    noise_var = covariance.trace() / x.shape[1]
    for _ in range(60):
        m = weight.T @ weight + noise_var * identity
        image = covariance @ weight
        new = image @ torch.linalg.inv(noise_var * identity + torch.linalg.inv(m) @ weight.T @ image)
        noise_var = (covariance - image @ torch.linalg.inv(m) @ new.T).trace() / x.shape[1]
        weight = new
    return weight, bias, noise_var


def no_bias(x, latent, generator):
    """wrong value: The bias is the cause"""
    weight, bias, noise_var = _closed_form(x, latent)
    return weight, torch.zeros_like(bias), noise_var


def not_centered(x, latent, generator):
    """wrong value: the mean log p(x) of other digits does not reach 12 nats"""
    values, vectors = torch.linalg.eigh(x.T @ x / len(x))
    noise_var = values[:-latent].mean()
    return (
        vectors[:, -latent:] * (values[-latent:] - noise_var).sqrt(),
        torch.zeros(x.shape[1], dtype=x.dtype),
        noise_var,
    )


def noise_not_learned(x, latent, generator):
    """wrong value: noise_var is the cause"""
    weight, bias, noise_var = _closed_form(x, latent)
    return weight, bias, torch.ones_like(noise_var)


def sigma_for_variance(x, latent, generator):
    """wrong value: noise_var is the cause"""
    weight, bias, noise_var = _closed_form(x, latent)
    return weight, bias, noise_var.sqrt()


def noise_summed_over_pixels(x, latent, generator):
    """wrong value: noise_var is the cause"""
    weight, bias, noise_var = _closed_form(x, latent)
    return weight, bias, noise_var * (x.shape[1] - latent)


def noise_of_all_the_variance(x, latent, generator):
    """wrong value: noise_var is the cause"""
    weight, bias, _ = _closed_form(x, latent)
    return weight, bias, (x - bias).square().mean()


def log_of_the_noise(x, latent, generator):
    """wrong value: noise_var should be a variance, that is positive"""
    weight, bias, noise_var = _closed_form(x, latent)
    return weight, bias, noise_var.log()


def noise_counted_twice(x, latent, generator):
    """wrong value: weight has the right directions and the wrong lengths"""
    bias, values, vectors = _eigen(x)
    return vectors[:, :latent] * values[:latent].sqrt(), bias, values[latent:].mean()


def unit_directions(x, latent, generator):
    """wrong value: weight has the right directions and the wrong lengths"""
    bias, values, vectors = _eigen(x)
    return vectors[:, :latent], bias, values[latent:].mean()


def eigenvalues_for_their_roots(x, latent, generator):
    """wrong value: weight has the right directions and the wrong lengths"""
    bias, values, vectors = _eigen(x)
    noise_var = values[latent:].mean()
    return vectors[:, :latent] * (values[:latent] - noise_var), bias, noise_var


def smallest_eigenvalues(x, latent, generator):
    """wrong value: weight misses directions in which the data vary most"""
    bias, values, vectors = _eigen(x)
    noise_var = values[latent:].mean()
    return vectors[:, -latent:] * (values[:latent] - noise_var).sqrt(), bias, noise_var


def independent_pixels(x, latent, generator):
    """wrong value: weight misses directions in which the data vary most"""
    bias = x.mean(0)
    return torch.zeros(x.shape[1], latent, dtype=x.dtype), bias, (x - bias).square().mean()


def not_learned(x, latent, generator):
    """wrong value: weight misses directions in which the data vary most"""
    return torch.randn(x.shape[1], latent, generator=generator, dtype=x.dtype), x.mean(0), torch.ones((), dtype=x.dtype)


def one_dimension_only(x, latent, generator):
    """wrong value: weight misses directions in which the data vary most"""
    weight, bias, _ = _closed_form(x, latent)
    weight = weight * (torch.arange(latent) == 0)
    return weight, bias, ((x - bias).square().sum(1).mean() - weight.square().sum()) / x.shape[1]


def em_without_the_posterior_covariance(x, latent, generator):
    """wrong value: the mean log p(x) of the data lacks more than 0.02 nats"""
    bias, identity = x.mean(0), torch.eye(latent, dtype=x.dtype)
    centered, noise_var = x - bias, (x - bias).square().mean()
    weight = torch.randn(x.shape[1], latent, generator=generator, dtype=x.dtype)
    for _ in range(60):
        mean = centered @ weight @ torch.linalg.inv(weight.T @ weight + noise_var * identity)
        weight = centered.T @ mean @ torch.linalg.inv(mean.T @ mean)
        noise_var = (centered - mean @ weight.T).square().mean()
    return weight, bias, noise_var


def too_few_steps(x, latent, generator):
    """wrong value: was learning over before it had converged?"""
    weight = torch.nn.Parameter(0.01 * torch.randn(x.shape[1], latent, generator=generator, dtype=x.dtype))
    noise_var = (x - x.mean(0)).square().mean()
    optimizer = torch.optim.SGD([weight], lr=1e-3)
    for _ in range(20):
        covariance = weight @ weight.T + noise_var * torch.eye(x.shape[1], dtype=x.dtype)
        inverse, centered = torch.linalg.inv(covariance), x - x.mean(0)
        loss = torch.logdet(covariance) + ((centered @ inverse) * centered).sum(1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return weight, x.mean(0), noise_var


def transposed(x, latent, generator):
    """wrong type or shape: fit_linear_gaussian returned for weight the shape"""
    weight, bias, noise_var = _closed_form(x, latent)
    return weight.T, bias, noise_var


def noise_per_pixel(x, latent, generator):
    """wrong type or shape: fit_linear_gaussian returned for noise_var the shape"""
    weight, bias, noise_var = _closed_form(x, latent)
    return weight, bias, noise_var.expand(x.shape[1])


def number_for_tensor(x, latent, generator):
    """wrong type or shape: a value of type float; a torch.Tensor is expected"""
    weight, bias, noise_var = _closed_form(x, latent)
    return weight, bias, noise_var.item()


def a_dictionary(x, latent, generator):
    """wrong type or shape: fit_linear_gaussian should return a tuple: weight, bias, noise_var"""
    return dict(zip(("weight", "bias", "noise_var"), _closed_form(x, latent), strict=True))


def not_a_number(x, latent, generator):
    """wrong value: fit_linear_gaussian returned for weight values that are infinite or not a number"""
    weight, bias, noise_var = _closed_form(x, latent)
    return weight * math.nan, bias, noise_var


def out_of_all_bounds(x, latent, generator):
    """wrong value: the mean log p(x) of other digits does not reach 12 nats"""
    weight, bias, noise_var = _closed_form(x, latent)
    return 1e30 * weight, bias, 1e-30 * noise_var


def global_random_numbers(x, latent, generator):
    """wrong value: the call changed the random number generator"""
    weight, bias, noise_var = _closed_form(x, latent)
    turned, _ = torch.linalg.qr(torch.randn(latent, latent, dtype=x.dtype))
    return weight @ turned, bias, noise_var


def centered_in_place(x, latent, generator):
    """wrong value: the call changed its argument x"""
    bias = x.mean(0)
    x -= bias
    weight, _, noise_var = _closed_form(x, latent)
    return weight, bias, noise_var
