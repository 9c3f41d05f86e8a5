"""Answers to ch08.mended_active_units. A wrong one's docstring is what its finding has to say; a right one has none."""

import numpy as np
import torch


def right_two_passes(encode, x, batch_size, threshold):
    n = len(x)
    mean = sum(encode(x[i : i + batch_size])[0].sum(0) for i in range(0, n, batch_size)) / n
    activity = torch.zeros_like(mean)
    for i in range(0, n, batch_size):
        activity += (encode(x[i : i + batch_size])[0] - mean).pow(2).sum(0) / n
    return activity, torch.gt(activity, threshold)


def right_merging_minibatches(encode, x, batch_size, threshold):
    count, center, squares = 0, 0.0, 0.0
    for pictures in x.split(batch_size):
        mean = encode(pictures)[0]
        own, off = len(mean), mean.mean(0) - center
        squares = squares + ((mean - mean.mean(0)) ** 2).sum(0) + off**2 * count * own / (count + own)
        center = center + off * own / (count + own)
        count += own
    return squares / count, squares / count > threshold


def right_through_numpy(encode, x, batch_size, threshold):
    means = [encode(pictures)[0].detach().numpy() for pictures in torch.split(x, batch_size)]
    activity = torch.tensor(np.var(np.concatenate(means), axis=0), dtype=x.dtype)
    return activity, activity > threshold


def _means(encode, x, batch_size):
    return torch.cat([encode(pictures)[0] for pictures in x.split(batch_size)])


def as_it_was(encode, x, batch_size, threshold):
    """wrong value: has the activity 0, whatever its σ"""
    activities = []
    for pictures in x.split(batch_size):
        mean, log_var = encode(pictures)
        z = mean + torch.exp(0.5 * log_var) * torch.randn_like(mean)
        activities.append(z.std(0))
    activity = torch.stack(activities).mean(0)
    return activity, activity > threshold


def draws_of_all_pictures(encode, x, batch_size, threshold):
    """wrong value: has the activity 0, whatever its σ"""
    draws = []
    for pictures in x.split(batch_size):
        mean, log_var = encode(pictures)
        draws.append(mean + torch.exp(0.5 * log_var) * torch.randn_like(mean))
    activity = torch.cat(draws).var(0, correction=0)
    return activity, activity > threshold


def total_variance(encode, x, batch_size, threshold):
    """wrong value: has the activity 0, whatever its σ"""
    pairs = [encode(pictures) for pictures in x.split(batch_size)]
    mean, log_var = (torch.cat(part) for part in zip(*pairs, strict=True))
    activity = mean.var(0, correction=0) + log_var.exp().mean(0)
    return activity, activity > threshold


def standard_deviation(encode, x, batch_size, threshold):
    """wrong value: the standard deviation was taken"""
    activity = _means(encode, x, batch_size).std(0, correction=0)
    return activity, activity > threshold


def divided_by_n_minus_one(encode, x, batch_size, threshold):
    """wrong value: divided by n - 1; divide by n"""
    activity = _means(encode, x, batch_size).var(0)
    return activity, activity > threshold


def minibatches_averaged(encode, x, batch_size, threshold):
    """wrong value: the minibatches' variances were averaged"""
    variances = [encode(pictures)[0].var(0, correction=0) for pictures in x.split(batch_size)]
    activity = torch.stack(variances).mean(0)
    return activity, activity > threshold


def minibatches_weighed(encode, x, batch_size, threshold):
    """wrong value: what differs between minibatches is missing"""
    parts = x.split(batch_size)
    activity = sum(len(part) * encode(part)[0].var(0, correction=0) for part in parts) / len(x)
    return activity, activity > threshold


def last_minibatch(encode, x, batch_size, threshold):
    """wrong value: only the last minibatch"""
    for pictures in x.split(batch_size):
        activity = encode(pictures)[0].var(0, correction=0)
    return activity, activity > threshold


def last_minibatch_dropped(encode, x, batch_size, threshold):
    """wrong value: mended_active_units returned for the activities wrong values"""
    whole = max(len(x) // batch_size * batch_size, 1)
    activity = _means(encode, x[:whole], batch_size).var(0, correction=0)
    return activity, activity > threshold


def all_at_once(encode, x, batch_size, threshold):
    """exception: mended_active_units stopped with ValueError"""
    activity = encode(x)[0].var(0, correction=0)
    return activity, activity > threshold


def not_centered(encode, x, batch_size, threshold):
    """wrong value: the mean was not subtracted"""
    activity = _means(encode, x, batch_size).square().mean(0)
    return activity, activity > threshold


def difference_of_large_squares(encode, x, batch_size, threshold):
    """wrong value: take their mean away before you square"""
    mean = _means(encode, x, batch_size)
    activity = mean.square().mean(0) - mean.mean(0).square()
    return activity, activity > threshold


def over_the_latents(encode, x, batch_size, threshold):
    """wrong type or shape: the variance was taken over the latents"""
    activity = _means(encode, x, batch_size).var(-1, correction=0)
    return activity, activity > threshold


def at_the_threshold(encode, x, batch_size, threshold):
    """wrong value: is not active"""
    activity = _means(encode, x, batch_size).var(0, correction=0)
    return activity, activity >= threshold


def numbers_for_booleans(encode, x, batch_size, threshold):
    """wrong type or shape: the active latents torch.float32 where torch.bool is expected"""
    activity = _means(encode, x, batch_size).var(0, correction=0)
    return activity, (activity > threshold).float()


def their_number(encode, x, batch_size, threshold):
    """wrong type or shape: mended_active_units returned for the active latents the shape ()"""
    activity = _means(encode, x, batch_size).var(0, correction=0)
    return activity, (activity > threshold).any()


def no_tuple(encode, x, batch_size, threshold):
    """wrong type or shape: mended_active_units should return a tuple: the activities, the active latents"""
    return _means(encode, x, batch_size).var(0, correction=0)


def pictures_shuffled(encode, x, batch_size, threshold):
    """wrong value: the call changed the random number generator"""
    activity = _means(encode, x[torch.randperm(len(x))], batch_size).var(0, correction=0)
    return activity, activity > threshold


def centered_in_place(encode, x, batch_size, threshold):
    """wrong value: mended_active_units returned for the activities wrong values"""
    x -= x.mean(0)
    activity = _means(encode, x, batch_size).square().mean(0)
    return activity, activity > threshold


def pictures_scaled_in_place(encode, x, batch_size, threshold):
    """wrong value: the call changed its argument x"""
    x *= 2
    activity = _means(encode, x, batch_size).var(0, correction=0) / 4
    return activity, activity > threshold
