"""Answers to ch10.mirror_sizes. A wrong one's docstring is what its finding has to say; a right one has none."""

import torch
import torch.nn.functional as F


def right_by_running_the_layers(side, layers):
    sizes, padding, row = [side], [], torch.zeros(1, 1, side)
    for kernel, stride, pad in layers.tolist():
        row = F.conv1d(row, torch.ones(1, 1, kernel), stride=stride, padding=pad)
        sizes.append(row.shape[-1])
        padding.append(sizes[-2] - (stride * (sizes[-1] - 1) + kernel - 2 * pad))
    jumps = torch.cat([torch.ones(1, dtype=torch.int64), layers[:-1, 1].cumprod(0)])
    fields = 1 + ((layers[:, 0] - 1) * jumps).cumsum(0)
    return torch.tensor(sizes), fields, torch.tensor(padding).flip(0)


def right_from_the_inside_out(side, layers):
    sizes = torch.empty(len(layers) + 1, dtype=torch.long)
    fields, padding = torch.zeros(len(layers), dtype=torch.long), torch.zeros(len(layers), dtype=torch.long)
    sizes[0] = side
    for i, (kernel, stride, pad) in enumerate(layers):
        whole, remainder = divmod(int(sizes[i] + 2 * pad - kernel), int(stride))
        sizes[i + 1], padding[-1 - i] = whole + 1, remainder
        window = 1
        for below in range(i, -1, -1):
            window = (window - 1) * int(layers[below, 1]) + int(layers[below, 0])
        fields[i] = window
    return sizes, fields, padding


def _plan(side, layers):
    sizes, fields, padding, jump = [side], [], [], 1
    for kernel, stride, pad in layers.tolist():
        room = sizes[-1] + 2 * pad - kernel
        sizes.append(room // stride + 1)
        fields.append((fields[-1] if fields else 1) + (kernel - 1) * jump)
        padding.append(room % stride)
        jump *= stride
    return torch.tensor(sizes), torch.tensor(fields), torch.tensor(padding)


def encoder_order(side, layers):
    """wrong value: the output padding stands in the encoder's order"""
    return _plan(side, layers)


def no_first_side(side, layers):
    """wrong type or shape: the side before the first convolution is missing"""
    sizes, fields, padding = _plan(side, layers)
    return sizes[1:], fields, padding.flip(0)


def pixel_among_the_fields(side, layers):
    """wrong type or shape: the pixel itself, a window of 1, stands before the receptive fields"""
    sizes, fields, padding = _plan(side, layers)
    return sizes, torch.cat([torch.tensor([1]), fields]), padding.flip(0)


def padded_once(side, layers):
    """wrong value: the padding was counted once"""
    _, fields, padding = _plan(side, layers)
    sizes = [side]
    for kernel, stride, pad in layers.tolist():
        sizes.append((sizes[-1] + pad - kernel) // stride + 1)
    return torch.tensor(sizes), fields, padding.flip(0)


def one_place_too_few(side, layers):
    """wrong value: the +1 is missing"""
    _, fields, padding = _plan(side, layers)
    sizes = [side]
    for kernel, stride, pad in layers.tolist():
        sizes.append((sizes[-1] + 2 * pad - kernel) // stride)
    return torch.tensor(sizes), fields, padding.flip(0)


def rounded_up(side, layers):
    """wrong value: the quotient in the sizes was rounded up"""
    _, fields, padding = _plan(side, layers)
    sizes = [side]
    for kernel, stride, pad in layers.tolist():
        sizes.append(-(-(sizes[-1] + 2 * pad - kernel) // stride) + 1)
    return torch.tensor(sizes), fields, padding.flip(0)


def jump_after_the_layer(side, layers):
    """wrong value: each window grew by the jump after its layer"""
    sizes, _, padding = _plan(side, layers)
    return sizes, 1 + ((layers[:, 0] - 1) * layers[:, 1].cumprod(0)).cumsum(0), padding.flip(0)


def own_stride(side, layers):
    """wrong value: each window grew by its own layer's stride"""
    sizes, _, padding = _plan(side, layers)
    return sizes, 1 + ((layers[:, 0] - 1) * layers[:, 1]).cumsum(0), padding.flip(0)


def no_strides(side, layers):
    """wrong value: the strides were left out of the receptive fields"""
    sizes, _, padding = _plan(side, layers)
    return sizes, 1 + (layers[:, 0] - 1).cumsum(0), padding.flip(0)


def stride_less_one(side, layers):
    """wrong value: mirror_sizes returned for output_padding wrong values"""
    sizes, fields, _ = _plan(side, layers)
    return sizes, fields, (layers[:, 1] - 1).flip(0)


def floats(side, layers):
    """wrong type or shape: keep the dtype"""
    return tuple(part.float() for part in _plan(side, layers))


def plain_lists(side, layers):
    """wrong type or shape: a torch.Tensor is expected"""
    return tuple(part.tolist() for part in _plan(side, layers))


def sizes_alone(side, layers):
    """wrong type or shape: should return a tuple: sizes, receptive_fields, output_padding"""
    return _plan(side, layers)[0]


def changed_in_place(side, layers):
    """wrong value: the call changed its argument layers"""
    sizes, fields, padding = _plan(side, layers)
    layers[:, 0] -= 1
    return sizes, fields, padding.flip(0)


def hard_coded(side, layers):
    """wrong type or shape: mirror_sizes returned for sizes the shape (3,)"""
    return torch.tensor([28, 13, 11]), torch.tensor([3, 7]), torch.tensor([0, 1])
