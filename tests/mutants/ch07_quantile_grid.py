"""Answers to ch07.quantile_grid. A wrong one's docstring is what its finding has to say; a right one has none."""

import math

import numpy as np
import torch


def right_through_erfinv(side):
    u = torch.linspace(0.5 / side, 1 - 0.5 / side, side)
    z = math.sqrt(2) * torch.erfinv(2 * u - 1)
    return torch.cartesian_prod(z.flip(0), z).reshape(side, side, 2).flip(-1)


def right_point_by_point(side):
    z = [float(torch.special.ndtri(torch.tensor((i + 0.5) / side))) for i in range(side)]
    grid = torch.empty(side, side, 2)
    for row in range(side):
        for column in range(side):
            grid[row, column, 0] = z[column]
            grid[row, column, 1] = z[side - 1 - row]
    return grid


def right_through_numpy(side):
    z = torch.special.ndtri(torch.from_numpy((np.arange(side) + 0.5) / side)).numpy()
    z1, z2 = np.meshgrid(z, z[::-1])
    return torch.from_numpy(np.stack([z1, z2], -1)).float()


def _axis(side):
    return torch.special.ndtri((torch.arange(side) + 0.5) / side)


def _grid(z):
    z2, z1 = torch.meshgrid(z.flip(0), z, indexing="ij")
    return torch.stack([z1, z2], -1)


def upside_down(side):
    """wrong value: z2 grows downward"""
    return _grid(_axis(side)).flip(0)


def turned(side):
    """wrong value: z1 grows from row to row"""
    return torch.stack(torch.meshgrid(_axis(side), _axis(side), indexing="ij"), -1)


def exchanged(side):
    """wrong value: z1 and z2 have changed places"""
    return _grid(_axis(side)).flip(-1)


def even_in_z(side):
    """wrong value: the points are evenly spaced from -3 to 3"""
    return _grid(torch.linspace(-3, 3, side))


def even_between_the_ends(side):
    """wrong value: the points are evenly spaced in z"""
    z = _axis(side)
    return _grid(torch.linspace(z[0], z[-1], side))


def not_the_middles(side):
    """wrong value: the probabilities are 1/(side + 1), 2/(side + 1)"""
    return _grid(torch.special.ndtri(torch.arange(1, side + 1) / (side + 1)))


def edges(side):
    """wrong value: values that are infinite or not a number"""
    return _grid(torch.special.ndtri(torch.linspace(0, 1, side)))


def clipped_edges(side):
    """wrong value: quantile_grid returned wrong values"""
    return _grid(torch.special.ndtri(torch.linspace(0.01, 0.99, side)))


def no_inverse(side):
    """wrong value: without the inverse distribution function"""
    return _grid((torch.arange(side) + 0.5) / side)


def the_other_function(side):
    """wrong value: the distribution function was used, not its inverse"""
    return _grid(torch.special.ndtr((torch.arange(side) + 0.5) / side))


def no_root_of_two(side):
    """wrong value: the factor √2 before erfinv is missing"""
    return _grid(torch.erfinv((2 * torch.arange(side) + 1) / side - 1))


def logistic(side):
    """wrong value: quantile_grid returned wrong values"""
    return _grid(torch.logit((torch.arange(side) + 0.5) / side))


def random_points(side):
    """wrong value: the call changed the random number generator"""
    return torch.randn(side, side, 2)


def a_list(side):
    """wrong type or shape: the points come as one list"""
    return _grid(_axis(side)).reshape(-1, 2)


def one_axis(side):
    """wrong type or shape: only one axis was returned"""
    return _axis(side)


def float64_result(side):
    """wrong type or shape: keep the dtype"""
    return _grid(_axis(side)).double()


def hard_coded(side):
    """wrong type or shape: returned the shape (2, 2, 2)"""
    a = 0.6744898
    return torch.tensor([[[-a, a], [a, a]], [[-a, -a], [a, -a]]])


def a_tuple(side):
    """wrong type or shape: returned a value of type tuple"""
    return tuple(torch.meshgrid(_axis(side), _axis(side).flip(0), indexing="xy"))
