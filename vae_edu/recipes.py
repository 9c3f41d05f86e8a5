"""Every named model: its network, its data, its objective, its schedule, and where it comes from."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from vae_edu.bounds import Objective, elbo_terms
from vae_edu.data import ImageData
from vae_edu.errors import UserError
from vae_edu.learning import History, fit
from vae_edu.models import conv_vae, gaussian_mlp_vae, mlp_cvae, mlp_regressor, mlp_vae
from vae_edu.objectives import regression_terms


def images(data: ImageData) -> Float[Tensor, "n pixels"]:
    """The data rows of most models: images alone."""
    return data.x


def labeled_images(data: ImageData, classes: int = 10) -> Float[Tensor, "n entries"]:
    """Data rows of an image and, after its pixels, its class as a one-hot vector.

    Raises UserError for data without labels.
    """
    if data.labels is None:
        raise UserError(f"rows with labels need labeled images, and {data.name!r} has none; use mnist or digits.")
    return torch.cat([data.x, F.one_hot(data.labels, classes).to(data.x.dtype)], dim=1)


CENTER_COLUMN = range(13, 784, 28)  # of 28×28 images


@dataclass(frozen=True)
class Stage:
    """A part of the training before the last one, with its own step and its own weight of the divergence."""

    epochs: int
    learning_rate: float
    kl_weight: float = 1.0


@dataclass(frozen=True)
class Recipe:
    """All it takes to train one model again."""

    name: str
    title: str
    source: str
    data: str
    build: "partial[Any]"
    objective: Objective = elbo_terms
    rows: Callable[[ImageData], Tensor] = images
    warm_up: tuple[Stage, ...] = ()
    epochs: int = 5
    batch_size: int = 100
    learning_rate: float = 1e-3
    binarization: str = "none"
    seed: int = 0

    @property
    def network(self) -> str:
        """The network in words, such as mlp_vae(784, (400,), 20): it tells one version of a recipe from the next."""
        options = [f"{option}={value!r}" for option, value in self.build.keywords.items()]
        return f"{self.build.func.__name__}({', '.join([*map(repr, self.build.args), *options])})"

    @property
    def term_weights(self) -> dict[str, float]:
        """The weights that the objective puts on its terms, by name; none in a bound proper."""
        keywords = getattr(self.objective, "keywords", {})
        return {name: value for name, value in keywords.items() if name.endswith("_weight")}

    @property
    def bound(self) -> Objective:
        """The objective with every weight at 1: a bound proper."""
        unweighted: dict[str, Any] = dict.fromkeys(self.term_weights, 1.0)
        return partial(self.objective, **unweighted) if unweighted else self.objective

    @property
    def objective_in_words(self) -> str:
        """The objective in words, such as elbo_terms(kl_weight=0.0)."""
        function = getattr(self.objective, "func", self.objective)
        name = getattr(function, "__name__", type(function).__name__)
        options = [f"{option}={value!r}" for option, value in getattr(self.objective, "keywords", {}).items()]
        return f"{name}({', '.join(options)})" if options else name

    def new_model(self, seed: int | None = None) -> Any:
        """A fresh VAE, CVAE or regressor, its weights drawn from the seed alone; the global stream is untouched."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed if seed is None else seed)
            return self.build()

    def fit(
        self,
        model: Any,
        x: Float[Tensor, "n entries"],
        *,
        seed: int | None = None,
        epochs: int | None = None,
        **options: Any,
    ) -> History:
        """Run the recipe on the data rows x, with its own seed and epochs unless given; `options` go to `fit`.

        A recipe with a warm-up goes through its stages first, unless epochs are given: those are the last stage's.
        """
        warm_up = self.warm_up if epochs is None else ()
        last = Stage(self.epochs if epochs is None else epochs, self.learning_rate)
        history = History()
        for number, stage in enumerate((*warm_up, last)):
            if not history.interrupted:
                part = self._fit_stage(stage, model, x, (self.seed if seed is None else seed) + number, **options)
                history = History(history.records + part.records, part.interrupted)
        return history

    def _fit_stage(
        self, stage: Stage, model: Any, x: Tensor, seed: int, *, resume: Path | None = None, **options: Any
    ) -> History:
        weights: dict[str, Any] = {} if stage.kl_weight == 1 else {"kl_weight": stage.kl_weight}
        return fit(
            model,
            x,
            partial(self.objective, **weights) if weights else self.objective,
            epochs=stage.epochs,
            batch_size=self.batch_size,
            learning_rate=stage.learning_rate,
            binarization=self.binarization,
            seed=seed,
            settings={
                "recipe": self.name, "network": self.network, "objective": self.objective_in_words,
                "weight of the divergence": stage.kl_weight,
            },
            resume=resume.with_stem(f"{resume.stem}-{seed}") if resume and self.warm_up else resume,
            **options,
        )  # fmt: skip


_RECIPES = [
    Recipe(
        name="vanilla",
        title="VAE 784–400–20 on grey MNIST",
        source="the seed project's first notebook; K13 §3 with ReLU and Adam",
        data="mnist",
        build=partial(mlp_vae, 784, (400,), 20),
        seed=1,
    ),
    Recipe(
        name="two-latents",
        title="VAE 784–512–2 on grey MNIST",
        source="the seed project's two-latent notebook; the model behind chapter 7's plane",
        data="mnist",
        build=partial(mlp_vae, 784, (512,), 2),
        seed=33,
    ),
    Recipe(
        name="frey-two-latents",
        title="VAE 560–200–2 on Frey Face, Gaussian pixels",
        source="K13 §5 and figure 4, trained with Adam in place of Adagrad",
        data="frey",
        build=partial(gaussian_mlp_vae, 560, (200,), 2),
        # Beside 900 nats of reconstruction the divergence is weak, and the first epochs scatter the images widely; they
        # are kept near the origin until the decoder has learned faces, then the bound itself is maximized.
        warm_up=(Stage(150, 1e-3, kl_weight=20.0), Stage(150, 1e-3, kl_weight=5.0), Stage(200, 1e-3)),
        epochs=100,
        learning_rate=2e-4,
    ),
    Recipe(
        name="cnn",
        title="Convolutional VAE, 32 and 16 channels, 20 latents, on grey MNIST",
        source="the seed project's CNN notebook",
        data="mnist",
        build=partial(conv_vae, 784, (32, 16), 20),
        epochs=3,
        seed=3,
    ),
    Recipe(
        name="no-kl",
        title="VAE 784–400–2 on grey MNIST, trained without the KL term",
        source="the seed project's notebook without the KL term",
        data="mnist",
        build=partial(mlp_vae, 784, (400,), 2),
        objective=partial(elbo_terms, kl_weight=0.0),
        seed=4,
    ),
    Recipe(
        name="kl-only",
        title="VAE 784–400–2 on grey MNIST, trained on the KL term alone",
        source="the seed project's notebook without the cross-entropy",
        data="mnist",
        build=partial(mlp_vae, 784, (400,), 2),
        objective=partial(elbo_terms, reconstruction_weight=0.0),
    ),
    Recipe(
        name="cvae-column",
        title="CVAE on grey MNIST: the center column given, the rest told, 16 latents",
        source="D16 §5, with smaller networks and a grey condition",
        data="mnist",
        build=partial(mlp_cvae, 784, CENTER_COLUMN, (256, 128), (400, 200), 16),
        epochs=40,
    ),
    Recipe(
        name="regressor-column",
        title="Regressor on grey MNIST: the center column given, the rest told, no latents",
        source="D16 §5, with the decoder of recipe cvae-column",
        data="mnist",
        build=partial(mlp_regressor, 784, CENTER_COLUMN, (256, 128, 200, 400)),
        objective=regression_terms,
        epochs=25,
    ),
    Recipe(
        name="cvae-label",
        title="CVAE on grey MNIST: the digit's class given, its image told, 16 latents",
        source="D16 §3, with a one-hot condition",
        data="mnist",
        build=partial(mlp_cvae, 794, range(784, 794), (), (400,), 16),
        rows=labeled_images,
        epochs=25,
    ),
]
RECIPES = {recipe.name: recipe for recipe in _RECIPES}


def recipe(name: str) -> Recipe:
    """The recipe of that name. Raises UserError, listing the names there are, for any other."""
    if name not in RECIPES:
        raise UserError(f"there is no recipe {name!r}; choose one of: {', '.join(RECIPES)}.")
    return RECIPES[name]
