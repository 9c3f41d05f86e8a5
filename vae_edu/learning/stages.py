"""A learning rate that falls from stage to stage, each stage three times as long as the one before."""

from itertools import count

LAST_STAGE = 7


def stage_of(passes: int) -> int:
    """Which stage the next pass belongs to, after so many passes: stage i takes 3^i of them, and the last the rest."""
    return min(LAST_STAGE, next(i for i in count() if passes < passes_until(i)))


def passes_until(stage: int) -> int:
    """Passes over the data in all stages up to and with this one: 1 + 3 + … + 3^stage."""
    return (3 ** (stage + 1) - 1) // 2


def staged_rate(passes: int) -> float:
    """The learning rate of the next pass: 10^(−3 − i/7) in stage i. Source: Burda et al. (2015)."""
    return 1e-3 * 10 ** (-stage_of(passes) / LAST_STAGE)
