"""Makers of truth tables: what a shower, a single lesion, angiomas or plain skin look like in numbers."""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.errors import SettingsError
from lesionvis.lab.render.covers import skin_mask
from lesionvis.lab.render.optics import FRESH_OXYGEN_SATURATION
from lesionvis.lab.render.scene import RenderedSpot, Scene
from lesionvis.lab.render.surface import layer_generator

# Bleeding spots above this are called purpura (NICE NG240).
LARGEST_PETECHIA_MM = 2.0
# Spots keep a fifth of their radius and this many pixels between them, so that each can be told apart.
_GAP_PX = 2.0
# Places that are tried for one spot at a time, and how often before there is no room left.
_BATCH = 64
_BATCHES = 60


def _places_px(
    generator: np.random.Generator, scene: Scene, radius_px: NDArray[np.float64], clustering: float = 0.0
) -> NDArray[np.float64]:
    """Centres (x, y), shape (N, 2), of spots that lie on skin, off its edges and apart from each other.

    A part `clustering` of them lies around a few centres, the rest anywhere (a mixed Thomas process).
    """
    # One pixel of no skin around the frame, so that its edges count as edges of the skin.
    room_px = cv2.distanceTransform(np.pad(skin_mask(scene), 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    size_px = np.array([scene.width_px, scene.height_px], dtype=np.float64)
    parents = generator.uniform((0.0, 0.0), size_px, (1 + len(radius_px) // 25, 2))
    spread_px = 0.1 * float(np.hypot(*size_px))
    keep_px = 1.2 * radius_px + _GAP_PX / 2.0

    def free_place(row: int, taken: list[int]) -> NDArray[np.float64]:
        for _ in range(_BATCHES):
            anywhere = generator.uniform((0.0, 0.0), size_px, (_BATCH, 2))
            around = parents[generator.integers(len(parents), size=_BATCH)]
            around = around + generator.normal(0.0, spread_px, (_BATCH, 2))
            tried = np.where(generator.random((_BATCH, 1)) < clustering, around, anywhere) - 0.5
            nearest = np.clip(np.rint(tried), 0, size_px - 1).astype(np.intp)
            free = room_px[nearest[:, 1], nearest[:, 0]] > keep_px[row]
            free &= (np.abs(tried - nearest) <= 0.5).all(axis=1)
            between_px = np.hypot(*np.moveaxis(tried[:, None] - places[None, taken], -1, 0))
            free &= (between_px > keep_px[row] + keep_px[taken]).all(axis=1)
            if free.any():
                return np.asarray(tried[np.argmax(free)])
        raise SettingsError(f"There is no room for {len(radius_px)} spots on this skin; ask for fewer or smaller ones.")

    places = np.full((len(radius_px), 2), np.nan)
    taken: list[int] = []
    # The largest first, while there is room for them.
    for row in np.argsort(-radius_px, kind="stable").tolist():
        places[row] = free_place(row, taken)
        taken.append(row)
    return places


def petechial_shower(
    generator: np.random.Generator,
    scene: Scene,
    count: int = 80,
    *,
    diameter_mm: float = 1.4,
    diameter_spread: float = 0.3,
    clustering: float = 0.5,
    blood_fraction: float = 0.06,
    oxygen_saturation: float = FRESH_OXYGEN_SATURATION,
    bilirubin_g_per_l: float = 0.0,
) -> tuple[RenderedSpot, ...]:
    """Truth of many flat bleeding spots of one kind: petechiae, and purpura among them by size.

    Parameters
    ----------
    generator : numpy.random.Generator
        Where the random numbers come from.
    scene : Scene
        Where they lie: on skin, off its edges and apart from each other.
    count : int
        Number of spots.
    diameter_mm : float
        Median diameter.
    diameter_spread : float
        Standard deviation of the diameters' natural logarithm.
    clustering : float
        Part of the spots that lies in clusters rather than anywhere, 0 to 1.
    blood_fraction, oxygen_saturation, bilirubin_g_per_l : float
        Median blood, its oxygen (low: purple), and bilirubin (high: brown); see `RenderedSpot`.

    Returns
    -------
    tuple of RenderedSpot
        `count` rows.

    Raises
    ------
    SettingsError
        If the skin has no room for them.

    Examples
    --------
    >>> spots = petechial_shower(np.random.default_rng(1), Scene(), count=30)
    >>> len(spots), spots[0].dome_height
    (30, 0.0)
    """
    sizes_mm = diameter_mm * np.exp(generator.normal(0.0, diameter_spread, count))
    places = _places_px(generator, scene, sizes_mm * scene.px_per_mm / 2.0, clustering)
    blood = np.minimum(blood_fraction * np.exp(generator.normal(0.0, 0.3, count)), 1.0)
    depth_mm = generator.uniform(0.0, 0.08, count)
    oxygen = np.clip(oxygen_saturation + generator.normal(0.0, 0.05, count), 0.0, 1.0)
    bilirubin = bilirubin_g_per_l * generator.uniform(0.7, 1.3, count)
    irregularity = generator.uniform(0.03, 0.10, count)
    return tuple(
        RenderedSpot(
            x_px=float(places[row, 0]),
            y_px=float(places[row, 1]),
            diameter_px=float(sizes_mm[row] * scene.px_per_mm),
            kind="petechia" if sizes_mm[row] <= LARGEST_PETECHIA_MM else "purpura",
            blood_fraction=float(blood[row]),
            blood_depth_mm=float(depth_mm[row]),
            oxygen_saturation=float(oxygen[row]),
            bilirubin_g_per_l=float(bilirubin[row]),
            border_irregularity=float(irregularity[row]),
            border_softness=float(generator.uniform(0.25, 0.5)),
            elongation=float(generator.uniform(1.0, 1.3)),
            angle_deg=float(generator.uniform(0.0, 180.0)),
            mottle=0.15,
        )
        for row in range(count)
    )


def single_lesion(
    generator: np.random.Generator,
    scene: Scene,
    kind: Literal["naevus", "melanoma"] = "naevus",
    *,
    diameter_mm: float | None = None,
) -> tuple[RenderedSpot, ...]:
    """Truth of one pigmented lesion near the middle of the frame.

    Parameters
    ----------
    generator : numpy.random.Generator
        Where the random numbers come from.
    scene : Scene
        Where it lies.
    kind : {"naevus", "melanoma"}
        A naevus is even, round and brown; a melanoma uneven in border and colour.
    diameter_mm : float or None
        Diameter; None means 4 to 6 mm for a naevus, 8 to 12 mm for a melanoma.

    Returns
    -------
    tuple of RenderedSpot
        One row.

    Examples
    --------
    >>> (mole,) = single_lesion(np.random.default_rng(1), Scene(), diameter_mm=5.0)
    >>> mole.kind, mole.diameter_px
    ('naevus', 40.0)
    """
    melanoma = kind == "melanoma"
    if diameter_mm is None:
        diameter_mm = generator.uniform(8.0, 12.0) if melanoma else generator.uniform(4.0, 6.0)
    return (
        RenderedSpot(
            x_px=(scene.width_px - 1) / 2 + 0.08 * scene.width_px * float(generator.uniform(-1.0, 1.0)),
            y_px=(scene.height_px - 1) / 2 + 0.08 * scene.height_px * float(generator.uniform(-1.0, 1.0)),
            diameter_px=diameter_mm * scene.px_per_mm,
            kind=kind,
            blood_fraction=0.02 if melanoma else 0.006,
            oxygen_saturation=0.6,
            melanin_fraction=float(generator.uniform(0.14, 0.24) if melanoma else generator.uniform(0.12, 0.22)),
            dome_height=0.0 if melanoma else 0.08,
            border_irregularity=float(generator.uniform(0.10, 0.16) if melanoma else generator.uniform(0.02, 0.05)),
            border_softness=0.07 if melanoma else 0.12,
            elongation=float(generator.uniform(1.1, 1.5)),
            angle_deg=float(generator.uniform(0.0, 180.0)),
            mottle=0.7 if melanoma else 0.2,
        ),
    )


def angiomas(
    generator: np.random.Generator,
    scene: Scene,
    count: int = 1,
    *,
    diameter_mm: float = 3.5,
    diameter_spread: float = 0.3,
) -> tuple[RenderedSpot, ...]:
    """Truth of cherry angiomas: bright red to dark red domes with sharp borders, shiny, made of lacunae.

    Parameters
    ----------
    generator : numpy.random.Generator
        Where the random numbers come from.
    scene : Scene
        Where they lie: on skin, off its edges and apart from each other; one alone lies near the middle.
    count : int
        Number of angiomas.
    diameter_mm : float
        Median diameter.
    diameter_spread : float
        Standard deviation of the diameters' natural logarithm.

    Returns
    -------
    tuple of RenderedSpot
        `count` rows.

    Raises
    ------
    SettingsError
        If the skin has no room for them.

    Examples
    --------
    >>> [spot.kind for spot in angiomas(np.random.default_rng(1), Scene(), count=2)]
    ['angioma', 'angioma']
    """
    sizes_mm = diameter_mm * np.exp(generator.normal(0.0, diameter_spread if count > 1 else 0.0, count))
    if count == 1:
        offset = generator.uniform(-0.08, 0.08, 2)
        places = ((0.5 + offset) * (scene.width_px, scene.height_px) - 0.5)[None, :]
    else:
        places = _places_px(generator, scene, sizes_mm * scene.px_per_mm / 2.0)
    return tuple(
        RenderedSpot(
            x_px=float(places[row, 0]),
            y_px=float(places[row, 1]),
            diameter_px=float(sizes_mm[row] * scene.px_per_mm),
            kind="angioma",
            blood_fraction=float(generator.uniform(0.5, 1.0)),
            oxygen_saturation=float(generator.uniform(0.7, 0.98)),
            dome_height=float(generator.uniform(0.35, 0.6)),
            border_irregularity=float(generator.uniform(0.02, 0.05)),
            border_softness=0.06,
            elongation=float(generator.uniform(1.0, 1.2)),
            angle_deg=float(generator.uniform(0.0, 180.0)),
            mottle=0.12,
        )
        for row in range(count)
    )


def plain_skin() -> tuple[RenderedSpot, ...]:
    """Truth of skin without a spot.

    Returns
    -------
    tuple of RenderedSpot
        No rows.

    Examples
    --------
    >>> plain_skin()
    ()
    """
    return ()


def distractors(scene: Scene) -> tuple[RenderedSpot, ...]:
    """Freckles and small naevi of a scene, which its labels leave out.

    Parameters
    ----------
    scene : Scene
        Uses freckle_count, naevus_count, size, scale and seed.

    Returns
    -------
    tuple of RenderedSpot
        The freckles first.

    Examples
    --------
    >>> [spot.kind for spot in distractors(Scene(freckle_count=1, naevus_count=1))]
    ['freckle', 'naevus']
    """
    generator = layer_generator(scene, "distractors")
    rows = []
    for index in range(scene.freckle_count + scene.naevus_count):
        freckle = index < scene.freckle_count
        rows.append(
            RenderedSpot(
                x_px=float(generator.uniform(-0.5, scene.width_px - 0.5)),
                y_px=float(generator.uniform(-0.5, scene.height_px - 0.5)),
                diameter_px=float(generator.uniform(1.0, 3.0) if freckle else generator.uniform(2.0, 4.5))
                * scene.px_per_mm,
                kind="freckle" if freckle else "naevus",
                melanin_fraction=float(generator.uniform(0.01, 0.03) if freckle else generator.uniform(0.06, 0.15)),
                border_irregularity=0.12 if freckle else 0.05,
                border_softness=0.6 if freckle else 0.25,
                elongation=float(generator.uniform(1.0, 1.5)),
                angle_deg=float(generator.uniform(0.0, 180.0)),
                mottle=0.25,
            )
        )
    return tuple(rows)
