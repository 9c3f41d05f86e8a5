"""Hidden checks of chapter 11. The oracles are sums in double precision, second differences in place of leapfrog steps,
conserved energies, exact draws, and torch.distributions.
"""

import math
from dataclasses import replace

import pytest
import torch
from torch.distributions import MultivariateNormal

from vae_edu.course import scenarios
from vae_edu.course.compare import check, check_average, check_form, check_that, check_unchanged
from vae_edu.course.slips import ch11_how_good as slips

RESULTS = ("estimate", "effective", "shortfall")


def normal(generator, *shape, dtype=torch.float32):
    return torch.randn(*shape, generator=generator, dtype=dtype)


def integer(generator, low, high):
    """A random whole number from `low` to `high`, both included."""
    return int(torch.randint(low, high + 1, (), generator=generator))


def estimate_gradients(function, *inputs):
    """The gradients of the summed estimate with respect to each input; zero where none arrives."""
    import torch

    leaves = [value.clone().requires_grad_() for value in inputs]
    estimate = function(*leaves)[0].sum()
    if not estimate.requires_grad:
        return dict.fromkeys(("log_likelihood", "log_prior", "log_q"), torch.zeros_like(leaves[0]))
    gradients = torch.autograd.grad(estimate, leaves, allow_unused=True)
    came = [torch.zeros_like(leaf) if g is None else g for leaf, g in zip(leaves, gradients, strict=True)]
    return {"log_likelihood": came[0], "log_prior": came[1], "log_q": came[2]}


@pytest.mark.exercise("ch11.importance_estimate")
class Test_importance_estimate:
    @staticmethod
    def inputs(generator, draws, batch, dtype=torch.float32):
        names = ("log_likelihood", "log_prior", "log_q")
        return {name: normal(generator, draws, batch, dtype=dtype) for name in names}

    @staticmethod
    def oracle(log_likelihood, log_prior, log_q):
        """The three formulas with the weights themselves and their relative variance."""
        weights = (log_likelihood.double() + log_prior.double() - log_q.double()).exp()
        rho = (weights / weights.mean(0) - 1).square().mean(0)
        return weights.mean(0).log(), weights.sum(0) ** 2 / weights.square().sum(0), rho / (2 * len(weights))

    def check_parts(self, call, expected, *names, otherwise=""):
        for name, part, right in zip(RESULTS, call.parts(*RESULTS), expected, strict=True):
            if name in names:
                check(part, right, otherwise=otherwise)

    @pytest.mark.points(2)
    def test_the_estimate(self, student, generator):
        inputs = self.inputs(generator, integer(generator, 6, 9), 4)
        self.check_parts(student(**inputs), self.oracle(**inputs), "estimate")

    @pytest.mark.points(1)
    def test_the_effective_number_of_draws(self, student, generator):
        inputs = self.inputs(generator, integer(generator, 6, 9), 4)
        self.check_parts(student(**inputs), self.oracle(**inputs), "effective")

    @pytest.mark.points(1)
    def test_the_shortfall(self, student, generator):
        inputs = self.inputs(generator, integer(generator, 6, 9), 4)
        self.check_parts(student(**inputs), self.oracle(**inputs), "shortfall")

    @pytest.mark.points(1)
    def test_gradients_of_the_estimate(self, student, generator):
        inputs = self.inputs(generator, 5, 3)
        call, expected = student.run(estimate_gradients, **inputs), estimate_gradients(self.oracle, *inputs.values())
        for name, right in expected.items():
            cause = "It is the weight's share of their sum, for log_q with a minus: nothing may be detached or clamped."
            check(call.of(name, part=f"the estimate's gradient with respect to {name}"), right, otherwise=cause)

    @pytest.mark.points(2)
    def test_weights_out_of_range_and_impossible_draws(self, student, generator):
        """A common factor of all weights is one of the estimate, too, and no draw's share depends on it."""
        inputs = self.inputs(generator, 6, 3)
        estimate, effective, shortfall = self.oracle(**inputs)
        cause = "Weights like e⁻¹⁰⁰⁰ and e¹⁰⁰⁰ are no floating-point numbers: their logarithms and shares are."
        for nats in (-1000, 1000):
            shifted = inputs | {"log_likelihood": inputs["log_likelihood"] + nats}
            expected = estimate + nats, effective, shortfall
            # Logarithms near 1000 are rounded to 3e-5 before the function sees them, and so are the weights' ratios.
            for part, right in zip(student(**shifted).parts(*RESULTS), expected, strict=True):
                check(part, right, otherwise=cause, tolerance=1e-3)
        inputs["log_likelihood"][integer(generator, 0, 5), 0] = -math.inf
        cause = "A draw with log_likelihood -inf has the weight 0, and counts as one of the K draws."
        self.check_parts(student(**inputs), self.oracle(**inputs), *RESULTS, otherwise=cause)

    @pytest.mark.points(1)
    def test_odd_sizes_float64_strided_inputs_and_side_effects(self, student, generator):
        for draws, batch in ((1, 4), (5, 1), (3, 0)):
            inputs = self.inputs(generator, draws, batch)
            self.check_parts(student(**inputs), self.oracle(**inputs), *RESULTS)
        inputs = self.inputs(generator, 7, 4, torch.float64)
        self.check_parts(student.run(scenarios.strided, **inputs), self.oracle(**inputs), *RESULTS)
        call = student.run(scenarios.side_effects, **inputs)
        check_unchanged(call)
        self.check_parts(call.of("value"), self.oracle(**inputs), *RESULTS)


STATE = ("z", "momentum", "accepted")


def transition(step, z, momentum, uniform, precision, quartic, step_size, steps):
    """A step on log p(z) = -zᵀ·precision·z/2 - quartic·Σz⁴/4."""

    def log_density(z):
        return -0.5 * (z @ precision * z).sum(-1) - 0.25 * quartic * z.pow(4).sum(-1)

    return step(log_density, z, momentum, uniform, step_size, steps)


def there_and_back(step, z, momentum, uniform, precision, quartic, step_size, steps):
    """The states after one step and, from there, after another one."""

    def log_density(z):
        return -0.5 * (z @ precision * z).sum(-1) - 0.25 * quartic * z.pow(4).sum(-1)

    there = step(log_density, z, momentum, uniform, step_size, steps)
    back = step(log_density, there[0], there[1], uniform, step_size, steps)
    return {"there": there, "back": back}


def left_alone(step, z, momentum, uniform, step_size, steps):
    """The state after a step on the standard normal, and what else the step may have touched."""
    import torch

    def log_density(z):
        return -0.5 * z.square().sum(-1)

    before = [torch.get_rng_state().tolist(), torch.is_grad_enabled(), str(torch.get_default_dtype())]
    new_z, new_momentum, accepted = step(log_density, z, momentum, uniform, step_size, steps)
    after = [torch.get_rng_state().tolist(), torch.is_grad_enabled(), str(torch.get_default_dtype())]
    return {
        "state": (new_z, new_momentum, accepted),
        "graph": new_z.requires_grad or new_momentum.requires_grad,
        "marked": z.requires_grad or momentum.requires_grad,
        "inputs": [z, momentum, uniform, step_size, steps],
        "unchanged": [old == new for old, new in zip(before, after, strict=True)],
    }


@pytest.mark.exercise("ch11.hmc_step")
class Test_hmc_step:
    CERTAIN = 1e-300  # a uniform number so small that every finite energy is accepted

    @staticmethod
    def inputs(generator, chains, latent=3, *, quartic=0.5, step_size=0.3, steps=4, dtype=torch.float64):
        factor = normal(generator, latent, latent, dtype=dtype)
        return {
            "z": normal(generator, chains, latent, dtype=dtype),
            "momentum": normal(generator, chains, latent, dtype=dtype),
            "uniform": torch.full((chains,), Test_hmc_step.CERTAIN, dtype=dtype),
            "precision": factor @ factor.mT / latent + 0.5 * torch.eye(latent, dtype=dtype),
            "quartic": quartic,
            "step_size": step_size,
            "steps": steps,
        }

    @staticmethod
    def force(z, precision, quartic):
        return -torch.einsum("ij,cj->ci", precision, z) - quartic * z**3

    @staticmethod
    def energy(z, momentum, precision, quartic):
        potential = 0.5 * torch.einsum("ci,ij,cj->c", z, precision, z) + 0.25 * quartic * (z**4).sum(1)
        return potential + 0.5 * (momentum**2).sum(1)

    def path(self, z, momentum, uniform, precision, quartic, step_size, steps):
        """Positions alone, by second differences: z(t + ε) = 2·z(t) - z(t - ε) + ε²·force. Gives end and momentum."""
        old, now = z, z + step_size * momentum + step_size**2 / 2 * self.force(z, precision, quartic)
        for _ in range(steps - 1):
            old, now = now, 2 * now - old + step_size**2 * self.force(now, precision, quartic)
        return now, (now - old) / step_size + step_size / 2 * self.force(now, precision, quartic)

    def check_state(self, call, expected, otherwise=""):
        call = replace(call, slips=slips.hmc_step)
        for part, right in zip(call.parts(*STATE), expected, strict=True):
            check(part, right, otherwise=otherwise)

    @pytest.mark.points(3)
    def test_the_path(self, student, generator):
        inputs = self.inputs(generator, 6, steps=integer(generator, 3, 6))
        end, momentum = self.path(**inputs)
        self.check_state(student.run(transition, **inputs), (end, -momentum, torch.ones(6, dtype=torch.bool)))

    @pytest.mark.points(2)
    def test_twice_the_step_leads_back(self, student, generator):
        inputs = self.inputs(generator, 5)
        call = student.run(there_and_back, **inputs)
        there = call.of("there").parts(*STATE)[0]
        back = call.of("back").parts(*STATE)
        cause = (
            "From where it led, with the momentum turned round, the transition should lead back to the start exactly."
        )
        check(replace(back[0], part="z after two transitions"), inputs["z"], otherwise=cause)
        check(replace(back[1], part="momentum after two transitions"), inputs["momentum"], otherwise=cause)
        end, _ = self.path(**inputs)
        check(there, end, otherwise="It leads back, but by way of another place than leapfrog.")

    @pytest.mark.points(3)
    def test_accepted_or_not(self, student, generator):
        """Of the uniform numbers half lie a thousandth above or below their chain's probability, if that is below 1."""
        count = 100
        inputs = self.inputs(generator, count, step_size=0.6, steps=3)
        end, momentum = self.path(**inputs)
        density = inputs["precision"], inputs["quartic"]
        start = self.energy(inputs["z"], inputs["momentum"], *density)
        probability = (start - self.energy(end, momentum, *density)).exp()
        near = probability * (0.999 + 0.002 * torch.randint(0, 2, (count,), generator=generator))
        anywhere = 0.001 + 0.998 * torch.rand(count, generator=generator, dtype=torch.float64)
        use_near = (probability > 1e-3) & (torch.arange(count) % 2 == 0)
        inputs["uniform"] = torch.where(use_near, near.clamp(max=0.9999), anywhere)
        accepted = inputs["uniform"] < probability
        moved = accepted.unsqueeze(1)
        expected = torch.where(moved, end, inputs["z"]), torch.where(moved, -momentum, inputs["momentum"]), accepted
        call = student.run(transition, **inputs)
        cause = "Compare log(uniform) of each chain with its own H(start) - H(proposal)."
        self.check_state(call, expected, cause)

    @pytest.mark.points(1)
    def test_paths_that_fly_apart(self, student, generator):
        """From afar the force of z⁴ throws the path out of range; from rest at 0 nothing moves."""
        inputs = self.inputs(generator, 4, 2, quartic=1.0, step_size=3.0, steps=8, dtype=torch.float32)
        inputs["z"] = 2 * inputs["z"].sign() + inputs["z"]
        inputs["uniform"] = 0.2 + 0.6 * torch.rand(4, generator=generator)
        inputs["z"][1], inputs["momentum"][1] = 0, 0
        accepted = torch.tensor([False, True, False, False])
        cause = "A chain whose energy became infinite or not a number stays where it was; nan times 0 is nan."
        self.check_state(student.run(transition, **inputs), (inputs["z"], inputs["momentum"], accepted), cause)

    @pytest.mark.points(1)
    def test_leapfrogs_own_energy_is_kept(self, student, generator):
        """On a Gaussian leapfrog keeps |r|²/2 + zᵀ(P - ε²P²/4)z/2, at any step size: the chapter's ellipse."""
        inputs = self.inputs(generator, 5, quartic=0.0, steps=7)
        precision, step_size = inputs["precision"], inputs["step_size"]
        kept = precision - step_size**2 / 4 * precision @ precision
        call = student.run(transition, **inputs)
        z, momentum, accepted = call.parts(*STATE)
        check(accepted, torch.ones(5, dtype=torch.bool))
        for part in (z, momentum):
            check_form(part, *inputs["z"].shape)
        start = self.energy(inputs["z"], inputs["momentum"], kept, 0.0)
        cause = "the path does not stay on leapfrog's ellipse: is every step made of half, whole, half?"
        end = self.energy(z.value, momentum.value, kept, 0.0)
        check_that(call, torch.allclose(end, start, 1e-9, 1e-9), cause)

    @pytest.mark.points(1)
    def test_the_density_is_left_as_it_is(self, student, generator):
        """Draws of the standard normal are draws of it after a transition: erf(|z|/√2) is uniform between 0 and 1.

        The step is so coarse that without the decision the chapter's ellipse makes the variance 2.6.
        """
        inputs = self.inputs(generator, 300, 2, quartic=0.0, step_size=1.6, steps=1)
        inputs["precision"] = torch.eye(2, dtype=torch.float64)
        inputs["uniform"] = torch.rand(300, generator=generator, dtype=torch.float64)
        call = student.run(transition, **inputs)
        z, _, _ = call.parts(*STATE)
        check_form(z, 300, 2)
        level = replace(z, value=torch.erf(z.value.abs() / math.sqrt(2)))
        cause = "Transitions should leave the density as it is; these make its draws wider or narrower."
        half = torch.full((2,), 0.5, dtype=torch.float64)
        check_average(level, half, half / math.sqrt(3), cause)

    @pytest.mark.points(1)
    def test_one_chain_float32_and_side_effects(self, student, generator):
        z, momentum = normal(generator, 1, 1), normal(generator, 1, 1)
        inputs = {"z": z, "momentum": momentum, "uniform": torch.tensor([1e-30]), "step_size": 0.5, "steps": 2}
        call = student.run(left_alone, **inputs)
        check_unchanged(call)
        touched = "z or momentum was marked with requires_grad_ in place: mark a detached copy."
        check_that(call, call.of("marked").value is False, touched)
        check_that(
            call, call.of("graph").value is False, "the results carry a graph; a long chain would keep them all."
        )
        end, r = self.path(**inputs, precision=torch.ones(1, 1), quartic=0.0)
        for part, right in zip(call.of("state").parts(*STATE), (end, -r, torch.tensor([True])), strict=True):
            check(part, right)


@pytest.mark.exercise("ch11.harmonic_log_marginal")
class Test_harmonic_log_marginal:
    @staticmethod
    def inputs(generator, draws, batch, latent=3, dtype=torch.float64):
        factor = normal(generator, batch, latent, latent, dtype=dtype) + torch.eye(latent, dtype=dtype)
        z = torch.einsum("bij,nbj->nbi", factor, normal(generator, draws, batch, latent, dtype=dtype))
        z = z + normal(generator, batch, latent, dtype=dtype)
        return {"draws": z, "log_joint": 2 * normal(generator, draws, batch, dtype=dtype) - 4}

    @staticmethod
    def oracle(draws, log_joint):
        """One data point after the other, with a Gaussian of torch.distributions and a plain mean."""
        n, results = len(draws) // 2, []
        for z, log_p in zip(draws.double().unbind(1), log_joint.double().unbind(1), strict=True):
            q = MultivariateNormal(z[:n].mean(0), torch.atleast_2d(torch.cov(z[:n].T)))
            results.append(-(q.log_prob(z[n:]) - log_p[n:]).exp().mean().log())
        return torch.stack(results)

    @pytest.mark.points(3)
    def test_values(self, student, generator):
        for latent in (1, 3):
            inputs = self.inputs(generator, 2 * integer(generator, 9, 12), 4, latent)
            check(student(**inputs), self.oracle(**inputs))

    @pytest.mark.points(2)
    def test_posterior_draws_of_known_evidence(self, student, generator):
        """With log_joint = log posterior + c the evidence is e^c, whatever was fitted.

        Of 2,000 draws the fitted mean and variance of a direction err, in units of the posterior, by at most
        m = 5/√2000 = 0.11 and v = 5·√(2/2000) = 0.16 but for a chance of 1e-6; by the chapter's formula the relative
        variance of one term is then about m² + v²/2 = 0.025 per direction, 0.05 for two, the mean of 2,000 terms errs
        by 0.005, and 0.03 is six times that.
        """
        batch, latent, n = 3, 2, 4000
        widths = 0.5 + torch.rand(batch, latent, generator=generator, dtype=torch.float64)
        factor = normal(generator, batch, latent, latent, dtype=torch.float64).tril(-1) + torch.diag_embed(widths)
        posterior = MultivariateNormal(normal(generator, batch, latent, dtype=torch.float64), scale_tril=factor)
        noise = normal(generator, n, batch, latent, dtype=torch.float64)
        draws = posterior.loc + torch.einsum("bij,nbj->nbi", factor, noise)
        evidence = normal(generator, batch, dtype=torch.float64).clamp(-1, 1)
        call = student(draws=draws, log_joint=posterior.log_prob(draws) + evidence)
        check(call, evidence, otherwise="Of exact draws of a Gaussian posterior it is far off.", tolerance=0.03)

    @pytest.mark.points(1)
    def test_evidence_out_of_range(self, student, generator):
        cause = "e⁵⁰⁰⁰ is no floating-point number: average with logsumexp."
        for nats in (-5000, 5000):
            inputs = self.inputs(generator, 20, 3)
            shifted = inputs | {"log_joint": inputs["log_joint"] + nats}
            check(student(**shifted), self.oracle(**inputs) + nats, otherwise=cause)

    @pytest.mark.points(1)
    def test_a_chain_that_never_moved(self, student, generator):
        inputs = self.inputs(generator, 16, 3)
        expected = self.oracle(**inputs)
        stuck = integer(generator, 0, 2)
        inputs["draws"][:, stuck], expected[stuck] = torch.tensor([1.0, -2.0, 0.5]), math.nan
        cause = "One chain stands still: nan for its data point, and the others' estimates as if it were not there."
        check(student(**inputs), expected, otherwise=cause)

    @pytest.mark.points(1)
    def test_one_data_point_none_float32_and_strided_inputs(self, student, generator):
        inputs = self.inputs(generator, 40, 1, 1, torch.float32)
        check(student.run(scenarios.strided, **inputs), self.oracle(**inputs), tolerance=1e-3)
        check(student(**self.inputs(generator, 14, 0)), torch.zeros(0))

    @pytest.mark.points(1)
    def test_side_effects(self, student, generator):
        inputs = self.inputs(generator, 18, 4)
        call = student.run(scenarios.side_effects, **inputs)
        check_unchanged(call)
        check(replace(call.of("value"), slips=call.slips), self.oracle(**inputs))
