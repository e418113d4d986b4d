"""Plain photo, photo under glass -> BlanchTest: whether red spots fade when they are pressed.

Blood in vessels is pushed aside by a glass, blood that has left them is not. The skin between the spots must have
paled, or nothing was pressed; what the glass reflects is taken off before spots are compared, since it hides blood
just as fading does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from lesionvis.answers import UNKNOWN, Answers
from lesionvis.contrast import contrasts_at
from lesionvis.pallor import measure_pallor
from lesionvis.register import Registration, register

if TYPE_CHECKING:
    from lesionvis.analysis import Analysis

Verdict = Literal["fades", "does_not_fade", "cannot_tell"]

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


@dataclass(frozen=True, slots=True)
class BlanchTest:
    """What a glass test shows.

    Attributes
    ----------
    verdict : {"fades", "does_not_fade", "cannot_tell"}
    reason : str
        One sentence for a person.
    spot : ndarray of shape (N,), int64
        Numbers of the spots of the plain photo that lie under the glass and could be compared.
    ratio : ndarray of shape (N,), float64
        Share of its haemoglobin contrast that each keeps under the glass: 1 as before, 0 gone.
    ratio_error : ndarray of shape (N,), float64
        Standard error of each.
    outlines_px : tuple of N ndarrays of shape (K, 2), float64
        Where each was measured in the pressed photo, source px.
    pallor : float
        How much the pressed skin paled, log10 of green light: 0.07 under a firm press; NaN when none did.
    registration : Registration
        From the plain photo to the pressed one.
    """

    verdict: Verdict
    reason: str
    spot: NDArray[np.int64]
    ratio: NDArray[np.float64]
    ratio_error: NDArray[np.float64]
    outlines_px: tuple[NDArray[np.float64], ...]
    pallor: float
    registration: Registration

    def __post_init__(self) -> None:
        """Set the arrays read-only."""
        for array in (self.spot, self.ratio, self.ratio_error, *self.outlines_px):
            array.setflags(write=False)

    def findings(self) -> tuple[tuple[str, str], ...]:
        """Answers to which the test gives the harmful value, each with what was seen; see `PhotoEvidence`."""
        if self.verdict != "does_not_fade":
            return ()
        return (("blanch", "In the photo under glass the spots do not fade"),)

    def answers(self, told: Answers, *, agrees: bool = False) -> Answers:
        """Answers with the test's result where the person gave none and agrees.

        Parameters
        ----------
        told : Answers
        agrees : bool
            Whether the person looked through the glass and also saw the spots fade.

        Returns
        -------
        Answers
            With ``blanch=fades`` only when photo and person agree: a photo alone never lowers a level.
        """
        if self.verdict == "fades" and agrees and told["blanch"] == UNKNOWN:
            return told.replace(blanch="fades")
        return told

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; numbers that are missing are None."""
        rows = zip(self.spot.tolist(), self.ratio.tolist(), self.ratio_error.tolist(), strict=True)
        return {
            "verdict": self.verdict,
            "reason": self.reason,
            "pallor": self.pallor if np.isfinite(self.pallor) else None,
            "spots": [{"spot": spot, "ratio": ratio, "ratio_error": error} for spot, ratio, error in rows],
            "registration": self.registration.to_dict(),
        }


def blanch_test(plain: Analysis, pressed: Analysis) -> BlanchTest:
    """Compare a plain photo with one of the same skin under a glass.

    Parameters
    ----------
    plain : Analysis
        The spots before.
    pressed : Analysis
        The same skin with a clear glass pressed on it, skin beside the glass in the picture.

    Returns
    -------
    BlanchTest
        "cannot_tell" whenever the photos do not match, the skin did not pale, or too few spots speak.

    Notes
    -----
    Haemorrhage keeps its colour under diascopy and what is inflamed loses it. The measure and its limits come from
    rendered photos: no published one was found.
    """
    registration = register(plain, pressed)
    if not registration.trusted:
        return _untold(registration.reason, registration)
    is_brown = plain.spots["color"] == PIGMENT_COLOR
    rows = np.flatnonzero(~(is_brown & (plain.spots["blue_share"] > PIGMENT_BLUE_SHARE_MIN)))
    outlines = [_placed(registration.map_points(plain.labels.outlines_px[row]), pressed) for row in rows]
    centres = [plain.labels.outlines_px[row].mean(axis=0) for row in rows]
    known = registration.is_supported(centres)
    shown = [bool(is_known) and _is_shown(outline, pressed) for is_known, outline in zip(known, outlines, strict=True)]
    rows, outlines = rows[shown], [outline for outline, is_in in zip(outlines, shown, strict=True) if is_in]
    if len(rows) == 0:
        return _untold("No red spot of the plain photo was found again in the photo under glass.", registration)
    at_px = np.stack([plain.spots["x_px"][rows], plain.spots["y_px"][rows]], axis=1)
    pale = measure_pallor(plain, pressed, registration, at_px)
    if not np.isfinite(pale.typical):
        return _untold(
            "No skin turned paler than the skin around it, so nothing was pressed or the glass fills the photo; press "
            "firmly and show some skin beside the glass.",
            registration,
        )
    under = np.flatnonzero(pale.is_pressed)
    rows, outlines = rows[under], [outlines[i] for i in under]
    if len(rows) == 0:
        return _untold("The skin paled under the glass, but no red spot lies there.", registration, pale.typical)
    red, green, blue = (float(light) for light in np.median(pale.glare[under], axis=0))
    before = contrasts_at(plain.photo, plain.skin, plain.labels, [plain.labels.outlines_px[row] for row in rows])
    after = contrasts_at(pressed.photo, pressed.skin, pressed.labels, outlines, glare=(red, green, blue))
    ratio = after.blood / before.blood
    error = np.hypot(after.error, ratio * before.error) / before.blood
    # A spot that surely stays speaks although its ratio, of two large numbers, is less well known.
    is_known = (error < RATIO_ERROR_MAX) | (ratio - STAYS_ERRORS * error > FADES_MAX)
    speaks = (before.blood > CONTRAST_MIN) & is_known
    verdict, reason = _verdict(ratio[speaks], error[speaks], len(rows))
    return BlanchTest(
        verdict,
        reason,
        1 + rows[speaks],
        ratio[speaks],
        error[speaks],
        tuple(outline for outline, does in zip(outlines, speaks, strict=True) if does),
        pale.typical,
        registration,
    )


def _placed(outline: NDArray[np.float64], pressed: Analysis) -> NDArray[np.float64]:
    """Outline moved onto the spot of the pressed photo that lies there, if there is one: glass pushes skin about."""
    centre = outline.mean(axis=0)
    diameter = 2.0 * float(np.hypot(*(outline - centre).T).mean())
    spots = pressed.spots
    off = np.hypot(spots["x_px"] - centre[0], spots["y_px"] - centre[1])
    alike = (off < SAME_SPOT_DIAMETERS * diameter) & (np.abs(np.log(spots["diameter_px"] / diameter)) < np.log(2.0))
    if not alike.any():
        return outline
    nearest = int(np.where(alike, off, np.inf).argmin())
    return np.asarray(outline - centre + (spots["x_px"][nearest], spots["y_px"][nearest]))


def _is_shown(outline: NDArray[np.float64], analysis: Analysis) -> bool:
    """Whether an outline lies wholly in a photo, source px."""
    size = (analysis.photo.source_width_px, analysis.photo.source_height_px)
    return bool((outline >= 0.0).all() and (outline <= np.array(size) - 1.0).all())


def _verdict(ratio: NDArray[np.float64], error: NDArray[np.float64], n_pressed: int) -> tuple[Verdict, str]:
    """Verdict on spots that speak, of so many that were pressed, and its sentence."""
    count = len(ratio)
    if count == 0:
        return "cannot_tell", "The spots under the glass are too faint or too blurred to be compared."
    keep = int(((ratio > KEEPS_MIN) & (ratio - error > FADES_MAX)).sum())
    fade = int((ratio < FADES_MAX).sum())
    seen = f"{keep} of {count} spot{'s' if count != 1 else ''} under the glass kept their colour"
    share = f"(a typical one kept {100 * float(np.median(ratio)):.0f} % of it)"
    if keep >= (1 if count <= FEW_SPOTS else max(2.0, KEEPING_SHARE_MIN * count)):
        return "does_not_fade", f"The skin paled under the glass, but {seen} {share}."
    if keep or fade < FADING_SHARE_MIN * count:
        return "cannot_tell", f"The spots neither clearly fade nor clearly stay: {seen} {share}."
    if count < FADING_SPOTS_MIN or count < FADING_SPEAKING_SHARE_MIN * n_pressed:
        return "cannot_tell", f"Too few of the {n_pressed} spots under the glass could be compared: {seen} {share}."
    return "fades", f"The skin paled under the glass and the spots with it: {seen} {share}."


def _untold(reason: str, registration: Registration, pallor: float = float("nan")) -> BlanchTest:
    """Test that compares nothing."""
    nothing = np.zeros(0)
    return BlanchTest("cannot_tell", reason, np.zeros(0, np.int64), nothing, nothing, (), pallor, registration)
