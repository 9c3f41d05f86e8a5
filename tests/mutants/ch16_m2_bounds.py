"""Answers to ch16.m2_bounds. A wrong one's docstring is what its finding has to say; a right one has none."""

import torch
from torch.nn import functional


def _pieces(bounds, logits, labels):
    """The bound without a label, the one with, and the classifier's log-probability of the label."""
    log_q = torch.log_softmax(logits, -1)
    chosen = labels.clamp(min=0)[:, None]
    hidden = (log_q.exp() * (bounds - log_q)).sum(-1)
    return hidden, bounds.gather(1, chosen)[:, 0], log_q.gather(1, chosen)[:, 0]


def _both(hidden, given, extra, labels):
    bound = torch.where(labels < 0, hidden, given)
    return bound, torch.where(labels < 0, bound, bound + extra)


def right_by_masks(bounds, logits, labels, alpha):
    log_q = logits - torch.logsumexp(logits, dim=1, keepdim=True)
    one_hot = (labels[:, None] == torch.arange(logits.shape[1])).to(bounds.dtype)
    known = one_hot.sum(1)
    weights = one_hot + (1 - known)[:, None] * torch.softmax(logits, 1)
    entropy = -(1 - known) * (torch.softmax(logits, 1) * log_q).sum(1)
    bound = torch.einsum("by,by->b", weights, bounds) + entropy
    return bound, bound + alpha * (one_hot * log_q).sum(1)


def right_point_by_point(bounds, logits, labels, alpha):
    log_q = functional.log_softmax(logits, dim=-1)
    values, objectives = [bounds.new_zeros(0)], [bounds.new_zeros(0)]
    for b, log_p, y in zip(bounds, log_q, labels.tolist(), strict=True):
        value = b[y] if y >= 0 else torch.dot(log_p.exp(), b - log_p)
        values.append(value[None])
        objectives.append((value + alpha * log_p[y] if y >= 0 else value)[None])
    return torch.cat(values), torch.cat(objectives)


def no_entropy(bounds, logits, labels, alpha):
    """wrong value: the entropy is missing"""
    _, given, log_q = _pieces(bounds, logits, labels)
    return _both((logits.softmax(-1) * bounds).sum(-1), given, alpha * log_q, labels)


def entropy_subtracted(bounds, logits, labels, alpha):
    """wrong value: the entropy has the wrong sign"""
    _, given, log_q = _pieces(bounds, logits, labels)
    hidden = (logits.softmax(-1) * (bounds + logits.log_softmax(-1))).sum(-1)
    return _both(hidden, given, alpha * log_q, labels)


def best_classifier(bounds, logits, labels, alpha):
    """wrong value: the best classifier's bound was returned, not that of the given one"""
    _, given, log_q = _pieces(bounds, logits, labels)
    return _both(bounds.logsumexp(-1), given, alpha * log_q, labels)


def likeliest_class(bounds, logits, labels, alpha):
    """wrong value: the likeliest class alone was used; a hidden label is summed over"""
    guess = torch.where(labels < 0, logits.argmax(-1), labels)
    _, given, log_q = _pieces(bounds, logits, guess)
    return _both(given, given, alpha * log_q, labels)


def equal_weights(bounds, logits, labels, alpha):
    """wrong value: the classes were averaged with equal weights"""
    _, given, log_q = _pieces(bounds, logits, labels)
    entropy = -(logits.softmax(-1) * logits.log_softmax(-1)).sum(-1)
    return _both(bounds.mean(-1) + entropy, given, alpha * log_q, labels)


def labels_ignored(bounds, logits, labels, alpha):
    """wrong value: labels were ignored"""
    hidden, _, _ = _pieces(bounds, logits, labels)
    return hidden, hidden


def last_class(bounds, logits, labels, alpha):
    """wrong value: a label of -1 was taken for the last class"""
    rows = torch.arange(len(labels))
    bound = bounds[rows, labels]
    return bound, bound + (labels >= 0) * alpha * logits.log_softmax(-1)[rows, labels]


def no_supervision(bounds, logits, labels, alpha):
    """wrong value: the classifier's log-probability is missing from the objective"""
    hidden, given, _ = _pieces(bounds, logits, labels)
    return _both(hidden, given, 0.0, labels)


def no_alpha(bounds, logits, labels, alpha):
    """wrong value: alpha was left out"""
    hidden, given, log_q = _pieces(bounds, logits, labels)
    return _both(hidden, given, log_q, labels)


def cross_entropy_added(bounds, logits, labels, alpha):
    """wrong value: the classifier's log-probability has the wrong sign"""
    hidden, given, _ = _pieces(bounds, logits, labels)
    extra = functional.cross_entropy(logits, labels.clamp(min=0), reduction="none")
    return _both(hidden, given, alpha * extra, labels)


def probability_added(bounds, logits, labels, alpha):
    """wrong value: the classifier's probability was added, not its logarithm"""
    hidden, given, log_q = _pieces(bounds, logits, labels)
    return _both(hidden, given, alpha * log_q.exp(), labels)


def supervision_in_the_bound(bounds, logits, labels, alpha):
    """wrong value: the classifier's log-probability was added to the bound as well"""
    objective = _both(*_pieces(bounds, logits, labels)[:2], alpha * _pieces(bounds, logits, labels)[2], labels)[1]
    return objective, objective


def losses(bounds, logits, labels, alpha):
    """wrong value: the signs are turned round"""
    hidden, given, log_q = _pieces(bounds, logits, labels)
    return tuple(-value for value in _both(hidden, given, alpha * log_q, labels))


def summed(bounds, logits, labels, alpha):
    """wrong type or shape: the batch was summed; give one number per data point"""
    hidden, given, log_q = _pieces(bounds, logits, labels)
    return tuple(value.sum() for value in _both(hidden, given, alpha * log_q, labels))


def logarithm_of_the_softmax(bounds, logits, labels, alpha):
    """wrong value: take log_softmax of the logits"""
    q = logits.softmax(-1)
    _, given, log_q = _pieces(bounds, q.log(), labels)
    return _both((q * (bounds - q.log())).sum(-1), given, alpha * log_q, labels)


def small_number_added(bounds, logits, labels, alpha):
    """wrong value: take log_softmax of the logits"""
    q = logits.softmax(-1)
    log_q = torch.log(q + 1e-8)
    hidden, given, _ = _pieces(bounds, logits, labels)
    return _both(hidden, given, alpha * log_q.gather(1, labels.clamp(min=0)[:, None])[:, 0], labels)


def classifier_detached(bounds, logits, labels, alpha):
    """wrong value: the gradient with respect to logits is wrong"""
    _, given, log_q = _pieces(bounds, logits, labels)
    hidden, _, _ = _pieces(bounds, logits.detach(), labels)
    return _both(hidden, given, alpha * log_q, labels)


def changed_in_place(bounds, logits, labels, alpha):
    """wrong value: the call changed its argument labels"""
    unknown = labels < 0
    labels[unknown] = 0
    hidden, given, log_q = _pieces(bounds, logits, labels)
    return _both(hidden, given, alpha * log_q, labels - unknown.long())
