"""Chapter 8: Moving through latent space.

Replace each `raise NotImplementedError` by your answer and run `pytest exercises`. Import nothing but
torch, numpy and math. `log_var` is the logarithm of the variance, log σ².
"""

import numpy as np
import torch
from torch import Tensor


def broken_active_units(encode, x: Tensor, batch_size: int, threshold: float) -> tuple[Tensor, Tensor]:
    activities = []
    for pictures in x.split(batch_size):
        mean, log_var = encode(pictures)
        z = mean + torch.exp(0.5 * log_var) * torch.randn_like(mean)
        activities.append(z.std(0))
    activity = torch.stack(activities).mean(0)
    return activity, activity > threshold


def mended_active_units(encode, x: Tensor, batch_size: int, threshold: float) -> tuple[Tensor, Tensor]:
    """Which latents does a model use? Find what is wrong with broken_active_units, and mend it: K13 (9).

    Return a tuple of two tensors. The first holds the activity of each latent: the variance of its posterior mean
    over all pictures of x, each as likely as any other (divide by their number n, not by n - 1). The second says which
    latents are active: those whose activity is above the threshold.

    broken_active_units runs, and somebody believed it. Of a model with dead latents it said that all are active. Two
    calls gave two answers. With the pictures sorted by digit it missed latents that tell the digits apart, and with
    one picture too many its activities were nan.

    The pictures do not fit into memory together: encode takes at most batch_size of them at a time and raises
    ValueError for more. A latent's mean may be large beside its spread.

    Shapes: x is (n, pixels) with n at least 1. encode takes (batch, pixels) to a tuple (mean, log_var), both
    (batch, latent). The activities are (latent,) in the dtype of x, the second tensor is (latent,) of booleans.

    By hand: encode says mean = (x, 5) and σ = (0.1, 1) for a picture of one pixel x. For x = [[0], [2], [4]] the means
    of the first latent are 0, 2, 4 around 2, so its activity is (4 + 0 + 4)/3 = 8/3. That of the second is 0.
    """
    raise NotImplementedError("Replace this line with your answer.")


def road(mean: Tensor, log_var: Tensor, eps: Tensor, t: Tensor) -> Tensor:
    """A road from picture to picture that stays where the decoder was trained: K13 (4), K13 (9).

    Several pairs of pictures have been encoded: mean[0] and log_var[0] are of the first pictures, mean[1] and
    log_var[1] of the last ones. Draw z for both pictures of a pair with one and the same noise, z = mean + σ·eps, and
    return the points of the great circle between the two at the times t: sin((1 - t)Ω)/sin Ω times the first z plus
    sin(tΩ)/sin Ω times the last, with Ω the angle between them as seen from the origin. There is no more noise on the
    road than this eps, and the ends need not have the same length.

    If both ends lie in the same direction, as for a picture and itself, the road is what the great circle tends to as
    Ω goes to 0. No end is the origin, and no two ends lie in opposite directions.

    Shapes: mean and log_var are (2, pairs, latent), eps is (pairs, latent), t is (steps,). The result is
    (steps, pairs, latent) in the same dtype. There may be no pairs, or no steps.

    By hand: one pair with the means (2, 4) and (-4.5, 3), σ = 1 everywhere for the first and σ = 1/2 for the last
    picture, and eps = (1, 0). The ends are (3, 4) and (-4, 3), at right angles. At t = 1/2 both weights are
    sin(π/4) = 0.7071 and the point is (-0.7071, 4.9497). It has the length 5 of both ends; the middle of the straight
    line has the length 3.54.
    """
    raise NotImplementedError("Replace this line with your answer.")


def equal_steps(decode, start: Tensor, end: Tensor, stops: int) -> Tensor:
    """Where to stop so that the picture moves evenly: K13 (11).

    decode draws the picture f(z), the values of all its pixels, for every latent code z. A road leads straight from
    start to end, z(t) = (1 - t)·start + t·end, and the picture moves along, here slowly, there fast. How far it has
    travelled by the time t is the length of its own path, the integral of ‖df(z(s))/ds‖ over s from 0 to t. Return
    `stops` times, the first 0 and the last 1, between which the picture travels equally far each time.

    The times have to be right to 1/1000. A thousand places on the road are enough for that. The first time is 0 and the
    last one 1 even if the picture starts late or arrives early. If it does not move at all, return evenly spaced times.

    Shapes: decode takes latents (points, latent) to pictures (points, pixels). start and end are (latent,), and
    stops is a whole number, at least 2. The result is (stops,) in the dtype of start.

    By hand: the picture has one pixel, f(z) = z². From start = [0] to end = [2] it goes from 0 to 4 and is half way
    where (2t)² = 2, so three stops are 0, 0.7071, 1. From start = [-1] to end = [1] the pixel falls from 1 to 0 and
    rises again, so the picture travels 2. A quarter of that is done where it has fallen to 1/2, and five stops are
    0, 0.1464, 0.5, 0.8536, 1.
    """
    raise NotImplementedError("Replace this line with your answer.")
