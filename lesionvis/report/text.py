"""An analysis and its advice as plain text for a terminal."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from lesionvis.flags import FLAGS
from lesionvis.scale import Scale
from lesionvis.triage.advice import Advice, FiredRule
from lesionvis.triage.rules import Level
from lesionvis.triage.wording import EMERGENCY_FIRST, PATTERN_MEANINGS, TAKE_ANOTHER, WORSE_ANSWER_NOTE

if TYPE_CHECKING:
    from lesionvis.abcde import Abcde
    from lesionvis.analysis import Analysis

# Lines longer than this tire the eye.
MAX_WIDTH = 100
# Open questions that are printed; the others are counted.
N_OPEN_QUESTIONS = 5
_LABEL_WIDTH = 10


def analysis_text(analysis: Analysis) -> str:
    """All that a person wants to know of one photo, the advice included.

    Parameters
    ----------
    analysis : Analysis

    Returns
    -------
    str
        Lines of at most 100 characters, fewer in a narrow terminal.
    """
    photo = analysis.photo
    pattern = analysis.pattern
    chances = ", ".join(f"{name} {value:.2f}" for name, value in pattern.probabilities.items())
    lines = [
        *wrapped(analysis.advice.header),
        "",
        *_labelled("photo", f"{photo.name}, {photo.source_width_px} x {photo.source_height_px} px"),
        *_labelled("pattern", pattern.label + (f" ({chances})" if chances else "")),
        *_labelled("", PATTERN_MEANINGS[pattern.label]),
        *(line for reason in pattern.reasons for line in _labelled("", reason)),
        *_labelled("spots", _spots(analysis)),
        *_labelled("scale", _scale(analysis)),
        *_labelled("skin", _skin(analysis)),
        *abcde_lines(analysis.abcde),
        *(line for flag in analysis.flags for line in _labelled("doubt", FLAGS[flag].meaning)),
        "",
        *_advice_lines(analysis.advice),
    ]
    return "\n".join(lines)


def advice_text(advice: Advice, seen: Sequence[str] = ()) -> str:
    """Advice with its header, level, what to do, reasons with their sources, open questions and standing sentences.

    Parameters
    ----------
    advice : Advice
    seen : sequence of str
        Lines on what was seen, which stand between the header and the advice.

    Returns
    -------
    str
        Lines of at most 100 characters, fewer in a narrow terminal.
    """
    above = [part for line in seen for part in wrapped(line, later="  ")]
    return "\n".join([*wrapped(advice.header), "", *above, *([""] if above else []), *_advice_lines(advice)])


def _advice_lines(advice: Advice) -> list[str]:
    lines = [f"ADVICE: {str(advice.level).replace('_', ' ').upper()}", *wrapped(advice.what_to_do), ""]
    retakes = [line for retake in advice.retakes for line in _bullet(f"{retake.why} {retake.how}")]
    again = [*wrapped(TAKE_ANOTHER), *retakes, ""] if retakes else []
    # Nothing may stand before the help that an emergency needs.
    lines = lines + again if advice.level == Level.EMERGENCY else again + lines
    lines += wrapped(f"Why ({WORSE_ANSWER_NOTE}):" if advice.open_questions else "Why:")
    lines += [line for fired in advice.reasons for line in _reason(fired)]
    lower = [line for fired in advice.also_noted for line in _reason(fired)]
    lines += ["", *wrapped("Also noted, but what is said above comes first:"), *lower] if lower else []
    notes = [line for note in advice.photo_notes for line in _bullet(note)]
    lines += ["", "What the photo added:", *notes] if notes else []
    told = [line for note in advice.circumstance_notes for line in _bullet(note)]
    lines += ["", "What age, cause and place of the spots added:", *told] if told else []
    if advice.open_questions:
        first = f"{EMERGENCY_FIRST} answers" if advice.level == Level.EMERGENCY else "Answers"
        lines += ["", *wrapped(f"{first} that can still change the level (--ask, or --answer NAME=VALUE):")]
        for found in advice.open_questions[:N_OPEN_QUESTIONS]:
            lines += _bullet(f"{found.question.name} ({', '.join(found.question.choices)}): {found.question.text}")
        more = len(advice.open_questions) - N_OPEN_QUESTIONS
        lines += _bullet(f"and {more} more") if more > 0 else []
    lines += ["", *(line for sentence in advice.always for line in _bullet(sentence))]
    fired_rules = (*advice.reasons, *advice.also_noted)
    return [*lines, "", "Sources of the reasons:", *(line for fired in fired_rules for line in _source(fired))]


def _reason(fired: FiredRule) -> list[str]:
    seen = " (from the photo)" if fired.from_photo else ""
    return _bullet(f"[{fired.rule_id}, {str(fired.level).replace('_', ' ')}]{seen} {fired.reason} {fired.action}")


def _source(fired: FiredRule) -> list[str]:
    return _bullet(" ".join([f"{fired.rule_id}: {fired.source_title}", *fired.source_addresses]))


def abcde_lines(abcde: Abcde | None) -> list[str]:
    """Lines on the ABCDE of a lesion.

    Parameters
    ----------
    abcde : Abcde or None

    Returns
    -------
    list of str
        Summary, one line per letter, and the checklist; empty when no lesion dominates.
    """
    if abcde is None:
        return []
    words = {True: "present", False: "not measured as present", None: "not known"}
    lines = [*_labelled("ABCDE", abcde.summary)]
    for criterion in abcde.criteria:
        text = f"{criterion.letter} {criterion.name}, {words[criterion.present]}: {criterion.finding}"
        lines += _labelled("", f"{text} (Counts from: {criterion.limit}.)")
    return [*lines, *_labelled("7 points", abcde.seven_points.finding)]


def _spots(analysis: Analysis) -> str:
    count = len(analysis.table)
    if count == 0:
        return "none"
    unit = "mm" if analysis.scale else "px"
    diameters = analysis.table.numbers(f"diameter_{unit}")
    if count == 1:
        return f"1, {diameters[0]:.3g} {unit} across"
    low, middle, high = np.quantile(diameters, (0.0, 0.5, 1.0))
    return f"{count}, {middle:.3g} {unit} across (median; {low:.3g} to {high:.3g})"


def _scale(analysis: Analysis) -> str:
    scale = analysis.scale
    if not isinstance(scale, Scale):
        return f"none, so no millimetres: {scale.reason}"
    error = f" ± {scale.error_pct:.1f} %" if np.isfinite(scale.error_pct) else ""
    return f"{scale.px_per_mm:.4g} px per mm{error} ({scale.source})"


def _skin(analysis: Analysis) -> str:
    skin = analysis.skin
    tone = f", tone ITA {skin.tone_ita_deg:.0f}°" if np.isfinite(skin.tone_ita_deg) else ""
    return f"{100 * skin.fraction:.0f} % of the photo{tone}"


def _width() -> int:
    return min(MAX_WIDTH, shutil.get_terminal_size((MAX_WIDTH, 0)).columns)


def wrapped(text: str, first: str = "", later: str = "") -> list[str]:
    """Lines that fit the terminal; addresses are left whole, so that they can be opened.

    Parameters
    ----------
    text : str
    first, later : str
        What the first line and the others begin with.

    Returns
    -------
    list of str
    """
    return textwrap.wrap(
        text,
        _width(),
        initial_indent=first,
        subsequent_indent=later,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _bullet(text: str) -> list[str]:
    return wrapped(text, "- ", "  ")


def _labelled(label: str, text: str) -> Iterable[str]:
    return wrapped(text, label.ljust(_LABEL_WIDTH), " " * _LABEL_WIDTH)
