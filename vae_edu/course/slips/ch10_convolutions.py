"""The usual slips of chapter 10's exercises."""

from collections.abc import Iterator
from itertools import combinations
from typing import Any


def mirror_sizes(side: int, layers: Any) -> dict[str, Any]:
    """What the usual slips return in place of sizes, receptive fields and output padding."""
    rows = layers.tolist()
    sizes, fields, left_over = _plan(side, rows)
    right = sizes, fields, left_over.flip(0)
    kernels, strides, _ = layers.T
    jumps = strides.cumprod(0)
    return {
        "the output padding stands in the encoder's order; the decoder begins at the last layer": (
            sizes, fields, left_over,
        ),
        "the side before the first convolution is missing from the sizes": (sizes[1:], *right[1:]),
        "the padding was counted once; it is added on both sides": _plan(side, rows, sides_padded=1)[:2] + right[2:],
        "the padding was left out of the sizes": _plan(side, rows, sides_padded=0)[:2] + right[2:],
        "the +1 is missing from the sizes": _plan(side, rows, last_place=0)[:2] + right[2:],
        "the quotient in the sizes was rounded up; a kernel that does not fit is left out": (
            _plan(side, rows, rounded_up=True)[:2] + right[2:]
        ),
        "each window grew by the jump after its layer; it grows by the jump before it": (
            sizes, 1 + ((kernels - 1) * jumps).cumsum(0), right[2],
        ),
        "each window grew by its own layer's stride; it grows by the product of the strides before it": (
            sizes, 1 + ((kernels - 1) * strides).cumsum(0), right[2],
        ),
        "the strides were left out of the receptive fields": (sizes, 1 + (kernels - 1).cumsum(0), right[2]),
        "each window grew by kernel, not by kernel - 1": (
            sizes, 1 + (kernels * jumps // strides).cumsum(0), right[2],
        ),
        "the pixel itself, a window of 1, stands before the receptive fields": (
            sizes, fields.new_tensor([1, *fields.tolist()]), right[2],
        ),
    }  # fmt: skip


def ConvDecoder(latent: int, channels: Any, side: int, weights: Any, z: Any) -> dict[str, Any]:
    """What the usual slips return in place of the decoder's logits."""
    import torch.nn.functional as F

    def decoded(first_relu: Any = F.relu, second_relu: Any = F.relu, order: Any = None) -> Any:
        h = first_relu(F.linear(z, weights["linear.weight"], weights["linear.bias"]))
        quarter = side // 4
        maps = (order or (lambda h: h.reshape(-1, channels[0], quarter, quarter)))(h)
        h = F.conv_transpose2d(maps, weights["up_1.weight"], weights["up_1.bias"], stride=2, padding=1)
        h = F.conv_transpose2d(second_relu(h), weights["up_2.weight"], weights["up_2.bias"], stride=2, padding=1)
        return h.reshape(*z.shape[:-1], side**2)

    def same(h: Any) -> Any:
        return h

    def channels_last(h: Any) -> Any:
        return h.reshape(-1, side // 4, side // 4, channels[0]).permute(0, 3, 1, 2)

    def batch_mixed(h: Any) -> Any:
        return h.reshape(channels[0], -1, side // 4, side // 4).transpose(0, 1)

    right = decoded()
    picture = right.unflatten(-1, (side, side))
    return {
        "the logits passed a sigmoid; K13 (11)'s probabilities are formed in the likelihood": right.sigmoid(),
        "a rectifier follows the last layer; logits may be negative": right.relu(),
        "the rectifier after linear is missing": decoded(first_relu=same),
        "the rectifier after up_1 is missing": decoded(second_relu=same),
        "both rectifiers are missing": decoded(same, same),
        "the linear layer's output was cut as (rows, columns, channels); PyTorch has the channels first": (
            decoded(order=channels_last)
        ),
        "reshape mixed the batch with the channels": decoded(order=batch_mixed),
        "the picture's rows and columns are exchanged": picture.mT.flatten(-2),
        "the picture was not flattened": picture,
        "the picture was not flattened and its channel is still there": picture.unsqueeze(-3),
    }


FAULTS = {
    "variance": "σ² still stands where σ belongs",
    "mixed": "the decoder's reshape still mixes the pictures of a batch with the channels",
    "sigmoid": "the logits still pass a sigmoid before a function that takes logits",
    "mean": "the mean over all pixels still stands where K13 (11) has a sum for each picture",
}


def mended_loss(x: Any, eps: Any, conv: Any, heads: Any, linear: Any, up: Any) -> dict[str, Any]:
    """What is returned while some of the faults are left, and what other slips return."""
    inputs = x, eps, conv, heads, linear, up
    left = {" and ".join(map(FAULTS.get, faults)): _loss(faults, *inputs) for faults in _subsets()}  # type: ignore[arg-type]
    _, log_likelihood, kl, logits, z = _loss((), *inputs)

    def parts(loss: Any, log_likelihood: Any = log_likelihood, kl: Any = kl) -> Any:
        return loss, log_likelihood, kl, logits, z

    return left | {
        "the loss is the bound; training makes the loss small, so it is minus the bound": parts(
            (log_likelihood - kl).mean()
        ),
        "the divergence has the wrong sign in the loss": parts((-log_likelihood - kl).mean()),
        "the loss is a sum over the batch; it should be the mean": parts((kl - log_likelihood).sum()),
        "the loss is given per picture; it should be their mean": parts(kl - log_likelihood),
        "the log-likelihood has the wrong sign": parts((kl - log_likelihood).mean(), -log_likelihood),
        "the mean over pixels was taken": parts(
            (kl - log_likelihood / x[0].numel()).mean(), log_likelihood / x[0].numel()
        ),
        "the log-likelihood was summed over the batch too": parts(
            (kl - log_likelihood).mean(), log_likelihood.sum()
        ),
        "the divergence was averaged over the latents": parts(
            (kl / eps.shape[-1] - log_likelihood).mean(), kl=kl / eps.shape[-1]
        ),
        "the divergence has the wrong sign": parts((-kl - log_likelihood).mean(), kl=-kl),
        "the mean was decoded, not the draw": _loss((), x, 0 * eps, *inputs[2:]),
    }  # fmt: skip


def _plan(side: int, rows: Any, sides_padded: int = 2, last_place: int = 1, rounded_up: bool = False) -> Any:
    """Sizes, receptive fields and what the floor left over, in the encoder's order."""
    import torch

    sizes, fields, jump = [side], [1], 1
    left_over = []
    for kernel, stride, padding in rows:
        room = sizes[-1] + sides_padded * padding - kernel
        sizes.append((-(-room // stride) if rounded_up else room // stride) + last_place)
        fields.append(fields[-1] + (kernel - 1) * jump)
        left_over.append(room % stride)
        jump *= stride
    return torch.tensor(sizes), torch.tensor(fields[1:]), torch.tensor(left_over)


def _subsets() -> Iterator[tuple[str, ...]]:
    """Every choice of faults but none, the smallest first: the first that explains a value names no fault in vain."""
    for count in range(1, len(FAULTS) + 1):
        yield from combinations(FAULTS, count)


def _loss(faults: tuple[str, ...], x: Any, eps: Any, conv: Any, heads: Any, linear: Any, up: Any) -> Any:
    """The tuple of mended_loss with these faults left in."""
    import torch
    import torch.nn.functional as F

    h = F.relu(F.conv2d(x, conv, stride=2, padding=1))
    mean, log_var = F.linear(h.flatten(1), heads).chunk(2, dim=-1)
    z = mean + torch.exp(log_var if "variance" in faults else 0.5 * log_var) * eps
    decoded = F.relu(F.linear(z, linear))
    if "mixed" in faults:
        decoded = decoded.reshape(len(up), len(x), *h.shape[-2:]).transpose(0, 1)
    logits = F.conv_transpose2d(decoded.reshape(h.shape), up, stride=2, padding=1)
    cost = F.binary_cross_entropy_with_logits(logits.sigmoid() if "sigmoid" in faults else logits, x, reduction="none")
    log_likelihood = -cost.mean() if "mean" in faults else -cost.sum((1, 2, 3))
    kl = 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum(-1)
    return (kl - log_likelihood).mean(), log_likelihood, kl, logits, z
