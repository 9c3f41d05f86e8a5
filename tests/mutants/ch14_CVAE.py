"""Answers to ch14.CVAE. A wrong one's docstring is what its finding has to say; a right one has none."""

import math

import torch
import torch.nn.functional as F
from torch import nn


class _Networks(nn.Module):
    def __init__(self, conditions, targets, hidden, latent, sigma):
        super().__init__()
        self.decoder_z, self.decoder_mean = nn.Linear(latent, hidden), nn.Linear(hidden, targets)
        self.encoder_mean, self.encoder_log_var = nn.Linear(hidden, latent), nn.Linear(hidden, latent)
        self.encoder_y, self.encoder_c = nn.Linear(targets, hidden), nn.Linear(conditions, hidden, bias=False)
        self.decoder_c = nn.Linear(conditions, hidden, bias=False)
        self.sigma = sigma

    def encode(self, y, c):
        h = torch.tanh(self.encoder_y(y) + self.encoder_c(c))
        return self.encoder_mean(h), self.encoder_log_var(h)

    def decode(self, z, c):
        return self.decoder_mean(torch.tanh(self.decoder_z(z) + self.decoder_c(c)))

    def sample(self, y, c, eps):
        mean, log_var = self.encode(y, c)
        return mean + torch.exp(0.5 * log_var) * eps

    def kls(self, y, c):
        mean, log_var = self.encode(y, c)
        return 0.5 * (mean**2 + log_var.exp() - 1 - log_var)

    def log_p(self, y, c, z):
        squared = ((y - self.decode(z, c)) / self.sigma) ** 2
        return -0.5 * (squared + math.log(2 * math.pi)) - math.log(self.sigma)

    def bound(self, y, c, eps):
        return self.log_p(y, c, self.sample(y, c, eps)).sum(-1).mean(0) - self.kls(y, c).sum(-1)

    def complete(self, c, eps):
        return self.decode(eps, c)


class right_with_a_loop_over_samples(_Networks):
    def bound(self, y, c, eps):
        mean, log_var = self.encode(y, c)
        var, total = self.sigma**2, -self.kls(y, c).sum(-1)
        for noise in eps:
            squared = (y - self.decode(mean + torch.sqrt(torch.exp(log_var)) * noise, c)).square().sum(-1)
            log_p = -(y.shape[-1] * math.log(2 * math.pi * var) + squared / var) / 2
            total = total + log_p / len(eps)
        return total

    def complete(self, c, eps):
        return torch.stack([self.decode(noise, c) for noise in eps])


class right_with_layers_side_by_side(nn.Module):
    def __init__(self, conditions, targets, hidden, latent, sigma):
        super().__init__()
        sizes = {"decoder_mean": (hidden, targets), "decoder_z": (latent, hidden), "decoder_c": (conditions, hidden)}
        sizes |= {"encoder_log_var": (hidden, latent), "encoder_mean": (hidden, latent)}
        for name, size in (sizes | {"encoder_y": (targets, hidden), "encoder_c": (conditions, hidden)}).items():
            self.add_module(name, nn.Linear(*size, bias=not name.endswith("_c")))
        self.register_buffer("sigma", torch.tensor(float(sigma)))

    def encode(self, y, c):
        weight = torch.cat([self.encoder_y.weight, self.encoder_c.weight], 1)
        h = F.linear(torch.cat([y, c], 1), weight, self.encoder_y.bias).tanh()
        return [self.encoder_mean(h), self.encoder_log_var(h)]

    def decode(self, z, c):
        both = torch.cat([z, c.expand(*z.shape[:-1], c.shape[-1])], -1)
        weight = torch.cat([self.decoder_z.weight, self.decoder_c.weight], 1)
        return self.decoder_mean(F.linear(both, weight, self.decoder_z.bias).tanh())

    def bound(self, y, c, eps):
        mean, log_var = self.encode(y, c)
        f = self.decode(torch.addcmul(mean.expand_as(eps), (log_var / 2).exp().expand_as(eps), eps), c)
        var = self.sigma.square().expand_as(f)
        cost = F.gaussian_nll_loss(f, y.expand_as(f), var, full=True, reduction="none").sum(-1)
        return 0.5 * (1 + log_var - mean.square() - log_var.exp()).sum(1) - cost.mean(0)

    def complete(self, c, eps):
        return self.decode(eps, c)


class other_names(nn.Module):
    """wrong type or shape: CVAE lacks, or has in another shape than the task says, encoder_mean.weight"""

    def __init__(self, *sizes):
        super().__init__()
        self.networks = _Networks(*sizes)

    def bound(self, y, c, eps):
        return self.networks.bound(y, c, eps)


class one_layer_for_target_and_condition(_Networks):
    """wrong type or shape: CVAE lacks, or has in another shape than the task says, encoder_y.weight"""

    def __init__(self, conditions, targets, hidden, latent, sigma):
        super().__init__(conditions, targets, hidden, latent, sigma)
        del self.encoder_c
        self.encoder_y = nn.Linear(targets + conditions, hidden)

    def encode(self, y, c):
        h = torch.tanh(self.encoder_y(torch.cat([y, c], -1)))
        return self.encoder_mean(h), self.encoder_log_var(h)


class learned_sigma(_Networks):
    """wrong type or shape: CVAE has more parameters than the task says"""

    def __init__(self, conditions, targets, hidden, latent, sigma):
        super().__init__(conditions, targets, hidden, latent, sigma)
        self.log_sigma = nn.Parameter(torch.tensor(math.log(sigma)))


class biases_everywhere(_Networks):
    """wrong type or shape: CVAE has more parameters than the task says"""

    def __init__(self, conditions, targets, hidden, latent, sigma):
        super().__init__(conditions, targets, hidden, latent, sigma)
        self.encoder_c, self.decoder_c = nn.Linear(conditions, hidden), nn.Linear(conditions, hidden)


class encoder_not_told_the_condition(_Networks):
    """wrong value: It looks as if the encoder is not told the condition"""

    def encode(self, y, c):
        h = torch.tanh(self.encoder_y(y))
        return self.encoder_mean(h), self.encoder_log_var(h)


class encoder_as_a_prior(_Networks):
    """wrong value: It looks as if the encoder is not told the target"""

    def encode(self, y, c):
        return super().encode(0 * y, c)


class decoder_that_ignores_the_condition(_Networks):
    """wrong value: It looks as if the decoder ignores the condition"""

    def decode(self, z, c):
        return self.decoder_mean(torch.tanh(self.decoder_z(z)))


class regressor(_Networks):
    """wrong value: It looks as if the decoder ignores z"""

    def decode(self, z, c):
        return super().decode(torch.zeros_like(z), c)


class no_tanh(_Networks):
    """wrong value: the hidden units lack their tanh"""

    def decode(self, z, c):
        return self.decoder_mean(self.decoder_z(z) + self.decoder_c(c))


class sum_of_two_tanh(_Networks):
    """wrong value: f is a linear layer of tanh of decoder_z of z plus decoder_c of c"""

    def decode(self, z, c):
        return self.decoder_mean(torch.tanh(self.decoder_z(z)) + torch.tanh(self.decoder_c(c)))


class heads_exchanged(_Networks):
    """wrong value: the two heads have changed places"""

    def encode(self, y, c):
        return super().encode(y, c)[::-1]


class sigma_from_the_encoder(_Networks):
    """wrong value: σ was returned; log_var is the logarithm of σ²"""

    def encode(self, y, c):
        mean, log_var = super().encode(y, c)
        return mean, torch.exp(0.5 * log_var)


class loss_for_bound(_Networks):
    """wrong value: that is the loss"""

    def bound(self, y, c, eps):
        return -super().bound(y, c, eps)


class divergence_added(_Networks):
    """wrong value: the divergence was added"""

    def bound(self, y, c, eps):
        return super().bound(y, c, eps) + 2 * self.kls(y, c).sum(-1)


class reconstruction_alone(_Networks):
    """wrong value: the divergence is missing"""

    def bound(self, y, c, eps):
        return super().bound(y, c, eps) + self.kls(y, c).sum(-1)


class mean_over_entries(_Networks):
    """wrong value: the mean over the target's entries was taken"""

    def bound(self, y, c, eps):
        return self.log_p(y, c, self.sample(y, c, eps)).mean(-1).mean(0) - self.kls(y, c).sum(-1)


class mean_over_the_batch(_Networks):
    """wrong type or shape: the bound was averaged over the batch"""

    def bound(self, y, c, eps):
        return super().bound(y, c, eps).mean()


class sum_over_samples(_Networks):
    """wrong value: the samples were summed"""

    def bound(self, y, c, eps):
        return self.log_p(y, c, self.sample(y, c, eps)).sum(-1).sum(0) - self.kls(y, c).sum(-1)


class z_from_the_prior(_Networks):
    """wrong value: z came from the prior; in the bound it comes from q"""

    def sample(self, y, c, eps):
        return eps


class mean_decoded(_Networks):
    """wrong value: the mean of q was decoded"""

    def bound(self, y, c, eps):
        return self.log_p(y, c, self.encode(y, c)[0]).sum(-1) - self.kls(y, c).sum(-1)


class log_sigma_in_the_draw(_Networks):
    """wrong value: z was drawn with log_var for log σ"""

    def sample(self, y, c, eps):
        mean, log_var = self.encode(y, c)
        return mean + log_var.exp() * eps


class noise_shared_across_latents(_Networks):
    """wrong value: the first latent's noise was used for all latents"""

    def sample(self, y, c, eps):
        return super().sample(y, c, eps[..., :1])


class sigma_forgotten(_Networks):
    """wrong value: the squared distance was not divided by 2σ²"""

    def log_p(self, y, c, z):
        return -((y - self.decode(z, c)) ** 2) - math.log(self.sigma) - 0.5 * math.log(2 * math.pi)


class sigma_for_variance(_Networks):
    """wrong value: the squared distance was divided by 2σ; divide by 2σ²"""

    def log_p(self, y, c, z):
        squared = (y - self.decode(z, c)) ** 2 / self.sigma
        return -0.5 * (squared + math.log(2 * math.pi)) - math.log(self.sigma)


class no_log_sigma(_Networks):
    """wrong value: the decoder's log σ is missing"""

    def log_p(self, y, c, z):
        return super().log_p(y, c, z) + math.log(self.sigma)


class constants_once(_Networks):
    """wrong value: log 2π was counted once"""

    def bound(self, y, c, eps):
        return super().bound(y, c, eps) + 0.5 * (y.shape[-1] - 1) * math.log(2 * math.pi)


class constants_left_out(_Networks):
    """wrong value: all that does not depend on the weights was left out"""

    def log_p(self, y, c, z):
        return -0.5 * ((y - self.decode(z, c)) / self.sigma) ** 2


class prior_mean_at_test_time(_Networks):
    """wrong value: z is the prior's mean, not a draw from it"""

    def complete(self, c, eps):
        return self.decode(torch.zeros_like(eps), c)


class answers_averaged(_Networks):
    """wrong type or shape: the answers were averaged over the samples, which blurs them"""

    def complete(self, c, eps):
        return self.decode(eps, c).mean(0)


class noise_of_its_own(_Networks):
    """wrong value: the call changed the random number generator"""

    def complete(self, c, eps):
        return self.decode(torch.randn_like(eps), c)


class detached_draw(_Networks):
    """wrong value: none passes through the draw of z"""

    def sample(self, y, c, eps):
        return super().sample(y, c, eps).detach()


class detached_condition(_Networks):
    """wrong value: no gradient reaches decoder_c.weight"""

    def decode(self, z, c):
        return self.decoder_mean(torch.tanh(self.decoder_z(z) + self.decoder_c(c).detach()))


class without_gradient(_Networks):
    """wrong value: no gradient reaches encoder_mean.weight"""

    @torch.no_grad()
    def bound(self, y, c, eps):
        return super().bound(y, c, eps)


class clamped_log_var(_Networks):
    """wrong value: Large outputs of encoder_log_var went wrong"""

    def encode(self, y, c):
        mean, log_var = super().encode(y, c)
        return mean, log_var.clamp(-30, 20)


class weights_changed(_Networks):
    """wrong value: CVAE returned for its weights after a call of bound wrong values"""

    def bound(self, y, c, eps):
        value = super().bound(y, c, eps)
        with torch.no_grad():
            self.encoder_c.weight.clamp_(-0.1, 0.1)
        return value
