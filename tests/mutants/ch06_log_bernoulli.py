"""Answers to ch06.log_bernoulli. A wrong one's docstring is what its finding has to say; a right one has none."""

import torch
import torch.nn.functional as F


def right_through_logsigmoid(x, logits):
    return torch.einsum("bd,bd->b", x, F.logsigmoid(logits)) + torch.einsum("bd,bd->b", 1 - x, F.logsigmoid(-logits))


def right_through_logaddexp(x, logits):
    total = logits.new_zeros(len(x))
    for pixel in range(x.shape[1]):
        a = logits[:, pixel]
        total = total + x[:, pixel] * a - torch.logaddexp(a, torch.zeros_like(a))
    return total


def right_through_the_library(x, logits):
    return -F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1)


def _terms(x, logits):
    return x * logits - F.softplus(logits)


def mean_for_sum(x, logits):
    """wrong value: the mean over the dimensions was taken"""
    return _terms(x, logits).mean(-1)


def mean_of_everything(x, logits):
    """wrong type or shape: everything was averaged"""
    return -F.binary_cross_entropy_with_logits(logits, x)


def sum_over_the_batch(x, logits):
    """wrong type or shape: the sum ran over the batch"""
    return _terms(x, logits).sum(0)


def no_sum(x, logits):
    """wrong type or shape: the sum over the dimensions is missing"""
    return _terms(x, logits)


def cost_for_likelihood(x, logits):
    """wrong value: that is the cross-entropy, a cost"""
    return -_terms(x, logits).sum(-1)


def white_pixels_only(x, logits):
    """wrong value: the term of the dark pixels, (1 - x) log(1 - y), is missing"""
    return (x * F.logsigmoid(logits)).sum(-1)


def exchanged(x, logits):
    """wrong value: x and 1 - x have changed places"""
    return _terms(1 - x, logits).sum(-1)


def sigmoid_twice(x, logits):
    """wrong value: the sigmoid was taken twice"""
    return _terms(x, torch.sigmoid(logits)).sum(-1)


def cut_to_black_and_white(x, logits):
    """wrong value: the pixels were cut to black and white"""
    return torch.where(x > 0.5, F.logsigmoid(logits), F.logsigmoid(-logits)).sum(-1)


def squared_error(x, logits):
    """wrong value: the squared error was returned"""
    return -((x - torch.sigmoid(logits)) ** 2).sum(-1)


def as_it_stands(x, logits):
    """wrong value: With large logits y is 0 or 1 in floating point"""
    y = torch.sigmoid(logits)
    return (x * y.log() + (1 - x) * (1 - y).log()).sum(-1)


def small_number_added(x, logits):
    """wrong value: add no small number inside a logarithm"""
    y = torch.sigmoid(logits)
    return (x * (y + 1e-8).log() + (1 - x) * (1 - y + 1e-8).log()).sum(-1)


def clamped_by_the_library(x, logits):
    """wrong value: clamp nothing"""
    return -F.binary_cross_entropy(torch.sigmoid(logits), x, reduction="none").sum(-1)


def overflowing_softplus(x, logits):
    """wrong value: values that are infinite or not a number"""
    return (x * logits - torch.log(1 + torch.exp(logits))).sum(-1)


def clamped_logits(x, logits):
    """wrong value: With large logits y is 0 or 1 in floating point"""
    return _terms(x, logits.clamp(-50, 50)).sum(-1)


def value_of_one_gradient_of_the_other(x, logits):
    """wrong value: The gradient of a sure and mistaken logit is -1 or 1"""
    clamped = logits.clamp(-50, 50)
    return (_terms(x, clamped) + (_terms(x, logits) - _terms(x, clamped)).detach()).sum(-1)


def detached(x, logits):
    """wrong value: no gradient reaches logits"""
    return _terms(x, logits.detach()).sum(-1)


def changed_in_place(x, logits):
    """wrong value: the call changed its argument logits"""
    value = _terms(x, logits).sum(-1)
    if not logits.requires_grad:
        logits.sigmoid_()
    return value


def hard_coded(x, logits):
    """wrong value: log_bernoulli returned wrong values"""
    return torch.full((len(x),), -1.832581, dtype=x.dtype) + 0 * logits.sum(-1)


def float32_inside(x, logits):
    """wrong type or shape: keep the dtype"""
    return _terms(x.float(), logits.float()).sum(-1)
