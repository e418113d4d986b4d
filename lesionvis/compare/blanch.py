"""Plain photo, photo under glass or of stretched skin -> BlanchTest: whether red spots fade when they are pressed.

Blood in vessels is pushed aside by a glass, blood that has left them is not. The skin between the spots must have
paled, or nothing was pressed; what the glass reflects is taken off before spots are compared, since it hides blood
just as fading does. Skin pulled apart between two fingers does the same without a glass. It pales as a whole, which a
photo cannot tell from a change of light, so what must be seen is the pull itself; the blood of a spot is spread with
its skin.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from lesionvis.compare.contrast import contrasts_at, lies_in_frame
from lesionvis.compare.pallor import measure_pallor
from lesionvis.compare.registration import Registration, register
from lesionvis.compare.skin_stretch import measure_pull
from lesionvis.json_ready import json_ready
from lesionvis.triage.answers import UNKNOWN, Answers

if TYPE_CHECKING:
    from lesionvis.analysis import Analysis

Verdict = Literal["fades", "does_not_fade", "cannot_tell"]
How = Literal["pressed", "stretched"]

# What a test is called, where the spots are that it compares, what was done to the skin there, and the second photo.
TEST_NAME: dict[How, str] = {"pressed": "Glass test", "stretched": "Stretch test"}
WHERE: dict[How, str] = {"pressed": "under the glass", "stretched": "on the stretched skin"}
DONE: dict[How, str] = {"pressed": "The skin paled under the glass", "stretched": "The skin was pulled apart"}
SECOND_PHOTO: dict[How, str] = {"pressed": "the photo under glass", "stretched": "the photo of stretched skin"}

# Share of its contrast that a spot keeps: from the first on it does not fade, up to the second it does.
KEEPS_MIN, FADES_MAX = 0.6, 0.4
# A spot speaks when its ratio is known this well (standard error), or is by so many errors too large for one that
# fades, and when it was at least this contrast before.
RATIO_ERROR_MAX, STAYS_ERRORS = 0.2, 2.0
CONTRAST_MIN = 0.06
# This share of spots that keep their colour is enough, whatever the others do: some that do not fade count as all.
KEEPING_SHARE_MIN = 0.2
# ... of few spots one is enough.
FEW_SPOTS = 5
# Of spots that are said to fade, this share must; so many must speak, and this share of what lies under the glass.
FADING_SHARE_MIN = 0.8
FADING_SPOTS_MIN = 2
FADING_SPEAKING_SHARE_MIN = 0.5
# A spot found under the glass this near to where a spot of the plain photo must lie, in its diameters, is that spot.
SAME_SPOT_DIAMETERS = 0.6
# Pigment does not fade under a glass either; it says nothing about bleeding. It takes more blue than green light, which
# tells it from brown-looking blood (rendered spots on skin of all tones: blood below 0.06, pigment from 0.05 on).
PIGMENT_COLOR, PIGMENT_BLUE_SHARE_MIN = "brown", 0.05


@dataclass(frozen=True, slots=True, eq=False)
class BlanchTest:
    """Result of a glass test, or of a test by stretching.

    Attributes
    ----------
    how : {"pressed", "stretched"}
        What was done to the skin in the second photo.
    verdict : {"fades", "does_not_fade", "cannot_tell"}
    reason : str
        One sentence for a person.
    spot : ndarray of shape (N,), int64
        Numbers of the spots of the plain photo that lie under the glass, or on stretched skin, and could be compared.
    ratio : ndarray of shape (N,), float64
        Share of its haemoglobin contrast, on stretched skin of contrast times area, that each keeps: 1 as before, 0
        gone.
    ratio_error : ndarray of shape (N,), float64
        Standard error of each.
    outlines_px : tuple of N ndarrays of shape (K, 2), float64
        Where each was measured in the second photo, source px.
    pallor : float
        How much the pressed skin paled, log10 of green light: 0.07 under a firm press; NaN when none did, or nothing
        was pressed on it.
    stretch : float
        How much longer the skin around a typical compared spot became along the pull, over how much longer across;
        NaN when it was not stretched.
    registration : Registration
        From the plain photo to the second one.
    """

    how: How
    verdict: Verdict
    reason: str
    spot: NDArray[np.int64]
    ratio: NDArray[np.float64]
    ratio_error: NDArray[np.float64]
    outlines_px: tuple[NDArray[np.float64], ...]
    pallor: float
    stretch: float
    registration: Registration

    def __post_init__(self) -> None:
        """Set the arrays read-only."""
        for array in (self.spot, self.ratio, self.ratio_error, *self.outlines_px):
            array.setflags(write=False)

    def findings(self) -> tuple[tuple[str, str], ...]:
        """Answers to which the test gives the harmful value; see `PhotoEvidence`.

        Returns
        -------
        tuple of (str, str)
            Name of a question and a sentence on what was seen; empty unless the spots do not fade.
        """
        if self.verdict != "does_not_fade":
            return ()
        return (("blanch", f"In {SECOND_PHOTO[self.how]} the spots do not fade"),)

    def answers(self, told: Answers, *, agrees: bool = False) -> Answers:
        """Answers with the test's result where the person gave none and agrees.

        Parameters
        ----------
        told : Answers
        agrees : bool
            Whether the person looked at the skin meanwhile and also saw the spots fade.

        Returns
        -------
        Answers
            With ``blanch=fades`` only when photo and person agree: a photo alone never lowers a level.
        """
        if self.verdict == "fades" and agrees and told["blanch"] == UNKNOWN:
            return told.replace(blanch="fades")
        return told

    def to_dict(self) -> dict[str, Any]:
        """Result as plain values for JSON.

        Returns
        -------
        dict
            Missing numbers are None.
        """
        rows = zip(self.spot.tolist(), self.ratio.tolist(), self.ratio_error.tolist(), strict=True)
        content = {
            "how": self.how,
            "verdict": self.verdict,
            "reason": self.reason,
            "pallor": self.pallor,
            "stretch": self.stretch,
            "spots": [{"spot": spot, "ratio": ratio, "ratio_error": error} for spot, ratio, error in rows],
            "registration": self.registration.to_dict(),
        }
        return json_ready(content)


def blanch_test(plain: Analysis, second: Analysis, *, how: How = "pressed") -> BlanchTest:
    """Compare a plain photo with one of the same skin under a glass, or pulled apart.

    Parameters
    ----------
    plain : Analysis
        The spots before.
    second : Analysis
        The same skin with a clear glass pressed on it, skin beside the glass in the picture; or pulled apart between
        two fingers.
    how : {"pressed", "stretched"}
        Which of the two.

    Returns
    -------
    BlanchTest
        "cannot_tell" whenever the photos do not match, the skin did not pale or was not pulled, or too few spots speak.

    Notes
    -----
    Haemorrhage keeps its colour under diascopy and what is inflamed loses it. The measure and its limits come from
    rendered photos: no published one was found.
    """
    registration = register(plain, second, stretched=how == "stretched")
    if not registration.trusted:
        return _inconclusive(how, registration.reason, registration)
    rows, outlines = _red_spots_in_both(plain, second, registration)
    if len(rows) == 0:
        reason = f"No red spot of the plain photo was found again in {SECOND_PHOTO[how]}."
        return _inconclusive(how, reason, registration)
    at_px = np.stack([plain.table["x_px"][rows], plain.table["y_px"][rows]], axis=1)
    if how == "stretched":
        pull = measure_pull(plain, second, registration, at_px)
        if not pull.is_stretched.any():
            return _inconclusive(
                how,
                "The skin at the spots was not visibly stretched; pull it further apart between two fingers, and hold "
                "the camera right above it for both photos.",
                registration,
            )
        on = np.flatnonzero(pull.is_stretched)
        seen = _compared(plain, second, rows[on], [outlines[i] for i in on], spread=pull.area[on])
        return _decided(how, seen, registration, stretch=float(np.median(pull.stretch[on])))
    pale = measure_pallor(plain, second, registration, at_px)
    if not np.isfinite(pale.typical):
        return _inconclusive(
            how,
            "No skin turned paler than the skin around it, so nothing was pressed or the glass fills the photo; press "
            "firmly and show some skin beside the glass.",
            registration,
        )
    under = np.flatnonzero(pale.is_pressed)
    if len(under) == 0:
        reason = "The skin paled under the glass, but no red spot lies there."
        return _inconclusive(how, reason, registration, pale.typical)
    red, green, blue = (float(light) for light in np.median(pale.glare[under], axis=0))
    seen = _compared(plain, second, rows[under], [outlines[i] for i in under], glare=(red, green, blue))
    return _decided(how, seen, registration, pallor=pale.typical)


def _red_spots_in_both(
    plain: Analysis, second: Analysis, registration: Registration
) -> tuple[NDArray[np.int64], list[NDArray[np.float64]]]:
    """Rows of the spots of the plain photo that are not pigment and lie in both, and their outlines in the second."""
    is_brown = plain.table["color"] == PIGMENT_COLOR
    rows = np.flatnonzero(~(is_brown & (plain.table["blue_share"] > PIGMENT_BLUE_SHARE_MIN)))
    outlines = [_placed(registration.map_points(plain.spots.outlines_px[row]), second) for row in rows]
    centres = [plain.spots.outlines_px[row].mean(axis=0) for row in rows]
    known = registration.is_supported(centres)
    shown = known & np.array([lies_in_frame(second.photo, outline) for outline in outlines], np.bool_)
    return rows[shown], [outline for outline, is_in in zip(outlines, shown, strict=True) if is_in]


@dataclass(frozen=True, slots=True, eq=False)
class _Compared:
    """Rows of spots that were compared, their outlines in the second photo, ratios, errors, and which of them speak."""

    rows: NDArray[np.int64]
    outlines: list[NDArray[np.float64]]
    ratio: NDArray[np.float64]
    error: NDArray[np.float64]
    speaks: NDArray[np.bool_]


def _compared(
    plain: Analysis,
    second: Analysis,
    rows: NDArray[np.int64],
    outlines: list[NDArray[np.float64]],
    *,
    glare: tuple[float, float, float] = (0.0, 0.0, 0.0),
    spread: NDArray[np.float64] | float = 1.0,
) -> _Compared:
    """Compare the contrast of spots in two photos; `spread` is the factor by which the skin of each grew."""
    before = contrasts_at(plain.photo, plain.skin, plain.spots, [plain.spots.outlines_px[row] for row in rows])
    after = contrasts_at(second.photo, second.skin, second.spots, outlines, glare=glare)
    ratio = spread * after.blood / before.blood
    error = np.hypot(spread * after.error, ratio * before.error) / before.blood
    # A spot that surely stays speaks although its ratio, of two large numbers, is less well known.
    is_known = (error < RATIO_ERROR_MAX) | (ratio - STAYS_ERRORS * error > FADES_MAX)
    return _Compared(rows, outlines, ratio, error, (before.blood > CONTRAST_MIN) & is_known)


def _decided(
    how: How, seen: _Compared, registration: Registration, pallor: float = float("nan"), stretch: float = float("nan")
) -> BlanchTest:
    """Test that is decided by the spots that speak."""
    ratio, error = seen.ratio[seen.speaks], seen.error[seen.speaks]
    verdict, reason = _verdict(ratio, error, len(seen.rows), how)
    outlines = tuple(outline for outline, does in zip(seen.outlines, seen.speaks, strict=True) if does)
    spot = 1 + seen.rows[seen.speaks]
    return BlanchTest(how, verdict, reason, spot, ratio, error, outlines, pallor, stretch, registration)


def _placed(outline: NDArray[np.float64], second: Analysis) -> NDArray[np.float64]:
    """Outline moved onto the spot of the second photo that lies there, if there is one: glass pushes skin about."""
    centre = outline.mean(axis=0)
    diameter = 2.0 * float(np.hypot(*(outline - centre).T).mean())
    spots = second.table
    off = np.hypot(spots["x_px"] - centre[0], spots["y_px"] - centre[1])
    alike = (off < SAME_SPOT_DIAMETERS * diameter) & (np.abs(np.log(spots["diameter_px"] / diameter)) < np.log(2.0))
    if not alike.any():
        return outline
    nearest = int(np.where(alike, off, np.inf).argmin())
    return np.asarray(outline - centre + (spots["x_px"][nearest], spots["y_px"][nearest]))


def _verdict(ratio: NDArray[np.float64], error: NDArray[np.float64], n_tested: int, how: How) -> tuple[Verdict, str]:
    """Verdict on spots that speak, of so many that were pressed or stretched, and its sentence."""
    count, where, done = len(ratio), WHERE[how], DONE[how]
    if count == 0:
        return "cannot_tell", f"The spots {where} are too faint or too blurred to be compared."
    keep = int(((ratio > KEEPS_MIN) & (ratio - error > FADES_MAX)).sum())
    fade = int((ratio < FADES_MAX).sum())
    seen = f"{keep} of {count} spot{'s' if count != 1 else ''} {where} kept their colour"
    share = f"(a typical one kept {100 * float(np.median(ratio)):.0f} % of it)"
    if keep >= (1 if count <= FEW_SPOTS else max(2.0, KEEPING_SHARE_MIN * count)):
        return "does_not_fade", f"{done}, but {seen} {share}."
    if keep or fade < FADING_SHARE_MIN * count:
        return "cannot_tell", f"The spots neither clearly fade nor clearly stay: {seen} {share}."
    if count < FADING_SPOTS_MIN or count < FADING_SPEAKING_SHARE_MIN * n_tested:
        return "cannot_tell", f"Too few of the {n_tested} spots {where} could be compared: {seen} {share}."
    return "fades", f"{done} and the spots with it: {seen} {share}."


def _inconclusive(how: How, reason: str, registration: Registration, pallor: float = float("nan")) -> BlanchTest:
    """Test that compares nothing."""
    nothing, nan = np.zeros(0), float("nan")
    return BlanchTest(
        how, "cannot_tell", reason, np.zeros(0, np.int64), nothing, nothing, (), pallor, nan, registration
    )
