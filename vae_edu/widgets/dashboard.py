"""A dashboard for a training in Jupyter: what has been reached, drawn anew as it learns, and two things to change.

The cell that trains keeps Python busy. A press reaches it meanwhile only where kernel and front end hand messages to
widgets to a thread of their own (subshells); elsewhere it is heard when the cell is done, and it is *Interrupt the
kernel* that stops, after the current step and with all that was learned.
"""

import base64
import io
import time
from typing import Any

import ipywidgets
import numpy as np
import torch
from IPython.display import display
from jaxtyping import Shaped
from matplotlib.figure import Figure
from torch import Tensor

from vae_edu.errors import UserError
from vae_edu.evaluation.latent_space import posterior_means
from vae_edu.gaussians import kl_standard_normal
from vae_edu.learning import History
from vae_edu.learning.interrupt import StopLearning
from vae_edu.models import VAE
from vae_edu.plots.dashboard import dashboard
from vae_edu.widgets.plane import square

SAMPLES, IMAGES = 16, 1000
SHARE = 0.2  # of the time, at most, goes into drawing
SHOWN_APART = ("bound", "test bound")


class Dashboard:
    """Bound, terms, samples and latent plane while a model learns; a button that stops, a slider for the step size.

    A callback, made by `live_dashboard`.
    """

    def __init__(self, labels: Shaped[Tensor, "n"] | None, image_shape: tuple[int, int] | None):
        """See `live_dashboard`."""
        self.labels, self.image_shape = labels, image_shape
        self.picture, self.words = ipywidgets.HTML(), ipywidgets.Label()
        self.stop = ipywidgets.Button(description="Stop after this epoch", layout={"width": "auto"})
        self.rate = ipywidgets.FloatLogSlider(
            description="learning rate",
            min=-5,
            max=-1,
            step=0.05,
            readout_format=".1e",
            style={"description_width": "auto"},
        )
        self.box = ipywidgets.VBox([self.picture, self.words, ipywidgets.HBox([self.stop, self.rate])])
        self.stop.on_click(self._ask_to_stop)
        self.rate.observe(self._ask_for_rate, "value")

    def begin(self, model: Any, x: Tensor, optimizer: torch.optim.Optimizer, epochs: int) -> None:
        """Show the dashboard, and remember who learns. Raises UserError where labels or shape do not fit `x`."""
        if self.labels is not None and len(self.labels) != len(x):
            raise UserError(f"expected one label per image, but got {len(self.labels)} labels for {len(x)} images.")
        self.model, self.x, self.optimizer, self.epochs = model, x[:IMAGES], optimizer, epochs
        self.drawn_at, self.drawing_took = -float("inf"), 0.0
        if isinstance(model, VAE):
            self.image_shape = self.image_shape or square(x.shape[-1])
            self.z = torch.randn(SAMPLES, model.latent, generator=torch.Generator().manual_seed(0)).to(x)
        self.rate.value = optimizer.param_groups[0]["lr"]
        self.stopped, self.new_rate = False, None  # after the slider was set: nobody has asked for anything yet
        self.stop.disabled = self.rate.disabled = False
        self.words.value = "The first epoch is under way."
        display(self.box)

    def __call__(self, history: History) -> None:
        """Show the epochs so far, and do what was asked for. Raises StopLearning when that was to stop."""
        last = self.stopped or len(history) >= self.epochs
        if last or time.perf_counter() - self.drawn_at > self.drawing_took / SHARE:
            self._draw(history)
        if self.new_rate is not None:
            for group in self.optimizer.param_groups:
                group["lr"] = self.new_rate
            self.new_rate = None
        self.stop.disabled = self.rate.disabled = last
        if self.stopped:
            raise StopLearning

    def _ask_to_stop(self, _: Any) -> None:
        self.stopped, self.stop.disabled = True, True

    def _ask_for_rate(self, change: Any) -> None:
        self.new_rate = change["new"]

    def _draw(self, history: History) -> None:
        started = time.perf_counter()
        now = ", ".join(f"{name} {value:.2f}" for name, value in history.records[-1].items() if name != "seconds")
        self.words.value = f"Epoch {len(history)} of {self.epochs}: {now} nats per image."
        self.picture.value = _as_html(self.figure(history), f"Training curves. {self.words.value}")
        self.drawn_at = time.perf_counter()
        self.drawing_took = self.drawn_at - started

    @torch.no_grad()
    def figure(self, history: History) -> Figure:
        """The picture of the epochs so far."""
        names = [name for name in history.records[-1] if name != "seconds"]
        apart = {name: history[name] for name in names if name in SHOWN_APART}
        curves = [apart, {name: history[name] for name in names if name not in SHOWN_APART}]
        if not isinstance(self.model, VAE):
            return dashboard(curves)
        samples = self.model.images(self.z).unflatten(-1, self.image_shape).float().cpu().numpy()
        if self.model.latent < 2:
            return dashboard(curves, samples)
        first, second = self._busiest()
        means = posterior_means(self.model, self.x)[:, [first, second]].float().cpu().numpy()
        labels = None if self.labels is None else np.asarray(self.labels[:IMAGES].cpu())
        return dashboard(curves, samples, means, labels, (first + 1, second + 1))

    def _busiest(self) -> list[int]:
        """The two latents with the largest mean divergence, in order."""
        mean, log_var = self.model.encode(self.x)
        nats = kl_standard_normal(mean[..., None], log_var[..., None]).mean(0)
        return sorted(nats.topk(2).indices.tolist())


def _as_html(figure: Figure, alt: str) -> str:
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=96, bbox_inches=None)
    source = base64.b64encode(file.getvalue()).decode()
    return f'<img alt="{alt}" style="max-width: 100%" src="data:image/png;base64,{source}">'
