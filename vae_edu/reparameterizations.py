"""Three ways to write a draw as a differentiable function of noise without parameters, one member of each.

Where z = g(noise) is one-to-one, q(z)·dz = p(noise)·d(noise): an expectation under q is one under the noise.
"""

from jaxtyping import Float
from torch import Tensor


def exponential(rate: Float[Tensor, "*#batch"], uniform: Float[Tensor, "*#batch"]) -> Float[Tensor, "*batch"]:
    """By the inverse CDF: −log(1 − u)/rate is exponential for u uniform on
    [0, 1).

    Source: K13 §2.4.
    """
    return -(-uniform).log1p() / rate


def laplace(
    location: Float[Tensor, "*#batch"], scale: Float[Tensor, "*#batch"], standard: Float[Tensor, "*#batch"]
) -> Float[Tensor, "*batch"]:
    """By location and scale: location + scale·(a standard member of the
    family), here Laplace.

    Source: K13 §2.4.
    """
    return location + scale * standard


def gamma(rate: Float[Tensor, "*#batch"], uniform: Float[Tensor, "shape *#batch"]) -> Float[Tensor, "*batch"]:
    """By composition: the sum of `shape` exponentials of one rate is
    Gamma(shape, rate).

    Source: K13 §2.4.
    """
    return exponential(rate, uniform).sum(0)
