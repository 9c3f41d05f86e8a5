"""Images per second: `fit`, the usual loop, and the bare matrix products beneath both, taken in turn.

Run by hand from the repository's root, on an otherwise idle machine:

    python benchmarks/throughput.py

Machines drift, so all four are measured in every round and what counts is the ratio within a round.
"""

import time
from collections.abc import Callable
from statistics import median

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, Subset

from vae_edu._torchvision import import_datasets
from vae_edu.data import ImageData, load
from vae_edu.files import data_roots
from vae_edu.learning import fit
from vae_edu.models import mlp_vae
from vae_edu.recording import results_folder, write_record

BATCH, STEPS, ROUNDS, SEED = 128, 200, 5, 0
PIXELS, HIDDEN, LATENT = 784, 400, 20


class UsualVAE(nn.Module):
    """The class as tutorials write it."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.mean, self.log_var = (
            nn.Linear(PIXELS, HIDDEN),
            nn.Linear(HIDDEN, LATENT),
            nn.Linear(HIDDEN, LATENT),
        )
        self.back, self.out = nn.Linear(LATENT, HIDDEN), nn.Linear(HIDDEN, PIXELS)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        h = F.relu(self.hidden(x))
        mean, log_var = self.mean(h), self.log_var(h)
        z = mean + torch.exp(0.5 * log_var) * torch.randn_like(mean)
        return torch.sigmoid(self.out(F.relu(self.back(z)))), mean, log_var


def usual_loop(data: ImageData) -> float:
    """DataLoader over PIL images with ToTensor, .item() at each step, Adam as it comes."""
    from torchvision.transforms import ToTensor

    root = next(root for root in data_roots() if (root / "MNIST" / "raw").is_dir())
    dataset = import_datasets().MNIST(root, train=True, transform=ToTensor())
    loader = DataLoader(Subset(dataset, range(BATCH * STEPS)), batch_size=BATCH, shuffle=True)
    model = UsualVAE()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    total, started = 0.0, time.perf_counter()
    for images, _ in loader:
        x = images.view(-1, PIXELS)
        reconstruction, mean, log_var = model(x)
        loss = F.binary_cross_entropy(reconstruction, x, reduction="sum")
        loss = loss - 0.5 * torch.sum(1 + log_var - mean**2 - log_var.exp())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    return BATCH * STEPS / (time.perf_counter() - started)


def fit_loop(**options: object) -> Callable[[ImageData], float]:
    """`vae_edu.learning.fit` as a reader calls it, compiled and warmed up before the clock starts."""
    model = mlp_vae(PIXELS, (HIDDEN,), LATENT)

    def images_per_second(data: ImageData) -> float:
        fit(model, data.x[: 3 * BATCH], epochs=1, batch_size=BATCH, progress=False, **options)  # type: ignore[arg-type]
        history = fit(model, data.x[: BATCH * STEPS], epochs=1, batch_size=BATCH, **options)  # type: ignore[arg-type]
        return BATCH * STEPS / history["seconds"][0]

    return images_per_second


def matrix_products(_data: ImageData) -> float:
    """Only the float32 products of one step: y = x·Wᵀ, and both gradients (the first layer needs but one)."""
    shapes = [(PIXELS, HIDDEN), (HIDDEN, LATENT), (HIDDEN, LATENT), (LATENT, HIDDEN), (HIDDEN, PIXELS)]
    layers = [(torch.randn(BATCH, i), torch.randn(o, i), torch.randn(BATCH, o)) for i, o in shapes]
    started = time.perf_counter()
    for _ in range(STEPS):
        for number, (x, weight, gradient) in enumerate(layers):
            _ = x @ weight.T, gradient.T @ x
            if number > 0:
                _ = gradient @ weight
    return BATCH * STEPS / (time.perf_counter() - started)


CONTESTANTS: dict[str, Callable[[ImageData], float]] = {
    "usual loop": usual_loop,
    "fit, float32": fit_loop(),
    "fit, bfloat16 and compile": fit_loop(precision="bfloat16", compile=True),
    "bare matrix products, float32": matrix_products,
}


def main() -> None:
    """Measure in turn, print, and record under book/results/throughput."""
    torch.manual_seed(SEED)
    data, started = load("mnist"), time.perf_counter()
    for run in CONTESTANTS.values():
        run(data)
    rounds = [{name: run(data) for name, run in CONTESTANTS.items()} for _ in range(ROUNDS)]
    speed = {name: round(median(r[name] for r in rounds)) for name in CONTESTANTS}
    ratios = {
        f"{name} / usual loop": round(median(r[name] / r["usual loop"] for r in rounds), 2) for name in CONTESTANTS
    } | {
        "bare matrix products / fit, float32": round(
            median(r["bare matrix products, float32"] / r["fit, float32"] for r in rounds), 2
        )
    }
    results = {
        "net": f"{PIXELS}-{HIDDEN}-{LATENT}",
        "batch": BATCH,
        "steps": STEPS,
        "threads": torch.get_num_threads(),
        "images per second, median over rounds": speed,
        "ratio within a round, median over rounds": ratios,
        "rounds": [{name: round(value) for name, value in r.items()} for r in rounds],
    }
    path = write_record(
        results_folder("throughput"),
        results,
        command="python benchmarks/throughput.py",
        seed=SEED,
        data={"mnist train": data.checksum},
        duration=time.perf_counter() - started,
    )
    print(*(f"{value:>9}  {name}" for name, value in (speed | ratios).items()), sep="\n")
    print(f"Recorded in {path}")


if __name__ == "__main__":
    main()
