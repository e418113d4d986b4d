"""How well glass tests, stretch tests and dated series are read off rendered photos, with every row's truth known.

Run: python benchmarks/pairs.py [pairs per kind of test] [series per kind of light]; 0 leaves one of them out.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.analysis import Analysis, analyze
from lesionvis.compare.blanch import TEST_NAME, How, blanch_test
from lesionvis.compare.comparison import Comparison
from lesionvis.compare.series import follow_spots
from lesionvis.geometry import distances
from lesionvis.lab.render.pairs import Pose, Press, RenderedSeries, Shot, View, render_glass_pair, render_series
from lesionvis.lab.render.scenarios import petechial_shower
from lesionvis.lab.render.scene import RenderedSpot, Scene
from lesionvis.lab.render.stretch import Stretch, render_stretched_pair

Kind = Literal["fading", "not fading", "some fading", "not pressed", "not stretched", "other skin", "no border"]

# Lamp and sky anywhere in each photo; as near as a person can put them again; anywhere, with none mirrored in the skin.
Light = Literal["any light", "nearly the same light", "any light, no sheen"]
LIGHTS: tuple[Light, ...] = ("any light", "nearly the same light", "any light, no sheen")

RIGHT: dict[Kind, str] = {"fading": "fades", "not fading": "does_not_fade", "some fading": "does_not_fade"}
KINDS: dict[How, tuple[Kind, ...]] = {
    "pressed": ("fading", "not fading", "some fading", "not pressed", "other skin", "no border"),
    "stretched": ("fading", "not fading", "some fading", "not stretched", "other skin"),
}
RESULTS = ("right", "cannot tell", "wrong")
# Tone of the skin, individual typology angle in degrees: very light to dark.
TONES_DEG = (-30.0, 50.0)
TONE_BANDS_DEG = ((28.0, 60.0), (10.0, 28.0), (-10.0, 10.0), (-45.0, -10.0))
# Ratios of spots that fade lie below this.
FADING_MAX = 0.4
# A pair can be told when so many spots lie under the glass, or on skin that is so much longer, and in both photos.
TOLD_SPOTS_MIN = 2
TOLD_STRAIN_MIN = 0.12
PHOTO_SIZE_PX = (1000, 750)
# The canvas leaves room for every pose.
CANVAS_SIZE_PX = (1600, 1280)
PX_PER_MM = (8.0, 14.0)


def canvas(generator: np.random.Generator, ita_deg: tuple[float, float]) -> Scene:
    """Piece of skin of some tone, larger than what a photo shows."""
    return Scene(
        width_px=CANVAS_SIZE_PX[0],
        height_px=CANVAS_SIZE_PX[1],
        px_per_mm=float(generator.uniform(*PX_PER_MM)),
        seed=int(generator.integers(1_000_000)),
        ita_deg=float(generator.uniform(*ita_deg)),
        # Rosy skin, as around a rash and on a limb that hangs down.
        blood_fraction=float(generator.uniform(0.004, 0.008)),
        surface_veil=float(generator.uniform(0.0, 0.02)),
        gloss=float(generator.uniform(0.0, 0.3)),
        freckle_count=int(generator.integers(0, 10)),
        hair_count=int(generator.integers(0, 15)),
        naevus_count=int(generator.integers(0, 3)),
    )


def some_view(generator: np.random.Generator, skin: Scene, light: Scene | None = None) -> View:
    """View from about above, in a light of its own or in nearly the `light` of another photo."""
    if light is None:
        azimuth, elevation = generator.uniform(0, 360), generator.uniform(40, 75)
        temperature = generator.uniform(5000, 8000)
    else:
        azimuth = light.light_azimuth_deg + generator.normal(0, 25)
        elevation = float(np.clip(light.light_elevation_deg + generator.normal(0, 6), 35, 80))
        temperature = light.light_temperature_k + generator.normal(0, 400)
    camera = replace(
        skin,
        width_px=PHOTO_SIZE_PX[0],
        height_px=PHOTO_SIZE_PX[1],
        seed=int(generator.integers(1_000_000)),
        light_azimuth_deg=float(azimuth % 360),
        light_elevation_deg=float(elevation),
        light_temperature_k=float(temperature),
        light_tint=float(generator.normal(0, 0.03)),
        exposure=float(generator.uniform(0.8, 1.15)),
        vignetting=float(generator.uniform(0.0, 0.25)),
        blur_sigma_px=float(generator.uniform(0.5, 1.6)),
        noise_sigma_levels=float(generator.uniform(1.0, 3.0)),
        jpeg_quality=int(generator.integers(75, 96)),
    )
    pose = Pose(
        turn_deg=float(generator.normal(0, 12)),
        zoom=float(np.exp(generator.uniform(-0.2, 0.2))),
        shift_x=float(generator.uniform(-0.1, 0.1)),
        shift_y=float(generator.uniform(-0.1, 0.1)),
        tilt_deg=float(abs(generator.normal(0, 8))),
        tilt_axis_deg=float(generator.uniform(0, 360)),
    )
    return View(pose, camera)


def shower(generator: np.random.Generator, skin: Scene, count: int) -> tuple[RenderedSpot, ...]:
    """Petechiae and purpura over the middle of a canvas, all in the frame of most photos."""
    middle = replace(skin, width_px=PHOTO_SIZE_PX[0], height_px=PHOTO_SIZE_PX[1])
    left, top = ((whole - part) // 2 for whole, part in zip(CANVAS_SIZE_PX, PHOTO_SIZE_PX, strict=True))
    spots = petechial_shower(
        generator,
        middle,
        count,
        diameter_mm=float(generator.uniform(1.2, 2.2)),
        blood_fraction=float(generator.uniform(0.03, 0.08)),
        oxygen_saturation=float(generator.uniform(0.5, 0.9)),
    )
    return tuple(replace(spot, x_px=spot.x_px + left, y_px=spot.y_px + top) for spot in spots)


@dataclass(frozen=True, slots=True)
class Case:
    """Two photos of a test, and of each spot: the truth, whether it is tested, and whether it can be told."""

    plain: Shot
    second: Shot
    spots: tuple[RenderedSpot, ...]
    ratio: NDArray[np.float64]
    is_tested: NDArray[np.bool_]
    is_told: NDArray[np.bool_]


def some_ratios(generator: np.random.Generator, kind: Kind, count: int) -> list[float]:
    """What a press or a pull leaves of so many spots."""
    fading, kept = generator.uniform(0.0, 0.3, count), generator.uniform(0.85, 1.1, count)
    ratios: dict[Kind, NDArray[np.float64]] = {
        "fading": fading,
        "not fading": kept,
        "some fading": np.where(generator.random(count) < 0.5, fading, kept),
        "not pressed": kept,
        "not stretched": kept,
        "other skin": fading,
        "no border": fading if generator.random() < 0.5 else kept,
    }
    return [float(ratio) for ratio in ratios[kind]]


def some_test(generator: np.random.Generator) -> tuple[Scene, tuple[RenderedSpot, ...], View, View]:
    """Skin with a shower, and two views of it in nearly the same light."""
    skin = canvas(generator, TONES_DEG)
    spots = shower(generator, skin, int(generator.integers(12, 60)))
    plain = some_view(generator, skin)
    return skin, spots, plain, some_view(generator, skin, plain.camera)


def glass_case(seed: int, kind: Kind) -> Case:
    """Two photos of a glass test."""
    generator = np.random.default_rng(seed)
    skin, spots, plain, pressed = some_test(generator)
    press = Press(
        x_px=skin.width_px / 2 + float(generator.normal(0, 40)),
        y_px=skin.height_px / 2 + float(generator.normal(0, 30)),
        radius_px=3000.0 if kind == "no border" else float(generator.uniform(200, 330)),
        blood_left=1.0 if kind == "not pressed" else float(generator.uniform(0.15, 0.45)),
        veil=float(generator.uniform(0.0, 0.05)),
        stretch=float(generator.uniform(0.0, 0.04)),
    )
    ratios = some_ratios(generator, kind, len(spots))
    pair = render_glass_pair(skin, spots, ratios, press, plain, pressed)
    second = pair.pressed
    if kind == "other skin":
        elsewhere = replace(skin, seed=skin.seed + 1)
        others = shower(generator, elsewhere, len(spots))
        second = render_glass_pair(elsewhere, others, ratios, press, plain, pressed).pressed
    tested = pair.under_glass & pair.plain.seen(pair.spots) & pair.pressed.seen(pair.spots)
    return Case(pair.plain, second, pair.spots, pair.ratio, tested, tested)


def stretch_case(seed: int, kind: Kind) -> Case:
    """Two photos of a stretch test."""
    generator = np.random.default_rng(seed)
    skin, spots, plain, stretched = some_test(generator)
    stretch = Stretch(
        x_px=skin.width_px / 2 + float(generator.normal(0, 60)),
        y_px=skin.height_px / 2 + float(generator.normal(0, 50)),
        axis_deg=float(generator.uniform(0, 180)),
        strain=0.0 if kind == "not stretched" else float(generator.uniform(0.08, 0.3)),
        contraction=float(generator.uniform(0.3, 0.5)),
        reach_px=float(generator.uniform(400, 1500)),
        blood_left=float(generator.uniform(0.3, 1.0)),
    )
    ratios = some_ratios(generator, kind, len(spots))
    pair = render_stretched_pair(skin, spots, ratios, stretch, plain, stretched)
    second = pair.stretched
    if kind == "other skin":
        elsewhere = replace(skin, seed=skin.seed + 1)
        others = shower(generator, elsewhere, len(spots))
        second = render_stretched_pair(elsewhere, others, ratios, stretch, plain, stretched).stretched
    places = np.array([(spot.x_px, spot.y_px) for spot in spots])
    in_both = pair.plain.seen(pair.spots) & pair.stretched.seen(pair.moved)
    tested = in_both & (stretch.effects(places) == 1.0)
    told = tested & (stretch.strains(places)[:, 0] >= TOLD_STRAIN_MIN)
    return Case(pair.plain, second, pair.spots, pair.ratio, tested, told)


CASES: dict[How, Callable[[int, Kind], Case]] = {"pressed": glass_case, "stretched": stretch_case}


def series(seed: int, ita_deg: tuple[float, float], kind: Light) -> RenderedSeries:
    """Three photos of spots that come, go, grow and fade, in some kind of light."""
    generator = np.random.default_rng(seed)
    skin = canvas(generator, ita_deg)
    if kind == "any light, no sheen":
        skin = replace(skin, gloss=0.0, surface_veil=0.0)
    spots = shower(generator, skin, int(generator.integers(15, 50)))
    count = len(spots)
    first = generator.choice(3, count, p=(0.8, 0.12, 0.08))
    last = np.where(generator.random(count) < 0.2, np.maximum(first, 1) - (first == 0), 2)
    fade, growth = generator.uniform(0.55, 1.0), generator.uniform(1.0, 1.3)
    moments: list[list[RenderedSpot | None]] = []
    for moment in range(3):
        rows: list[RenderedSpot | None] = []
        for index, spot in enumerate(spots):
            age = moment - first[index]
            there = first[index] <= moment <= last[index]
            blood = max(spot.blood_fraction * fade**age, 0.006)
            rows.append(
                replace(
                    spot,
                    blood_fraction=blood,
                    diameter_px=spot.diameter_px * growth**age,
                    bilirubin_g_per_l=0.05 * age * (1.0 - fade),
                )
                if there
                else None
            )
        moments.append(rows)
    first_view = some_view(generator, skin)
    light = first_view.camera if kind == "nearly the same light" else None
    views: Sequence[View] = [first_view, *(some_view(generator, skin, light) for _ in range(2))]
    return render_series(skin, moments, views)


def rows_of(
    analysis: Analysis, shot: Shot, spots: Sequence[RenderedSpot], there: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Row of the truth of each found spot, -1 where none lies within half a diameter or 4 px."""
    if len(analysis.table) == 0:
        return np.zeros(0, np.int64)
    place = shot.positions(spots)
    found = np.stack([analysis.table["x_px"], analysis.table["y_px"]], axis=1)
    distance = distances(found, place[:, :2])
    distance[:, ~there] = np.inf
    distance[distance > np.maximum(4.0, place[:, 2] / 2.0)] = np.inf
    return np.where(np.isfinite(distance.min(axis=1)), distance.argmin(axis=1), -1)


def blanch_tests(n_pairs: int, how: How) -> None:
    """Print the table of one way to test."""
    print(f"| {TEST_NAME[how].lower()} | pairs | right | cannot tell | wrong |")
    print("|---|---|---|---|---|")
    by_tone: dict[tuple[float, float], Counter[str]] = {band: Counter() for band in TONE_BANDS_DEG}
    told: Counter[str] = Counter()
    errors: list[float] = []
    wrong: list[str] = []
    for kind in KINDS[how]:
        counts: Counter[str] = Counter()
        for seed in range(1000, 1000 + n_pairs):
            case = CASES[how](seed, kind)
            if kind in RIGHT and case.is_told.sum() < TOLD_SPOTS_MIN:
                continue
            plain = analyze(case.plain.rgb)
            test = blanch_test(plain, analyze(case.second.rgb), how=how)
            right = RIGHT.get(kind, "cannot_tell")
            if kind == "some fading" and (case.ratio[case.is_tested] < FADING_MAX).all():
                right = "fades"
            result = "right" if test.verdict == right else "cannot tell" if test.verdict == "cannot_tell" else "wrong"
            counts[result] += 1
            if result == "wrong":
                wrong.append(f"{kind}, seed {seed}: {test.reason}")
            if kind in RIGHT:
                told[result] += 1
                tone = plain.skin.tone_ita_deg
                band = next((band for band in TONE_BANDS_DEG if band[0] <= tone < band[1]), TONE_BANDS_DEG[-1])
                by_tone[band][result] += 1
                rows = rows_of(plain, case.plain, case.spots, case.is_tested)[test.spot - 1]
                errors += (test.ratio - case.ratio[rows])[rows >= 0].tolist()
        _print_counts(kind, counts)
    _print_counts("**all that can be told**", told)
    for (low, high), counts in by_tone.items():
        _print_counts(f"of these ITA {low:.0f}° to {high:.0f}°", counts)
    size = np.abs(errors)
    print(f"\nShare of contrast left, error: median {np.median(size):.3f}, 90 % within {np.quantile(size, 0.9):.3f}.")
    for line in wrong:
        print(f"\nWrong: {line}")


def _print_counts(name: str, counts: Counter[str]) -> None:
    total = counts.total()
    cells = (f"{counts[result]} ({100 * counts[result] / max(total, 1):.1f} %)" for result in RESULTS)
    print(f"| {name} | {total} | {' | '.join(cells)} |", flush=True)


@dataclass(slots=True)
class Tally:
    """What was right and wrong over all series."""

    found: int = 0
    false: int = 0
    missed: int = 0
    intervals: int = 0
    compared: int = 0
    states: Counter[tuple[str, str]] = field(default_factory=Counter)
    contrast: list[float] = field(default_factory=list)
    area: list[float] = field(default_factory=list)
    # Median of an interval over truth, and the tone of its skin.
    median_contrast: list[tuple[float, float]] = field(default_factory=list)
    median_diameter: list[float] = field(default_factory=list)

    def add(self, rendered: RenderedSeries, photos: Sequence[Analysis], index: int, interval: Comparison) -> None:
        """Compare one interval with the truth."""
        self.intervals += 1
        matches = interval.matches
        if matches is None:
            return
        self.compared += 1
        there = [rendered.contrast[moment] > 0.0 for moment in (index, index + 1)]
        before, after = (
            rows_of(photos[i], rendered.shots[i], rendered.spots[i], there[i - index]) for i in (index, index + 1)
        )
        in_both = set(before[before >= 0].tolist()) & set(after[after >= 0].tolist())
        contrast, area = [], []
        for row, (first, second) in enumerate(zip(matches.first, matches.second, strict=True)):
            one = int(before[first - 1]) if first else -1
            other = int(after[second - 1]) if second else -1
            if first and second:
                if one >= 0 and one == other:
                    true_contrast = rendered.contrast[index + 1][one] / rendered.contrast[index][one]
                    sizes = [rendered.spots[i][one].diameter_px for i in (index, index + 1)]
                    contrast.append(float(matches.contrast_ratio[row]) / true_contrast)
                    area.append(float(matches.area_ratio[row]) / (sizes[1] / sizes[0]) ** 2)
                elif one >= 0 or other >= 0:
                    self.false += 1
                continue
            truth = max(one, other)
            if truth >= 0:
                fate = "persisting" if there[0][truth] and there[1][truth] else "gone" if there[0][truth] else "new"
                self.states[fate, str(matches.state[row])] += 1
        self.found += len(contrast)
        self.missed += len(in_both) - len(contrast)
        self.contrast += contrast
        self.area += area
        if len(contrast) >= TOLD_SPOTS_MIN:
            self.median_contrast.append((float(np.nanmedian(contrast)), photos[index].skin.tone_ita_deg))
            self.median_diameter.append(float(np.sqrt(np.median(area))))

    def f1(self) -> float:
        """F1 of partners found."""
        return 2 * self.found / max(2 * self.found + self.false + self.missed, 1)

    def contrasts(self, low_deg: float = -90.0, high_deg: float = 90.0) -> str:
        """Intervals whose median contrast is within 10 % of the truth, of those of some tones."""
        chosen = [ratio for ratio, tone in self.median_contrast if low_deg <= tone < high_deg]
        return f"{_within(chosen)} of {len(chosen)}"

    def rows(self) -> list[tuple[str, str]]:
        """Name and figure of what is shown."""
        contrast, area = np.abs(np.array(self.contrast) - 1.0), np.abs(np.array(self.area) - 1.0)
        tones = [
            (f"... on skin of ITA {low:.0f}° to {high:.0f}°", self.contrasts(low, high)) for low, high in TONE_BANDS_DEG
        ]
        lone = [
            (f"seen in one photo only: {truth}, called {said}", str(number))
            for (truth, said), number in sorted(self.states.items())
        ]
        return [
            ("intervals compared", f"{self.compared} of {self.intervals}"),
            ("partners found, false, missed", f"{self.found}, {self.false}, {self.missed}"),
            ("F1 of partners", f"{self.f1():.3f}"),
            ("growth of a spot's area, median error", f"{100 * np.nanmedian(area):.0f} %"),
            ("fading of a spot, median error", f"{100 * np.nanmedian(contrast):.0f} %"),
            (
                "intervals with median diameter within 10 %",
                f"{_within(self.median_diameter)} of {len(self.median_diameter)}",
            ),
            ("intervals with median fading within 10 %", self.contrasts()),
            *tones,
            *lone,
        ]


def _within(ratios: Sequence[float]) -> int:
    """How many ratios to the truth are within 10 % of 1."""
    return int(np.sum(np.abs(np.array(ratios) - 1.0) <= 0.1))


def followed(n_series: int, kind: Light) -> Tally:
    """Compare rendered series with their truth."""
    tally = Tally()
    for seed in range(n_series):
        rendered = series(2000 + seed, TONES_DEG, kind)
        course = follow_spots([analyze(shot.rgb) for shot in rendered.shots])
        for index, interval in enumerate(course.intervals):
            tally.add(rendered, course.photos, index, interval)
    return tally


def courses(n_series: int) -> None:
    """Print the table of series."""
    columns = [dict(followed(n_series, kind).rows()) for kind in LIGHTS]
    print(f"| series of three photos | {' | '.join(LIGHTS)} |")
    print("|---|" + "---|" * len(LIGHTS))
    for name in dict.fromkeys(name for column in columns for name in column):
        print(f"| {name} | {' | '.join(column.get(name, '0') for column in columns)} |")


def main() -> None:
    """Print the tables."""
    cv2.setNumThreads(1)
    n_pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    n_series = int(sys.argv[2]) if len(sys.argv) > 2 else 30
    if n_pairs:
        blanch_tests(n_pairs, "pressed")
        print()
        blanch_tests(n_pairs, "stretched")
    if n_series:
        courses(n_series)


if __name__ == "__main__":
    main()
