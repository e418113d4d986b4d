"""Parts of a rendered photo: the `Scene`, the truth about its spots, and the `RenderedPhoto`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lesionvis.errors import SettingsError
from lesionvis.lab.render.optics import FRESH_OXYGEN_SATURATION, NORMAL_BLOOD_FRACTION

Side = Literal["none", "left", "right", "top", "bottom"]
View = Literal["close", "limb"]
ClothColor = Literal["blue", "green", "purple", "red", "white", "black"]
SpotKind = Literal["petechia", "purpura", "angioma", "naevus", "melanoma", "freckle"]

SIDES: tuple[Side, ...] = ("none", "left", "right", "top", "bottom")
VIEWS: tuple[View, ...] = ("close", "limb")
CLOTH_COLORS: tuple[ClothColor, ...] = ("blue", "green", "purple", "red", "white", "black")
SPOT_KINDS: tuple[SpotKind, ...] = ("petechia", "purpura", "angioma", "naevus", "melanoma", "freckle")

# Skin reflects about 3 % of the light at its surface, but photographers turn the lamp and cameras stretch
# contrast: in clinical photos the middle of a dark naevus has a density of 1 and more: room for 1 %.
PHOTO_VEIL = 0.01

_SCENE_BOUNDS: dict[str, tuple[float, float]] = {
    "width_px": (32, 8192),
    "height_px": (32, 8192),
    "px_per_mm": (0.5, 200.0),
    "seed": (0, 2**63 - 1),
    "ita_deg": (-45.0, 60.0),
    "blood_fraction": (0.001, 0.05),
    "surface_veil": (0.0, 0.3),
    "gloss": (0.0, 1.0),
    "texture": (0.0, 3.0),
    "mottling": (0.0, 3.0),
    "hair_count": (0, 2000),
    "freckle_count": (0, 2000),
    "naevus_count": (0, 200),
    "light_azimuth_deg": (-360.0, 360.0),
    "light_elevation_deg": (15.0, 90.0),
    "light_temperature_k": (2000.0, 20000.0),
    "light_tint": (-0.5, 0.5),
    "exposure": (0.1, 4.0),
    "vignetting": (0.0, 0.9),
    "blur_sigma_px": (0.0, 20.0),
    "noise_sigma_levels": (0.0, 40.0),
}

_SPOT_BOUNDS: dict[str, tuple[float, float]] = {
    "x_px": (-np.inf, np.inf),
    "y_px": (-np.inf, np.inf),
    "diameter_px": (0.5, 8192.0),
    "blood_fraction": (0.0, 1.0),
    "blood_depth_mm": (0.0, 5.0),
    "oxygen_saturation": (0.0, 1.0),
    "bilirubin_g_per_l": (0.0, 2.0),
    "melanin_fraction": (0.0, 0.6),
    "dome_height": (0.0, 1.0),
    "border_irregularity": (0.0, 0.4),
    "border_softness": (0.0, 1.0),
    "elongation": (1.0, 5.0),
    "angle_deg": (-360.0, 360.0),
    "mottle": (0.0, 1.5),
}


def _check_bounds(row: object, bounds: dict[str, tuple[float, float]]) -> None:
    for name, (low, high) in bounds.items():
        value = getattr(row, name)
        if not low <= value <= high:
            raise SettingsError(f"{type(row).__name__}.{name} must be between {low:g} and {high:g}, got {value}.")


def _check_choice(row: object, name: str, choices: tuple[str, ...]) -> None:
    value = getattr(row, name)
    if value not in choices:
        raise SettingsError(f"{type(row).__name__}.{name} must be one of {', '.join(choices)}, got {value!r}.")


@dataclass(frozen=True, slots=True)
class Scene:
    """Description of a rendered photo, but for its spots.

    Attributes
    ----------
    width_px, height_px : int
        Size of the photo.
    px_per_mm : float
        Pixels per millimetre of skin.
    seed : int
        Of all that is random: the same scene and spots give the same bytes.
    ita_deg : float
        Tone of the skin where it is level and evenly lit, as individual typology angle in degrees, -45 (dark)
        to 60 (very light).
    blood_fraction : float
        Part of the dermis' volume that is blood: 0.004 is usual, 0.01 rosy, 0.03 flushed skin.
    surface_veil : float
        Part of the light that the surface reflects evenly, 0 to 0.3; white, so that it takes contrast away.
    gloss : float
        Strength of mirror-like highlights, 0 (matt) to 1 (oily).
    texture : float
        Strength of lines, bumps and pores, 1 = as in a usual close-up.
    mottling : float
        Strength of the uneven blood and melanin of normal skin, 1 = usual.
    hair_count, freckle_count, naevus_count : int
        Distractors, not spots: they are in the photo and not in its labels.
    view : {"close", "limb"}
        Skin that fills the frame, or an arm or leg across it on a cloth of `drape_color`.
    drape_side : {"none", "left", "right", "top", "bottom"}
        Where a cloth of `drape_color` covers the skin.
    drape_color : {"blue", "green", "purple", "red", "white", "black"}
        Colour of the cloth.
    ruler_side : {"none", "left", "right", "top", "bottom"}
        Where a white paper ruler with millimetre ticks lies.
    light_azimuth_deg : float
        Where the light comes from in the picture: 0 right, 90 below, 180 left, 270 above.
    light_elevation_deg : float
        Height of the light above the skin, 15 (raking) to 90 (from the camera).
    light_temperature_k : float
        What is left of the light's colour after white balance, kelvin; 6500 = neutral, lower = orange.
    light_tint : float
        Green (above 0) or magenta (below 0) cast, natural logarithm of green's gain.
    exposure : float
        Gain in linear light; 1 shows the skin at its `ita_deg`.
    vignetting : float
        Part of the light that the corners lose against the middle.
    blur_sigma_px : float
        Standard deviation of the lens blur.
    noise_sigma_levels : float
        Standard deviation of the sensor noise, sRGB levels of 255.
    jpeg_quality : int or None
        Quality of the JPEG that the pixels went through, 1 to 100, or None for none.

    Raises
    ------
    SettingsError
        If a value is outside its bounds.

    Examples
    --------
    >>> from dataclasses import replace
    >>> scene = Scene(ita_deg=-10.0, ruler_side="bottom")
    >>> replace(scene, blur_sigma_px=2.0).px_per_mm
    8.0
    """

    width_px: int = 640
    height_px: int = 480
    px_per_mm: float = 8.0
    seed: int = 0
    ita_deg: float = 48.0
    blood_fraction: float = NORMAL_BLOOD_FRACTION
    surface_veil: float = PHOTO_VEIL
    gloss: float = 0.25
    texture: float = 1.0
    mottling: float = 1.0
    hair_count: int = 0
    freckle_count: int = 0
    naevus_count: int = 0
    view: View = "close"
    drape_side: Side = "none"
    drape_color: ClothColor = "blue"
    ruler_side: Side = "none"
    light_azimuth_deg: float = 225.0
    light_elevation_deg: float = 55.0
    light_temperature_k: float = 6500.0
    light_tint: float = 0.0
    exposure: float = 1.0
    vignetting: float = 0.1
    blur_sigma_px: float = 0.7
    noise_sigma_levels: float = 1.5
    jpeg_quality: int | None = 90

    def __post_init__(self) -> None:
        """Refuse values outside their bounds."""
        _check_bounds(self, _SCENE_BOUNDS)
        _check_choice(self, "view", VIEWS)
        _check_choice(self, "drape_side", SIDES)
        _check_choice(self, "ruler_side", SIDES)
        _check_choice(self, "drape_color", CLOTH_COLORS)
        if self.jpeg_quality is not None and not 1 <= self.jpeg_quality <= 100:
            raise SettingsError(f"Scene.jpeg_quality must be between 1 and 100 or None, got {self.jpeg_quality}.")


@dataclass(frozen=True, slots=True)
class RenderedSpot:
    """One row of the truth table: where a spot is, how large it is and what it is made of.

    Attributes
    ----------
    x_px, y_px : float
        Centre; origin at the centre of the top-left pixel.
    diameter_px : float
        Diameter of the circle of equal area; the border is where half of the contrast to the skin is left.
    kind : {"petechia", "purpura", "angioma", "naevus", "melanoma", "freckle"}
        What it is. Angiomas are also divided into lacunae.
    blood_fraction : float
        Part of the dermis' volume that is blood; what is below the scene's counts as the scene's.
    blood_depth_mm : float
        Depth of that blood, mm: deeper is fainter and bluer.
    oxygen_saturation : float
        Of that blood: 0.9 fresh and red, 0.2 purple.
    bilirubin_g_per_l : float
        Yellow-brown of old blood.
    melanin_fraction : float
        Melanosomes in the epidermis beyond those of the skin around.
    dome_height : float
        Height over radius: 0 flat, 1 half a ball.
    border_irregularity : float
        Standard deviation of the border's distance from the centre, relative to its mean.
    border_softness : float
        Half of the width over which the border fades, relative to the radius; 1 fades from the centre.
    elongation : float
        Long axis over short axis.
    angle_deg : float
        Direction of the long axis: 0 right, 90 down.
    mottle : float
        Relative unevenness of the pigments inside (standard deviation of their logarithm).

    Raises
    ------
    SettingsError
        If a value is outside its bounds.

    Examples
    --------
    >>> RenderedSpot(x_px=100.0, y_px=80.0, diameter_px=12.0, blood_fraction=0.08).kind
    'petechia'
    """

    x_px: float
    y_px: float
    diameter_px: float
    kind: SpotKind = "petechia"
    blood_fraction: float = NORMAL_BLOOD_FRACTION
    blood_depth_mm: float = 0.0
    oxygen_saturation: float = FRESH_OXYGEN_SATURATION
    bilirubin_g_per_l: float = 0.0
    melanin_fraction: float = 0.0
    dome_height: float = 0.0
    border_irregularity: float = 0.0
    border_softness: float = 0.0
    elongation: float = 1.0
    angle_deg: float = 0.0
    mottle: float = 0.0

    def __post_init__(self) -> None:
        """Refuse values outside their bounds."""
        _check_bounds(self, _SPOT_BOUNDS)
        _check_choice(self, "kind", SPOT_KINDS)


@dataclass(frozen=True, slots=True, eq=False)
class RenderedPhoto:
    """A rendered photo with its truth.

    Attributes
    ----------
    rgb : ndarray of shape (H, W, 3), uint8
        sRGB picture, read-only.
    labels : ndarray of shape (H, W), int32
        0 = background, k = row k of `spots`, counted from 1; what a ruler or drape covers is 0. Read-only.
    skin : ndarray of shape (H, W), bool
        True where skin is seen. Read-only.
    scene : Scene
        What was rendered.
    spots : tuple of RenderedSpot
        The truth table.
    """

    rgb: NDArray[np.uint8]
    labels: NDArray[np.int32]
    skin: NDArray[np.bool_]
    scene: Scene
    spots: tuple[RenderedSpot, ...]
