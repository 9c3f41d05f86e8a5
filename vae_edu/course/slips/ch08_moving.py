"""The usual slips of chapter 8's exercises."""

from typing import Any


def mended_active_units(encode: Any, x: Any, batch_size: int, threshold: float) -> dict[str, Any]:
    """What the usual slips return in place of the activities and the latents that have them."""
    import torch

    mean, _ = encode(x)
    variance = mean.var(0, correction=0)
    batches = torch.stack([part.var(0, correction=0) for part in mean.split(batch_size)])
    parts = [len(part) / len(x) for part in mean.split(batch_size)]
    weighted = (torch.tensor(parts, dtype=x.dtype).unsqueeze(1) * batches).sum(0)
    wrong = {
        "the standard deviation was taken; activity is a variance": variance.sqrt(),
        "the sum of squares was divided by n - 1; divide by n": variance * len(x) / max(len(x) - 1, 1),
        "the squares were summed and not averaged": variance * len(x),
        "the minibatches' variances were averaged; pictures of different minibatches differ too": batches.mean(0),
        "the variances within minibatches were averaged; what differs between minibatches is missing": weighted,
        "only the first minibatch was looked at": batches[0],
        "only the last minibatch was looked at": batches[-1],
        "the mean was not subtracted before squaring": mean.square().mean(0),
        "the variance was taken over the latents, not over the pictures": mean.var(-1, correction=0),
    }
    return {slip: (activity, activity > threshold) for slip, activity in wrong.items()}


def road(mean: Any, log_var: Any, eps: Any, t: Any) -> dict[str, Any]:
    """What the usual slips return in place of points on a great circle."""
    import torch

    def circle(start: Any, end: Any, t: Any = t) -> Any:
        angle = torch.arccos(torch.cosine_similarity(start, end, dim=-1).clamp(-1, 1)).unsqueeze(-1)
        t = t.view(-1, 1, 1)
        return (torch.sin((1 - t) * angle) * start + torch.sin(t * angle) * end) / torch.sin(angle)

    def unit(z: Any) -> Any:
        return z / z.norm(dim=-1, keepdim=True)

    sigma, s = torch.exp(0.5 * log_var), t.view(-1, 1, 1)
    start, end = mean + sigma * eps
    angle = torch.arccos(torch.cosine_similarity(start, end, dim=-1).clamp(-1, 1)).unsqueeze(-1)
    along = circle(*mean) + ((1 - s) * sigma[0] + s * sigma[1]) * eps
    rotated = torch.cos(torch.pi / 2 * s) * start + torch.sin(torch.pi / 2 * s) * end
    flat = circle(start.reshape(1, -1), end.reshape(1, -1)).reshape(len(t), *eps.shape) if len(eps) else start
    return {
        "the road is straight and no great circle": (1 - s) * start + s * end,
        "the noise was left out: the ends are the posterior means": circle(*mean),
        "σ² stands where σ belongs": circle(*(mean + log_var.exp() * eps)),
        "log_var was used as log σ; it is log σ²": circle(*(mean + (2 * log_var.exp().log()).mul(0.5).exp() * eps)),
        "log_var stands where σ belongs": circle(*(mean + log_var * eps)),
        "the noise of the first picture was drawn with the σ of the last, or the other way round": circle(
            *(mean + sigma.flip(0) * eps)
        ),
        "both ends were drawn with the first picture's σ": circle(*(mean + sigma[0] * eps)),
        "the great circle was taken between the means and the noise added on the way": along,
        "the road leads from the last picture to the first": circle(end, start),
        "the ends were scaled to length 1": circle(unit(start), unit(end)),
        "the road was not divided by sin Ω": circle(start, end) * torch.sin(angle),
        "the angle between the ends was taken to be 90°": rotated,
        "one angle was computed for all pairs together": flat,
    }


def equal_steps(decode: Any, start: Any, end: Any, stops: int) -> dict[str, Any]:
    """What the usual slips return in place of times between which a picture moves evenly."""
    import torch

    t = torch.linspace(0, 1, 1001, dtype=torch.float64)
    pictures = decode(start + t.unsqueeze(1).to(start.dtype) * (end - start)).double()
    moved = pictures.diff(dim=0)
    even = torch.linspace(0, 1, stops, dtype=start.dtype)

    def table(pieces: Any) -> Any:
        return torch.cat([pieces.new_zeros(1), pieces.cumsum(0)]) / pieces.sum()

    def times(travelled: Any) -> Any:
        after = torch.searchsorted(travelled, even.double().clamp(max=1.0)).clamp(1, len(travelled) - 1)
        low, high = travelled[after - 1], travelled[after]
        return (t[after - 1] + (even.double() - low) / (high - low) * (t[after] - t[after - 1])).to(start.dtype)

    travelled = table(moved.norm(dim=1))
    off = (pictures - pictures[0]).norm(dim=1)
    return {
        "the steps of z were made equal, not those of the picture": even,
        "the squares of the small distances were added up; add up the distances": times(table(moved.square().sum(1))),
        "the pixels' distances were added up; a picture's distance is the root of the sum of squares": times(
            table(moved.abs().sum(1))
        ),
        "the distance from the first picture was taken for the length of the path": times(
            (off / off[-1]).cummax(0).values.contiguous()
        ),
        "how far the picture has travelled at even times was returned; the times at even distances are asked for": (
            travelled[((len(t) - 1) * even.double()).round().long()].to(start.dtype)
        ),
        "the road runs backwards": (1 - times(travelled)).flip(0),
    }
