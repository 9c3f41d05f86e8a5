"""The ten colors of the digits: apart for every eye, and visible on the page in light and in dark."""

import re
from itertools import combinations

import numpy as np
import pytest

from vae_edu.widgets.bundle import stylesheet

PALETTES = np.array(re.findall(r"--vae-digit-\d: #(\w{6});", stylesheet())).reshape(2, 10)
SURFACES = {"light": "ffffff", "dark": "14181e"}  # the lightest and the lightest dark background of the theme

# Full protanopia, deuteranopia and tritanopia on linear RGB: Machado, Oliveira and Fernandes (2009), table 1.
# The last entry of each row follows from the others, because gray stays gray: rows sum to 1.
EYES = {
    "usual": [(1, 0), (0, 1), (0, 0)],
    "no long cones": [(0.152286, 1.052583), (0.114503, 0.786281), (-0.003882, -0.048116)],
    "no middle cones": [(0.367322, 0.860646), (0.280085, 0.672501), (-0.011820, 0.042940)],
    "no short cones": [(1.255528, -0.076749), (-0.078411, 0.930809), (0.004733, 0.691367)],
}
# From linear RGB to the cones and on to perceptual coordinates, in which 0.02 is just noticeable: Ottosson (2020).
TO_CONES = [
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
]
TO_OKLAB = [
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
]


def linear(color: str) -> np.ndarray:
    srgb = np.array([int(color[i : i + 2], 16) / 255 for i in (0, 2, 4)])
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def seen_by(eye: str, color: str) -> np.ndarray:
    """Perceptual coordinates of a color as that eye sees it."""
    rows = np.array(EYES[eye])
    to_eye = np.column_stack([rows, 1 - rows.sum(1)])
    return np.array(TO_OKLAB) @ np.cbrt(np.array(TO_CONES) @ np.clip(to_eye @ linear(color), 0, 1))


def luminance(rgb: np.ndarray) -> float:
    return float(np.array([0.2126, 0.7152, 0.0722]) @ rgb)


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("palette", PALETTES, ids=SURFACES)
def test_any_two_digits_differ_by_four_just_noticeable_steps(palette, eye):
    seen = [seen_by(eye, color) for color in palette]
    assert min(np.linalg.norm(a - b) for a, b in combinations(seen, 2)) > 0.08


@pytest.mark.parametrize(("palette", "surface"), list(zip(PALETTES, SURFACES.values(), strict=True)), ids=SURFACES)
def test_contrast_is_at_least_that_of_wcag_for_graphics(palette, surface):
    for color in palette:
        darker, lighter = sorted([luminance(linear(color)), luminance(linear(surface))])
        assert (lighter + 0.05) / (darker + 0.05) > 3
