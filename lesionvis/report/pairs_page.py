"""The page of a glass test or a course: photos of one place over each other with a slider, each spot with its sign.

It holds all of its pictures and asks nothing of the net; without scripts the photos stand side by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.compare.blanch import TEST_NAME, How
from lesionvis.report.captions import Color
from lesionvis.report.contact import with_numbers
from lesionvis.report.overlay import jpeg
from lesionvis.report.pairs import FADES, KEEPS, STATE_COLORS, TEST_COLORS, UNSURE, state_in_test, widened
from lesionvis.report.pairs_text import course_lines, verdict_notes
from lesionvis.report.template import data_address, inline_digest, page_file, page_template
from lesionvis.report.text import headline
from lesionvis.triage.wording import EMERGENCY_NUMBER

if TYPE_CHECKING:
    from lesionvis.analysis import Analysis
    from lesionvis.compare.blanch import BlanchTest
    from lesionvis.compare.registration import Registration
    from lesionvis.compare.series import Course
    from lesionvis.triage.advice import Advice
    from lesionvis.triage.numbers import PhoneNumbers

STATE_SIGNS = {"new": "+", "growing": "▲", "persisting": "=", "fading": "▽", "gone": "−", "unclear": "?"}
"""Sign beside a spot of a course, so that nobody has to tell colours apart."""
_COURSE = {state: (STATE_SIGNS[state], color) for state, color in STATE_COLORS.items()}
TEST_SIGNS = {KEEPS: "●", UNSURE: "◐", FADES: "○"}
_TEST = {state: (TEST_SIGNS[state], color) for state, color in TEST_COLORS.items()}
_SECOND: dict[How, str] = {"pressed": "under the glass", "stretched": "stretched"}
# A page of ten photos is a few MB then, and a screen shows no more.
PICTURE_WIDTH_MAX_PX = 960
JPEG_QUALITY = 88
# The map between two photos bends slowly: its places between a grid of this spacing are interpolated.
_GRID_PX = 16
# Of a sign beside a spot, px of the picture.
_SIGN_PX = 16
_NO_PICTURE = (120, 120, 120)


@dataclass(frozen=True, slots=True, eq=False)
class Mark:
    """A spot on a picture.

    Attributes
    ----------
    state : str
        What became of it.
    outline : ndarray of shape (K, 2), float64
        Corners (x, y), px of the picture.
    words : str
        What is told of it.
    """

    state: str
    outline: NDArray[np.float64]
    words: str


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """A picture with its spots.

    Attributes
    ----------
    rgb : ndarray of shape (H, W, 3), uint8
    caption : str
    marks : list of Mark
    """

    rgb: NDArray[np.uint8]
    caption: str
    marks: list[Mark]


def course_page(course: Course, advice: Advice, numbers: PhoneNumbers | None = None) -> str:
    """Page of a course.

    Parameters
    ----------
    course : Course
    advice : Advice
        On all photos.
    numbers : PhoneNumbers, optional
        Whom to ring.

    Returns
    -------
    str
        HTML with everything inside.
    """
    pairs = []
    for number, interval in enumerate(course.intervals, start=1):
        earlier, later = course.photos[number - 1 : number + 1]
        titles = [f"Photo {number + step}: {course.moments[number - 1 + step].name}" for step in (0, 1)]
        before, after = _panels(earlier, later, interval.registration, titles)
        matches = interval.matches
        rows = () if matches is None else zip(matches.first, matches.second, matches.state, strict=True)
        for first, second, state in rows:
            words = f"{f'spot {second}' if second else f'spot {first} of the photo before'}: {state}"
            if first:
                before_px = interval.registration.map_points(earlier.spots.outlines_px[first - 1])
                before.marks.append(_mark(later, before, str(state), before_px, words))
            after_px = later.spots.outlines_px[second - 1] if second else before_px
            after.marks.append(_mark(later, after, str(state), after_px, words))
        counts = {name: 0 if matches is None else matches.count(name) for name in STATE_COLORS}
        told = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
        pairs.append(
            _shown_pair(f"Photo {number} to {number + 1}", told, interval.registration, [before, after], _COURSE)
        )
    return _page("Course of the spots", course_lines(course), _to_do(advice, numbers), _COURSE, pairs)


def blanch_page(
    plain: Analysis, second: Analysis, test: BlanchTest, advice: Advice, numbers: PhoneNumbers | None = None
) -> str:
    """Page of a glass test, or a test by stretching.

    Parameters
    ----------
    plain, second : Analysis
    test : BlanchTest
        Of these two.
    advice : Advice
        On both.
    numbers : PhoneNumbers, optional
        Whom to ring.

    Returns
    -------
    str
        HTML with everything inside.
    """
    titles = [f"Before: {plain.photo.name}", f"{_SECOND[test.how].capitalize()}: {second.photo.name}"]
    before, after = _panels(plain, second, test.registration, titles)
    for spot, ratio, outline in zip(test.spot.tolist(), test.ratio.tolist(), test.outlines_px, strict=True):
        state = state_in_test(ratio)
        words = f"spot {spot}: {100 * ratio:.0f} % of its colour is left"
        there = test.registration.map_points(plain.spots.outlines_px[spot - 1])
        before.marks.append(_mark(second, before, state, there, words))
        after.marks.append(_mark(second, after, state, outline, words))
    verdict = test.verdict.replace("_", " ")
    pair = _shown_pair(f"{TEST_NAME[test.how]}: {verdict}", test.reason, test.registration, [before, after], _TEST)
    return _page(TEST_NAME[test.how], verdict_notes(test), _to_do(advice, numbers), _TEST, [pair])


def aligned(earlier: Analysis, later: Analysis, registration: Registration) -> NDArray[np.uint8]:
    """Earlier photo as it looks from where the later one was taken.

    Parameters
    ----------
    earlier, later : Analysis
    registration : Registration
        From the earlier to the later photo; trusted.

    Returns
    -------
    ndarray of shape (h, w, 3), uint8
        RGB, of the size of `later.photo.rgb`; grey where the earlier photo shows nothing.
    """
    height, width = later.photo.rgb.shape[:2]
    columns, rows = (np.arange(0.0, length - 1 + _GRID_PX, _GRID_PX) for length in (width, height))
    grid = np.stack(np.meshgrid(columns, rows), axis=-1)
    there = registration.map_back(later.photo.to_source(grid.reshape(-1, 2)))
    places = earlier.photo.to_working(there).reshape(grid.shape).astype(np.float32)
    # Each place of the picture lies in the grid at its own px over the spacing.
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    full = cv2.remap(places, x / _GRID_PX, y / _GRID_PX, cv2.INTER_LINEAR)
    seen = cv2.remap(earlier.photo.rgb, full[..., 0], full[..., 1], cv2.INTER_LINEAR, borderValue=_NO_PICTURE)
    return np.asarray(seen, np.uint8)


def _panels(earlier: Analysis, later: Analysis, registration: Registration, titles: Sequence[str]) -> list[Panel]:
    """Both pictures: the earlier one over the later where that is known, else as it is."""
    first = aligned(earlier, later, registration) if registration.trusted else earlier.photo.rgb
    return [Panel(_small(rgb), title, []) for rgb, title in zip((first, later.photo.rgb), titles, strict=True)]


def _small(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = rgb.shape[:2]
    zoom = min(1.0, PICTURE_WIDTH_MAX_PX / width)
    size = (round(width * zoom), max(1, round(height * zoom)))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


def _mark(later: Analysis, panel: Panel, state: str, outline_px: NDArray[np.float64], words: str) -> Mark:
    """Spot on a picture, from its outline in source px of the later photo."""
    zoom = panel.rgb.shape[1] / later.photo.rgb.shape[1]
    return Mark(state, widened((later.photo.to_working(outline_px) + 0.5) * zoom), words)


def _shown_pair(
    title: str,
    told: str,
    registration: Registration,
    panels: Sequence[Panel],
    kinds: dict[str, tuple[str, Color]],
) -> dict[str, Any]:
    return {
        "title": title,
        "told": told,
        "is_aligned": registration.trusted,
        "reason": registration.reason,
        "panels": [_shown_panel(panel, kinds) for panel in panels],
    }


def _shown_panel(panel: Panel, kinds: dict[str, tuple[str, Color]]) -> dict[str, Any]:
    height, width = panel.rgb.shape[:2]
    marks = [
        {
            "path": "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in mark.outline) + "Z",
            # The sign stays on the picture.
            "x": round(min(float(mark.outline[:, 0].max()) + 2.0, width - _SIGN_PX), 1),
            "y": round(max(float(mark.outline[:, 1].min()), _SIGN_PX), 1),
            "kind": list(kinds).index(mark.state),
            "sign": kinds[mark.state][0],
            "words": mark.words,
        }
        for mark in panel.marks
    ]
    picture = data_address(jpeg(panel.rgb, JPEG_QUALITY))
    return {"width": width, "height": height, "caption": panel.caption, "picture": picture, "marks": marks}


def _to_do(advice: Advice, numbers: PhoneNumbers | None) -> dict[str, str]:
    words = f"{advice.action.time_limit}. {advice.action.what_to_do}"
    called = with_numbers(words, numbers) if numbers else words.replace("the emergency number", EMERGENCY_NUMBER)
    return {"header": advice.header, "headline": headline(advice), "to_do": called}


def _page(
    title: str,
    lines: Sequence[str],
    to_do: dict[str, str],
    kinds: dict[str, tuple[str, Color]],
    pairs: Sequence[dict[str, Any]],
) -> str:
    from markupsafe import Markup

    script = page_file("pairs.js")
    return page_template("pairs.html").render(
        title=title,
        lines=lines,
        **to_do,
        kinds=[(name, sign, f"rgb{color}") for name, (sign, color) in kinds.items()],
        pairs=pairs,
        script=Markup(script),  # noqa: S704 - of this package
        script_digest=inline_digest(script),
    )
