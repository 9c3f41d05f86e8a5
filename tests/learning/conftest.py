"""An oracle for learners: data with one strong direction, and the best evidence that a linear model can reach."""

from dataclasses import dataclass

import pytest
import torch

from vae_edu.models import LinearGaussian


@dataclass(frozen=True)
class Line:
    """Noisy points on a line; `best` is probabilistic PCA's largest mean log-evidence (Tipping & Bishop 1999)."""

    x: torch.Tensor
    best: torch.Tensor

    def new_model(self) -> LinearGaussian:
        """A linear model that knows nothing yet."""
        torch.manual_seed(2)
        return LinearGaussian(torch.randn(4, 1) * 0.1, torch.zeros(4), 1.0)


@pytest.fixture(scope="session")
def line() -> Line:
    torch.manual_seed(1)
    d, n = 4, 2000
    x = torch.randn(n, 1) @ torch.tensor([[2.0, 1.0, -1.0, 0.5]]) + 0.5 * torch.randn(n, d)
    x = x - x.mean(0)
    eigenvalues = torch.linalg.eigvalsh(x.T @ x / n)
    noise = eigenvalues[:-1].mean()
    best = -0.5 * (d * torch.log(torch.tensor(2 * torch.pi)) + eigenvalues[-1].log() + (d - 1) * noise.log() + d)
    return Line(x, best)
