"""Rendered pairs and series of small photos of the same skin, analysed; each is made once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lesionvis.analysis import Analysis, analyze
from lesionvis.compare.blanch import BlanchTest, blanch_test
from lesionvis.compare.registration import Registration, register
from lesionvis.geometry import project
from lesionvis.lab.render.pairs import GlassPair, Pose, Press, RenderedSeries, View, render_glass_pair, render_series
from lesionvis.lab.render.scenarios import petechial_shower, single_lesion
from lesionvis.lab.render.scene import RenderedSpot, Scene
from lesionvis.lab.render.stretch import Stretch, StretchedPair, render_stretched_pair

Kind = Literal["fading", "keeping", "not pressed", "no border"]
StretchKind = Literal["fading", "keeping", "at rest"]

SKIN = Scene(width_px=900, height_px=720, px_per_mm=9.0, seed=11, ita_deg=40.0, blood_fraction=0.006, freckle_count=4)
CAMERA = replace(SKIN, width_px=640, height_px=480)
# Where the glass lies on the skin.
MIDDLE_PX, RADIUS_PX = (450.0, 360.0), 190.0
PLAIN = View(Pose(), CAMERA)
MOVED = View(
    Pose(turn_deg=8.0, zoom=1.1, shift_x=0.04, tilt_deg=6.0),
    replace(CAMERA, seed=12, exposure=0.9, light_temperature_k=6000.0, light_azimuth_deg=250.0, blur_sigma_px=1.0),
)


def spots_on(scene: Scene, count: int = 24) -> tuple[RenderedSpot, ...]:
    """Petechiae over the middle of a canvas."""
    middle = replace(scene, width_px=560, height_px=400)
    left, top = (scene.width_px - 560) // 2, (scene.height_px - 400) // 2
    found = petechial_shower(np.random.default_rng(scene.seed), middle, count, diameter_mm=1.6)
    return tuple(replace(spot, x_px=spot.x_px + left, y_px=spot.y_px + top) for spot in found)


@dataclass(frozen=True, slots=True)
class Glass:
    """A rendered glass test, analysed."""

    truth: GlassPair
    plain: Analysis
    pressed: Analysis
    test: BlanchTest

    def millimetres_inside(self) -> NDArray[np.float64]:
        """How far inside the glass's border each spot of the plain photo lies on the skin; below 0 outside."""
        spots = self.plain.table
        to_skin = np.asarray(np.linalg.inv(self.truth.plain.homography), np.float64)
        on_skin = project(to_skin, np.stack([spots["x_px"], spots["y_px"]], axis=1))
        return np.asarray((RADIUS_PX - np.hypot(*(on_skin - MIDDLE_PX).T)) / SKIN.px_per_mm, np.float64)


@cache
def rendered_glass(kind: Kind) -> GlassPair:
    """A glass test of 24 petechiae: half fading ones would make it another kind."""
    spots = spots_on(SKIN)
    press = Press(
        x_px=MIDDLE_PX[0],
        y_px=MIDDLE_PX[1],
        radius_px=2000.0 if kind == "no border" else RADIUS_PX,
        blood_left=1.0 if kind == "not pressed" else 0.25,
    )
    left = 0.15 if kind == "fading" else 1.0
    return render_glass_pair(SKIN, spots, [left] * len(spots), press, PLAIN, MOVED)


@cache
def glass(kind: Kind) -> Glass:
    """The same, analysed and compared."""
    truth = rendered_glass(kind)
    plain, pressed = analyze(truth.plain.rgb), analyze(truth.pressed.rgb)
    return Glass(truth, plain, pressed, blanch_test(plain, pressed))


# A firm pull.
PULL = Stretch(x_px=460.0, y_px=350.0, axis_deg=30.0, strain=0.25, contraction=0.4, reach_px=700.0)


@cache
def rendered_stretch(kind: StretchKind) -> StretchedPair:
    """A stretch test of 24 petechiae; "at rest" nobody pulls and nothing fades."""
    spots = spots_on(SKIN)
    left = 0.15 if kind == "fading" else 1.0
    stretch = replace(PULL, strain=0.0) if kind == "at rest" else PULL
    return render_stretched_pair(SKIN, spots, [left] * len(spots), stretch, PLAIN, MOVED)


@dataclass(frozen=True, slots=True)
class Stretched:
    """A rendered stretch test, analysed and compared."""

    truth: StretchedPair
    plain: Analysis
    second: Analysis
    test: BlanchTest


@cache
def stretched(kind: StretchKind) -> Stretched:
    """A stretch test, analysed and compared."""
    truth = rendered_stretch(kind)
    # The plain photo is that of the glass test.
    plain, second = glass("keeping").plain, analyze(truth.stretched.rgb)
    return Stretched(truth, plain, second, blanch_test(plain, second, how="stretched"))


@cache
def other_skin() -> Analysis:
    """Photo of other skin with other spots."""
    elsewhere = replace(SKIN, seed=99)
    spots = spots_on(elsewhere)
    return analyze(render_glass_pair(elsewhere, spots, [1.0] * 24, Press(0.0, 0.0, 1.0), PLAIN, MOVED).plain.rgb)


GONE, NEW, GROWING, FADING = range(4), range(4, 9), range(9, 12), range(12, 16)
"""Rows of the spots of the series that go, come, grow and fade between the two photos; the others stay."""


@cache
def rendered_series() -> RenderedSeries:
    """Two photos of 24 petechiae at two moments."""
    spots = spots_on(SKIN)
    first: list[RenderedSpot | None] = [None if row in NEW else spot for row, spot in enumerate(spots)]
    second: list[RenderedSpot | None] = []
    for row, spot in enumerate(spots):
        if row in GROWING:
            spot = replace(spot, diameter_px=1.6 * spot.diameter_px)
        if row in FADING:
            spot = replace(spot, blood_fraction=0.3 * spot.blood_fraction)
        second.append(None if row in GONE else spot)
    return render_series(SKIN, [first, second], [PLAIN, MOVED])


@cache
def two_days() -> tuple[Analysis, Analysis]:
    """The photos of the series, analysed."""
    before, after = rendered_series().shots
    return analyze(before.rgb), analyze(after.rgb)


@cache
def mole_on_two_days(growth: float) -> tuple[Analysis, Analysis]:
    """Two photos of one naevus that grew by some factor in between."""
    skin = replace(SKIN, freckle_count=8, naevus_count=3, hair_count=6, px_per_mm=16.0)
    middle = replace(skin, width_px=560, height_px=400)
    (mole,) = single_lesion(np.random.default_rng(3), middle, "naevus", diameter_mm=6.0)
    mole = replace(mole, x_px=mole.x_px + 170.0, y_px=mole.y_px + 160.0)
    grown = replace(mole, diameter_px=growth * mole.diameter_px)
    before, after = render_series(skin, [[mole], [grown]], [PLAIN, MOVED]).shots
    return analyze(before.rgb), analyze(after.rgb)


@cache
def registered() -> Registration:
    """The first photo of the series onto the second."""
    return register(*two_days())
