"""Answers to ch11.hmc_step. A wrong one's docstring is what its finding has to say; a right one has none."""

import torch


def right_with_whole_steps_between(log_density, z, momentum, uniform, step_size, steps):
    position, r, energies = z.clone(), momentum.clone(), []
    for index in range(steps + 1):
        leaf = position.clone().requires_grad_(True)
        value = log_density(leaf)
        value.sum().backward()
        r = r + leaf.grad * step_size * (0.5 if index in (0, steps) else 1.0)
        energies.append(-value.detach())
        if index < steps:
            position = position + step_size * r
    change = energies[0] + (momentum**2).sum(1) / 2 - energies[-1] - (r**2).sum(1) / 2
    accepted = uniform < torch.exp(change)
    new_z, new_momentum = z.clone(), momentum.clone()
    new_z[accepted], new_momentum[accepted] = position[accepted], -r[accepted]
    return new_z, new_momentum, accepted


def right_one_chain_at_a_time(log_density, z, momentum, uniform, step_size, steps):
    def potential(position):
        return -log_density(position[None]).squeeze(0)

    def gradient(position):
        leaf = position.detach().requires_grad_()
        return torch.autograd.grad(potential(leaf), leaf)[0]

    states = []
    for start, impulse, number in zip(z, momentum, uniform, strict=True):
        # From the end backwards in time: the momentum turned round first leads to the same place.
        position, r = start, impulse
        for _ in range(steps):
            middle = r - gradient(position) * step_size / 2
            position = position + middle * step_size
            r = middle - gradient(position) * step_size / 2
        before = potential(start) + impulse @ impulse / 2
        after = potential(position) + r @ r / 2
        move = bool(torch.isfinite(after)) and bool(torch.log(number) < before - after)
        states.append((position, -r, move) if move else (start, impulse, move))
    positions, momenta, moves = zip(*states, strict=True)
    return torch.stack(positions), torch.stack(momenta), torch.tensor(moves)


def right_in_position_alone(log_density, z, momentum, uniform, step_size, steps):
    with torch.enable_grad():
        leaf = z.detach().clone().requires_grad_()
        start = log_density(leaf)
        kick = 0.5 * step_size**2 * torch.autograd.grad(start, leaf, torch.ones_like(start))[0]
    old, new = z, z + step_size * momentum + kick
    for index in range(steps):
        leaf = new.detach().requires_grad_()
        end = log_density(leaf)
        kick = step_size**2 * torch.autograd.grad(end, leaf, torch.ones_like(end))[0]
        if index < steps - 1:
            old, new = new, 2 * new - old + kick
    r = (new - old) / step_size + kick / step_size / 2
    gain = (end - start).detach() + 0.5 * (momentum**2 - r**2).sum(-1)
    accepted = uniform.log().lt(gain)
    return z.where(~accepted[:, None], new), momentum.where(~accepted[:, None], -r), accepted


def _slope(log_density, z):
    z = z.detach().requires_grad_()
    return torch.autograd.grad(log_density(z).sum(), z)[0]


def _path(log_density, z, momentum, step_size, steps, first=0.5, last=0.5):
    r = momentum
    for _ in range(steps):
        r = r + first * step_size * _slope(log_density, z)
        z = z + step_size * r
        r = r + last * step_size * _slope(log_density, z)
    return z.detach(), r


def _gain(log_density, z, momentum, end, r, kinetic=1.0):
    return (log_density(end) - log_density(z)).detach() + kinetic * 0.5 * (momentum**2 - r**2).sum(-1)


def _state(accepted, z, momentum, end, turned):
    moved = accepted.unsqueeze(-1)
    return torch.where(moved, end, z), torch.where(moved, turned, momentum), accepted


def _decided(log_density, z, momentum, uniform, end, r, kinetic=1.0):
    accepted = uniform.log() < _gain(log_density, z, momentum, end, r, kinetic)
    return _state(accepted, z, momentum, end, -r)


def momentum_not_turned(log_density, z, momentum, uniform, step_size, steps):
    """wrong value: the momentum at the end was not turned round"""
    end, r = _path(log_density, z, momentum, step_size, steps)
    accepted = uniform.log() < _gain(log_density, z, momentum, end, r)
    return _state(accepted, z, momentum, end, r)


def always_turned(log_density, z, momentum, uniform, step_size, steps):
    """wrong value: the momentum was turned round where the proposal was rejected, too"""
    end, r = _path(log_density, z, momentum, step_size, steps)
    accepted = uniform.log() < _gain(log_density, z, momentum, end, r)
    return _state(accepted, z, -momentum, end, -r)


def proposed_momentum_kept(log_density, z, momentum, uniform, step_size, steps):
    """wrong value: the proposal's momentum was returned where the proposal was rejected, too"""
    end, r = _path(log_density, z, momentum, step_size, steps)
    new, _, accepted = _decided(log_density, z, momentum, uniform, end, r)
    return new, -r, accepted


def euler(log_density, z, momentum, uniform, step_size, steps):
    """wrong value: position and momentum took full steps at once, which is Euler's method"""
    end, r = z, momentum
    for _ in range(steps):
        end, r = end + step_size * r, r + step_size * _slope(log_density, end)
    return _decided(log_density, z, momentum, uniform, end, r)


def full_step_before(log_density, z, momentum, uniform, step_size, steps):
    """wrong value: the momentum took a full step before each step of the position"""
    end, r = _path(log_density, z, momentum, step_size, steps, 1.0, 0.0)
    return _decided(log_density, z, momentum, uniform, end, r)


def full_step_after(log_density, z, momentum, uniform, step_size, steps):
    """wrong value: the momentum took a full step after each step of the position"""
    end, r = _path(log_density, z, momentum, step_size, steps, 0.0, 1.0)
    return _decided(log_density, z, momentum, uniform, end, r)


def two_full_steps(log_density, z, momentum, uniform, step_size, steps):
    """wrong value: both half steps of the momentum were full steps"""
    end, r = _path(log_density, z, momentum, step_size, steps, 1.0, 1.0)
    return _decided(log_density, z, momentum, uniform, end, r)


def last_half_step_missing(log_density, z, momentum, uniform, step_size, steps):
    """wrong value: the last half step of the momentum is missing"""
    end, r = _path(log_density, z, momentum, step_size, steps)
    return _decided(log_density, z, momentum, uniform, end, r - 0.5 * step_size * _slope(log_density, end))


def downhill(log_density, z, momentum, uniform, step_size, steps):
    """wrong value: the force has the wrong sign"""
    end, r = _path(log_density, z, momentum, step_size, steps, -0.5, -0.5)
    return _decided(log_density, z, momentum, uniform, end, r)


def one_step_too_many(log_density, z, momentum, uniform, step_size, steps):
    """wrong value: one leapfrog step too many was taken"""
    end, r = _path(log_density, z, momentum, step_size, steps + 1)
    return _decided(log_density, z, momentum, uniform, end, r)


def one_step_too_few(log_density, z, momentum, uniform, step_size, steps):
    """wrong value: one leapfrog step too few was taken"""
    end, r = _path(log_density, z, momentum, step_size, steps - 1)
    return _decided(log_density, z, momentum, uniform, end, r)


def always_accepted(log_density, z, momentum, uniform, step_size, steps):
    """wrong value: every proposal was accepted"""
    end, r = _path(log_density, z, momentum, step_size, steps)
    return _state(torch.ones_like(uniform, dtype=torch.bool), z, momentum, end, -r)


def always_accepted_seen_in_the_draws(log_density, z, momentum, uniform, step_size, steps):
    """wrong value: Transitions should leave the density as it is"""
    end, r = _path(log_density, z, momentum, step_size, steps)
    return _state(torch.ones_like(uniform, dtype=torch.bool), z, momentum, end, -r)


def no_kinetic_energy(log_density, z, momentum, uniform, step_size, steps):
    """wrong value: the kinetic energy was left out of the decision"""
    end, r = _path(log_density, z, momentum, step_size, steps)
    return _decided(log_density, z, momentum, uniform, end, r, 0.0)


def kinetic_energy_subtracted(log_density, z, momentum, uniform, step_size, steps):
    """wrong value: the kinetic energy has the wrong sign in the decision"""
    end, r = _path(log_density, z, momentum, step_size, steps)
    return _decided(log_density, z, momentum, uniform, end, r, -1.0)


def kinetic_energy_not_halved(log_density, z, momentum, uniform, step_size, steps):
    """wrong value: the kinetic energy in the decision lacks its 1/2"""
    end, r = _path(log_density, z, momentum, step_size, steps)
    return _decided(log_density, z, momentum, uniform, end, r, 2.0)


def upside_down(log_density, z, momentum, uniform, step_size, steps):
    """wrong value: the ratio in the decision is upside down"""
    end, r = _path(log_density, z, momentum, step_size, steps)
    accepted = uniform.log() < -_gain(log_density, z, momentum, end, r)
    return _state(accepted, z, momentum, end, -r)


def no_logarithm(log_density, z, momentum, uniform, step_size, steps):
    """wrong value: uniform itself, not its logarithm, was compared"""
    end, r = _path(log_density, z, momentum, step_size, steps)
    accepted = uniform < _gain(log_density, z, momentum, end, r)
    return _state(accepted, z, momentum, end, -r)


def choices_exchanged(log_density, z, momentum, uniform, step_size, steps):
    """wrong value: accepted and rejected changed places"""
    end, r = _path(log_density, z, momentum, step_size, steps)
    accepted = uniform.log() >= _gain(log_density, z, momentum, end, r)
    return _state(accepted, z, momentum, end, -r)


def one_decision_for_all(log_density, z, momentum, uniform, step_size, steps):
    """wrong value: each chain has a decision of its own to pass"""
    end, r = _path(log_density, z, momentum, step_size, steps)
    accepted = uniform[0].log() < _gain(log_density, z, momentum, end, r).sum()
    return _state(accepted.expand(len(z)), z, momentum, end, -r)


def pairs_of_chains(log_density, z, momentum, uniform, step_size, steps):
    """wrong type or shape: Broadcasting seems to have paired all data points"""
    end, r = _path(log_density, z, momentum, step_size, steps)
    state = _decided(log_density, z, momentum, uniform, end, r)
    return *state[:2], uniform.log().unsqueeze(1) < _gain(log_density, z, momentum, end, r)


def added_with_weights(log_density, z, momentum, uniform, step_size, steps):
    """wrong value: nan times 0 is nan"""
    end, r = _path(log_density, z, momentum, step_size, steps)
    accepted = uniform.log() < _gain(log_density, z, momentum, end, r)
    share = accepted.to(z.dtype).unsqueeze(-1)
    return share * end + (1 - share) * z, -share * r + (1 - share) * momentum, accepted


def not_above_for_below(log_density, z, momentum, uniform, step_size, steps):
    """wrong value: stays where it was"""
    end, r = _path(log_density, z, momentum, step_size, steps)
    accepted = ~(uniform.log() >= _gain(log_density, z, momentum, end, r))
    return _state(accepted, z, momentum, end, -r)


def momentum_of_its_own(log_density, z, momentum, uniform, step_size, steps):
    """wrong value: hmc_step returned for z wrong values"""
    momentum = torch.randn_like(momentum)
    end, r = _path(log_density, z, momentum, step_size, steps)
    return _decided(log_density, z, momentum, uniform, end, r)


def stays_at_home(log_density, z, momentum, uniform, step_size, steps):
    """wrong value: It leads back, but by way of another place than leapfrog."""
    return z, momentum, torch.ones_like(uniform, dtype=torch.bool)


def there_and_back_by_another_way(log_density, z, momentum, uniform, step_size, steps):
    """wrong value: the path does not stay on leapfrog's ellipse"""
    return z + step_size * steps * momentum, -momentum, torch.ones_like(uniform, dtype=torch.bool)


def not_reversible(log_density, z, momentum, uniform, step_size, steps):
    """wrong value: should lead back to the start exactly"""
    end, r = _path(log_density, z, momentum, step_size, steps, 1.0, 0.0)
    return _decided(log_density, z, momentum, uniform, end, r)


def marks_its_argument(log_density, z, momentum, uniform, step_size, steps):
    """wrong value: z or momentum was marked with requires_grad_ in place"""
    z.requires_grad_()
    end, r = _path(log_density, z, momentum, step_size, steps)
    state = _decided(log_density, z.detach(), momentum, uniform, end, r)
    return state


def carries_a_graph(log_density, z, momentum, uniform, step_size, steps):
    """wrong value: the results carry a graph"""
    start = z.clone().requires_grad_()
    end, r = start, momentum
    for _ in range(steps):
        r = r + 0.5 * step_size * torch.autograd.grad(log_density(end).sum(), end, create_graph=True)[0]
        end = end + step_size * r
        r = r + 0.5 * step_size * torch.autograd.grad(log_density(end).sum(), end, create_graph=True)[0]
    return _decided(log_density, z, momentum, uniform, end, r)


def momentum_in_place(log_density, z, momentum, uniform, step_size, steps):
    """wrong value: the call changed its argument momentum"""
    old, end, r = momentum.clone(), z, momentum
    for _ in range(steps):
        r += 0.5 * step_size * _slope(log_density, end)
        end = end + step_size * r
        r += 0.5 * step_size * _slope(log_density, end)
    return _decided(log_density, z, old, uniform, end, r.clone())


def acceptance_as_numbers(log_density, z, momentum, uniform, step_size, steps):
    """wrong type or shape: where torch.bool is expected"""
    end, r = _path(log_density, z, momentum, step_size, steps)
    new, turned, accepted = _decided(log_density, z, momentum, uniform, end, r)
    return new, turned, accepted.to(z.dtype)


def without_momentum(log_density, z, momentum, uniform, step_size, steps):
    """wrong type or shape: should return a tuple: z, momentum, accepted"""
    end, r = _path(log_density, z, momentum, step_size, steps)
    new, _, accepted = _decided(log_density, z, momentum, uniform, end, r)
    return new, accepted


def hard_coded(log_density, z, momentum, uniform, step_size, steps):
    """wrong type or shape: hmc_step returned for z"""
    return torch.tensor([[0.5]]), torch.tensor([[0.75]]), torch.tensor([True])
