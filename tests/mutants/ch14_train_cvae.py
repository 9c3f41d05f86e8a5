"""Answers to ch14.train_cvae. A wrong one's docstring is what its finding has to say; a right one has none."""

import math

import torch
import torch.nn.functional as F
from torch import nn

_SIZES = {
    "encoder_y": (100, 56),
    "encoder_c": (100, 8),
    "encoder_mean": (8, 100),
    "encoder_log_var": (8, 100),
    "decoder_z": (100, 8),
    "decoder_c": (100, 8),
    "decoder_logits": (56, 100),
}


def _first_weights(generator):
    w = {f"{name}.weight": torch.randn(size, generator=generator) / math.sqrt(size[1]) for name, size in _SIZES.items()}
    w |= {f"{name}.bias": torch.zeros(size[0]) for name, size in _SIZES.items() if not name.endswith("_c")}
    return {name: weight.requires_grad_() for name, weight in w.items()}


def _layer(w, name, inputs):
    return F.linear(inputs, w[f"{name}.weight"], w.get(f"{name}.bias"))


def _encode(w, y, c):
    h = torch.tanh(_layer(w, "encoder_y", y) + _layer(w, "encoder_c", c))
    return _layer(w, "encoder_mean", h), _layer(w, "encoder_log_var", h)


def _log_p(w, y, c, z):
    logits = _layer(w, "decoder_logits", torch.tanh(_layer(w, "decoder_z", z) + _layer(w, "decoder_c", c)))
    return (y * logits - F.softplus(logits)).sum(-1)


def _kl(mean, log_var):
    return 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum(-1)


def _loss(w, y, c, eps):
    mean, log_var = _encode(w, y, c)
    return (_kl(mean, log_var) - _log_p(w, y, c, mean + torch.exp(0.5 * log_var) * eps)).mean()


def _train(y, c, generator, loss=_loss, epochs=20, learning_rate=7e-3):
    w = _first_weights(generator)
    optimizer = torch.optim.Adam(w.values(), lr=learning_rate)
    for _ in range(epochs):
        for rows in torch.randperm(len(y), generator=generator).split(60):
            optimizer.zero_grad()
            loss(w, y[rows], c[rows], torch.randn(len(rows), 8, generator=generator)).backward()
            optimizer.step()
    return {name: weight.detach() for name, weight in w.items()}


def right_with_other_first_weights_and_minibatches(y, c, generator):
    return _train(y, c, generator)


class _Model(nn.Module):
    def __init__(self, generator):
        super().__init__()
        for name, (outputs, inputs) in _SIZES.items():
            self.add_module(name, nn.Linear(inputs, outputs, bias=not name.endswith("_c")))
        with torch.no_grad():
            for weight in self.parameters():
                bound = 1 / math.sqrt(weight.shape[-1])
                weight.uniform_(-bound, bound, generator=generator)

    def forward(self, y, c, eps):
        h = torch.tanh(self.encoder_y(y) + self.encoder_c(c))
        mean, log_var = self.encoder_mean(h), self.encoder_log_var(h)
        z = mean + torch.exp(0.5 * log_var) * eps
        logits = self.decoder_logits(torch.tanh(self.decoder_z(z) + self.decoder_c(c)))
        cost = F.binary_cross_entropy_with_logits(logits, y.expand_as(logits), reduction="none")
        return cost.sum(-1).mean() + _kl(mean, log_var).mean()


def right_as_a_module_with_a_falling_learning_rate(y, c, generator):
    model, steps = _Model(generator), 400
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        rows = torch.randint(len(y), (100,), generator=generator)
        loss = model(y[rows], c[rows], torch.randn(100, 8, generator=generator))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return model.state_dict()


def first_weights(y, c, generator):
    """wrong value: Has anything been learned?"""
    return {name: 0.1 * weight.detach() for name, weight in _first_weights(generator).items()}


def condition_forgotten_by_the_decoder(y, c, generator):
    """wrong value: told other digits' conditions, the decoder loses 0.0 nats"""

    def loss(w, y, c, eps):
        mean, log_var = _encode(w, y, c)
        z = mean + torch.exp(0.5 * log_var) * eps
        logits = _layer(w, "decoder_logits", torch.tanh(_layer(w, "decoder_z", z)))
        return (_kl(mean, log_var) - (y * logits - F.softplus(logits)).sum(-1)).mean()

    weights = _train(y, c, generator, loss)
    return weights | {"decoder_c.weight": torch.zeros(100, 8)}


def draws_without_a_gradient(y, c, generator):
    """wrong value: the latents carry nothing, and the model is a regressor"""

    def loss(w, y, c, eps):
        mean, log_var = _encode(w, y, c)
        z = (mean + torch.exp(0.5 * log_var) * eps).detach()
        return (_kl(mean, log_var) - _log_p(w, y, c, z)).mean()

    return _train(y, c, generator, loss)


def mean_over_pixels(y, c, generator):
    """wrong value: the latents carry nothing, and the model is a regressor"""

    def loss(w, y, c, eps):
        mean, log_var = _encode(w, y, c)
        return (_kl(mean, log_var) - _log_p(w, y, c, mean + torch.exp(0.5 * log_var) * eps) / 56).mean()

    return _train(y, c, generator, loss)


def divergence_left_out(y, c, generator):
    """wrong value: is its weight in the loss 1?"""

    def loss(w, y, c, eps):
        mean, log_var = _encode(w, y, c)
        return -_log_p(w, y, c, mean + torch.exp(0.5 * log_var) * eps).mean()

    return _train(y, c, generator, loss)


def mean_decoded(y, c, generator):
    """wrong value: were such samples, and logits, what the decoder was trained on"""

    def loss(w, y, c, eps):
        mean, log_var = _encode(w, y, c)
        return (_kl(mean, log_var) - _log_p(w, y, c, mean)).mean()

    return _train(y, c, generator, loss)


def log_sigma_for_log_var(y, c, generator):
    """wrong value: It looks as if log_var was taken for log σ"""

    def loss(w, y, c, eps):
        mean, log_sigma = _encode(w, y, c)
        return (_kl(mean, 2 * log_sigma) - _log_p(w, y, c, mean + torch.exp(log_sigma) * eps)).mean()

    return _train(y, c, generator, loss)


def divergence_not_halved(y, c, generator):
    """wrong value: the divergence weighs more than 1 in the loss"""

    def loss(w, y, c, eps):
        mean, log_var = _encode(w, y, c)
        return (2 * _kl(mean, log_var) - _log_p(w, y, c, mean + torch.exp(0.5 * log_var) * eps)).mean()

    return _train(y, c, generator, loss)


def divergence_halved_twice(y, c, generator):
    """wrong value: the divergence weighs less than 1 in the loss"""

    def loss(w, y, c, eps):
        mean, log_var = _encode(w, y, c)
        return (_kl(mean, log_var) / 2 - _log_p(w, y, c, mean + torch.exp(0.5 * log_var) * eps)).mean()

    return _train(y, c, generator, loss)


def one_pass(y, c, generator):
    """wrong value: the bound on held-out digits is"""
    return _train(y, c, generator, epochs=1)


def biases_for_the_condition_only(y, c, generator):
    """wrong type or shape: not a tensor of the shape that the task says, for"""
    weights = _train(y, c, generator, epochs=1)
    return {name: weight for name, weight in weights.items() if not name.endswith("bias")}


def layers_transposed(y, c, generator):
    """wrong type or shape: not a tensor of the shape that the task says, for"""
    weights = _train(y, c, generator, epochs=1)
    return {name: weight.mT if weight.ndim == 2 else weight for name, weight in weights.items()}


def chance_of_its_own(y, c, generator):
    """wrong value: two calls with the same state of the generator gave other weights"""
    return _train(y, c, torch.Generator().manual_seed(torch.seed() % 2**40))


def fixed_seed(y, c, generator):
    """wrong value: two states of the generator gave the same weights"""
    return _train(y, c, torch.Generator().manual_seed(0))


def targets_changed_in_place(y, c, generator):
    """wrong value: the call changed one of its arguments y and c"""
    y -= 0.5
    y += 0.25
    return _train(y, c, generator, epochs=1)
