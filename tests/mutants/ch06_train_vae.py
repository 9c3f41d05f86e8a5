"""Answers to ch06.train_vae. A wrong one's docstring is what its finding has to say; a right one has none."""

import math

import torch
import torch.nn.functional as F
from torch import nn

_SIZES = {
    "encoder_hidden": (100, 64),
    "encoder_mean": (8, 100),
    "encoder_log_var": (8, 100),
    "decoder_hidden": (100, 8),
    "decoder_logits": (64, 100),
}


def _first_weights(generator):
    w = {f"{name}.weight": torch.randn(size, generator=generator) / math.sqrt(size[1]) for name, size in _SIZES.items()}
    w |= {f"{name}.bias": torch.zeros(size[0]) for name, size in _SIZES.items()}
    return {name: weight.requires_grad_() for name, weight in w.items()}


def _layer(w, name, inputs):
    return inputs @ w[f"{name}.weight"].T + w[f"{name}.bias"]


def _encode(w, x):
    h = torch.tanh(_layer(w, "encoder_hidden", x))
    return _layer(w, "encoder_mean", h), _layer(w, "encoder_log_var", h)


def _log_p(w, x, z):
    logits = _layer(w, "decoder_logits", torch.tanh(_layer(w, "decoder_hidden", z)))
    return (x * logits - F.softplus(logits)).sum(-1)


def _kl(mean, log_var):
    return 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum(-1)


def _loss(w, x, eps):
    mean, log_var = _encode(w, x)
    return (_kl(mean, log_var) - _log_p(w, x, mean + torch.exp(0.5 * log_var) * eps)).mean()


def _train(x, generator, loss=_loss, epochs=25, learning_rate=1e-2):
    w = _first_weights(generator)
    optimizer = torch.optim.Adam(w.values(), lr=learning_rate)
    for _ in range(epochs):
        for rows in torch.randperm(len(x), generator=generator).split(100):
            optimizer.zero_grad()
            loss(w, x[rows], torch.randn(len(rows), 8, generator=generator)).backward()
            optimizer.step()
    return {name: weight.detach() for name, weight in w.items()}


def right_with_a_falling_learning_rate(x, generator):
    w = _first_weights(generator)
    for learning_rate, epochs in ((1e-2, 20), (3e-3, 4)):
        optimizer = torch.optim.Adam(w.values(), lr=learning_rate)
        for _ in range(epochs):
            for batch in x[torch.randperm(len(x), generator=generator)].split(100):
                gradients = torch.autograd.grad(
                    _loss(w, batch, torch.randn(len(batch), 8, generator=generator)), w.values()
                )
                for weight, gradient in zip(w.values(), gradients, strict=True):
                    weight.grad = gradient
                optimizer.step()
    return w


def right_by_adagrad_as_in_the_paper(x, generator):
    w = _first_weights(generator)
    squares = {name: torch.full_like(weight, 1e-2) for name, weight in w.items()}
    for _ in range(40):
        for rows in torch.randperm(len(x), generator=generator).split(100):
            bound = -_loss(w, x[rows], torch.randn(len(rows), 8, generator=generator))
            gradients = torch.autograd.grad(bound, w.values())
            with torch.no_grad():
                for (name, weight), gradient in zip(w.items(), gradients, strict=True):
                    squares[name] += gradient**2
                    weight += 0.06 * gradient / squares[name].sqrt()
    return w


def untrained(x, generator):
    """wrong value: the bound on held-out digits is"""
    return _first_weights(generator)


def detached_draw(x, generator):
    """wrong value: the latents carry nothing"""

    def loss(w, x, eps):
        mean, log_var = _encode(w, x)
        return (_kl(mean, log_var) - _log_p(w, x, (mean + torch.exp(0.5 * log_var) * eps).detach())).mean()

    return _train(x, generator, loss, epochs=10)


def mean_over_pixels(x, generator):
    """wrong value: are both terms sums"""

    def loss(w, x, eps):
        mean, log_var = _encode(w, x)
        return (_kl(mean, log_var) - _log_p(w, x, mean + torch.exp(0.5 * log_var) * eps) / x.shape[1]).mean()

    return _train(x, generator, loss, epochs=10)


def mean_over_latents(x, generator):
    """wrong value: is more than it brings"""

    def loss(w, x, eps):
        mean, log_var = _encode(w, x)
        return (_kl(mean, log_var) / 8 - _log_p(w, x, mean + torch.exp(0.5 * log_var) * eps)).mean()

    return _train(x, generator, loss, epochs=10)


def divergence_twice(x, generator):
    """wrong value: the divergence was taken twice"""
    return _train(x, generator, lambda w, x, eps: _loss(w, x, eps) + _kl(*_encode(w, x)).mean())


def divergence_halved(x, generator):
    """wrong value: the divergence was halved once too often"""
    return _train(x, generator, lambda w, x, eps: _loss(w, x, eps) - 0.5 * _kl(*_encode(w, x)).mean())


def variance_for_deviation(x, generator):
    """wrong value: σ² stood for σ where z is drawn"""

    def loss(w, x, eps):
        mean, log_var = _encode(w, x)
        return (_kl(mean, log_var) - _log_p(w, x, mean + log_var.exp() * eps)).mean()

    return _train(x, generator, loss)


def log_sigma_in_the_divergence(x, generator):
    """wrong value: took log σ for log σ²"""

    def loss(w, x, eps):
        mean, log_var = _encode(w, x)
        return (_kl(mean, 0.5 * log_var) - _log_p(w, x, mean + torch.exp(0.5 * log_var) * eps)).mean()

    return _train(x, generator, loss)


def mean_decoded(x, generator):
    """wrong value: Pictures decoded from samples of q are worse than without a latent variable"""
    return _train(x, generator, lambda w, x, eps: _loss(w, x, 0 * eps), epochs=10)


def noise_shared_across_latents(x, generator):
    """wrong value: Pictures decoded from samples of q are worse than without a latent variable"""
    return _train(x, generator, lambda w, x, eps: _loss(w, x, eps[:, :1]), epochs=10)


def sigmoid_twice(x, generator):
    """wrong value: is its output the logits"""

    def loss(w, x, eps):
        mean, log_var = _encode(w, x)
        h = torch.tanh(_layer(w, "decoder_hidden", mean + torch.exp(0.5 * log_var) * eps))
        y = torch.sigmoid(_layer(w, "decoder_logits", h))
        return (_kl(mean, log_var) + F.binary_cross_entropy_with_logits(y, x, reduction="none").sum(-1)).mean()

    return _train(x, generator, loss, epochs=10)


def one_epoch(x, generator):
    """wrong value: Train longer"""
    return _train(x, generator, epochs=8, learning_rate=2e-3)


def climbing_down(x, generator):
    """wrong value: the bound on held-out digits is far off nats per picture"""
    return _train(x, generator, lambda w, x, eps: (-_loss(w, x, eps)).clamp(max=500), epochs=5)


def weights_from_torch_itself(x, generator):
    """wrong value: two calls with the same state of the generator gave other weights"""
    w = {name: weight.detach() for name, weight in _first_weights(None).items()}
    optimizer = torch.optim.Adam([weight.requires_grad_() for weight in w.values()], lr=1e-2)
    for _ in range(10):
        for rows in torch.randperm(len(x), generator=generator).split(100):
            optimizer.zero_grad()
            _loss(w, x[rows], torch.randn(len(rows), 8, generator=generator)).backward()
            optimizer.step()
    return w


def always_the_same(x, generator):
    """wrong value: two states of the generator gave the same weights"""
    return _train(x, torch.Generator().manual_seed(0), epochs=10)


def other_names(x, generator):
    """wrong type or shape: train_vae returned nothing, or not a tensor of the shape that the task says, for"""
    return {name.replace("_", "."): weight for name, weight in _train(x, generator, epochs=1).items()}


def turned_matrices(x, generator):
    """wrong type or shape: not a tensor of the shape that the task says, for encoder_mean.weight"""
    return {name: weight.T if weight.ndim == 2 else weight for name, weight in _train(x, generator, epochs=1).items()}


def a_module(x, generator):
    """exception: what it returned cannot be used"""
    return nn.Linear(64, 100)


def not_a_number(x, generator):
    """wrong value: weights that are infinite or not a number"""
    return _train(x, generator, lambda w, x, eps: torch.sqrt(-_loss(w, x, eps)), epochs=1)


def pictures_inverted(x, generator):
    """wrong value: the call changed its argument x"""
    x.copy_(1 - x)
    return _train(x, generator, epochs=1)
