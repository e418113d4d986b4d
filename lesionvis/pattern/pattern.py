"""Features -> Pattern: a name for what the spots make together, or an honest "uncertain"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lesionvis.errors import ModelError
from lesionvis.labels import ANGIOMA, NO_SPOTS, PATTERNS, PETECHIAL_SHOWER, SINGLE_LESION, UNCERTAIN
from lesionvis.models import Model, Predictor, load_model, packaged_model_folder, predictor_for
from lesionvis.pattern.bare import BareModel, load_bare_model
from lesionvis.pattern.features import MODEL_FEATURES, Features
from lesionvis.pattern.likeness import UNLIKE_SKIN
from lesionvis.pattern.lookalikes import lookalike_doubts
from lesionvis.pattern.reasons import reasons_for
from lesionvis.pattern.seen import MELANIN_INDEX_MAX, SEVERAL, UNSEEN_FLAGS, seen_words, what_is_seen

MODEL_NAME = "pattern-v2"

# What the model weighs against the three patterns: anything else, to be answered "uncertain".
CLASSES = (*PATTERNS, "other")
# The linear model tells two more apart, which are then counted with their class: mild showers and what looks like
# them. One mean and covariance cannot hold a severe and a mild shower.
LINEAR_CLASSES = (*CLASSES, PETECHIAL_SHOWER, "other")

# Flags that forbid an answer, whatever the model says.
BLOCKING_FLAGS = (
    "no_skin",
    "dark_skin",
    "too_dark",
    "overexposed",
    "blurred",
    "flat_colours",
    UNLIKE_SKIN,
    "dermatoscope_view",
)
# On skin that looks bare a pattern as likely as this remains possible; the threshold of showers is lower by itself, as
# mild ones are hard to tell.
BARE_PATTERN_MIN = 0.2


@dataclass(frozen=True, slots=True)
class Sign:
    """Property that photos of a pattern have in common; without it something else remains possible.

    Attributes
    ----------
    feature : str
        Name of the feature.
    low, high : float
        Range in which photos of the pattern lie.
    doubt : str
        What to say of a photo outside it.
    """

    feature: str
    low: float
    high: float
    doubt: str


# What is known of a pattern need not be learnt from few photos. Chosen on the labelled photos: none of 14 clear
# showers, 2 of 239 single lesions and none of 9 angiomas (2 of 75 dermoscopic ones) lie outside; of 119 other photos
# 53, 9 and 80 do. By the melanin index none of 26
# clear showers, 12 of 163 pictures of dots and all of 27 of freckles laid onto skin do. No photo or picture that was
# called a shower has under eight spots, but wood with grains like dots has.
SIGNS: dict[str, tuple[Sign, ...]] = {
    PETECHIAL_SHOWER: (
        Sign("spot_count", SEVERAL, np.inf, "Hardly any spots were found, where a shower has many."),
        Sign(
            "median_circularity",
            0.78,
            np.inf,
            "Its spots are not as round as those of a shower: they may be pieces of vessels, folds or patches.",
        ),
        Sign(
            "melanin_index",
            -np.inf,
            MELANIN_INDEX_MAX,
            "Its spots take red and blue light as melanin does: they may be freckles or naevi.",
        ),
    ),
    SINGLE_LESION: (
        Sign(
            "spots_beside_skin_border",
            -np.inf,
            0.5,
            "What stands out touches what is not skin: it may be a nail, a lip, hair or the edge of a limb.",
        ),
    ),
    ANGIOMA: (
        Sign(
            "lesion_blue_less_green_low",
            -np.inf,
            -0.05,
            "No part of it is darker in green than in blue light, as blood would be.",
        ),
    ),
}
# What a textbook shower has in common, as ranges of features: many small round dots, alike and apart, of the colour of
# blood, not inflamed. Few photos of anything else have all of it.
SHOWER_MARKS: dict[str, tuple[float, float]] = {
    "spot_count": (SEVERAL, np.inf),
    "small_round_count": (8.0, np.inf),
    "log_diameter_spread": (0.0, 0.25),
    "median_circularity": (0.88, np.inf),
    "melanin_index": (-np.inf, MELANIN_INDEX_MAX),
    "likely_inflamed": (0.0, 0.4),
}


@dataclass(frozen=True, slots=True)
class Pattern:
    """Name of the pattern with what speaks for it.

    Attributes
    ----------
    label : str
        "petechial_shower", "single_lesion", "angioma", "uncertain" or "no_spots".
    probabilities : dict
        Of each of `CLASSES`; empty when the model was not asked.
    prediction_set : tuple of str
        The patterns that remain possible; "other" among them when it does.
    reasons : tuple of str
        Sentences: why this answer, or why none.
    model : str
        Name of the model; "" when it was not asked.
    seen : str
        What the photo shows, one of `lesionvis.pattern.seen.SEEN`.
    """

    label: str
    probabilities: dict[str, float]
    prediction_set: tuple[str, ...]
    reasons: tuple[str, ...]
    model: str
    seen: str


@dataclass(frozen=True, slots=True, eq=False)
class PatternModel:
    """The two predictors of a pattern model and its thresholds.

    Attributes
    ----------
    name : str
    predictors : tuple of Predictor
        Their probabilities are averaged.
    sharpness : float
        Power that calibrates the mean, which is too timid.
    set_min : dict
        Probability from which each class stays in the prediction set.
    typical : ndarray of shape (len(MODEL_FEATURES),), float64
        Median of each feature in the training data.
    """

    name: str
    predictors: tuple[Predictor, ...]
    sharpness: float
    set_min: dict[str, float]
    typical: NDArray[np.float64]

    def probabilities(self, table: NDArray[np.float32]) -> NDArray[np.float64]:
        """Probabilities of the classes.

        Parameters
        ----------
        table : ndarray of shape (N, F), float32
            Rows of `MODEL_FEATURES`; NaN where a feature is missing.

        Returns
        -------
        ndarray of shape (N, 4), float64
            Probability of each of `CLASSES`; rows sum up to 1.
        """
        return sharpened(np.mean([by_class(predictor(table)) for predictor in self.predictors], axis=0), self.sharpness)


def by_class(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities of `CLASSES` from those of `LINEAR_CLASSES` or of the first of these.

    Parameters
    ----------
    probabilities : ndarray of shape (N, C), float64
        C from `len(CLASSES)` to `len(LINEAR_CLASSES)`.

    Returns
    -------
    ndarray of shape (N, len(CLASSES)), float64

    Examples
    --------
    >>> by_class(np.array([[0.1, 0.2, 0.0, 0.3, 0.25, 0.15]])).round(2).tolist()
    [[0.35, 0.2, 0.0, 0.45]]
    """
    summed = np.array(probabilities[:, : len(CLASSES)], np.float64)
    for column in range(len(CLASSES), probabilities.shape[1]):
        summed[:, CLASSES.index(LINEAR_CLASSES[column])] += probabilities[:, column]
    return summed


def sharpened(probabilities: NDArray[np.float64], sharpness: float) -> NDArray[np.float64]:
    """Raise probabilities to a power and make them sum up to 1 again (temperature scaling, Guo et al. 2017).

    Parameters
    ----------
    probabilities : ndarray of shape (N, C), float64
        Rows that sum up to 1.
    sharpness : float
        Power, > 0: above 1 the likeliest class gains.

    Returns
    -------
    ndarray of shape (N, C), float64
        Rows that sum up to 1.

    Examples
    --------
    >>> sharpened(np.array([[0.6, 0.3, 0.1, 0.0]]), 2.0).round(2).tolist()
    [[0.78, 0.2, 0.02, 0.0]]
    """
    raised = np.asarray(probabilities, np.float64) ** sharpness
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def prediction_set(probabilities: Sequence[float], set_min: Mapping[str, float]) -> tuple[str, ...]:
    """Classes that remain possible: class-conditional conformal prediction (Vovk 2012).

    Parameters
    ----------
    probabilities : sequence of float
        Of each of `CLASSES`.
    set_min : mapping
        Lowest probability of each class that was usual among photos of that class.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> prediction_set((0.7, 0.2, 0.0, 0.1), dict.fromkeys(CLASSES, 0.15))
    ('petechial_shower', 'single_lesion')
    """
    return tuple(name for name, value in zip(CLASSES, probabilities, strict=True) if value >= set_min[name])


def with_signs(possible: Sequence[str], values: Mapping[str, float]) -> tuple[str, ...]:
    """Prediction set after what is known of the patterns.

    Parameters
    ----------
    possible : sequence of str
        Prediction set of the model.
    values : mapping
        Features by name; a sign that was not measured (NaN) is lacking.

    Returns
    -------
    tuple of str
        With "other" added when a pattern in it lacks its sign, or the only one in it may be what is taken for it; the
        shower alone where the spots are those of a textbook and no single lesion or angioma is possible.

    Examples
    --------
    >>> with_signs(("petechial_shower",), {"spot_count": 9.0, "median_circularity": 0.7, "melanin_index": 0.3})
    ('petechial_shower', 'other')
    """
    if not {SINGLE_LESION, ANGIOMA} & set(possible) and is_textbook_shower(values):
        return (PETECHIAL_SHOWER,)
    if "other" in possible:
        return tuple(possible)
    alone = possible[0] if len(possible) == 1 else ""
    return (*possible, "other") if _doubts(possible, values) or lookalike_doubts(alone, values) else tuple(possible)


def is_textbook_shower(values: Mapping[str, float]) -> bool:
    """Whether the spots of a photo are all that the guide says of petechiae.

    Parameters
    ----------
    values : mapping
        Features by name.

    Returns
    -------
    bool
        True if all `SHOWER_MARKS` were measured and lie in their ranges, and nothing else that looks alike is known of.

    Examples
    --------
    >>> marks = dict(zip(SHOWER_MARKS, (12.0, 12.0, 0.1, 0.95, 0.3, 0.2)))
    >>> is_textbook_shower(marks), is_textbook_shower({**marks, "melanin_index": 0.9})
    (True, False)
    """
    has_marks = all(low <= values.get(name, np.nan) <= high for name, (low, high) in SHOWER_MARKS.items())
    return has_marks and not lookalike_doubts(PETECHIAL_SHOWER, values)


def _doubts(possible: Sequence[str], values: Mapping[str, float]) -> tuple[str, ...]:
    """Sentences on the patterns in a set that lack one of their signs."""
    signs = [sign for name in possible for sign in SIGNS.get(name, ())]
    return tuple(sign.doubt for sign in signs if not sign.low <= values[sign.feature] <= sign.high)


def answer_of(possible: Sequence[str]) -> str:
    """Pattern that alone remains possible, or "uncertain".

    Parameters
    ----------
    possible : sequence of str
        Prediction set, of `CLASSES`.

    Returns
    -------
    str
        One of `PATTERNS`, or "uncertain".

    Examples
    --------
    >>> answer_of(("angioma",)), answer_of(("angioma", "single_lesion")), answer_of(("other",)), answer_of(())
    ('angioma', 'uncertain', 'uncertain', 'uncertain')
    """
    return possible[0] if len(possible) == 1 and possible[0] in PATTERNS else UNCERTAIN


def pattern_model_of(model: Model) -> PatternModel:
    """Make a pattern model of a loaded model folder.

    Parameters
    ----------
    model : Model
        Card and predictors of the folder.

    Returns
    -------
    PatternModel
        Ready to predict.

    Raises
    ------
    ModelError
        If the card lacks a threshold, or the model was made for other features or classes.
    """
    card = model.card
    try:
        if tuple(card["classes"]) != CLASSES:
            raise ModelError(f"Model {model.name} knows other classes; use the model of this version.")
        thresholds = card["thresholds"]
        typical = np.asarray([card["typical"][name] for name in MODEL_FEATURES], np.float64)
        return PatternModel(
            model.name,
            tuple(predictor_for(model, name, MODEL_FEATURES) for name in ("forest", "linear")),
            float(thresholds["sharpness"]),
            {name: float(thresholds["set_min"][name]) for name in CLASSES},
            typical,
        )
    except KeyError as error:
        raise ModelError(f"The card of model {model.name} lacks {error}; train it again.") from error


@cache
def load_pattern_model(folder: Path | None = None) -> PatternModel:
    """Load the pattern model of a folder; a folder is read once per process.

    Parameters
    ----------
    folder : Path, optional
        Folder of a model; that of the package unless given.

    Returns
    -------
    PatternModel
        Ready to predict.

    Raises
    ------
    ModelError
        If the folder is no model, was changed, or was made for other features or classes.
    """
    return pattern_model_of(load_model(folder or packaged_model_folder(MODEL_NAME)))


def find_pattern(
    features: Features,
    flags: Sequence[str],
    is_empty: bool,
    model: PatternModel | None = None,
    bare_model: BareModel | None = None,
    *,
    has_drawn_spots: bool = False,
) -> Pattern:
    """Name the pattern.

    Parameters
    ----------
    features : Features
    flags : sequence of str
        Flags of the photo.
    is_empty : bool
        True when there is no spot at all.
    model : PatternModel, optional
        The one that comes with the package unless given.
    bare_model : BareModel, optional
        The one that comes with the package unless given.
    has_drawn_spots : bool
        True when a person says that there are spots: the skin is not bare then, whatever the model says.

    Returns
    -------
    Pattern
        "uncertain" with a reason when a flag forbids an answer, no class is likely enough, or a pattern remains
        possible on skin that looks bare; "no_spots" only of skin that looks bare.
    """
    if "no_skin" in flags:
        return Pattern(UNCERTAIN, {}, (), ("Hardly any skin was found in the photo.",), "", "not_skin")
    model = load_pattern_model() if model is None else model
    bare_model = load_bare_model() if bare_model is None else bare_model
    row = np.asarray([[features[name] for name in MODEL_FEATURES]], np.float32)
    values = model.probabilities(row)[0]
    likely = prediction_set(values.tolist(), model.set_min)
    possible = with_signs(likely, features.values)
    is_textbook = is_textbook_shower(features.values)
    is_bare = bare_model.is_bare(features.values) and not (is_textbook or has_drawn_spots)
    seen = what_is_seen(features.values, flags, is_bare=is_bare)
    # Dots that are plain on dark skin need no lighter skin to be named.
    blocking = [flag for flag in flags if flag in BLOCKING_FLAGS and not (flag == "dark_skin" and is_textbook)]
    unseen = [UNSEEN_FLAGS[flag] for flag in flags if flag in UNSEEN_FLAGS]
    label = UNCERTAIN
    reasons: tuple[str, ...]
    seen_sentence = f"Seen: {seen_words(seen, features.values)}."
    if blocking:
        reasons = (f"The photo does not allow an answer ({', '.join(blocking)}).",)
    elif (is_empty or is_bare) and unseen:
        reasons = (f"No spot was found, but {unseen[0]}.",)
    elif is_empty or is_bare:
        label, reason = answer_of_nothing(possible, values.tolist(), is_bare)
        reasons = (reason,) if is_bare else (reason, seen_sentence)
    else:
        label = answer_of(possible)
        reasons = _spoken(label, values, row, model)
        if label == UNCERTAIN:
            # What is doubted of several candidates does not decide between them.
            doubts = (
                (*_doubts(likely, features.values), *lookalike_doubts(likely[0], features.values))
                if len(likely) == 1
                else ()
            )
            reasons = (_why_uncertain(possible), *doubts, seen_sentence, *reasons)
    probabilities = {name: float(value) for name, value in zip(CLASSES, values, strict=True)}
    return Pattern(label, probabilities, possible, reasons, model.name, seen)


def _spoken(
    label: str,
    values: NDArray[np.float64],
    row: NDArray[np.float32],
    model: PatternModel,
) -> tuple[str, ...]:
    """Sentences on what speaks for and against an answer, or against the likeliest pattern where there is none."""
    named = label if label != UNCERTAIN else PATTERNS[int(values[: len(PATTERNS)].argmax())]
    index = CLASSES.index(named)
    return reasons_for(
        named,
        lambda table: _log_odds(model.probabilities(table)[:, index]),
        row[0],
        model.typical,
        MODEL_FEATURES,
    )


def answer_of_nothing(possible: Sequence[str], probabilities: Sequence[float], is_bare: bool) -> tuple[str, str]:
    """Label and reason where no spot was found or the skin looks bare.

    Parameters
    ----------
    possible : sequence of str
        Prediction set.
    probabilities : sequence of float
        Of each of `CLASSES`.
    is_bare : bool
        Whether the skin looks bare.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> answer_of_nothing(("other",), (0.0, 0.0, 0.0, 1.0), True)[0]
    'no_spots'
    >>> answer_of_nothing(("angioma", "other"), (0.0, 0.0, 0.5, 0.5), True)[0]
    'uncertain'
    """
    probability = dict(zip(CLASSES, probabilities, strict=True))
    left = [name for name in possible if name in PATTERNS and (not is_bare or probability[name] >= BARE_PATTERN_MIN)]
    if left:
        reason = f"No spot stands out of the skin in this photo; yet {' or '.join(left)} remains possible."
    elif is_bare:
        return NO_SPOTS, "No spot stands out of the skin in this photo; that is not an all-clear."
    else:
        reason = "No spot stands out, yet the skin does not look bare; there may be redness or texture."
    return UNCERTAIN, reason


def _why_uncertain(possible: Sequence[str]) -> str:
    """One sentence on a prediction set that is no answer."""
    if not possible:
        return "This photo is unlike those of any pattern."
    if tuple(possible) == ("other",):
        return "This looks like none of the three patterns."
    names = ["something else" if name == "other" else name for name in possible]
    return f"More than one answer remains possible: {', '.join(names[:-1])} or {names[-1]}."


def _log_odds(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    safe = np.clip(probability, 1e-4, 1.0 - 1e-4)
    return np.asarray(np.log(safe / (1.0 - safe)))
