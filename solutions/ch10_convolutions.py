"""Chapter 10: Convolutions.

Replace each `raise NotImplementedError` by your answer and run `pytest exercises`. Import nothing but
torch, numpy and math. Pictures are square; maps are laid out as (batch, channels, height, width).
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def mirror_sizes(side: int, layers: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Sizes on the way down and on the way back up: K13 (11) needs a logit for every pixel.

    An encoder's convolutions are the rows of `layers`, from the picture inwards: kernel, stride, padding. Its
    decoder goes through the same rows backwards, with one transposed convolution for each. Along one axis,
    return a tuple of

    - sizes (layers + 1,): the side before the first convolution, then the side after each;
    - receptive_fields (layers,): how many pixels wide the window is that a feature of each convolution sees,
      borders apart;
    - output_padding (layers,), in the decoder's order: what each transposed convolution has to add to its side so
      that the decoder passes through the encoder's sizes and ends at `side`.

    Shapes: side is an int, layers is (layers, 3) of int64 with at least one row, and every size comes out positive.
    The results are tensors of int64 too.

    By hand: side = 28, layers = [[3, 2, 0], [3, 1, 0]]. Down: the kernel of 3 has room to stand at 0, 2, ..., 24
    of 28 places, 13 of them; then at 11 of 13. A feature of the second layer sees 3 windows of 3 that begin 2 pixels
    apart: 7. Up: 11 windows of 3 make 13, as they should; 13 that lie 2 apart make 2·12 + 3 = 27, one too few.
    So sizes = [28, 13, 11], receptive_fields = [3, 7], output_padding = [0, 1].
    """
    # answer
    sizes, fields, left_over = [side], [1], []
    jump = 1
    for kernel, stride, padding in layers.tolist():
        room = sizes[-1] + 2 * padding - kernel
        sizes.append(room // stride + 1)
        fields.append(fields[-1] + (kernel - 1) * jump)
        jump *= stride
        left_over.append(room % stride)
    return torch.tensor(sizes), torch.tensor(fields[1:]), torch.tensor(left_over[::-1])
    # end


class ConvDecoder(nn.Module):
    """From latents to a picture's logits by transposed convolutions: the decoder of K13 (11).

    `ConvDecoder(latent, channels, side)` is for pictures of side × side pixels, `side` a multiple of 4;
    `channels` = (first, second). Three layers, with a rectifier after each but the last:

    - `linear` makes of z `first` maps of side/4 × side/4;
    - `up_1`, a transposed convolution with stride 2, makes of them `second` maps of side/2 × side/2;
    - `up_2`, another one, makes of these the picture: one logit per pixel, not a probability.

    The parameters, and no others: linear.weight (first·(side/4)², latent), linear.bias (first·(side/4)²),
    up_1.weight (first, second, 4, 4), up_1.bias (second), up_2.weight (second, 1, 4, 4), up_2.bias (1). They start
    as PyTorch's layers start. The 4 × 4 kernels lose the same number of places at each border; find out how many.

    Shapes: z is (..., latent) with any number of leading axes, also none, of any length, also 0; the logits are
    (..., side²), row by row, in the same dtype. In training and evaluation it computes the same.

    By hand: ConvDecoder(1, (1, 1), 4), all weights 1, all biases 0, z = [2]. `linear` gives the number 2, of which
    `up_1` makes [[2, 2], [2, 2]]. `up_2` stamps four kernels 2 places apart. The stamps that reach a place number 1
    in a corner, 2 along an edge and 4 inside, so the logits are [2, 4, 4, 2, 4, 8, 8, 4, 4, 8, 8, 4, 2, 4, 4, 2].
    """

    def __init__(self, latent: int, channels: tuple[int, int], side: int):
        # answer
        super().__init__()
        first, second = channels
        self.maps, self.pixels = (first, side // 4, side // 4), side**2
        self.linear = nn.Linear(latent, first * (side // 4) ** 2)
        self.up_1 = nn.ConvTranspose2d(first, second, 4, stride=2, padding=1)
        self.up_2 = nn.ConvTranspose2d(second, 1, 4, stride=2, padding=1)
        # end

    def forward(self, z: Tensor) -> Tensor:
        # answer
        h = F.relu(self.linear(z)).reshape(-1, *self.maps)
        return self.up_2(F.relu(self.up_1(h))).reshape(*z.shape[:-1], self.pixels)
        # end


def broken_loss(
    x: Tensor,
    eps: Tensor,
    conv: Tensor,
    heads: Tensor,
    linear: Tensor,
    up: Tensor,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """The loss of a small convolutional VAE, and what it is made of. Five places are wrong; leave it as it is."""
    h = F.relu(F.conv2d(x, conv, stride=2, padding=1))
    batch, half_side = h.shape[0], h.shape[-1]
    mean, log_var = F.linear(h.flatten(1), heads).chunk(2, dim=-1)
    z = mean + torch.exp(log_var) * eps
    h = F.relu(F.linear(z.detach(), linear))
    h = h.reshape(len(up), batch, half_side, half_side).transpose(0, 1)
    logits = F.conv_transpose2d(h, up, stride=2, padding=1)
    log_likelihood = -F.binary_cross_entropy_with_logits(torch.sigmoid(logits), x)
    kl = 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum(-1)
    loss = (kl - log_likelihood).mean()
    return loss, log_likelihood, kl, logits, z


def mended_loss(
    x: Tensor,
    eps: Tensor,
    conv: Tensor,
    heads: Tensor,
    linear: Tensor,
    up: Tensor,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Mend `broken_loss`, which stands in the file above this function: K13 (10), K13 (11).

    It runs, all but one of its results have the right shapes, and its loss can be made to fall. Five places in it are
    wrong. Return what it was meant to return, the tuple of

    - loss, a number: the mean over the batch of minus the bound, for training by its gradient;
    - log_likelihood (batch,): log p(x|z), pixels independent given z;
    - kl (batch,): the divergence of q(z|x) from the standard normal prior;
    - logits (batch, 1, side, side): of the pixels of p(x|z);
    - z (batch, latent): the draw of q(z|x) that belongs to the noise `eps`.

    The layers are right: the encoder's convolution (stride 2, padding 1) and a linear layer for means and
    log-variances, the decoder's linear layer and transposed convolution (stride 2, padding 1), rectifiers between,
    no biases. The decoder's linear layer makes for each picture maps of (channels, side/2, side/2), in the order of
    PyTorch.

    Shapes: x (batch, 1, side, side) with values from 0 to 1, eps (batch, latent), conv (channels, 1, 4, 4), heads
    (2·latent, channels·(side/2)²), the means' rows first, linear (channels·(side/2)², latent), up
    (channels, 1, 4, 4); batch is at least 1.

    By hand: one picture of 2 × 2 ones, eps = [[0.5]], one channel, all of conv and up 1, heads = [[1/4], [log(4)/4]],
    linear = [[1]]. The convolution sums 4 pixels: 4. Hence mean = 1, log_var = log 4, σ = 2, z = 2. The decoder
    stamps 2 on each pixel: logits 2. Then log_likelihood = -4·log(1 + 1/e²) = -0.5077, kl = (1 + 4 - 1 - log 4)/2 =
    1.3069, loss = 1.8146.
    """
    # answer
    h = F.relu(F.conv2d(x, conv, stride=2, padding=1))
    mean, log_var = F.linear(h.flatten(1), heads).chunk(2, dim=-1)
    z = mean + torch.exp(0.5 * log_var) * eps
    h = F.relu(F.linear(z, linear)).reshape(h.shape)
    logits = F.conv_transpose2d(h, up, stride=2, padding=1)
    log_likelihood = -F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum((1, 2, 3))
    kl = 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum(-1)
    loss = (kl - log_likelihood).mean()
    return loss, log_likelihood, kl, logits, z
    # end
