"""Answers to ch03.kl_full. A wrong one's docstring is what its finding has to say; a right one has none."""

import torch
from torch.distributions import MultivariateNormal, kl_divergence


def right_through_solve_and_slogdet(mean_0, covariance_0, mean_1, covariance_1):
    shift = (mean_1 - mean_0)[:, :, None]
    ratio = torch.linalg.solve(covariance_1, covariance_0)
    trace = torch.einsum("bii->b", ratio)
    distance = (shift * torch.linalg.solve(covariance_1, shift)).sum((1, 2))
    log_det_0, log_det_1 = torch.linalg.slogdet(covariance_0)[1], torch.linalg.slogdet(covariance_1)[1]
    return (trace + distance - mean_0.shape[1] + log_det_1 - log_det_0) / 2


def right_through_eigenvalues(mean_0, covariance_0, mean_1, covariance_1):
    values, vectors = torch.linalg.eigh(covariance_1)
    whitening = vectors / values.sqrt().unsqueeze(-2)
    inner = whitening.mT @ covariance_0 @ whitening
    shift = torch.einsum("bji,bj->bi", whitening, mean_1 - mean_0)
    own = torch.linalg.eigvalsh(inner)
    return 0.5 * ((own - 1 - own.log()).sum(-1) + (shift**2).sum(-1))


def _pieces(mean_0, covariance_0, mean_1, covariance_1):
    inverse_1, shift = covariance_1.inverse(), mean_1 - mean_0
    trace = (inverse_1 @ covariance_0).diagonal(dim1=-2, dim2=-1).sum(-1)
    distance = torch.einsum("bi,bij,bj->b", shift, inverse_1, shift)
    return trace, distance, covariance_0.logdet(), covariance_1.logdet()


def other_way_round(mean_0, covariance_0, mean_1, covariance_1):
    """wrong value: the divergence was taken the other way round"""
    trace, distance, log_det_0, log_det_1 = _pieces(mean_1, covariance_1, mean_0, covariance_0)
    return 0.5 * (trace + distance - mean_0.shape[-1] + log_det_1 - log_det_0)


def turned_sign(mean_0, covariance_0, mean_1, covariance_1):
    """wrong value: the sign is turned round"""
    trace, distance, log_det_0, log_det_1 = _pieces(mean_0, covariance_0, mean_1, covariance_1)
    return -0.5 * (trace + distance - mean_0.shape[-1] + log_det_1 - log_det_0)


def no_half(mean_0, covariance_0, mean_1, covariance_1):
    """wrong value: the factor 1/2 is missing"""
    trace, distance, log_det_0, log_det_1 = _pieces(mean_0, covariance_0, mean_1, covariance_1)
    return trace + distance - mean_0.shape[-1] + log_det_1 - log_det_0


def no_dimension(mean_0, covariance_0, mean_1, covariance_1):
    """wrong value: the number of dimensions is not subtracted"""
    trace, distance, log_det_0, log_det_1 = _pieces(mean_0, covariance_0, mean_1, covariance_1)
    return 0.5 * (trace + distance + log_det_1 - log_det_0)


def minus_one(mean_0, covariance_0, mean_1, covariance_1):
    """wrong value: 1 was subtracted, not the number of dimensions"""
    trace, distance, log_det_0, log_det_1 = _pieces(mean_0, covariance_0, mean_1, covariance_1)
    return 0.5 * (trace + distance - 1 + log_det_1 - log_det_0)


def batch_for_dimension(mean_0, covariance_0, mean_1, covariance_1):
    """wrong value: kl_full returned wrong values"""
    trace, distance, log_det_0, log_det_1 = _pieces(mean_0, covariance_0, mean_1, covariance_1)
    return 0.5 * (trace + distance - len(mean_0) + log_det_1 - log_det_0)


def ratio_upside_down(mean_0, covariance_0, mean_1, covariance_1):
    """wrong value: the ratio of determinants is upside down"""
    trace, distance, log_det_0, log_det_1 = _pieces(mean_0, covariance_0, mean_1, covariance_1)
    return 0.5 * (trace + distance - mean_0.shape[-1] + log_det_0 - log_det_1)


def no_determinants(mean_0, covariance_0, mean_1, covariance_1):
    """wrong value: the ratio of determinants is missing"""
    trace, distance, _, _ = _pieces(mean_0, covariance_0, mean_1, covariance_1)
    return 0.5 * (trace + distance - mean_0.shape[-1])


def determinant_not_doubled(mean_0, covariance_0, mean_1, covariance_1):
    """wrong value: a Cholesky factor's log-determinant was not doubled"""
    trace, distance, _, _ = _pieces(mean_0, covariance_0, mean_1, covariance_1)
    half_0, half_1 = (torch.linalg.cholesky(c).logdet() for c in (covariance_0, covariance_1))
    return 0.5 * (trace + distance - mean_0.shape[-1] + half_1 - half_0)


def distance_not_weighted(mean_0, covariance_0, mean_1, covariance_1):
    """wrong value: the squared distance was not weighted by the inverse of covariance_1"""
    trace, _, log_det_0, log_det_1 = _pieces(mean_0, covariance_0, mean_1, covariance_1)
    return 0.5 * (trace + (mean_1 - mean_0).square().sum(-1) - mean_0.shape[-1] + log_det_1 - log_det_0)


def no_inverse(mean_0, covariance_0, mean_1, covariance_1):
    """wrong value: the squared distance was weighted by covariance_1, not by its inverse"""
    trace, _, log_det_0, log_det_1 = _pieces(mean_0, covariance_0, mean_1, covariance_1)
    shift = mean_1 - mean_0
    distance = torch.einsum("bi,bij,bj->b", shift, covariance_1, shift)
    return 0.5 * (trace + distance - mean_0.shape[-1] + log_det_1 - log_det_0)


def no_means(mean_0, covariance_0, mean_1, covariance_1):
    """wrong value: the term in the two means is missing"""
    trace, _, log_det_0, log_det_1 = _pieces(mean_0, covariance_0, mean_1, covariance_1)
    return 0.5 * (trace - mean_0.shape[-1] + log_det_1 - log_det_0)


def diagonals_only(mean_0, covariance_0, mean_1, covariance_1):
    """wrong value: only the diagonals of the covariances were used"""
    var_0, var_1 = covariance_0.diagonal(dim1=-2, dim2=-1), covariance_1.diagonal(dim1=-2, dim2=-1)
    return 0.5 * ((var_0 + (mean_0 - mean_1) ** 2) / var_1 - 1 + torch.log(var_1 / var_0)).sum(-1)


def dimension_divided_out(mean_0, covariance_0, mean_1, covariance_1):
    """wrong value: the divergence was divided by the number of dimensions"""
    p_0, p_1 = MultivariateNormal(mean_0, covariance_0), MultivariateNormal(mean_1, covariance_1)
    return kl_divergence(p_0, p_1) / mean_0.shape[-1]


def batch_mean(mean_0, covariance_0, mean_1, covariance_1):
    """wrong type or shape: the divergence was averaged over the batch"""
    p_0, p_1 = MultivariateNormal(mean_0, covariance_0), MultivariateNormal(mean_1, covariance_1)
    return kl_divergence(p_0, p_1).mean()


def determinants_formed(mean_0, covariance_0, mean_1, covariance_1):
    """wrong value: In many dimensions a determinant leaves the range of floating-point numbers"""
    trace, distance, _, _ = _pieces(mean_0, covariance_0, mean_1, covariance_1)
    ratio = torch.linalg.det(covariance_1) / torch.linalg.det(covariance_0)
    return 0.5 * (trace + distance - mean_0.shape[-1] + ratio.log())


def broadcasting_accident(mean_0, covariance_0, mean_1, covariance_1):
    """wrong type or shape: Broadcasting seems to have paired all data points"""
    trace, distance, log_det_0, log_det_1 = _pieces(mean_0, covariance_0, mean_1, covariance_1)
    return 0.5 * (trace.unsqueeze(-1) + distance - mean_0.shape[-1] + log_det_1 - log_det_0)


def detached_covariance(mean_0, covariance_0, mean_1, covariance_1):
    """wrong value: no gradient reaches covariance_1"""
    trace, distance, log_det_0, log_det_1 = _pieces(mean_0, covariance_0, mean_1, covariance_1.detach())
    return 0.5 * (trace + distance - mean_0.shape[-1] + log_det_1 - log_det_0)


def changed_in_place(mean_0, covariance_0, mean_1, covariance_1):
    """wrong value: the call changed its argument covariance_0"""
    torch.linalg.cholesky(covariance_0, out=covariance_0)
    half_log_det_0 = covariance_0.diagonal(dim1=-2, dim2=-1).log().sum(-1)
    trace, distance, _, log_det_1 = _pieces(mean_0, covariance_0 @ covariance_0.mT, mean_1, covariance_1)
    return 0.5 * (trace + distance - mean_0.shape[-1] + log_det_1) - half_log_det_0


def hard_coded(mean_0, covariance_0, mean_1, covariance_1):
    """wrong value: kl_full returned wrong values"""
    return torch.full((len(mean_0),), 0.549306)
