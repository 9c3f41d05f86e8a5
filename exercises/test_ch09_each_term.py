"""Visible checks of chapter 9. Run `pytest exercises`; you need not read or change this file."""

import math

import pytest
import torch

from vae_edu.course.compare import check, check_form, check_that


@pytest.mark.exercise("ch09.linear_vae_optimum")
class Test_linear_vae_optimum:
    names = ("the activities", "the mean divergence", "the mean bound")

    def test_worked_example(self, student):
        call = student(eigenvalues=torch.tensor([4.0, 2.0, 0.5]), latent=2, noise_var=0.5, beta=2.0)
        activity, divergence, bound = call.parts(*self.names)
        check(activity, torch.tensor([0.75, 0.5]))
        check(divergence, torch.tensor(1.5 * math.log(2)))
        check(bound, torch.tensor(-1.5 * math.log(math.pi) - 2.5 - 1.5 * math.log(2)))

    def test_a_collapsed_latent(self, student):
        call = student(eigenvalues=torch.tensor([5.0, 0.6, 0.3, 0.1]), latent=2, noise_var=1.0, beta=1.0)
        activity, divergence, bound = call.parts(*self.names)
        # The water stands at 1: above 0.6, so the second latent is silent and its axis keeps its 0.6 of error.
        check(activity, torch.tensor([0.8, 0.0]))
        check(divergence, torch.tensor(math.log(5) / 2))
        check(bound, torch.tensor(-2 * math.log(2 * math.pi) - (1 + 0.6 + 0.3 + 0.1) / 2 - math.log(5) / 2))


@pytest.mark.exercise("ch09.kl_split")
class Test_kl_split:
    names = ("the information", "the mismatch")

    def test_worked_example(self, student):
        call = student(
            mean=torch.tensor([[-1.0], [1.0]]), log_var=torch.zeros(2, 1), eps=torch.tensor([[[0.0], [1.0]]])
        )
        information, mismatch = call.parts(*self.names)
        check(information, torch.tensor([0.566219, 0.674997]))
        check(mismatch, torch.tensor([0.5 - 0.566219, 1.5 - 0.674997]))

    def test_one_image(self, student):
        call = student(mean=torch.tensor([[3.0, 0.0]]), log_var=torch.zeros(1, 2), eps=torch.zeros(4, 1, 2))
        # With one image nothing is to be told: q is its posterior. At z = (3, 0) the prior is e^-4.5 times as dense.
        information, mismatch = call.parts(*self.names)
        check(information, torch.tensor([0.0]))
        check(mismatch, torch.tensor([4.5]))

    def test_images_far_apart(self, student):
        mean = torch.tensor([[0.0], [1000.0], [-1000.0], [2000.0]])
        call = student(mean=mean, log_var=torch.zeros(4, 1), eps=torch.zeros(1, 4, 1))
        # Each draw names its image: log 4 nats, whatever is subtracted by the prior.
        information, _ = call.parts(*self.names)
        cause = (
            "The densities of the other images are 0 in floating point here; their sum's logarithm is not -infinity."
        )
        check(information, torch.full((4,), math.log(4)), otherwise=cause)


def trained(function, x, latent, noise_var, seed):
    """The weights, for a generator in the state that the seed gives."""
    import torch

    weights = function(x, latent, noise_var, torch.Generator().manual_seed(seed))
    return dict(zip(weights, [w.detach() for w in weights.values()], strict=True))


SHAPES = {
    "decoder.weight": (16, 2),
    "decoder.bias": (16,),
    "encoder.weight": (2, 16),
    "encoder.bias": (2,),
    "log_var": (2,),
}


@pytest.mark.exercise("ch09.train_linear_vae")
class Test_train_linear_vae:
    # 16 pixels around 1/2. The first eight go up and down together by 0.4, the others by 0.05, in every combination:
    # eigenvalues 8 · 0.16 = 1.28 and 8 · 0.0025 = 0.02, and 0 fourteen times.
    signs = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]]).repeat(125, 1)
    x = 0.5 + (signs * torch.tensor([0.4, 0.05])).repeat_interleave(8, 1)

    def weights(self, student):
        call = student.run(trained, x=self.x, latent=2, noise_var=0.2, seed=0)
        for name in SHAPES:
            check_that(call, name in call.value, f"train_linear_vae returned no weight of the name {name}.")
        return {name: call.of(name, name) for name in SHAPES}

    def test_shapes(self, student):
        for name, weight in self.weights(student).items():
            check_form(weight, *SHAPES[name])

    def test_one_latent_collapses(self, student):
        # Only 1.28 is above the noise variance. The latent that stays has the activity 1 - 0.2/1.28.
        weight = self.weights(student)["encoder.weight"]
        check_form(weight, 2, 16)
        low, high = (self.x @ weight.value.mT).var(0, correction=0).sort().values.tolist()
        told = f"The activities are {low:.3f} and {high:.3f}; they should be 0 and {1 - 0.2 / 1.28:.3f}"
        check_that(weight, low < 0.1 and abs(high - (1 - 0.2 / 1.28)) < 0.1, f"{told}, up to 0.1.")
