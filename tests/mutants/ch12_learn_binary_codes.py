"""Answers to ch12.learn_binary_codes. A wrong one's docstring is what its finding says; a right one has none."""

import torch
from torch.nn.functional import binary_cross_entropy_with_logits, softplus

NAMES = ("prior", "weight", "bias", "encoder_weight", "encoder_bias")


def _log_bernoulli(logits, values):
    return (values * logits - softplus(logits)).sum(-1)


def _start(x, generator):
    pixels = x.shape[1]
    weight = 0.1 * torch.randn(pixels, 8, generator=generator)
    encoder_weight = 0.1 * torch.randn(8, pixels, generator=generator)
    values = torch.zeros(8), weight, torch.logit(x.mean(0), 0.02), encoder_weight, torch.zeros(8)
    return [value.requires_grad_() for value in values]


def _minibatch(x, size, generator):
    return x[torch.randint(len(x), (size,), generator=generator)]


def right_all_codes_at_once(x, generator):
    prior, weight, bias, encoder_weight, encoder_bias = weights = _start(x, generator)
    optimizer = torch.optim.Adam(weights, lr=0.08)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.05, 120)
    codes = (torch.arange(256).unsqueeze(1) // 2 ** torch.arange(8) % 2).float()
    for _ in range(120):
        seen = _minibatch(x, 60, generator)
        logits = codes @ weight.T + bias
        log_joint = seen @ logits.T - softplus(logits).sum(1) + _log_bernoulli(prior, codes)
        posterior = log_joint.detach().softmax(1) @ codes
        encoder = _log_bernoulli(seen @ encoder_weight.T + encoder_bias, posterior)
        optimizer.zero_grad()
        (-(log_joint.logsumexp(1) + encoder).mean()).backward()
        optimizer.step()
        schedule.step()
    return dict(zip(NAMES, weights, strict=True))


def right_reweighted(x, generator):
    prior, weight, bias, encoder_weight, encoder_bias = weights = _start(x, generator)
    optimizer = torch.optim.Adam(weights, lr=0.08)
    for _ in range(150):
        seen = _minibatch(x, 40, generator)
        encoder = seen @ encoder_weight.T + encoder_bias
        z = torch.bernoulli(torch.sigmoid(encoder.detach()).expand(5, *encoder.shape), generator=generator)
        log_p = _log_bernoulli(z @ weight.T + bias, seen) + _log_bernoulli(prior, z)
        log_q = _log_bernoulli(encoder, z)
        importance = (log_p - log_q).detach().softmax(0)
        optimizer.zero_grad()
        (-(importance * (log_p + log_q)).sum(0).mean()).backward()
        optimizer.step()
    return {name: value.detach() for name, value in zip(NAMES, weights, strict=True)}


def _wake_sleep(x, generator, practice=None, steps=300, rate=1.0, teach=True):
    """Wake-sleep; `practice` makes of (data, its code, dreamed code, dream) what the encoder learns from."""
    with torch.no_grad():
        prior, weight, bias, encoder_weight, encoder_bias = (value.detach() for value in _start(x, generator))
        for step in range(steps):
            size = rate * (1 - step / steps) / 50
            seen = _minibatch(x, 50, generator)
            z = torch.bernoulli(torch.sigmoid(seen @ encoder_weight.T + encoder_bias), generator=generator)
            error = seen - torch.sigmoid(z @ weight.T + bias)
            weight += size * error.T @ z
            bias += size * error.sum(0)
            prior += size * (z - torch.sigmoid(prior)).sum(0)
            code = torch.bernoulli(torch.sigmoid(prior).expand(50, 8), generator=generator)
            dream = torch.bernoulli(torch.sigmoid(code @ weight.T + bias), generator=generator)
            given, target = practice(seen, z, code, dream) if practice else (dream, code)
            error = target - torch.sigmoid(given @ encoder_weight.T + encoder_bias)
            if teach:
                encoder_weight += size * error.T @ given
                encoder_bias += size * error.sum(0)
    return dict(zip(NAMES, (prior, weight, bias, encoder_weight, encoder_bias), strict=True))


def practice_on_own_guesses(x, generator):
    """wrong value: so the bits say nothing. Does the encoder learn from dreams"""
    return _wake_sleep(x, generator, lambda seen, z, code, dream: (seen, z))


def data_with_dreamed_codes(x, generator):
    """wrong value: so the bits say nothing. Does the encoder learn from dreams, each with the code behind it"""
    return _wake_sleep(x, generator, lambda seen, z, code, dream: (seen, code))


def encoder_never_taught(x, generator):
    """wrong value: so the bits say nothing"""
    return _wake_sleep(x, generator, teach=False)


def downhill(x, generator):
    """wrong value: do the steps climb"""
    return _wake_sleep(x, generator, rate=-0.01)


def probabilities_for_logits(x, generator):
    """wrong value: are prior and decoder given as logits"""
    weights = _wake_sleep(x, generator)
    return weights | {"prior": torch.sigmoid(weights["prior"]), "bias": torch.sigmoid(weights["bias"])}


def another_encoder(x, generator):
    """wrong value: nats below log p(x): the encoder does not know the decoder's codes"""
    weights = _wake_sleep(x, generator, steps=600)
    return weights | {"encoder_weight": -weights["encoder_weight"]}


def an_auto_encoder(x, generator):
    """wrong value: below log p(x): the encoder does not know the decoder's codes"""
    _, weight, bias, encoder_weight, encoder_bias = weights = _start(x, generator)
    optimizer = torch.optim.Adam(weights[1:], lr=0.05)
    for _ in range(200):
        seen = _minibatch(x, 50, generator)
        code = torch.sigmoid(seen @ encoder_weight.T + encoder_bias)
        optimizer.zero_grad()
        binary_cross_entropy_with_logits(code @ weight.T + bias, seen, reduction="sum").backward()
        optimizer.step()
    return {name: value.detach() for name, value in zip(NAMES, weights, strict=True)}


def pixels_alone(x, generator):
    """wrong value: That is what pixels reach without a code"""
    weights = [torch.zeros_like(value) for value in _start(x, generator)]
    weights[2] = torch.logit(x.mean(0), 0.02)
    return dict(zip(NAMES, weights, strict=True))


def transposed(x, generator):
    """wrong type or shape: learn_binary_codes returned for weight the shape (8, 64)"""
    weights = _wake_sleep(x, generator, steps=2)
    return weights | {"weight": weights["weight"].T}


def no_prior(x, generator):
    """wrong type or shape: a dictionary that also holds prior"""
    weights = _wake_sleep(x, generator, steps=2)
    del weights["prior"]
    return weights


def own_randomness(x, generator):
    """wrong value: other weights"""
    return _wake_sleep(x, torch.Generator().manual_seed(torch.Generator().seed()))


def global_randomness(x, generator):
    """wrong value: the call changed the random number generator"""
    torch.rand(1)
    return _wake_sleep(x, generator)


def changed_in_place(x, generator):
    """wrong value: the call changed its argument x"""
    weights = _wake_sleep(x, generator)
    x -= x.mean(0)
    return weights
