"""Answers to ch09.train_linear_vae. A wrong one's docstring is what its finding has to say; a right one has none.

The wrong ones learn by the exact gradient, from the covariance, with one term changed.
"""

import torch


def right_by_lbfgs(x, latent, noise_var, generator):
    sizes = {"decoder": (x.shape[1], latent), "encoder": (latent, x.shape[1])}
    layers = {
        name: torch.nn.utils.skip_init(torch.nn.Linear, *size[::-1], dtype=x.dtype) for name, size in sizes.items()
    }
    for layer in layers.values():
        torch.nn.init.normal_(layer.weight, std=0.2, generator=generator)
        torch.nn.init.zeros_(layer.bias)
    log_var = torch.nn.Parameter(x.new_zeros(latent))
    parameters = [*layers["decoder"].parameters(), *layers["encoder"].parameters(), log_var]
    optimizer = torch.optim.LBFGS(parameters, max_iter=80, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        mean = layers["encoder"](x)
        spread = torch.einsum("j,ij->", log_var.exp(), layers["decoder"].weight ** 2)
        error = ((x - layers["decoder"](mean)) ** 2).sum(1).mean() + spread
        loss = error / (2 * noise_var) + 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum(1).mean()
        loss.backward()
        return loss

    optimizer.step(closure)
    weights = {f"{name}.{kind}": getattr(layers[name], kind) for name in layers for kind in ("weight", "bias")}
    return {**weights, "log_var": log_var}


def right_with_sampled_z(x, latent, noise_var, generator):
    w = 0.1 * torch.randn(x.shape[1], latent, generator=generator).to(x)
    v = 0.1 * torch.randn(latent, x.shape[1], generator=generator).to(x)
    b, c, s = x.mean(0), x.new_zeros(latent), x.new_zeros(latent)
    parameters = [tensor.requires_grad_() for tensor in (w, b, v, c, s)]
    optimizer = torch.optim.Adam(parameters, lr=0.03)
    for step in range(300):
        for group in optimizer.param_groups:
            group["lr"] = 0.03 * (1 - step / 300)
        rows = x[torch.randint(len(x), (100,), generator=generator)]
        mean = rows @ v.T + c
        z = mean + (s / 2).exp() * torch.randn(100, latent, generator=generator).to(x)
        reconstruction = -0.5 * ((rows - z @ w.T - b) ** 2).sum(1) / noise_var
        divergence = -0.5 * (1 + s - mean**2 - s.exp()).sum(1)
        optimizer.zero_grad()
        (divergence - reconstruction).mean().backward()
        optimizer.step()
    return {"decoder.weight": w, "decoder.bias": b, "encoder.weight": v, "encoder.bias": c, "log_var": s}


def _climb(
    x,
    latent,
    noise_var,
    generator,
    steps=200,
    beta=1.0,
    half=0.5,
    noise=1.0,
    log_var=lambda s: s,
    encode=lambda v: v,
    parts=("w", "v", "s"),
):
    mean = x.mean(0)
    covariance, identity = (x - mean).T @ (x - mean) / len(x), torch.eye(x.shape[1]).to(x)
    w = 0.1 * torch.randn(x.shape[1], latent, generator=generator).to(x)
    v = 0.1 * torch.randn(latent, x.shape[1], generator=generator).to(x)
    learned = {"w": w.requires_grad_(), "v": v.requires_grad_(), "s": x.new_zeros(latent).requires_grad_()}
    w, v, s = learned.values()
    optimizer = torch.optim.Adam([learned[part] for part in parts], lr=0.06)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.02, steps)
    for _ in range(steps):
        rest = identity - w @ encode(v)
        error = ((rest @ covariance) * rest).sum() + noise * (log_var(s).exp() * w.square().sum(0)).sum()
        divergence = 0.5 * (((v @ covariance) * v).sum() + (s.exp() - 1 - s).sum())
        optimizer.zero_grad()
        (half * error / noise_var + beta * divergence).backward()
        optimizer.step()
        schedule.step()
    return {
        "decoder.weight": w.detach(),
        "decoder.bias": mean.clone(),
        "encoder.weight": v.detach(),
        "encoder.bias": -(v @ mean).detach(),
        "log_var": s.detach(),
    }


def right_from_the_covariance(x, latent, noise_var, generator):
    return _climb(x, latent, noise_var, generator)


def mean_over_latents(x, latent, noise_var, generator):
    """wrong value: another weight than 1 each: are both terms sums"""
    return _climb(x, latent, noise_var, generator, beta=1 / latent)


def mean_over_pixels(x, latent, noise_var, generator):
    """wrong value: and 0 latents are active. The encoder says the same for all pictures"""
    return _climb(x, latent, noise_var, generator, half=0.5 / x.shape[1])


def no_half(x, latent, noise_var, generator):
    """wrong value: is the squared error divided by 2·noise_var?"""
    return _climb(x, latent, noise_var, generator, half=1.0)


def variance_one(x, latent, noise_var, generator):
    """wrong value: is the squared error divided by 2·noise_var?"""
    return _climb(x, latent, 1.0, generator)


def log_sigma_in_the_draw(x, latent, noise_var, generator):
    """wrong value: The σ are those of a loss"""
    return _climb(x, latent, noise_var, generator, log_var=lambda s: 2 * s)


def no_divergence(x, latent, noise_var, generator):
    """wrong value: and 4 latents are active"""
    return _climb(x, latent, noise_var, generator, beta=0.0)


def decoded_from_the_mean(x, latent, noise_var, generator):
    """wrong value: were pictures decoded from z, or from its mean?"""
    return _climb(x, latent, noise_var, generator, noise=0.0)


def encoder_detached(x, latent, noise_var, generator):
    """wrong value: does the gradient reach it through z"""
    return _climb(x, latent, noise_var, generator, encode=lambda v: v.detach())


def sigma_not_trained(x, latent, noise_var, generator):
    """wrong value: nats below the largest"""
    return _climb(x, latent, noise_var, generator, parts=("w", "v"))


def too_short(x, latent, noise_var, generator):
    """wrong value: nats below the largest"""
    return _climb(x, latent, noise_var, generator, steps=12)


def decoder_bias_left_out(x, latent, noise_var, generator):
    """wrong value: The average picture is missed"""
    weights = _climb(x, latent, noise_var, generator)
    return weights | {"decoder.bias": 0 * x[0]}


def of_centered_pictures(x, latent, noise_var, generator):
    """wrong value: The average picture is missed"""
    weights = _climb(x, latent, noise_var, generator)
    return weights | {"encoder.bias": x.new_zeros(latent)}


def axes_turned(x, latent, noise_var, generator):
    """wrong value: The decoder's columns are not at right angles"""
    weights = _climb(x, latent, noise_var, generator)
    turn = torch.linalg.qr(torch.randn(latent, latent, generator=generator)).Q.to(x)
    w, v = weights["decoder.weight"] @ turn, turn.T @ weights["encoder.weight"]
    best = -torch.log1p(w.square().sum(0) / noise_var)
    return weights | {"decoder.weight": w, "encoder.weight": v, "encoder.bias": -v @ x.mean(0), "log_var": best}


def no_encoder_bias(x, latent, noise_var, generator):
    """wrong value: train_linear_vae returned no weight of the name encoder.bias"""
    weights = _climb(x, latent, noise_var, generator, steps=1)
    return {name: weight for name, weight in weights.items() if name != "encoder.bias"}


def transposed(x, latent, noise_var, generator):
    """wrong type or shape: train_linear_vae returned for decoder.weight the shape"""
    weights = _climb(x, latent, noise_var, generator, steps=1)
    return weights | {"decoder.weight": weights["decoder.weight"].T.contiguous()}


def layers_with_their_own_weights(x, latent, noise_var, generator):
    """wrong value: the call changed the random number generator"""
    torch.nn.Linear(x.shape[1], latent)
    return _climb(x, latent, noise_var, generator)


def chance_of_its_own(x, latent, noise_var, generator):
    """wrong value: two calls with the same state of the generator gave other weights"""
    other = torch.Generator()
    other.seed()
    return _climb(x, latent, noise_var, other)


def centered_in_place(x, latent, noise_var, generator):
    """wrong value: the call changed its argument x"""
    x -= x.mean(0)
    return _climb(x, latent, noise_var, generator, steps=1)


def diverged(x, latent, noise_var, generator):
    """wrong value: train_linear_vae returned for decoder.weight values that are infinite or not a number"""
    weights = _climb(x, latent, noise_var, generator, steps=1)
    return weights | {"decoder.weight": weights["decoder.weight"] * torch.nan}


def a_tuple(x, latent, noise_var, generator):
    """exception: cannot be called as the task says, or what it returned cannot be used"""
    return tuple(_climb(x, latent, noise_var, generator, steps=1).values())
