"""The stages up to the features on a rendered photo, as `analyze` runs them, and its truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lesionvis.analysis import Analyzer
from lesionvis.findings import Findings
from lesionvis.geometry import distances, nearest_pairs
from lesionvis.lab.render.scene import RenderedPhoto, RenderedSpot, Scene
from lesionvis.lab.render.synth import render
from lesionvis.scale import NoScale, given_scale

NO_SCALE = NoScale("none sought")


@dataclass(frozen=True, slots=True)
class Staged:
    """A rendered photo with its truth and what the stages make of it."""

    truth: RenderedPhoto
    worked: Findings


def work(rgb: NDArray[np.uint8], px_per_mm: float | None = None) -> Findings:
    """Run the stages on a picture, with its scale given or none sought."""
    return Analyzer().find(rgb, scale=NO_SCALE if px_per_mm is None else given_scale(px_per_mm))


def stage(scene: Scene, spots: Sequence[RenderedSpot] = ()) -> Staged:
    """Render a photo and run the stages on it, with the scene's scale given."""
    truth = render(scene, spots)
    return Staged(truth, work(truth.rgb, scene.px_per_mm))


@dataclass(frozen=True, slots=True)
class Match:
    """Found spots against the truth, one to one.

    Attributes
    ----------
    found, true : ndarray of shape (K,), int64
        Rows of the matched pairs in the table and in the truth.
    precision, recall, f1 : float
    """

    found: NDArray[np.int64]
    true: NDArray[np.int64]
    precision: float
    recall: float
    f1: float


def match(staged: Staged) -> Match:
    """Match found to true spots, the nearest pairs first, within half a diameter or 4 px."""
    visible = np.setdiff1d(np.unique(staged.truth.labels), [0]) - 1
    table = staged.worked.table
    place = np.array([(spot.x_px, spot.y_px) for spot in staged.truth.spots]).reshape(-1, 2)[visible]
    reach = np.array([max(4.0, spot.diameter_px / 2.0) for spot in staged.truth.spots])[visible]
    found_place = np.stack([table["x_px"], table["y_px"]], axis=1)
    distance = distances(found_place, place)
    found, seen = nearest_pairs(distance, distance <= reach)
    precision, recall = len(found) / max(len(table), 1), len(found) / max(len(visible), 1)
    return Match(found, visible[seen], precision, recall, 2 * precision * recall / max(precision + recall, 1e-9))
