"""Answers to ch14.best_regressor. A wrong one's docstring is what its finding has to say; a right one has none."""

import math

import torch


def right_as_a_divergence_from_independent_pixels(pictures, probs):
    lit = torch.einsum("ck,kp->cp", probs.double(), pictures.double()).clamp(0, 1)
    share = torch.where(pictures > 0, lit[:, None], 1 - lit[:, None])
    ratio = torch.where(probs[..., None] > 0, share.clamp(min=1e-300).log(), 0.0).sum(-1)
    price = torch.xlogy(probs.double(), probs.double()).sum(-1) - (probs * ratio).sum(-1)
    return lit.to(probs.dtype), price.to(probs.dtype)


def right_with_loops(pictures, probs):
    answer = probs.new_zeros(len(probs), pictures.shape[1])
    price = probs.new_zeros(len(probs))
    for row, law in enumerate(probs):
        for picture, p in zip(pictures, law, strict=True):
            answer[row] += p * picture
            if p > 0:
                price[row] += p * p.log()
        for m in answer[row].clamp(max=1):
            for share in (m, 1 - m):
                price[row] -= share * share.log() if share > 0 else 0
    return [answer, price]


def right_through_xlogy(pictures, probs):
    m = (probs.unsqueeze(-1) * pictures).sum(-2).clamp(max=1)
    regressor = torch.xlogy(m, m) + torch.xlogy(1 - m, 1 - m)
    return m, torch.xlogy(probs, probs).sum(-1) - regressor.sum(-1)


def _pieces(pictures, probs):
    m = (probs @ pictures).clamp(0, 1)
    return m, -torch.xlogy(m, m) - torch.xlogy(1 - m, 1 - m), -torch.xlogy(probs, probs).sum(-1)


def whole_cost(pictures, probs):
    """wrong value: the regressor's whole cost was returned"""
    m, by_pixel, _ = _pieces(pictures, probs)
    return m, by_pixel.sum(-1)


def entropy_of_the_pictures(pictures, probs):
    """wrong value: the best model's cost was returned"""
    m, _, best = _pieces(pictures, probs)
    return m, best


def turned_sign(pictures, probs):
    """wrong value: the sign of the price is turned round"""
    m, by_pixel, best = _pieces(pictures, probs)
    return m, best - by_pixel.sum(-1)


def mean_over_pixels(pictures, probs):
    """wrong value: the mean over the pixels was taken"""
    m, by_pixel, best = _pieces(pictures, probs)
    return m, by_pixel.mean(-1) - best


def white_pixels_only(pictures, probs):
    """wrong value: a dark pixel costs nothing"""
    m, _, best = _pieces(pictures, probs)
    return m, -torch.xlogy(m, m).sum(-1) - best


def bits(pictures, probs):
    """wrong value: the logarithms are to the base 2"""
    m, by_pixel, best = _pieces(pictures, probs)
    return m, (by_pixel.sum(-1) - best) / math.log(2)


def squared_error(pictures, probs):
    """wrong value: the squared error was taken for the cross-entropy"""
    m, _, best = _pieces(pictures, probs)
    return m, (m * (1 - m)).sum(-1) - best


def one_price_for_all(pictures, probs):
    """wrong type or shape: the price was averaged over the conditions"""
    m, by_pixel, best = _pieces(pictures, probs)
    return m, (by_pixel.sum(-1) - best).mean()


def most_probable_picture(pictures, probs):
    """wrong value: the most probable picture was given"""
    _, by_pixel, best = _pieces(pictures, probs)
    return pictures[probs.argmax(-1)], by_pixel.sum(-1) - best


def median_of_each_pixel(pictures, probs):
    """wrong value: every pixel was cut to its likelier value"""
    m, by_pixel, best = _pieces(pictures, probs)
    return m.round(), by_pixel.sum(-1) - best


def unweighted_mean(pictures, probs):
    """wrong value: all pictures were counted alike"""
    m, by_pixel, best = _pieces(pictures, probs)
    return pictures.mean(0).expand(m.shape).clone(), by_pixel.sum(-1) - best


def conditions_ignored(pictures, probs):
    """wrong value: the answer is one for all conditions"""
    return _sum_up(*_pieces(pictures, probs.mean(0, keepdim=True).expand(probs.shape)))


def _sum_up(m, by_pixel, best):
    return m, by_pixel.sum(-1) - best


def logarithm_of_zero(pictures, probs):
    """wrong value: What is certain went wrong"""
    m = probs @ pictures
    cost = -(m * m.log() + (1 - m) * (1 - m).log()).sum(-1)
    return m, cost + (probs * probs.log()).sum(-1)


def small_number_added(pictures, probs):
    """wrong value: What is certain went wrong"""
    m, small = probs @ pictures, 1e-4
    cost = -(m * (m + small).log() + (1 - m) * (1 - m + small).log()).sum(-1)
    return m, cost + (probs * (probs + small).log()).sum(-1)


def rounding_forgotten(pictures, probs):
    """wrong value: A pixel that is white in all pictures went wrong"""
    m = probs @ pictures
    cost = -(torch.xlogy(m, m) + torch.xlogy(1 - m, 1 - m)).sum(-1)
    return m, cost + torch.xlogy(probs, probs).sum(-1)


def price_alone(pictures, probs):
    """wrong type or shape: best_regressor should return a tuple: the answer, the price"""
    return _sum_up(*_pieces(pictures, probs))[1]


def hard_coded(pictures, probs):
    """wrong type or shape: returned for the answer the shape (2, 2)"""
    return torch.tensor([[0.5, 0.5], [0.0, 1.0]]), torch.tensor([math.log(2), 0.0])


def changed_in_place(pictures, probs):
    """wrong value: the call changed its argument probs"""
    m, by_pixel, _ = _pieces(pictures, probs)
    probs *= probs.clamp(min=1e-30).log()
    return m, by_pixel.sum(-1) + probs.sum(-1)
