"""Photos that are themselves the trouble: reasons why they cannot be judged, and ways to take better ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Retake:
    """Reason for another photo, and a way to take it.

    Attributes
    ----------
    flag : str
        The photo's flag, see `lesionvis.flags`.
    why, how : str
        One or two sentences each for a person.
    """

    flag: str
    why: str
    how: str


_NEAR = "Go so near that the skin fills the picture, hold still, and tap on the spots to make them sharp."
_ALL = (
    Retake("no_skin", "Hardly any skin was found in this photo.", _NEAR),
    Retake("flat_colours", "This looks like a drawing, a chart or a screen, not like a photo of skin.", _NEAR),
    Retake("unlike_skin", "This may be something else than skin.", _NEAR),
    Retake(
        "dermatoscope_view",
        "This is a picture through a magnifier or a microscope.",
        "Take a plain photo with the phone alone, about 10 cm away.",
    ),
    Retake("too_dark", "The photo is too dark.", "Take it in daylight near a window, without a flash."),
    Retake(
        "overexposed",
        "Parts of the photo are white from too much light.",
        "Turn off the flash, keep the skin out of the sun, and take it in daylight near a window.",
    ),
    Retake(
        "blurred",
        "The photo is blurred.",
        "Rest your hand or the phone on something, wait until the picture is sharp, and take two or three.",
    ),
    Retake("too_far", "Small spots cannot be seen from so far away.", _NEAR),
    Retake(
        "too_small",
        "The picture has too few pixels to show small spots.",
        "Use the photo as the camera saved it, not a thumbnail or a screenshot.",
    ),
    Retake(
        "compressed",
        "The picture was squeezed so much that small spots are lost.",
        "Use the photo as the camera saved it, not one that was sent through a chat.",
    ),
)
RETAKES: Final[Mapping[str, Retake]] = MappingProxyType({retake.flag: retake for retake in _ALL})
"""By flag; a photo without any of these is not itself the trouble."""
