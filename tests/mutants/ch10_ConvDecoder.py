"""Answers to ch10.ConvDecoder. A wrong one's docstring is what its finding has to say; a right one has none."""

import torch
import torch.nn.functional as F
from torch import nn


class right_with_unflatten_and_flatten(nn.Module):
    def __init__(self, latent, channels, side):
        super().__init__()
        self.side = side
        self.linear = nn.Linear(latent, channels[0] * side * side // 16)
        self.up_1 = nn.ConvTranspose2d(*channels, kernel_size=4, stride=2, padding=1)
        self.up_2 = nn.ConvTranspose2d(channels[1], 1, kernel_size=4, stride=2, padding=1)

    def forward(self, z):
        leading = z.shape[:-1]
        h = torch.relu(self.linear(z.reshape(leading.numel(), z.shape[-1])))
        h = h.unflatten(1, (-1, self.side // 4, self.side // 4))
        return self.up_2(torch.relu(self.up_1(h))).flatten(1).reshape(*leading, self.side**2)


class _Stamp(nn.Module):
    def __init__(self, inward, outward):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(inward, outward, 4, 4) / 10)
        self.bias = nn.Parameter(torch.randn(outward) / 10)

    def forward(self, h):
        """Zeros between the numbers, then an ordinary convolution with the flipped kernel."""
        wide = h.new_zeros(*h.shape[:2], 2 * h.shape[2] - 1, 2 * h.shape[3] - 1)
        wide[..., ::2, ::2] = h
        kernel = self.weight.flip(2, 3).transpose(0, 1)
        return F.conv2d(F.pad(wide, (2, 2, 2, 2)), kernel, self.bias)


class right_with_stamps_of_its_own(nn.Module):
    def __init__(self, latent, channels, side):
        super().__init__()
        first, second = channels
        self.first, self.side = first, side
        self.linear = nn.Linear(latent, first * (side // 4) ** 2)
        self.up_1, self.up_2 = _Stamp(first, second), _Stamp(second, 1)

    def forward(self, z):
        h = self.linear(z).clamp(min=0)
        h = h.view(-1, self.first, self.side // 4, self.side // 4)
        return self.up_2(self.up_1(h).clamp(min=0)).view(*z.shape[:-1], self.side * self.side)


class right_with_crops(nn.Module):
    def __init__(self, latent, channels, side):
        super().__init__()
        self.side, self.first = side, channels[0]
        self.linear = nn.Linear(latent, channels[0] * (side // 4) ** 2)
        self.up_1 = nn.ConvTranspose2d(*channels, 4, 2)
        self.up_2 = nn.ConvTranspose2d(channels[1], 1, 4, 2)

    def forward(self, z):
        h = F.relu(self.linear(z)).reshape(-1, self.first, self.side // 4, self.side // 4)
        for layer in (self.up_1, self.up_2):
            h = layer(F.relu(h))[:, :, 1:-1, 1:-1]
        return h.reshape(*z.shape[:-1], self.side**2)


class _Decoder(nn.Module):
    padding, output_padding = 1, 0

    def __init__(self, latent, channels, side):
        super().__init__()
        first, second = channels
        self.maps, self.pixels = (first, side // 4, side // 4), side**2
        self.linear = nn.Linear(latent, first * (side // 4) ** 2)
        settings = {"stride": 2, "padding": self.padding, "output_padding": self.output_padding}
        self.up_1 = nn.ConvTranspose2d(first, second, 4, **settings)
        self.up_2 = nn.ConvTranspose2d(second, 1, 4, **settings)

    def first(self, z):
        return F.relu(self.linear(z)).reshape(-1, *self.maps)

    def middle(self, h):
        return F.relu(self.up_1(h))

    def last(self, h):
        return self.up_2(h)

    def flat(self, pictures, z):
        return pictures.reshape(*z.shape[:-1], self.pixels)

    def forward(self, z):
        return self.flat(self.last(self.middle(self.first(z))), z)


class probabilities(_Decoder):
    """wrong value: the logits passed a sigmoid"""

    def last(self, h):
        return torch.sigmoid(self.up_2(h))


class rectified_logits(_Decoder):
    """wrong value: a rectifier follows the last layer"""

    def last(self, h):
        return F.relu(self.up_2(h))


class no_first_rectifier(_Decoder):
    """wrong value: the rectifier after linear is missing"""

    def first(self, z):
        return self.linear(z).reshape(-1, *self.maps)


class no_second_rectifier(_Decoder):
    """wrong value: the rectifier after up_1 is missing"""

    def middle(self, h):
        return self.up_1(h)


class linear_throughout(_Decoder):
    """wrong value: both rectifiers are missing"""

    def forward(self, z):
        return self.flat(self.up_2(self.up_1(self.linear(z).reshape(-1, *self.maps))), z)


class channels_last(_Decoder):
    """wrong value: the linear layer's output was cut as (rows, columns, channels)"""

    def first(self, z):
        first, height, width = self.maps
        return F.relu(self.linear(z)).reshape(-1, height, width, first).permute(0, 3, 1, 2)


class batch_mixed(_Decoder):
    """wrong value: reshape mixed the batch with the channels"""

    def first(self, z):
        first, height, width = self.maps
        return F.relu(self.linear(z)).reshape(first, -1, height, width).transpose(0, 1)


class rows_for_columns(_Decoder):
    """wrong value: the picture's rows and columns are exchanged"""

    def flat(self, pictures, z):
        return pictures.mT.reshape(*z.shape[:-1], self.pixels)


class not_flattened(_Decoder):
    """wrong type or shape: the picture was not flattened and its channel is still there"""

    def flat(self, pictures, z):
        return pictures


class one_leading_axis_only(_Decoder):
    """wrong type or shape: ConvDecoder returned the shape"""

    def flat(self, pictures, z):
        return pictures.flatten(1)


class no_padding(_Decoder):
    """exception: stopped with RuntimeError"""

    padding = 0


class cropped_at_one_end(_Decoder):
    """wrong value: ConvDecoder returned wrong values"""

    padding = 0

    def middle(self, h):
        return F.relu(self.up_1(h))[..., :-2, :-2]

    def last(self, h):
        return self.up_2(h)[..., :-2, :-2]


class leaky(_Decoder):
    """wrong value: ConvDecoder returned wrong values"""

    def middle(self, h):
        return F.leaky_relu(self.up_1(h))


class with_dropout(_Decoder):
    """wrong value: may differ between training and evaluation"""

    def last(self, h):
        return self.up_2(F.dropout(h, 0.1, self.training))


class with_batch_norm(_Decoder):
    """wrong value: should have these parameters and no others"""

    def __init__(self, latent, channels, side):
        super().__init__(latent, channels, side)
        self.norm = nn.BatchNorm2d(channels[1])

    def middle(self, h):
        return F.relu(self.norm(self.up_1(h)))


class without_biases(_Decoder):
    """wrong value: should have these parameters and no others"""

    def __init__(self, latent, channels, side):
        super().__init__(latent, channels, side)
        self.up_1.bias = self.up_2.bias = None


class in_a_sequence(nn.Module):
    """wrong value: should have these parameters and no others"""

    def __init__(self, latent, channels, side):
        super().__init__()
        first, second = channels
        self.layers = nn.Sequential(
            nn.Linear(latent, first * (side // 4) ** 2), nn.ReLU(), nn.Unflatten(1, (first, side // 4, side // 4)),
            nn.ConvTranspose2d(first, second, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(second, 1, 4, 2, 1), nn.Flatten(),
        )  # fmt: skip

    def forward(self, z):
        return self.layers(z)


class upsampled_and_convolved(_Decoder):
    """wrong type or shape: ConvDecoder returned for up_1.weight the shape"""

    def __init__(self, latent, channels, side):
        super().__init__(latent, channels, side)
        first, second = channels
        self.up_1, self.up_2 = nn.Conv2d(first, second, 3, padding=1), nn.Conv2d(second, 1, 3, padding=1)

    def middle(self, h):
        return F.relu(self.up_1(F.interpolate(h, scale_factor=2)))

    def last(self, h):
        return self.up_2(F.interpolate(h, scale_factor=2))


class starts_at_zero(_Decoder):
    """wrong value: starts with equal numbers"""

    def __init__(self, latent, channels, side):
        super().__init__(latent, channels, side)
        for parameter in self.parameters():
            nn.init.zeros_(parameter)


class detached(_Decoder):
    """wrong value: for the gradient of z wrong values"""

    def first(self, z):
        return super().first(z).detach()


class z_in_place(_Decoder):
    """wrong value: the call changed its argument z"""

    def first(self, z):
        h = super().first(z)
        if not z.requires_grad:
            z.zero_()
        return h


class not_a_module:
    """exception: cannot be called as the task says"""

    def __init__(self, latent, channels, side):
        self.decoder = _Decoder(latent, channels, side)

    def forward(self, z):
        return self.decoder(z)
