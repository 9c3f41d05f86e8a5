"""Learning: loops that make a bound as large as it will go."""

from vae_edu.learning.fit import choose_device, evaluate, fit
from vae_edu.learning.history import History

__all__ = ["History", "choose_device", "evaluate", "fit"]
