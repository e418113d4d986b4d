"""Reasons to distrust a photo or a measurement: one registry gives the column, the sentence and the docs."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

# Below this share of skin there is nothing to judge.
SKIN_FRACTION_MIN = 0.05
# Skin darker than "tan" (ITA 10 degrees): redness is hard to see and hardly any photo of it was in the training data.
TONE_ITA_MIN_DEG = 10.0
# Mean level of the whole photo beyond which detail is lost, of 255.
DARK_LEVEL_MAX, BRIGHT_LEVEL_MIN = 40.0, 235.0
# Share of pixels at the top level that hides colour.
OVEREXPOSED_FRACTION_MIN = 0.25
# A sharp photo's second derivative varies by at least this many levels on the working picture; flat skin with sensor
# noise does too, defocus does not.
SHARPNESS_MIN_LEVELS = 1.2


@dataclass(frozen=True, slots=True)
class Flag:
    """One reason to distrust.

    Attributes
    ----------
    name : str
        What stands in the `flags` column.
    about : {"photo", "spot"}
    meaning : str
        One sentence for a person.
    """

    name: str
    about: str
    meaning: str


_ALL = (
    Flag("no_skin", "photo", "Hardly any skin was found, so nothing can be said about spots."),
    Flag("dark_skin", "photo", "The skin is darker than the tones that this version was tested on."),
    Flag("too_dark", "photo", "The photo is so dark that colours cannot be trusted."),
    Flag("overexposed", "photo", "Much of the photo is white, so that colours are lost."),
    Flag("blurred", "photo", "The photo is blurred; small spots may be missed and sizes are rough."),
    Flag("no_scale", "photo", "No ruler or other reference was found, so there are no millimetres."),
    Flag("cut_by_frame", "spot", "The spot reaches the edge of the photo; its size is a lower bound."),
    Flag("beside_not_skin", "spot", "The spot touches what is not skin; it may be a shadow or a fold."),
    Flag("few_pixels", "spot", "The spot is under 5 working pixels wide; its size and shape are rough."),
    Flag("confluent", "spot", "The spot touches others; its border was cut between them or they count as one."),
)
FLAGS = {flag.name: flag for flag in _ALL}


def photo_flags(rgb: NDArray[np.uint8], skin_fraction: float, tone_ita_deg: float) -> tuple[str, ...]:
    """Names of the flags that a photo earns.

    Parameters
    ----------
    rgb : ndarray of shape (H, W, 3), uint8
        Working picture.
    skin_fraction : float
        Share of skin, 0 to 1.
    tone_ita_deg : float
        ITA of healthy skin in degrees; NaN without skin.

    Returns
    -------
    tuple of str
        In the order of the registry.

    Examples
    --------
    >>> photo_flags(np.zeros((64, 64, 3), np.uint8), 0.0, float("nan"))
    ('no_skin', 'too_dark', 'blurred')
    """
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    mean = float(grey.mean())
    saturated = float((grey >= 254).mean())
    sharpness = float(cv2.Laplacian(grey, cv2.CV_32F).std())
    earned = {
        "no_skin": skin_fraction < SKIN_FRACTION_MIN,
        "dark_skin": tone_ita_deg < TONE_ITA_MIN_DEG,
        "too_dark": mean < DARK_LEVEL_MAX,
        "overexposed": mean > BRIGHT_LEVEL_MIN or saturated > OVEREXPOSED_FRACTION_MIN,
        "blurred": sharpness < SHARPNESS_MIN_LEVELS,
    }
    return tuple(name for name, is_earned in earned.items() if is_earned)
