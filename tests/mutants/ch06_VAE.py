"""Answers to ch06.VAE. A wrong one's docstring is what its finding has to say; a right one has none."""

import math

import torch
import torch.nn.functional as F
from torch import nn


class _Networks(nn.Module):
    def __init__(self, pixels, hidden, latent):
        super().__init__()
        self.encoder_hidden, self.decoder_logits = nn.Linear(pixels, hidden), nn.Linear(hidden, pixels)
        self.encoder_mean, self.encoder_log_var = nn.Linear(hidden, latent), nn.Linear(hidden, latent)
        self.decoder_hidden = nn.Linear(latent, hidden)

    def encode(self, x):
        h = torch.tanh(self.encoder_hidden(x))
        return self.encoder_mean(h), self.encoder_log_var(h)

    def decode(self, z):
        return self.decoder_logits(torch.tanh(self.decoder_hidden(z)))

    def sample(self, x, eps):
        mean, log_var = self.encode(x)
        return mean + torch.exp(0.5 * log_var) * eps

    def kls(self, x):
        mean, log_var = self.encode(x)
        return 0.5 * (mean**2 + log_var.exp() - 1 - log_var)

    def log_p(self, x, z):
        return x * self.decode(z) - F.softplus(self.decode(z))

    def bound(self, x, eps):
        return self.log_p(x, self.sample(x, eps)).sum(-1).mean(0) - self.kls(x).sum(-1)


class right_with_a_loop_over_samples(_Networks):
    def bound(self, x, eps):
        mean, log_var = self.encode(x)
        total = -self.kls(x).sum(-1)
        for noise in eps:
            logits = self.decode(mean + torch.sqrt(torch.exp(log_var)) * noise)
            log_p = x * F.logsigmoid(logits) + (1 - x) * F.logsigmoid(-logits)
            total = total + torch.einsum("bd->b", log_p) / len(eps)
        return total


class right_from_a_dictionary_of_layers(nn.Module):
    def __init__(self, pixels, hidden, latent):
        super().__init__()
        sizes = {"decoder_logits": (hidden, pixels), "decoder_hidden": (latent, hidden)}
        sizes |= {"encoder_log_var": (hidden, latent), "encoder_mean": (hidden, latent)}
        for name, size in (sizes | {"encoder_hidden": (pixels, hidden)}).items():
            self.add_module(name, nn.Linear(*size))
        self.register_buffer("one", torch.ones(()))

    def encode(self, x):
        h = 2 * torch.sigmoid(2 * self.encoder_hidden(x)) - self.one
        return [self.encoder_mean(h), self.encoder_log_var(h)]

    def decode(self, z):
        return F.linear(self.decoder_hidden(z).tanh(), self.decoder_logits.weight, self.decoder_logits.bias)

    def bound(self, x, eps):
        mean, log_var = self.encode(x)
        var = log_var.exp()
        logits = self.decode(torch.addcmul(mean.expand_as(eps), var.sqrt().expand_as(eps), eps))
        costs = F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none")
        return 0.5 * (self.one + log_var - mean.square() - var).sum(1) - costs.sum(2).mean(0)


class other_names(nn.Module):
    """wrong type or shape: VAE lacks, or has in another shape than the task says, encoder_mean.weight"""

    def __init__(self, pixels, hidden, latent):
        super().__init__()
        self.encoder, self.decoder = _Networks(pixels, hidden, latent), nn.Identity()

    def bound(self, x, eps):
        return self.encoder.bound(x, eps)


class not_registered(_Networks):
    """wrong type or shape: VAE lacks, or has in another shape than the task says"""

    def __init__(self, pixels, hidden, latent):
        super().__init__(pixels, hidden, latent)
        del self.encoder_log_var
        self.heads = [nn.Linear(hidden, latent)]

    def encode(self, x):
        h = torch.tanh(self.encoder_hidden(x))
        return self.encoder_mean(h), self.heads[0](h)


class one_head_for_both(_Networks):
    """wrong type or shape: in another shape than the task says, encoder_mean.weight"""

    def __init__(self, pixels, hidden, latent):
        super().__init__(pixels, hidden, latent)
        self.encoder_mean = nn.Linear(hidden, 2 * latent)


class another_layer(_Networks):
    """wrong type or shape: VAE has more parameters than the five layers of the task"""

    def __init__(self, pixels, hidden, latent):
        super().__init__(pixels, hidden, latent)
        self.encoder_more = nn.Linear(hidden, hidden)


class rectified(_Networks):
    """wrong value: The encoder's heads are linear layers of tanh"""

    def encode(self, x):
        h = torch.relu(self.encoder_hidden(x))
        return self.encoder_mean(h), self.encoder_log_var(h)


class heads_exchanged(_Networks):
    """wrong value: VAE returned for encode's mean wrong values"""

    def encode(self, x):
        return super().encode(x)[::-1]


class sigma_from_the_encoder(_Networks):
    """wrong value: VAE returned for encode's log_var wrong values"""

    def encode(self, x):
        mean, log_var = super().encode(x)
        return mean, torch.exp(0.5 * log_var)


class probabilities_from_the_decoder(_Networks):
    """wrong value: The logits are a linear layer of tanh of the decoder's hidden layer, without a sigmoid"""

    def decode(self, z):
        return torch.sigmoid(super().decode(z))


class decoder_without_a_hidden_unit(_Networks):
    """wrong value: VAE returned for decode(z) wrong values"""

    def decode(self, z):
        return self.decoder_logits(self.decoder_hidden(z))


class loss_for_bound(_Networks):
    """wrong value: that is the loss"""

    def bound(self, x, eps):
        return -super().bound(x, eps)


class divergence_added(_Networks):
    """wrong value: the divergence was added"""

    def bound(self, x, eps):
        return super().bound(x, eps) + 2 * self.kls(x).sum(-1)


class mean_over_pixels(_Networks):
    """wrong value: the mean over the pixels was taken"""

    def bound(self, x, eps):
        return self.log_p(x, self.sample(x, eps)).mean(-1).mean(0) - self.kls(x).sum(-1)


class mean_over_latents(_Networks):
    """wrong value: the mean over the latents was taken"""

    def bound(self, x, eps):
        return self.log_p(x, self.sample(x, eps)).sum(-1).mean(0) - self.kls(x).mean(-1)


class mean_over_the_batch(_Networks):
    """wrong type or shape: the bound was averaged over the batch"""

    def bound(self, x, eps):
        return super().bound(x, eps).mean()


class sum_over_samples(_Networks):
    """wrong value: the samples were summed"""

    def bound(self, x, eps):
        return self.log_p(x, self.sample(x, eps)).sum(-1).sum(0) - self.kls(x).sum(-1)


class first_sample_only(_Networks):
    """wrong value: only the first sample was used"""

    def bound(self, x, eps):
        return super().bound(x, eps[:1])


class importance_weighted(_Networks):
    """wrong value: the samples were averaged inside the logarithm"""

    def bound(self, x, eps):
        log_p = self.log_p(x, self.sample(x, eps)).sum(-1)
        return torch.logsumexp(log_p, 0) - math.log(len(eps)) - self.kls(x).sum(-1)


class mean_decoded(_Networks):
    """wrong value: the mean of q was decoded"""

    def bound(self, x, eps):
        return self.log_p(x, self.encode(x)[0]).sum(-1) - self.kls(x).sum(-1)


class log_sigma_in_the_draw(_Networks):
    """wrong value: z was drawn with log_var for log σ"""

    def sample(self, x, eps):
        mean, log_var = self.encode(x)
        return mean + log_var.exp() * eps


class noise_shared_across_latents(_Networks):
    """wrong value: the first latent's noise was used for all latents"""

    def sample(self, x, eps):
        return super().sample(x, eps[..., :1])


class noise_shared_across_pictures(_Networks):
    """wrong value: the first data point's noise was used for all of them"""

    def sample(self, x, eps):
        return super().sample(x, eps[:, :1])


class log_sigma_in_the_divergence(_Networks):
    """wrong value: the divergence took log_var for log σ"""

    def kls(self, x):
        mean, log_var = self.encode(x)
        return 0.5 * (mean**2 + (2 * log_var).exp() - 1) - log_var


class divergence_not_halved(_Networks):
    """wrong value: the factor 1/2 of the divergence is missing"""

    def kls(self, x):
        return 2 * super().kls(x)


class noise_of_its_own(_Networks):
    """wrong value: the call changed the random number generator"""

    def bound(self, x, eps):
        return super().bound(x, torch.randn_like(eps))


class detached_draw(_Networks):
    """wrong value: none passes through the draw of z"""

    def sample(self, x, eps):
        return super().sample(x, eps).detach()


class detached_divergence(_Networks):
    """wrong value: the gradient with respect to encoder_mean.weight is wrong"""

    def kls(self, x):
        return super().kls(x).detach()


class without_gradient(_Networks):
    """wrong value: no gradient reaches encoder_mean.weight"""

    @torch.no_grad()
    def bound(self, x, eps):
        return super().bound(x, eps)


class clamped_log_var(_Networks):
    """wrong value: Large outputs of encoder_log_var went wrong"""

    def encode(self, x):
        mean, log_var = super().encode(x)
        return mean, log_var.clamp(-30, 20)


class small_numbers_added(_Networks):
    """wrong value: Large outputs of decoder_logits went wrong"""

    def log_p(self, x, z):
        y = torch.sigmoid(self.decode(z))
        return x * torch.log(y + 1e-12) + (1 - x) * torch.log(1 - y + 1e-12)


class one_sample_expected(_Networks):
    """exception: VAE stopped with"""

    def sample(self, x, eps):
        return super().sample(x, eps.reshape(*self.encode(x)[0].shape)).unsqueeze(0)


class weights_changed(_Networks):
    """wrong value: VAE returned for its weights after a call of bound wrong values"""

    def bound(self, x, eps):
        value = super().bound(x, eps)
        with torch.no_grad():
            self.encoder_mean.weight.clamp_(-1, 1)
        return value
