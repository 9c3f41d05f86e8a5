"""Answers to ch05.minibatch_bound. A wrong one's docstring is what its finding has to say; a right one has none."""

import torch


def right_as_a_two_stage_sample(values, n):
    samples, minibatch = values.shape
    averages = values.mean(0)
    noise = (values - averages).square().sum() / (minibatch * (samples - 1))
    points = (averages - averages.mean()).square().sum() / (minibatch - 1)
    variance = n * (n - minibatch) / minibatch * points + n / samples * noise
    return averages.sum() * (n / minibatch), variance


def right_in_float64_by_moments(values, n):
    v = values.double()
    (samples, minibatch), centered = v.shape, v - v.mean()
    columns = centered.sum(0) / samples
    within = (centered.square().sum() - samples * columns.square().sum()) / (samples - 1) / minibatch
    spread = columns.square().sum() / (minibatch - 1)
    mean_variance = (1 / minibatch - 1 / n) * (spread - within / samples) + within / samples / minibatch
    return (n * v.sum() / samples / minibatch).to(values.dtype), (n * n * mean_variance).to(values.dtype)


def right_with_loops(values, n):
    samples, minibatch = values.shape
    averages = [sum(column) / samples for column in values.T]
    variances = [
        sum((one - average) ** 2 for one in column) / (samples - 1)
        for column, average in zip(values.T, averages, strict=True)
    ]
    middle, v = sum(averages) / minibatch, sum(variances) / minibatch
    s = sum((average - middle) ** 2 for average in averages) / (minibatch - 1) - v / samples
    return n * middle, n**2 * ((1 / minibatch - 1 / n) * s + v / minibatch / samples)


def _parts(values):
    samples, minibatch = values.shape
    averages, within = values.mean(0), values.var(0).mean()
    return samples, minibatch, averages, within, averages.var() - within / samples


def mean_bound(values, n):
    """wrong value: the mean over the minibatch was returned"""
    samples, minibatch, averages, within, between = _parts(values)
    return averages.mean(), (1 / minibatch - 1 / n) * between + within / (minibatch * samples)


def not_scaled(values, n):
    """wrong value: the sum was not scaled by n/M"""
    samples, minibatch, averages, within, between = _parts(values)
    return averages.sum(), n**2 * ((1 / minibatch - 1 / n) * between + within / (minibatch * samples))


def upside_down(values, n):
    """wrong value: n/M is upside down"""
    samples, minibatch, averages, within, between = _parts(values)
    variance = n**2 * ((1 / minibatch - 1 / n) * between + within / (minibatch * samples))
    return minibatch / n * averages.sum(), variance


def draws_summed(values, n):
    """wrong value: the draws were summed, not averaged"""
    samples, minibatch, _, within, between = _parts(values)
    variance = n**2 * ((1 / minibatch - 1 / n) * between + within / (minibatch * samples))
    return n / minibatch * values.sum(), variance


def variance_of_the_mean(values, n):
    """wrong value: the variance is that of the mean over the minibatch"""
    samples, minibatch, averages, within, between = _parts(values)
    return n * averages.mean(), (1 / minibatch - 1 / n) * between + within / (minibatch * samples)


def scaled_by_n_once(values, n):
    """wrong value: the variance was scaled by n; scale it by n²"""
    samples, minibatch, averages, within, between = _parts(values)
    return n * averages.mean(), n * ((1 / minibatch - 1 / n) * between + within / (minibatch * samples))


def standard_error(values, n):
    """wrong value: the standard deviation was returned"""
    samples, minibatch, averages, within, between = _parts(values)
    return n * averages.mean(), n * ((1 / minibatch - 1 / n) * between + within / (minibatch * samples)).sqrt()


def noise_left_in_s(values, n):
    """wrong value: S² still holds the noise of the columns' averages"""
    samples, minibatch, averages, within, _ = _parts(values)
    return n * averages.mean(), n**2 * ((1 / minibatch - 1 / n) * averages.var() + within / (minibatch * samples))


def all_of_v_taken(values, n):
    """wrong value: v was taken from S²; the noise of an average of L draws is v/L"""
    samples, minibatch, averages, within, _ = _parts(values)
    between = averages.var() - within
    return n * averages.mean(), n**2 * ((1 / minibatch - 1 / n) * between + within / (minibatch * samples))


def never_negative(values, n):
    """wrong value: a negative S² was replaced by 0"""
    samples, minibatch, averages, within, between = _parts(values)
    between = between.clamp(min=0)
    return n * averages.mean(), n**2 * ((1 / minibatch - 1 / n) * between + within / (minibatch * samples))


def with_repetition(values, n):
    """wrong value: 1/N is missing: a minibatch drawn without repetition leaves 1/M - 1/N"""
    samples, minibatch, averages, within, between = _parts(values)
    return n * averages.mean(), n**2 * (between / minibatch + within / (minibatch * samples))


def no_noise(values, n):
    """wrong value: the term v/(M·L) is missing"""
    _, minibatch, averages, _, between = _parts(values)
    return n * averages.mean(), n**2 * (1 / minibatch - 1 / n) * between


def no_points(values, n):
    """wrong value: the term in S² is missing"""
    samples, minibatch, averages, within, _ = _parts(values)
    return n * averages.mean(), n**2 * within / (minibatch * samples)


def noise_not_averaged_over_draws(values, n):
    """wrong value: v was divided by M; M·L draws take part"""
    _, minibatch, averages, within, between = _parts(values)
    return n * averages.mean(), n**2 * ((1 / minibatch - 1 / n) * between + within / minibatch)


def divided_by_counts(values, n):
    """wrong value: sample variances were divided by their count"""
    samples, minibatch = values.shape
    averages, within = values.mean(0), values.var(0, unbiased=False).mean()
    between = averages.var(unbiased=False) - within / samples
    return n * averages.mean(), n**2 * ((1 / minibatch - 1 / n) * between + within / (minibatch * samples))


def independent_numbers(values, n):
    """wrong value: all numbers were taken as independent draws"""
    return n * values.mean(), n**2 * values.var() / values.numel()


def rows_and_columns_exchanged(values, n):
    """wrong value: rows and columns changed places"""
    samples, minibatch, averages, within, between = _parts(values.T)
    return n * averages.mean(), n**2 * ((1 / minibatch - 1 / n) * between + within / (minibatch * samples))


def another_unbiasedness(values, n):
    """wrong value: is not the variance that the bound has over them"""
    _, minibatch, averages, _, _ = _parts(values)
    return n * averages.mean(), n**2 * averages.var() / minibatch


def detached(values, n):
    """wrong value: no gradient reaches values"""
    samples, minibatch, averages, within, between = _parts(values.detach())
    return n * averages.mean(), n**2 * ((1 / minibatch - 1 / n) * between + within / (minibatch * samples))


def numbers(values, n):
    """wrong type or shape: minibatch_bound returned for the bound a value of type float"""
    samples, minibatch, averages, within, between = _parts(values)
    variance = n**2 * ((1 / minibatch - 1 / n) * between + within / (minibatch * samples))
    return n * averages.mean().item(), variance.item()


def one_element(values, n):
    """wrong type or shape: minibatch_bound returned for the bound the shape (1,)"""
    samples, minibatch, averages, within, between = _parts(values)
    variance = n**2 * ((1 / minibatch - 1 / n) * between + within / (minibatch * samples))
    return n * averages.mean().reshape(1), variance.reshape(1)


def the_bound_alone(values, n):
    """wrong type or shape: minibatch_bound should return a tuple"""
    return n * values.mean()


def changed_in_place(values, n):
    """wrong value: the call changed its argument values"""
    samples, minibatch, averages, within, between = _parts(values)
    values -= averages
    return n * averages.mean(), n**2 * ((1 / minibatch - 1 / n) * between + within / (minibatch * samples))


def hard_coded(values, n):
    """wrong value: minibatch_bound returned for the bound wrong values"""
    return torch.tensor(18.0, dtype=values.dtype), torch.tensor(60.0, dtype=values.dtype)
