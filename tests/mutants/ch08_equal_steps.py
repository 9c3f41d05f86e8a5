"""Answers to ch08.equal_steps. A wrong one's docstring is what its finding has to say; a right one has none."""

import numpy as np
import torch


def right_speed_and_trapezoids(decode, start, end, stops):
    t = torch.linspace(0, 1, 1501, dtype=torch.float64)
    z = start.double() + t[:, None] * (end - start).double()
    z = z.to(start.dtype)
    _, velocity = torch.func.jvp(decode, (z,), ((end - start).expand_as(z),))
    speed = velocity.double().norm(dim=1)
    travelled = torch.cat([torch.zeros(1, dtype=torch.float64), torch.cumulative_trapezoid(speed, t)])
    if travelled[-1] == 0:
        return torch.linspace(0, 1, stops, dtype=start.dtype)
    goals = np.linspace(0, 1, stops) * travelled[-1].item()
    times = torch.from_numpy(np.interp(goals, travelled.numpy(), t.numpy())).to(start.dtype)
    times[0], times[-1] = 0, 1
    return times


def right_walking_in_a_loop(decode, start, end, stops):
    places = 2000
    t = torch.arange(places + 1) / places
    pictures = decode(torch.lerp(start, end, t[:, None].to(start.dtype)))
    pieces = torch.sqrt(torch.sum((pictures[1:] - pictures[:-1]) ** 2, dim=1)).tolist()
    whole, done, times = sum(pieces), 0.0, [0.0]
    if whole == 0:
        return torch.linspace(0, 1, stops).to(start)
    for place, piece in enumerate(pieces):
        while len(times) < stops - 1 and done + piece >= whole * len(times) / (stops - 1):
            rest = (whole * len(times) / (stops - 1) - done) / piece
            times.append((place + rest) / places)
        done += piece
    return torch.tensor([*times, 1.0], dtype=start.dtype)


def right_search_in_a_table(decode, start, end, stops):
    t = torch.linspace(0, 1, 4001, dtype=start.dtype)
    pictures = decode(start + t.unsqueeze(1) * (end - start)).double()
    travelled = torch.nn.functional.pad((pictures[1:] - pictures[:-1]).norm(dim=1).cumsum(0), (1, 0))
    even = torch.linspace(0, 1, stops, dtype=torch.float64)
    if not travelled[-1] > 0:
        return even.to(start.dtype)
    places = torch.searchsorted(travelled, even[1:-1] * travelled[-1]).clamp(max=4000)
    return torch.cat([t[:1], t[places], t[-1:]])


def _road(decode, start, end, places=1001):
    t = torch.linspace(0, 1, places, dtype=torch.float64)
    pictures = decode((start + t[:, None] * (end - start)).to(start.dtype)).double()
    return t, pictures


def _times(t, pieces, stops, dtype):
    travelled = np.insert(np.cumsum(pieces.numpy()), 0, 0)
    if travelled[-1] == 0:
        return torch.linspace(0, 1, stops, dtype=dtype)
    times = np.linspace(0, 1, stops)
    times[1:-1] = np.interp(times[1:-1] * travelled[-1], travelled, t.numpy())
    return torch.from_numpy(times).to(dtype)


def even_steps_of_z(decode, start, end, stops):
    """wrong value: the steps of z were made equal"""
    return torch.linspace(0, 1, stops, dtype=start.dtype)


def squared_distances(decode, start, end, stops):
    """wrong value: the squares of the small distances were added up"""
    t, pictures = _road(decode, start, end)
    return _times(t, pictures.diff(dim=0).square().sum(1), stops, start.dtype)


def distances_of_pixels(decode, start, end, stops):
    """wrong value: the pixels' distances were added up"""
    t, pictures = _road(decode, start, end)
    return _times(t, pictures.diff(dim=0).abs().sum(1), stops, start.dtype)


def distance_from_the_start(decode, start, end, stops):
    """wrong value: what counts is the path, not how far off the start it is"""
    t, pictures = _road(decode, start, end)
    off = (pictures - pictures[0]).norm(dim=1)
    if off[-1] == 0:
        return torch.linspace(0, 1, stops, dtype=start.dtype)
    places = [int((off >= share * off[-1]).int().argmax()) for share in torch.linspace(0, 1, stops)]
    return t[places].to(start.dtype)


def not_inverted(decode, start, end, stops):
    """wrong value: how far the picture has travelled at even times was returned"""
    t, pictures = _road(decode, start, end)
    travelled = np.insert(np.cumsum(pictures.diff(dim=0).norm(dim=1).numpy()), 0, 0)
    shares = np.interp(np.linspace(0, 1, stops), t.numpy(), travelled / max(travelled[-1], 1e-30))
    return torch.from_numpy(shares).to(start.dtype)


def only_at_the_stops(decode, start, end, stops):
    """wrong value: there the places have to lie close together"""
    t, pictures = _road(decode, start, end, places=stops)
    return _times(t, pictures.diff(dim=0).norm(dim=1), stops, start.dtype)


def thirty_places(decode, start, end, stops):
    """wrong value: there the places have to lie close together"""
    t, pictures = _road(decode, start, end, places=30)
    return _times(t, pictures.diff(dim=0).norm(dim=1), stops, start.dtype)


def first_pixel_only(decode, start, end, stops):
    """wrong value: equal_steps returned wrong values"""
    t, pictures = _road(decode, start, end)
    return _times(t, pictures[:, 0].diff().abs(), stops, start.dtype)


def backwards(decode, start, end, stops):
    """wrong value: the road runs backwards"""
    t, pictures = _road(decode, end, start)
    return _times(t, pictures.diff(dim=0).norm(dim=1), stops, start.dtype)


def no_standing_still(decode, start, end, stops):
    """wrong value: there is no length to divide by"""
    t, pictures = _road(decode, start, end)
    pieces = pictures.diff(dim=0).norm(dim=1)
    travelled = torch.cat([torch.zeros(1), pieces.cumsum(0)]) / pieces.sum()
    return torch.from_numpy(np.interp(np.linspace(0, 1, stops), travelled.numpy(), t.numpy())).to(start.dtype)


def ends_not_held(decode, start, end, stops):
    """wrong value: the first time is 0, the last 1"""
    t, pictures = _road(decode, start, end)
    travelled = np.insert(np.cumsum(pictures.diff(dim=0).norm(dim=1).numpy()), 0, 0)
    if travelled[-1] == 0:
        return torch.linspace(0, 1, stops, dtype=start.dtype)
    goals = np.linspace(0, travelled[-1], stops)
    return torch.from_numpy(np.interp(goals, travelled, t.numpy())).to(start.dtype)


def one_stop_less(decode, start, end, stops):
    """wrong type or shape: equal_steps returned the shape"""
    t, pictures = _road(decode, start, end)
    return _times(t, pictures.diff(dim=0).norm(dim=1), stops - 1, start.dtype)


def without_the_end(decode, start, end, stops):
    """wrong value: equal_steps returned wrong values"""
    t, pictures = _road(decode, start, end)
    return _times(t, pictures.diff(dim=0).norm(dim=1), stops + 1, start.dtype)[:-1]


def latents_for_times(decode, start, end, stops):
    """wrong type or shape: equal_steps returned the shape"""
    t, pictures = _road(decode, start, end)
    times = _times(t, pictures.diff(dim=0).norm(dim=1), stops, start.dtype)
    return start + times[:, None] * (end - start)


def single_precision(decode, start, end, stops):
    """wrong type or shape: keep the dtype"""
    t, pictures = _road(decode, start, end)
    return _times(t, pictures.diff(dim=0).norm(dim=1), stops, torch.float32)


def changed_in_place(decode, start, end, stops):
    """wrong value: the call changed its argument end"""
    t, pictures = _road(decode, start, end)
    end -= start
    return _times(t, pictures.diff(dim=0).norm(dim=1), stops, start.dtype)
