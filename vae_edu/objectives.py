"""Objectives without a latent variable, for contrast with the bounds: `fit` maximizes these as well."""

from typing import Any, Literal

from jaxtyping import Float
from torch import Generator, Tensor

from vae_edu.bounds import Terms


def regression_terms(model: Any, x: Float[Tensor, "batch entries"], *, generator: Generator | None = None) -> Terms:
    """log p(target|condition) of a regressor, in nats: nothing is sampled, and nothing bounded.

    Source: D16 §5.
    """
    return {"log p(y|c)": model.log_likelihood(x)}


def sparse_autoencoder_terms(
    model: Any,
    x: Float[Tensor, "batch pixels"],
    *,
    sparsity: float = 1.0,
    norm: Literal[0, 1] = 0,
    generator: Generator | None = None,
) -> Terms:
    """The negative loss of a sparse auto-encoder.

    Squared error of the picture, and `sparsity` times the code's norm. The
    code is the encoder's mean, never sampled. Norm 0 counts the entries that
    are not zero, and has no gradient; norm 1, the sum of their absolute
    values, is what is trained in its place. Squared grey values, not nats:
    no probability stands behind.

    Source: D16 (11).
    """
    code, _ = model.encode(x)
    size = code.abs() if norm == 1 else (code != 0).to(code.dtype)
    return {
        "-squared error": -(model.images(code) - x).square().sum(-1),
        f"-{sparsity:g}·size of the code": -sparsity * size.sum(-1),
    }
