"""Answers to ch16.AffineCoupling. A wrong one's docstring is what its finding has to say; a right one has none."""

import math

import torch
from torch import nn
from torch.distributions import Normal

LOG_2PI = math.log(2 * math.pi)


class _Layer(nn.Module):
    def __init__(self, dim, kept, hidden):
        super().__init__()
        self.kept = kept
        self.hidden = nn.Linear(kept, hidden)
        self.log_scale = nn.Linear(hidden, dim - kept)
        self.shift = nn.Linear(hidden, dim - kept)

    def parts(self, points):
        h = torch.tanh(self.hidden(points[:, : self.kept]))
        return points[:, : self.kept], points[:, self.kept :], self.log_scale(h), self.shift(h)

    def forward(self, z):
        first, second, log_scale, shift = self.parts(z)
        return torch.cat([first, second * log_scale.exp() + shift], 1), log_scale.sum(1)

    def inverse(self, y):
        first, second, log_scale, shift = self.parts(y)
        return torch.cat([first, (second - shift) / log_scale.exp()], 1)

    def log_prob(self, y):
        z = self.inverse(y)
        return -0.5 * (LOG_2PI + z**2).sum(1) - self.forward(z)[1]


class right_by_the_library(_Layer):
    def log_prob(self, y):
        first, second, log_scale, shift = self.parts(y)
        moved = Normal(shift, log_scale.exp()).log_prob(second).sum(-1)
        return Normal(0.0, 1.0).log_prob(first).sum(-1) + moved


class right_in_place_of_a_copy(nn.Module):
    def __init__(self, dim, kept, hidden):
        super().__init__()
        self.shift = nn.Linear(hidden, dim - kept)
        self.log_scale = nn.Linear(hidden, dim - kept)
        self.hidden = nn.Linear(kept, hidden)

    def _conditioner(self, points):
        h = self.hidden(points[:, : self.hidden.in_features]).tanh()
        zeros = torch.zeros_like(points[:, : self.hidden.in_features])
        return torch.cat([zeros, self.log_scale(h)], 1), torch.cat([zeros, self.shift(h)], 1)

    def forward(self, z):
        log_scale, shift = self._conditioner(z)
        return torch.addcmul(shift, z, log_scale.exp()), torch.einsum("bd->b", log_scale)

    def inverse(self, y):
        log_scale, shift = self._conditioner(y)
        return (y - shift) * (-log_scale).exp()

    def log_prob(self, y):
        z = self.inverse(y)
        return -z.square().sum(1) / 2 - z.shape[1] * LOG_2PI / 2 - self._conditioner(y)[0].sum(1)


class scale_not_exponentiated(_Layer):
    """wrong value: the log-scale was used as the scale"""

    def forward(self, z):
        first, second, log_scale, shift = self.parts(z)
        return torch.cat([first, second * log_scale + shift], 1), log_scale.abs().log().sum(1)


class shift_first(_Layer):
    """wrong value: the shift was scaled too"""

    def forward(self, z):
        first, second, log_scale, shift = self.parts(z)
        return torch.cat([first, (second + shift) * log_scale.exp()], 1), log_scale.sum(1)


class other_order(_Layer):
    """wrong value: the two parts were joined in the other order"""

    def forward(self, z):
        first, second, log_scale, shift = self.parts(z)
        return torch.cat([second * log_scale.exp() + shift, first], 1), log_scale.sum(1)


class kept_lost(_Layer):
    """wrong type or shape: the kept coordinates were left out"""

    def forward(self, z):
        _, second, log_scale, shift = self.parts(z)
        return second * log_scale.exp() + shift, log_scale.sum(1)


class determinant_turned_round(_Layer):
    """wrong value: the sign of the log-determinant is turned round"""

    def forward(self, z):
        moved, log_det = super().forward(z)
        return moved, -log_det


class determinant_itself(_Layer):
    """wrong value: the determinant was returned, not its logarithm"""

    def forward(self, z):
        moved, log_det = super().forward(z)
        return moved, log_det.exp()


class determinant_averaged(_Layer):
    """wrong value: the log-scales were averaged"""

    def forward(self, z):
        return super().forward(z)[0], self.parts(z)[2].mean(1)


class determinant_not_summed(_Layer):
    """wrong type or shape: the log-scales were not summed"""

    def forward(self, z):
        return super().forward(z)[0], self.parts(z)[2]


class no_determinant(_Layer):
    """wrong type or shape: AffineCoupling should return a tuple"""

    def forward(self, z):
        return super().forward(z)[0]


class scale_undone_first(_Layer):
    """wrong value: the scale was undone before the shift"""

    def inverse(self, y):
        first, second, log_scale, shift = self.parts(y)
        return torch.cat([first, second / log_scale.exp() - shift], 1)


class moved_again(_Layer):
    """wrong value: the points were moved once more, not back"""

    def inverse(self, y):
        return self.forward(y)[0]


class density_rises(_Layer):
    """wrong value: the log-determinant has the wrong sign"""

    def log_prob(self, y):
        z = self.inverse(y)
        return Normal(0.0, 1.0).log_prob(z).sum(1) + self.forward(z)[1]


class density_without_determinant(_Layer):
    """wrong value: the log-determinant is missing"""

    def log_prob(self, y):
        return Normal(0.0, 1.0).log_prob(self.inverse(y)).sum(1)


class density_of_y(_Layer):
    """wrong value: it is z that is standard normal"""

    def log_prob(self, y):
        return Normal(0.0, 1.0).log_prob(y).sum(1) - self.forward(y)[1]


class density_of_the_moved(_Layer):
    """wrong value: the kept coordinates were left out of the density"""

    def log_prob(self, y):
        _, second, log_scale, shift = self.parts(y)
        return Normal(shift, log_scale.exp()).log_prob(second).sum(1)


class no_log_2pi(_Layer):
    """wrong value: log 2π is missing"""

    def log_prob(self, y):
        return -0.5 * self.inverse(y).square().sum(1) - self.forward(y)[1]


class density_multiplied(_Layer):
    """wrong value: work with logarithms"""

    def log_prob(self, y):
        z = self.inverse(y)
        density = Normal(0.0, 1.0).log_prob(z).exp().prod(1) / self.forward(z)[1].exp()
        return density.log()


class clamped(_Layer):
    """wrong value: clamp nothing"""

    def parts(self, points):
        first, second, log_scale, shift = super().parts(points)
        return first, second, log_scale.clamp(-12, 12), shift


class relu_for_tanh(_Layer):
    """wrong value: AffineCoupling returned for the moved points wrong values"""

    def parts(self, points):
        h = torch.relu(self.hidden(points[:, : self.kept]))
        return points[:, : self.kept], points[:, self.kept :], self.log_scale(h), self.shift(h)


class detached_scale(_Layer):
    """wrong value: the gradient with respect to points is wrong"""

    def inverse(self, y):
        first, second, log_scale, shift = self.parts(y)
        return torch.cat([first, (second - shift) / log_scale.detach().exp()], 1)


class detached_conditioner(_Layer):
    """wrong value: the gradient with respect to points is wrong"""

    def parts(self, points):
        h = torch.tanh(self.hidden(points[:, : self.kept].detach()))
        return points[:, : self.kept], points[:, self.kept :], self.log_scale(h), self.shift(h)


class one_head(nn.Module):
    """wrong type or shape: AffineCoupling should have the parameters of the three layers"""

    def __init__(self, dim, kept, hidden):
        super().__init__()
        self.hidden = nn.Linear(kept, hidden)
        self.both = nn.Linear(hidden, 2 * (dim - kept))


class changed_in_place(_Layer):
    """wrong value: the call changed its argument z"""

    def forward(self, z):
        _, second, log_scale, shift = self.parts(z)
        with torch.no_grad():
            z[:, self.kept :] = second * log_scale.exp() + shift
        return z, log_scale.sum(1)
