"""Answers to ch09.linear_vae_optimum. A wrong one's docstring is what its finding has to say; a right one has none."""

import math

import torch


def right_axis_by_axis(eigenvalues, latent, noise_var, beta):
    level = beta * noise_var
    activities, divergence, error = [], 0.0, 0.0
    for j, value in enumerate(eigenvalues.double().tolist()):
        stays = j < latent and value > level
        error += level if stays else value
        divergence += 0.5 * math.log(value / level) if stays else 0.0
        if j < latent:
            activities.append(1 - level / value if stays else 0.0)
    reconstruction = -0.5 * len(eigenvalues) * math.log(2 * math.pi * noise_var) - 0.5 * error / noise_var
    as_tensor = [torch.tensor(part, dtype=eigenvalues.dtype) for part in (activities, divergence)]
    return *as_tensor, torch.tensor(reconstruction - divergence, dtype=eigenvalues.dtype)


def right_through_the_matrices(eigenvalues, latent, noise_var, beta):
    values, level = eigenvalues.double(), beta * noise_var
    w = torch.diag((values - level).clamp(min=0).sqrt())[:, :latent]
    precision = torch.eye(latent).double() + w.mT @ w / level
    variance = 1 / precision.diagonal()
    v = torch.linalg.solve(precision, w.mT) / level
    activity = torch.einsum("jd,d,jd->j", v, values, v)
    divergence = 0.5 * (activity + variance - 1 - variance.log()).sum()
    rest = torch.eye(len(values)).double() - w @ v
    error = torch.einsum("ad,d,ad->", rest, values, rest) + (w**2 @ variance).sum()
    bound = -0.5 * len(values) * math.log(2 * math.pi * noise_var) - error / (2 * noise_var) - divergence
    return activity.to(eigenvalues), divergence.to(eigenvalues), bound.to(eigenvalues)


def _optimum(eigenvalues, latent, level):
    kept = eigenvalues[:latent].clamp(min=level)
    error = eigenvalues[:latent].clamp(max=level).sum() + eigenvalues[latent:].sum()
    return 1 - level / kept, 0.5 * (kept / level).log().sum(), error


def _bound(eigenvalues, error, divergence, noise_var):
    return -0.5 * (len(eigenvalues) * math.log(2 * math.pi * noise_var) + error / noise_var) - divergence


def beta_left_out(eigenvalues, latent, noise_var, beta):
    """wrong value: beta was left out"""
    activity, divergence, error = _optimum(eigenvalues, latent, noise_var)
    return activity, divergence, _bound(eigenvalues, error, divergence, noise_var)


def divided_by_beta(eigenvalues, latent, noise_var, beta):
    """wrong value: noise_var was divided by beta"""
    activity, divergence, error = _optimum(eigenvalues, latent, noise_var / beta)
    return activity, divergence, _bound(eigenvalues, error, divergence, noise_var)


def weighted_bound(eigenvalues, latent, noise_var, beta):
    """wrong value: the bound weighs the divergence by beta"""
    activity, divergence, error = _optimum(eigenvalues, latent, beta * noise_var)
    return activity, divergence, _bound(eigenvalues, error, beta * divergence, noise_var)


def bound_of_the_other_model(eigenvalues, latent, noise_var, beta):
    """wrong value: the bound was taken with the variance beta · noise_var"""
    activity, divergence, error = _optimum(eigenvalues, latent, beta * noise_var)
    return activity, divergence, _bound(eigenvalues, error, divergence, beta * noise_var)


def divergence_added(eigenvalues, latent, noise_var, beta):
    """wrong value: the divergence has the wrong sign in the bound"""
    activity, divergence, error = _optimum(eigenvalues, latent, beta * noise_var)
    return activity, divergence, _bound(eigenvalues, error, -divergence, noise_var)


def reconstruction_only(eigenvalues, latent, noise_var, beta):
    """wrong value: the divergence is missing in the bound"""
    activity, divergence, error = _optimum(eigenvalues, latent, beta * noise_var)
    return activity, divergence, _bound(eigenvalues, error, 0.0, noise_var)


def no_log_2pi(eigenvalues, latent, noise_var, beta):
    """wrong value: log 2π is missing"""
    activity, divergence, error = _optimum(eigenvalues, latent, beta * noise_var)
    bound = -0.5 * (len(eigenvalues) * math.log(noise_var) + error / noise_var) - divergence
    return activity, divergence, bound


def no_log_noise(eigenvalues, latent, noise_var, beta):
    """wrong value: log noise_var is missing"""
    activity, divergence, error = _optimum(eigenvalues, latent, beta * noise_var)
    bound = -0.5 * (len(eigenvalues) * math.log(2 * math.pi) + error / noise_var) - divergence
    return activity, divergence, bound


def constants_once(eigenvalues, latent, noise_var, beta):
    """wrong value: the constants were counted once"""
    activity, divergence, error = _optimum(eigenvalues, latent, beta * noise_var)
    return activity, divergence, -0.5 * (math.log(2 * math.pi * noise_var) + error / noise_var) - divergence


def other_axes_forgotten(eigenvalues, latent, noise_var, beta):
    """wrong value: the error on the axes that no latent keeps was forgotten"""
    activity, divergence, error = _optimum(eigenvalues, latent, beta * noise_var)
    error = error - eigenvalues[latent:].sum()
    return activity, divergence, _bound(eigenvalues, error, divergence, noise_var)


def only_silent_axes(eigenvalues, latent, noise_var, beta):
    """wrong value: the error of latents that stay was forgotten"""
    activity, divergence, _ = _optimum(eigenvalues, latent, beta * noise_var)
    first = eigenvalues[:latent]
    error = first[first < beta * noise_var].sum() + eigenvalues[latent:].sum()
    return activity, divergence, _bound(eigenvalues, error, divergence, noise_var)


def water_over_all_axes(eigenvalues, latent, noise_var, beta):
    """wrong value: the axes beyond the latents were cut off at the water level too"""
    activity, divergence, _ = _optimum(eigenvalues, latent, beta * noise_var)
    error = eigenvalues.clamp(max=beta * noise_var).sum()
    return activity, divergence, _bound(eigenvalues, error, divergence, noise_var)


def latents_for_all_axes(eigenvalues, latent, noise_var, beta):
    """wrong type or shape: linear_vae_optimum returned for the activities the shape (7,)"""
    activity, divergence, error = _optimum(eigenvalues, len(eigenvalues), beta * noise_var)
    return activity, divergence, _bound(eigenvalues, error, divergence, noise_var)


def no_half(eigenvalues, latent, noise_var, beta):
    """wrong value: the factor 1/2 of the divergence is missing"""
    activity, divergence, error = _optimum(eigenvalues, latent, beta * noise_var)
    return activity, 2 * divergence, _bound(eigenvalues, error, 2 * divergence, noise_var)


def no_half_of_reconstruction(eigenvalues, latent, noise_var, beta):
    """wrong value: the factor 1/2 of the reconstruction term is missing"""
    activity, divergence, error = _optimum(eigenvalues, latent, beta * noise_var)
    return activity, divergence, 2 * _bound(eigenvalues, error, 0.0, noise_var) - divergence


def not_clamped(eigenvalues, latent, noise_var, beta):
    """wrong value: collapsed latents were given a negative activity and divergence"""
    level, first = beta * noise_var, eigenvalues[:latent]
    divergence = 0.5 * (first / level).log().sum()
    _, _, error = _optimum(eigenvalues, latent, level)
    return 1 - level / first, divergence, _bound(eigenvalues, error, divergence, noise_var)


def zero_times_infinity(eigenvalues, latent, noise_var, beta):
    """wrong value: An eigenvalue of 0 is under water like any other"""
    level, first = beta * noise_var, eigenvalues[:latent]
    stays = (first > level).to(first.dtype)
    divergence = (stays * 0.5 * (first / level).log()).sum()
    _, _, error = _optimum(eigenvalues, latent, level)
    return stays * (1 - level / first), divergence, _bound(eigenvalues, error, divergence, noise_var)


def posterior_variance(eigenvalues, latent, noise_var, beta):
    """wrong value: the posterior variance was returned for the activity"""
    activity, divergence, error = _optimum(eigenvalues, latent, beta * noise_var)
    return 1 - activity, divergence, _bound(eigenvalues, error, divergence, noise_var)


def squared_length(eigenvalues, latent, noise_var, beta):
    """wrong value: the squared length of the decoder's column was returned"""
    _, divergence, error = _optimum(eigenvalues, latent, beta * noise_var)
    lengths = (eigenvalues[:latent] - beta * noise_var).clamp(min=0)
    return lengths, divergence, _bound(eigenvalues, error, divergence, noise_var)


def in_bits(eigenvalues, latent, noise_var, beta):
    """wrong value: counted in bits"""
    activity, divergence, error = _optimum(eigenvalues, latent, beta * noise_var)
    return activity, divergence / math.log(2), _bound(eigenvalues, error, divergence, noise_var)


def one_divergence_per_latent(eigenvalues, latent, noise_var, beta):
    """wrong type or shape: for the mean divergence the shape"""
    level = beta * noise_var
    activity, divergence, error = _optimum(eigenvalues, latent, level)
    each = 0.5 * (eigenvalues[:latent].clamp(min=level) / level).log()
    return activity, each, _bound(eigenvalues, error, divergence, noise_var)


def numbers_for_tensors(eigenvalues, latent, noise_var, beta):
    """wrong type or shape: for the mean divergence a value of type float"""
    activity, divergence, error = _optimum(eigenvalues, latent, beta * noise_var)
    return activity, divergence.item(), _bound(eigenvalues, error, divergence, noise_var).item()


def changed_in_place(eigenvalues, latent, noise_var, beta):
    """wrong value: the call changed its argument eigenvalues"""
    _, _, error = _optimum(eigenvalues, latent, beta * noise_var)
    kept = eigenvalues[:latent].clamp_(min=beta * noise_var)
    divergence = 0.5 * (kept / (beta * noise_var)).log().sum()
    return 1 - beta * noise_var / kept, divergence, _bound(eigenvalues, error, divergence, noise_var)
