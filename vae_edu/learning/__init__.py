"""Learning: loops that make a bound as large as it will go."""

from vae_edu.learning.fit import evaluate, fit
from vae_edu.learning.history import History
from vae_edu.learning.learner import choose_device
from vae_edu.learning.monte_carlo_em import monte_carlo_em
from vae_edu.learning.wake_sleep import wake_sleep

__all__ = ["History", "choose_device", "evaluate", "fit", "monte_carlo_em", "wake_sleep"]
