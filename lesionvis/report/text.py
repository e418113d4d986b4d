"""An analysis and its advice as plain text for a terminal."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from lesionvis.flags import FLAGS
from lesionvis.labels import NO_SPOTS, PETECHIAL_SHOWER, UNCERTAIN
from lesionvis.pattern.seen import seen_words
from lesionvis.report.contact import number_lines, with_numbers
from lesionvis.scale import Scale
from lesionvis.triage.advice import Advice, FiredRule
from lesionvis.triage.numbers import PhoneNumbers
from lesionvis.triage.rules import NO_SOURCE, REST_WITHOUT_SOURCE, Level
from lesionvis.triage.told import still_to_answer
from lesionvis.triage.wording import (
    ALSO_NOTED,
    NOT_ASKED,
    NOTHING_FOUND,
    PATTERN_MEANINGS,
    PURPURA_MM,
    STILL_OPEN,
    TAKE_ANOTHER,
    WORSE_ANSWER_NOTE,
)

if TYPE_CHECKING:
    from datetime import datetime

    from lesionvis.abcde import Abcde
    from lesionvis.analysis import Analysis
    from lesionvis.spots.drawn import DrawnSpots

# Lines longer than this tire the eye.
MAX_WIDTH = 100
# Open questions and reasons that are printed; the others are counted.
N_OPEN_QUESTIONS, N_REASONS = 5, 3
_LABEL_WIDTH = 10
_MORE = "(--details shows them)"


def date_text(taken_at: datetime, source: str) -> str:
    """Date of a photo in words, with its source unless the camera wrote it or a person gave it.

    Parameters
    ----------
    taken_at : datetime
        Date, with or without a time zone.
    source : str
        As in `Photo.taken_at_source`, or "given" by a person.

    Returns
    -------
    str
        To the minute, or the day alone where the name of the file, or what a person gave, holds no more.

    Examples
    --------
    >>> from datetime import datetime
    >>> date_text(datetime(2020, 1, 1, 12, 0), "file name")
    '2020-01-01 12:00 (by the name of the file)'
    >>> date_text(datetime(2020, 1, 1), "file name")
    '2020-01-01 (by the name of the file)'
    >>> date_text(datetime(2020, 1, 1), "given"), date_text(datetime(2020, 1, 1), "camera")
    ('2020-01-01', '2020-01-01 00:00')
    """
    is_day = source in ("file name", "given") and taken_at.time() == taken_at.min.time()
    told = taken_at.date().isoformat() if is_day else taken_at.isoformat(sep=" ", timespec="minutes")
    return f"{told} (by the name of the file)" if source == "file name" else told


def analysis_text(analysis: Analysis, numbers: PhoneNumbers | None = None, *, details: bool = False) -> str:
    """All that a person wants to know of one photo, the advice included.

    Parameters
    ----------
    analysis : Analysis
    numbers : PhoneNumbers, optional
        Whom to ring.
    details : bool
        Whether to print what is for experts too: odds, limits, names of rules and answers, addresses of sources.

    Returns
    -------
    str
        Lines of at most 100 characters, fewer in a narrow terminal.
    """
    return advice_text(analysis.advice, _photo_lines(analysis, details=details), numbers, details=details)


def advice_text(
    advice: Advice, seen: Sequence[str] = (), numbers: PhoneNumbers | None = None, *, details: bool = False
) -> str:
    """Advice with its header, one headline, what to do and say, reasons, open questions and standing sentences.

    Parameters
    ----------
    advice : Advice
    seen : sequence of str
        Lines on what was seen. They stand between the header and the advice; after what to do where it is an
        emergency, as nothing may stand before the help.
    numbers : PhoneNumbers, optional
        Whom to ring.
    details : bool
        As in `analysis_text`.

    Returns
    -------
    str
        Lines of at most 100 characters, fewer in a narrow terminal.
    """
    first = [*wrapped(advice.header), ""]
    retakes = [line for retake in advice.retakes for line in _bullet(f"{retake.why} {retake.how}")]
    again = [*wrapped(TAKE_ANOTHER), *retakes, ""] if retakes else []
    above = [part for line in seen for part in wrapped(line, later="  ")]
    between = [*again, *above, ""] if above else again
    help_first = [*action_lines(advice, numbers), ""]
    parts = [help_first, between] if advice.level == Level.EMERGENCY else [between, help_first]
    return "\n".join([*first, *parts[0], *parts[1], *_why_lines(advice, numbers, details=details)])


def action_lines(advice: Advice, numbers: PhoneNumbers | None = None) -> list[str]:
    """Headline, time limit, what to do, whom to ring, what to say, when to ring again, and when to get help at once.

    Parameters
    ----------
    advice : Advice
    numbers : PhoneNumbers, optional

    Returns
    -------
    list of str
    """
    action = advice.action
    is_emergency = advice.level == Level.EMERGENCY
    whom = number_lines(numbers)[:1] if is_emergency else number_lines(numbers)
    return [
        *wrapped(f"ADVICE: {headline(advice).upper()}"),
        *wrapped(f"When: {action.time_limit}."),
        *wrapped(with_numbers(action.what_to_do, numbers)),
        *(line for text in whom for line in wrapped(text)),
        "",
        *wrapped(f"What to say: {action.what_to_say}"),
        *wrapped(action.call_again),
        "",
        *wrapped(with_numbers(advice.net_heading, numbers)),
        *(line for sign in action.safety_net for line in _bullet(sign)),
    ]


def headline(advice: Advice) -> str:
    """Headline of an advice; where nothing was found it says that this is no all-clear.

    Parameters
    ----------
    advice : Advice

    Returns
    -------
    str
        That of its action. `NOTHING_FOUND` at level none, and up to level watch where no spots were found and nobody
        was asked.
    """
    found_nothing = advice.pattern == NO_SPOTS and not advice.was_asked and advice.level <= Level.WATCH
    if advice.level == Level.NONE or found_nothing:
        return NOTHING_FOUND
    return advice.action.headline


def _photo_lines(analysis: Analysis, *, details: bool) -> list[str]:
    """What was measured in the photo."""
    photo, pattern = analysis.photo, analysis.pattern
    chances = ", ".join(f"{name} {value:.2f}" for name, value in pattern.probabilities.items())
    expert = [f"{pattern.label} ({chances})" if chances else pattern.label, *pattern.reasons] if details else []
    return [
        *_labelled("photo", f"{photo.name}, {photo.source_width_px} x {photo.source_height_px} px"),
        *_labelled("pattern", PATTERN_MEANINGS[pattern.label]),
        *(_labelled("seen", seen_words(pattern.seen, analysis.features.values)) if pattern.label == UNCERTAIN else []),
        *(line for text in expert for line in _labelled("", text)),
        *_labelled("spots", spots_words(analysis)),
        *(_labelled("", _drawn_words(analysis.drawn)) if analysis.drawn is not None else []),
        *_labelled("scale", scale_words(analysis)),
        *_labelled("skin", _skin(analysis)),
        *abcde_lines(analysis.abcde, details=details),
        *(line for flag in analysis.flags for line in _labelled("doubt", FLAGS[flag].meaning)),
    ]


def _drawn_words(drawn: DrawnSpots) -> str:
    """By whom and when the spots were drawn, where the file says so."""
    by, at = drawn.drawn_by or "a person", f", {drawn.drawn_at}" if drawn.drawn_at else ""
    return f"drawn or corrected by {by}{at} ({drawn.name})"


def _why_lines(advice: Advice, numbers: PhoneNumbers | None, *, details: bool) -> list[str]:
    """Reasons, what is noted beside them, what is open, and the standing sentences."""
    shown = advice.reasons if details else advice.reasons[:N_REASONS]
    still_open = bool(still_to_answer(advice))
    lines = [*wrapped(NOT_ASKED), ""] if still_open and not advice.was_asked else []
    lines += wrapped(f"Why ({WORSE_ANSWER_NOTE}):" if still_open else "Why:")
    lines += _reasons(shown, numbers, details=details)
    lines += _bullet(f"and {len(advice.reasons) - len(shown)} more {_MORE}") if len(shown) < len(advice.reasons) else []
    lines += _also_noted_lines(advice, numbers, details=details)
    notes = [note for note in (*advice.photo_notes, *advice.circumstance_notes) if details or not _is_as_told(note)]
    lines += ["", "Please note:", *(line for note in notes for line in _bullet(note))] if notes else []
    lines += _open_lines(advice, details=details)
    lines += ["", *(line for sentence in advice.always for line in _bullet(sentence))]
    if not details:
        return [*lines, "", *wrapped(source_sentence(shown))]
    fired_rules = (*advice.reasons, *advice.also_noted)
    return [*lines, "", "Sources of the reasons:", *(line for fired in fired_rules for line in _source(fired))]


def _is_as_told(note: str) -> bool:
    """Whether a note only says which answer was filled in, which the answers themselves show."""
    return "counts as answered" in note or "as was answered" in note


def source_sentence(rules: Iterable[FiredRule]) -> str:
    """Titles of the sources of some reasons, each once, and that a part has none.

    Parameters
    ----------
    rules : iterable of FiredRule

    Returns
    -------
    str
        One sentence that begins with "Sources:".
    """
    titles = dict.fromkeys(part for fired in rules for part in fired.source_title.split("; "))
    named = [title for title in titles if title not in (NO_SOURCE, REST_WITHOUT_SOURCE)]
    rest = [f"for a part {NO_SOURCE}" if named else NO_SOURCE] if len(named) < len(titles) else []
    return f"Sources: {'; '.join([*named, *rest])}."


def _also_noted_lines(advice: Advice, numbers: PhoneNumbers | None, *, details: bool) -> list[str]:
    """Reasons of lower levels: those that an answer or the photo gave, or how many; all of them with details."""
    own = [fired for fired in advice.also_noted if fired.from_photo or advice.was_asked]
    shown = own[: 0 if advice.level == Level.EMERGENCY else N_REASONS]
    shown = list(advice.also_noted) if details else shown
    n_more = (len(own) if own else 0) - len(shown)
    if not own:
        return []
    more = (
        _bullet(f"{'and ' if shown else ''}{n_more} {'more' if shown else 'lesser'} reasons {_MORE}")
        if n_more > 0
        else []
    )
    return ["", *wrapped(ALSO_NOTED), *_reasons(shown, numbers, details=details), *more]


def _open_lines(advice: Advice, *, details: bool) -> list[str]:
    """What is still open; without details only where somebody was asked, as all of it is open otherwise."""
    still_open = still_to_answer(advice)
    is_told = details or (advice.was_asked and advice.level < Level.EMERGENCY)  # in an emergency help comes first
    if not still_open or not is_told:
        return []
    lines = ["", *wrapped(STILL_OPEN)]
    shown = still_open if details else still_open[:N_OPEN_QUESTIONS]
    for found in shown:
        name = f" ({found.question.name}: {', '.join(found.question.choices)})" if details else ""
        lines += _bullet(f"{found.question.text}{name}")
    more = len(still_open) - len(shown)
    return [*lines, *(_bullet(f"and {more} more {_MORE}") if more else [])]


def _reasons(rules: Iterable[FiredRule], numbers: PhoneNumbers | None, *, details: bool) -> Iterator[str]:
    """Lines of reasons; what each asks for is said once."""
    said: set[str] = set()
    for fired in rules:
        asked = [part for part in fired.action.replace(". ", ".\n").split("\n") if part not in said]
        said.update(asked)
        seen = " (from the photo)" if fired.from_photo else ""
        name = f"[{fired.rule_id}, {str(fired.level).replace('_', ' ')}] " if details else ""
        yield from _bullet(with_numbers(f"{name}{fired.reason}{seen} {' '.join(asked)}", numbers))


def _source(fired: FiredRule) -> list[str]:
    return _bullet(" ".join([f"{fired.rule_id}: {fired.source_title}", *fired.source_addresses]))


def abcde_lines(abcde: Abcde | None, *, details: bool = False) -> list[str]:
    """Lines on the ABCDE of a lesion.

    Parameters
    ----------
    abcde : Abcde or None
    details : bool
        Whether to print the measures and their limits too.

    Returns
    -------
    list of str
        Summary, one line per letter, and the checklist; empty when no lesion dominates.
    """
    if abcde is None:
        return []
    lines = [*_labelled("ABCDE", abcde.summary)]
    for criterion, (letter, state, finding) in zip(abcde.criteria, lesion_words(abcde), strict=True):
        text = f"{letter}: {state}{f'. {finding}' if details or criterion.present else ''}"
        lines += _labelled("", f"{text} (Counts from: {criterion.limit}.)" if details else text)
    return [*lines, *_labelled("7 points", abcde.seven_points.finding)]


def lesion_words(abcde: Abcde) -> tuple[tuple[str, str, str], ...]:
    """Name, state and finding of each letter of the ABCDE, in plain words.

    Parameters
    ----------
    abcde : Abcde

    Returns
    -------
    tuple of (str, str, str)
        In the order of `Abcde.criteria`; the second is "present", "not measured as present" or "not known".
    """
    words = {True: "present", False: "not measured as present", None: "not known"}
    return tuple((f"{one.letter} {one.name}", words[one.present], one.finding) for one in abcde.criteria)


def spots_words(analysis: Analysis) -> str:
    """Count and diameters of the spots in plain words.

    Parameters
    ----------
    analysis : Analysis

    Returns
    -------
    str
        Median, smallest and largest diameter, in mm with a scale and in px without; of a shower with a scale also the
        count of spots that are called purpura. "none" without spots.
    """
    count = len(analysis.table)
    if count == 0:
        return "none"
    unit = "mm" if analysis.scale else "px"
    diameters = analysis.table.numbers(f"diameter_{unit}")
    if count == 1:
        return f"1, {diameters[0]:.3g} {unit} across"
    low, middle, high = np.quantile(diameters, (0.0, 0.5, 1.0))
    text = f"{count}, {middle:.3g} {unit} across (median; {low:.3g} to {high:.3g})"
    n_purpura = int((diameters > PURPURA_MM).sum()) if analysis.scale else 0
    if n_purpura and analysis.pattern.label == PETECHIAL_SHOWER:
        text += f". {n_purpura} larger than {PURPURA_MM:g} mm: bleeds of that size are called purpura"
    return text


def scale_words(analysis: Analysis) -> str:
    """Scale of the photo, or why there is none, in plain words.

    Parameters
    ----------
    analysis : Analysis

    Returns
    -------
    str
        In px per mm, with its standard error in % where it is known, and its source; "none" and the reason without.
    """
    scale = analysis.scale
    if not isinstance(scale, Scale):
        return f"none, so no millimetres: {scale.reason}"
    error = f" ± {scale.error_pct:.1f} %" if np.isfinite(scale.error_pct) else ""
    return f"{scale.px_per_mm:.4g} px per mm{error} ({scale.source})"


def _skin(analysis: Analysis) -> str:
    skin = analysis.skin
    if not skin.fraction:
        return "none"
    tone = f", tone ITA {skin.tone_ita_deg:.0f}°" if np.isfinite(skin.tone_ita_deg) else ""
    red = f", {100 * analysis.features['red_skin_share']:.0f} % of it redder than the rest"
    return f"{100 * skin.fraction:.0f} % of the photo{tone}{red}"


def _width() -> int:
    """Width to print, at most `MAX_WIDTH`: of COLUMNS, or of whichever output is a terminal."""
    if not os.environ.get("COLUMNS"):
        for stream in (sys.__stdout__, sys.__stderr__):
            try:
                columns = os.get_terminal_size(stream.fileno()).columns if stream else 0
            except (OSError, ValueError):
                continue
            if columns > 0:
                return min(MAX_WIDTH, columns)
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
