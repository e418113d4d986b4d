"""Stated errors beside the exact truth of rendered photos: cards, rulers and spots.

What no picture shows is drawn at random with the spread that the program assumes: that the print is off, and that the
skin beside a card or ruler lies higher or lower.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.analysis import Analyzer
from lesionvis.lab.evaluate.error_report import Compared, compare_spots
from lesionvis.lab.render.cards import Pose, render_card
from lesionvis.lab.render.rulers import random_ruler_photo
from lesionvis.lab.render.scenarios import petechial_shower
from lesionvis.lab.render.scene import Scene
from lesionvis.lab.render.synth import render
from lesionvis.lab.train.left_out import NOT_SOUGHT
from lesionvis.lab.truth import MarkedSpots
from lesionvis.photo import read_photo
from lesionvis.scale.base import SKIN_HEIGHT_ERROR, Scale
from lesionvis.scale.card.layout import CARD_HEIGHT_MM, CARD_WIDTH_MM
from lesionvis.scale.card.marker import PRINT_TOLERANCE, find_marker
from lesionvis.scale.card.projection import Homography
from lesionvis.scale.ruler.finder import find_ruler

N_CARDS, N_RULERS, N_SHOWERS = 40, 40, 24
CARDS = ("plain", "covered", "curled")
WIDTH_PX, HEIGHT_PX = 800, 600
# How far beside the card lesions lie, mm; how far short sides of a curled one rise, mm; half the width of a finger.
BESIDE_MM, CURL_MM, FINGER_MM = 30.0, (0.5, 4.0), (12.0, 20.0)
# Prints whose unit is told without a word to the program.
RULER_PRINTS = ("millimetre", "millimetre_short", "half_millimetre")
SPOTS_PER_PHOTO = 40


def compare_rendered() -> list[Compared]:
    """Measure rendered cards, rulers and spots.

    Returns
    -------
    list of Compared
        Always the same.
    """
    cv2.setNumThreads(1)
    generator = np.random.default_rng(23)
    compared = [one for kind in CARDS for _ in range(N_CARDS) for one in compare_card(kind, generator)]
    compared += [one for seed in range(N_RULERS) for one in compare_ruler(seed, generator)]
    compared += [one for _ in range(N_SHOWERS) for one in compare_shower(generator)]
    return compared


def compare_card(kind: str, generator: np.random.Generator) -> list[Compared]:
    """Scale of one rendered card, and of the skin at a place beside it.

    Parameters
    ----------
    kind : str
        Of `CARDS`.
    generator : numpy.random.Generator

    Returns
    -------
    list of Compared
        Two, or none where the card is refused.
    """
    scene = Scene(
        width_px=WIDTH_PX,
        height_px=HEIGHT_PX,
        px_per_mm=float(generator.uniform(6.0, 9.0)),
        seed=int(generator.integers(1_000_000)),
        blur_sigma_px=float(generator.uniform(0.5, 1.6)),
        noise_sigma_levels=3.0,
        jpeg_quality=60,
    )
    x_px, y_px = generator.uniform((330, 250), (470, 350))
    turn_deg, tilt_deg, axis_deg = generator.uniform(0, (360, 30, 180))
    curl_mm = float(generator.uniform(*CURL_MM)) if kind == "curled" else 0.0
    finger = generator.uniform((-30.0, -15.0, FINGER_MM[0]), (30.0, 15.0, FINGER_MM[1]))
    rendered = render_card(
        scene,
        Pose(float(x_px), float(y_px), float(turn_deg), float(tilt_deg), float(axis_deg)),
        curl_mm=curl_mm,
        finger_mm=(float(finger[0]), float(finger[1]), float(finger[2])) if kind == "covered" else None,
    )
    place_mm = _beside_card(generator, rendered.plane)
    print_off, skin_off = generator.normal(0.0, (PRINT_TOLERANCE, SKIN_HEIGHT_ERROR))
    scale = find_marker(read_photo(rendered.rgb))
    if not isinstance(scale, Scale):
        return []
    x_px, y_px = rendered.plane.to_px(place_mm)[0]
    true = float(rendered.plane.px_per_mm(place_mm)[0]) * (1.0 + print_off)
    local = scale.px_per_mm_near(x_px, y_px)
    name = f"rendered cards, {kind}: scale"
    return [
        Compared(f"{name} in its plane", local / true - 1.0, scale.local_error_near(x_px, y_px)),
        Compared(f"{name} of the skin", local / (true * (1.0 + skin_off)) - 1.0, scale.skin_error_near(x_px, y_px)),
    ]


def _beside_card(generator: np.random.Generator, plane: Homography) -> NDArray[np.float64]:
    """Place (1, 2) on the skin beside a card and in the photo, mm from the card's middle."""
    half_mm = np.array([CARD_WIDTH_MM, CARD_HEIGHT_MM]) / 2.0
    while True:
        place = generator.uniform(-half_mm - BESIDE_MM, half_mm + BESIDE_MM)
        x_px, y_px = plane.to_px(place[None])[0]
        if (np.abs(place) > half_mm).any() and 0.0 <= x_px <= WIDTH_PX - 1.0 and 0.0 <= y_px <= HEIGHT_PX - 1.0:
            return np.asarray(place[None], np.float64)


def compare_ruler(seed: int, generator: np.random.Generator) -> list[Compared]:
    """Mean scale of one rendered ruler.

    Parameters
    ----------
    seed : int
        Of all but the error of the print.
    generator : numpy.random.Generator
        Of the error of the print.

    Returns
    -------
    list of Compared
        One, or none where the ruler is refused.
    """
    drawn = random_ruler_photo(seed, RULER_PRINTS[seed % len(RULER_PRINTS)])
    print_off = float(generator.normal(0.0, PRINT_TOLERANCE))
    scale = find_ruler(read_photo(drawn.rgb))
    if not isinstance(scale, Scale):
        return []
    off = scale.px_per_mm / (drawn.px_per_mm * (1.0 + print_off)) - 1.0
    return [Compared("rendered rulers: mean scale", off, scale.error_pct / 100.0)]


def compare_shower(generator: np.random.Generator) -> list[Compared]:
    """Diameters of the spots of one rendered shower on skin of any tone but dark.

    Parameters
    ----------
    generator : numpy.random.Generator

    Returns
    -------
    list of Compared
        One for each spot that was found.
    """
    scene = Scene(
        width_px=640,
        height_px=480,
        px_per_mm=8.0,
        seed=int(generator.integers(1_000_000)),
        ita_deg=float(generator.uniform(5.0, 58.0)),
        blur_sigma_px=float(generator.uniform(0.4, 1.6)),
        noise_sigma_levels=float(generator.uniform(1.0, 5.0)),
        jpeg_quality=int(generator.choice([60, 80, 92])),
    )
    spots = petechial_shower(
        generator,
        scene,
        SPOTS_PER_PHOTO,
        diameter_mm=float(generator.uniform(0.9, 2.2)),
        clustering=0.0,
        blood_fraction=float(generator.choice([0.02, 0.04, 0.06, 0.1])),
    )
    truth = MarkedSpots(
        "rendered",
        (0.0, 0.0, scene.width_px - 1.0, scene.height_px - 1.0),
        np.array([spot.x_px for spot in spots]),
        np.array([spot.y_px for spot in spots]),
        np.array([spot.diameter_px for spot in spots]),
        ("blood",) * len(spots),
    )
    found = Analyzer().find(render(scene, spots).rgb, scale=NOT_SOUGHT)
    return compare_spots("rendered spots: diameter", found, truth)
