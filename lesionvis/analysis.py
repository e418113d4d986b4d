"""Analysis of a photo, `analyze()`: from a photo to everything that is known about it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from lesionvis import __version__
from lesionvis.abcde import Abcde, measure_abcde
from lesionvis.errors import SettingsError
from lesionvis.findings import Findings
from lesionvis.json_ready import json_ready
from lesionvis.labels import NO_SPOTS, SINGLE_LESION, UNCERTAIN
from lesionvis.pattern import Pattern, find_pattern, load_pattern_model
from lesionvis.pattern.features import Features, compute_features, gather
from lesionvis.pattern.likeness import likeness_flags
from lesionvis.pattern.seen import SEVERAL
from lesionvis.photo.mask import MaskSource, read_mask
from lesionvis.photo.reader import MIN_WORKING_PX_PER_MM, Photo, PhotoReader, PhotoSource
from lesionvis.quality import photo_flags
from lesionvis.scale import NoScale, Scale, working_px_per_mm
from lesionvis.scale.card.layout import BAR_MM
from lesionvis.scale.find import check_references, check_scale, find_scale
from lesionvis.skin import find_skin
from lesionvis.spots import SpotFinder, Spots
from lesionvis.spots.drawn import DrawnSpots, Outlines, as_drawn, drawn_spots
from lesionvis.spots.find import LESION_SCORE_MIN
from lesionvis.spots.table import SpotTable, measure_spots
from lesionvis.triage import advise
from lesionvis.triage.advice import Advice
from lesionvis.triage.answers import Answers, as_answers
from lesionvis.triage.evidence import PhotoEvidence

# A spot is sure from so many times the odds of `min_score` on: from 0.70 where that is 0.6. Beside a lesion that is
# the answer only sure spots are listed: by the forest's scores alone, of 387 clear photos of one lesion at home that
# are answered so, finder and pattern left out of training, 17 % had ten spots or more beside it, of 102 abroad 7 %,
# mostly pieces of the texture of sharp skin, and 5 and 4 % with this. Where no pattern is named, fewer than `SEVERAL`
# spots of which none is sure are not listed: of 93 photos of bare skin, finder and model of bare skin left out of
# training, 22 % had any spot and have 15 %; of 119 photos with marked spots two lose the one and the two true ones
# found of 40 and 42.
SURE_ODDS = 1.56
# On skin that looks bare a lesion must have this expected overlap, unless it is one by its roundness and pigment: of 93
# photos of bare skin 10 had one below it, of 581 clear photos of one lesion 1.
BARE_SKIN_LESION_SCORE_MIN = 0.6

FOUND, CORRECTED = "found", "corrected"
"""Whose spots an analysis has."""


@dataclass(frozen=True, slots=True, eq=False)
class Analysis(Findings):
    """All results on one photo: what the stages found, and what follows from it.

    Attributes
    ----------
    photo : Photo
    scale : Scale or NoScale
    skin : Skin
    spots : Spots
        Label image, outlines and all that was considered.
    table : SpotTable
        One row per spot.
    features : Features
    flags : tuple of str
        Reasons to distrust the photo.
    pattern : Pattern
    abcde : Abcde or None
        Warning features of the dominant lesion; None when no lesion dominates.
    advice : Advice
    version : str
        Of the package.
    drawn : DrawnSpots or None
        Spots that a person drew, which `spots` are then; None where they are those that were found.
    """

    features: Features
    flags: tuple[str, ...]
    pattern: Pattern
    abcde: Abcde | None
    advice: Advice
    version: str
    drawn: DrawnSpots | None = None

    @property
    def spots_from(self) -> str:
        """Whose spots these are: "found" by lesionvis, or "corrected" by a person."""
        return FOUND if self.drawn is None else CORRECTED

    def answered(self, answers: Answers | Mapping[str, str]) -> Analysis:
        """Repeat the advice, the evolution and the checklist of this analysis with other answers.

        Parameters
        ----------
        answers : Answers or mapping of str to str

        Returns
        -------
        Analysis

        Raises
        ------
        AnswerError
            If the name or value of an answer is not a known one.
        """
        told = as_answers(answers)
        abcde = self.abcde.answered(told) if self.abcde else None
        advice = advise(self.pattern.label, told, _evidence(self.table, abcde, self.flags))
        return dataclasses.replace(self, abcde=abcde, advice=advice)

    def to_dict(self) -> dict[str, Any]:
        """Everything but the pictures, in plain types.

        Returns
        -------
        dict
            Ready for JSON; missing numbers are None.
        """
        scale: dict[str, Any] = (
            {
                "px_per_mm": self.scale.px_per_mm,
                "standard_error_px_per_mm": self.scale.standard_error_px_per_mm,
                "source": self.scale.source,
            }
            if isinstance(self.scale, Scale)
            else {"px_per_mm": None, "reason": self.scale.reason}
        )
        taken_at = self.photo.taken_at
        rows = zip(*(self.table[name].tolist() for name in self.table.columns), strict=True)
        content = {
            "photo": {
                "name": self.photo.name,
                "sha256": self.photo.sha256,
                "width_px": self.photo.source_width_px,
                "height_px": self.photo.source_height_px,
                "taken_at": taken_at.isoformat() if taken_at else None,
                "taken_at_source": self.photo.taken_at_source or None,
            },
            "scale": scale,
            "skin": {"fraction": self.skin.fraction, "tone_ita_deg": self.skin.tone_ita_deg},
            "photo_flags": list(self.flags),
            "pattern": {
                "label": self.pattern.label,
                "probabilities": self.pattern.probabilities,
                "prediction_set": list(self.pattern.prediction_set),
                "reasons": list(self.pattern.reasons),
                "seen": self.pattern.seen,
                "model": self.pattern.model,
            },
            "abcde": self.abcde.to_dict() if self.abcde else None,
            "advice": self.advice.to_dict(),
            "features": self.features.values,
            "spots_from": self.spots_from,
            "drawn_by": "" if self.drawn is None else self.drawn.drawn_by,
            "drawn_at": "" if self.drawn is None else self.drawn.drawn_at,
            "spots": [dict(zip(self.table.columns, row, strict=True)) for row in rows],
            "version": self.version,
        }
        return json_ready(content)

    def to_json(self) -> str:
        """Everything but the pictures, as JSON.

        Returns
        -------
        str
            `to_dict` as JSON text, indented by one space; missing numbers are null.
        """
        return json.dumps(self.to_dict(), indent=1, allow_nan=False)

    def __repr__(self) -> str:
        """One line: what the arrays hold is too much to print."""
        shown = (self.photo.name, self.pattern.label, f"{len(self.table)} spots", f"advice {self.advice.level}")
        return f"Analysis({', '.join((*shown, *self.flags))})"

    def _repr_html_(self) -> str:
        """HTML for a notebook: the annotated photo and a few lines."""
        from lesionvis.report.notebook import analysis_html

        return analysis_html(self)


@dataclass(frozen=True, slots=True)
class Analyzer:
    """Analyses photos with fixed settings.

    Parameters
    ----------
    px_per_mm : float, optional
        Scale of every photo in source px per mm, above 0; no reference is sought then.
    mm_across : float, optional
        Width of what every photo shows, in mm, above 0.
    coin : str, optional
        Name of a coin that lies in every photo, such as "eur-1".
    bar_mm : float
        Length that the bar of a printed card really has, in mm, above 0.
    max_megapixels : float
        Largest photo that is decoded, in millions of px, 1 to 1000.
    working_long_side_px : int
        Longer side of the picture that is worked on, in px, 256 to 16384.
    model_folder : Path, optional
        Pattern model; the one that comes with the package unless given. A text is taken as a path.
    spot_finder : SpotFinder
        What counts as a spot: its smallest and largest diameter, its score.

    Raises
    ------
    SettingsError
        If a setting is outside its bounds.

    Examples
    --------
    >>> analyzer = Analyzer(px_per_mm=8.0)
    >>> analyzer(np.full((64, 64, 3), (200, 160, 130), np.uint8)).pattern.reasons
    ('The photo does not allow an answer (blurred).',)
    """

    px_per_mm: float | None = None
    mm_across: float | None = None
    coin: str | None = None
    bar_mm: float = BAR_MM
    max_megapixels: float = 200.0
    working_long_side_px: int = 1280
    model_folder: Path | None = None
    spot_finder: SpotFinder = field(default_factory=SpotFinder)

    def __post_init__(self) -> None:
        """Refuse settings that are outside their bounds."""
        PhotoReader(self.max_megapixels, self.working_long_side_px)
        check_references(self.px_per_mm, self.mm_across, self.coin, self.bar_mm)
        if self.model_folder is not None:
            object.__setattr__(self, "model_folder", _folder_path(self.model_folder))

    def __call__(
        self,
        source: PhotoSource,
        answers: Answers | Mapping[str, str] | None = None,
        *,
        scale: Scale | NoScale | None = None,
        mask: MaskSource | None = None,
        outlines: Outlines | None = None,
    ) -> Analysis:
        """Analyse one photo.

        Parameters
        ----------
        source : str, Path, bytes, file, PIL image, ndarray or Photo
            As `read_photo` takes it; a `Photo` is used as it is, at the resolution that it has. What is masked in a
            masked array is left out.
        answers : Answers or mapping of str to str, optional
            What the person says; everything is unknown unless given.
        scale : Scale or NoScale, optional
            Scale of this photo, such as `dicom_scale` gives; it is used as it is, and no reference is sought.
        mask : str, Path, bytes or ndarray of shape (H, W), optional
            Places to leave out, as `read_mask` takes them: not 0 where nothing is to be looked at, of the size of the
            upright source photo.
        outlines : DrawnSpots or sequence of ndarray of shape (K, 2), optional
            Spots that a person drew, in px of the upright source photo. They are measured instead of those that were
            found, which keep their numbers where the person did not touch them; empty means that there are none.

        Returns
        -------
        Analysis

        Raises
        ------
        UnreadablePhoto
            If the photo cannot be read.
        AnswerError
            If the name or value of an answer is not a known one.
        SettingsError
            If a scale is given that the settings contradict, or a mask that cannot be read or is of another size, or
            outlines that are not of this photo.
        """
        told = as_answers(answers)
        drawn = None if outlines is None else as_drawn(outlines)
        return self.conclude(self.find(source, scale=scale, mask=mask), told, drawn)

    def conclude(
        self,
        found: Findings,
        answers: Answers | Mapping[str, str] | None = None,
        outlines: Outlines | None = None,
    ) -> Analysis:
        """Go on from what was found in a photo, so that other outlines or answers need no second search.

        Parameters
        ----------
        found : Findings
            From `find`, with the same settings.
        answers : Answers or mapping of str to str, optional
            As for a call.
        outlines : DrawnSpots or sequence of ndarray of shape (K, 2), optional
            As for a call.

        Returns
        -------
        Analysis
            As a call gives it.

        Raises
        ------
        AnswerError
            If the name or value of an answer is not a known one.
        SettingsError
            If the outlines are not of this photo.
        """
        told = as_answers(answers)
        drawn = None if outlines is None else as_drawn(outlines)
        photo, skin = found.photo, found.skin
        if drawn is not None:
            spots = drawn_spots(drawn, found.spots, photo)
            found = dataclasses.replace(found, spots=spots, table=measure_spots(photo, found.scale, skin, spots))
        table = found.table
        flags = photo_flags(photo.rgb, skin.fraction, skin.is_dark, working_px_per_mm(photo, found.scale))
        flags += likeness_flags(photo.rgb, skin.mask, flags)
        features = compute_features(gather(found))
        has_drawn = drawn is not None and len(table) > 0
        model = load_pattern_model(self.model_folder)
        pattern = find_pattern(features, flags, len(table) == 0, model, has_drawn_spots=has_drawn)
        listed = found.spots if has_drawn else listed_spots(found.spots, pattern)
        if listed is not found.spots:
            table = measure_spots(photo, found.scale, skin, listed)
            found = dataclasses.replace(found, spots=listed, table=table)
            features = compute_features(gather(found))
        abcde = measure_abcde(found, told)
        flags += self._doubts(found)
        advice = advise(pattern.label, told, _evidence(table, abcde, flags))
        return Analysis(
            photo, found.scale, skin, found.spots, table, features, flags, pattern, abcde, advice, __version__, drawn
        )

    def find(
        self, source: PhotoSource, *, scale: Scale | NoScale | None = None, mask: MaskSource | None = None
    ) -> Findings:
        """Find and measure the spots of one photo, and no more.

        Parameters
        ----------
        source : path, bytes, file or ndarray
            As for a call.
        scale : Scale or NoScale, optional
            As for a call.
        mask : path or ndarray, optional
            As for a call.

        Returns
        -------
        Findings

        Raises
        ------
        UnreadablePhoto
            If the photo cannot be read.
        SettingsError
            If a scale is given that the settings contradict, or a mask that cannot be read or is of another size.
        """
        masks = [] if mask is None else [mask]
        if isinstance(source, np.ma.MaskedArray):
            masks.append(np.ma.getmaskarray(source))
            source = source.data
        photo, scale = self._photo_and_scale(source, scale)
        left_out = np.logical_or.reduce([read_mask(one, photo) for one in masks]) if masks else None
        skin = find_skin(photo, scale, left_out)
        spots = self.spot_finder(photo, skin, scale)
        return Findings(photo, scale, skin, spots, measure_spots(photo, scale, skin, spots))

    def _doubts(self, found: Findings) -> tuple[str, ...]:
        """Flags of what could not be done, or was not to be done, to a photo."""
        left_out = found.skin.left_out
        earned = {
            "no_scale": not found.scale,
            "places_left_out": left_out is not None and bool(left_out.any()),
            "size_limits_not_applied": self.spot_finder.has_limits_mm and not found.scale,
        }
        return tuple(name for name, is_earned in earned.items() if is_earned)

    def _photo_and_scale(self, source: PhotoSource, given: Scale | NoScale | None) -> tuple[Photo, Scale | NoScale]:
        """Photo at a resolution that suits its scale, and that scale."""
        reader = PhotoReader(self.max_megapixels, self.working_long_side_px)
        if given is not None:
            check_scale(given, self.px_per_mm, self.mm_across, self.coin)
        source = reader.hold(source)
        if given is not None:
            return reader(source, given.px_per_mm if isinstance(given, Scale) else None), given
        photo = reader(source, self.px_per_mm)
        scale = find_scale(
            photo,
            px_per_mm=self.px_per_mm,
            mm_across=self.mm_across,
            coin=self.coin,
            bar_mm=self.bar_mm,
            read_again=lambda side_px: dataclasses.replace(reader, working_long_side_px=side_px)(source),
        )
        if isinstance(scale, Scale):
            too_coarse = scale.px_per_mm * photo.px_per_source_px < MIN_WORKING_PX_PER_MM
            if too_coarse and photo.px_per_source_px < 1.0:
                photo = reader(source, scale.px_per_mm)
        return photo, scale


def analyze(
    source: PhotoSource,
    *,
    px_per_mm: float | None = None,
    answers: Answers | Mapping[str, str] | None = None,
    scale: Scale | NoScale | None = None,
    mask: MaskSource | None = None,
    outlines: Outlines | None = None,
) -> Analysis:
    """Analyse one photo with default settings.

    Parameters
    ----------
    source : str, Path, bytes, file, PIL image, ndarray or Photo
        A file, its bytes, an image of Pillow, upright sRGB pixels of shape (H, W, 3), or what `read_photo` gave.
    px_per_mm : float, optional
        Source px per mm, where known.
    answers : Answers or mapping of str to str, optional
        What the person says, such as {"fever": "yes"}.
    scale : Scale or NoScale, optional
        Scale of the photo, such as `lesionvis.scale.dicom_scale` gives; instead of `px_per_mm`.
    mask : str, Path, bytes or ndarray of shape (H, W), optional
        Places to leave out: a PNG file or an array of the size of the upright photo, not 0 where nothing is to be
        looked at. What is masked in a photo that is a masked array is left out as well.
    outlines : DrawnSpots or sequence of ndarray of shape (K, 2), optional
        Spots that a person drew, corners (x, y) in px of the upright photo, to be measured instead of those that are
        found.

    Returns
    -------
    Analysis

    Examples
    --------
    >>> from lesionvis import analyze
    >>> analysis = analyze(np.full((64, 64, 3), (200, 160, 130), np.uint8))
    >>> len(analysis.spots), analysis.pattern.label
    (0, 'uncertain')
    """
    return Analyzer(px_per_mm=px_per_mm)(source, answers, scale=scale, mask=mask, outlines=outlines)


def _folder_path(given: object) -> Path:
    """Path of a folder that may be given as text."""
    if not isinstance(given, str | Path):
        raise SettingsError(f"model_folder must be the path of a folder, got {given!r}.")
    return Path(given)


def listed_spots(spots: Spots, pattern: Pattern) -> Spots:
    """Spots that are sure enough for an answer: what is doubtful stays a candidate.

    Parameters
    ----------
    spots : Spots
        All that were found, none of them drawn by a person.
    pattern : Pattern
        Answer on their photo.

    Returns
    -------
    Spots
        The same object where all are kept.
    """
    lesion_score = float(spots.score[spots.lesion - 1]) if spots.lesion else 0.0
    is_faint = LESION_SCORE_MIN <= lesion_score < BARE_SKIN_LESION_SCORE_MIN
    has_lesion = spots.lesion > 0 and not (is_faint and pattern.seen == "bare_skin")
    if pattern.label == NO_SPOTS:
        return spots.taken_from(float("inf"), has_lesion=has_lesion)
    sure = _sure_score(spots.min_score)
    beside = np.delete(spots.score, spots.lesion - 1) if spots.lesion else spots.score
    is_doubtful = pattern.label == UNCERTAIN and len(beside) < SEVERAL and beside.max(initial=0.0) < sure
    is_answer = pattern.label == SINGLE_LESION and has_lesion
    return spots.taken_from(sure if is_doubtful or is_answer else spots.min_score, has_lesion=has_lesion)


def _sure_score(min_score: float) -> float:
    """Score of `SURE_ODDS` times the odds of the least score; of 0 and 1 it is the same, which keep all or none."""
    odds = SURE_ODDS * min_score
    return odds / (odds + 1.0 - min_score)


def _evidence(table: SpotTable, abcde: Abcde | None, flags: tuple[str, ...]) -> PhotoEvidence:
    """Contribution of the photo to the advice."""
    largest = table.numbers("diameter_mm")
    return PhotoEvidence(
        spot_count=len(table),
        largest_diameter_mm=float(np.nanmax(largest)) if np.isfinite(largest).any() else None,
        abcde_any=abcde.measured_any if abcde else None,
        stands_out=bool(table["is_lesion"].any()),
        seven_points=abcde.seven_points.lowest if abcde else None,
        flags=flags,
    )
