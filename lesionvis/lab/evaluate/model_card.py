"""MODEL_CARD.md of a pattern model, written from its card.json and its tables: no figure is typed by hand."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from lesionvis.lab.evaluate.cross_validation import AnsweredPhotos, OutOfFold
from lesionvis.lab.evaluate.pattern_report import pattern_report
from lesionvis.lab.train.pattern_training import PatternTable
from lesionvis.models import load_model
from lesionvis.pattern.pattern import SHOWER_MARKS, SIGNS

CARD_FILE = "MODEL_CARD.md"

# What the model that comes with the package was made from.
PACKAGED_DATA = """\
- DermNet (dermnetnz.org), clinical photos, CC BY-NC-ND 3.0 NZ, (c) DermNet / Te Whatu Ora.
- PAD-UFES-20 (doi:10.17632/zr7vgbcyr2.1), smartphone photos, CC BY 4.0, Pacheco et al. 2020.
- Public photos of 36 sources on the web, of many cameras and skin tones, under several licences.
- HAM10000, dermoscopic photos, CC BY-NC 4.0, Tschandl et al. 2018: judged only, never trained on.

The folder holds measurements of these photos and no pictures. Training data are for non-commercial research. Labels
were made by eye by one careful reader who is no clinician, with the source's diagnosis as a hint. Light skin dominates.
"""

PURPOSE = """\
It tells from {count} numbers measured in a photo of skin whether the spots look like a petechial shower, a single
lesion or cherry angiomas, or like none of them. It knows no disease, and its answer is no diagnosis. It is for
research, teaching and software development; no clinician has reviewed it and no authority has cleared it.

It can: order photos for a person who looks at them, and hold back where more than one answer remains possible.

It cannot: tell a harmless lesion from a harmful one; answer for photos that are blurred, dark, overexposed or flagged
as of dark skin (below an ITA of -10 degrees; "uncertain" but for a textbook shower, and not every photo of dark skin is
recognised as one); be trusted on photos of another camera, clinic or kind as on those
that it was trained on (see "other sources" below, where there are any); replace an examination.
"""


def write_model_card(
    folder: Path,
    table: PatternTable,
    results: Sequence[OutOfFold],
    others: PatternTable | None = None,
    data: str | None = None,
    judged: Sequence[AnsweredPhotos] | None = None,
) -> None:
    """Write the card of a trained model folder.

    Parameters
    ----------
    folder : Path
        With the model; the card is written beside it.
    table : PatternTable
        What it was trained on.
    results : sequence of OutOfFold
        Of the cross-validation, repeat by repeat.
    others : PatternTable, optional
        Photos of a further source, which are only judged.
    data : str, optional
        What the data are, in Markdown; what card.json says unless given.
    judged : sequence of AnsweredPhotos, optional
        As for `pattern_report`.
    """
    card = load_model(folder).card
    figures = pattern_report(table, results, others, judged)
    text = "\n".join(_lines(card, data or f"{card['data']}\n", figures))
    (folder / CARD_FILE).write_text(text.rstrip() + "\n", encoding="utf-8")


def _lines(card: dict[str, Any], data: str, figures: str) -> Iterator[str]:
    columns = len(next(iter(card["predictors"].values()))["columns"])
    yield f"# {card['name']}"
    yield ""
    yield PURPOSE.format(count=columns)
    yield "## Data"
    yield ""
    yield data
    yield "| class | clear photos | borderline photos |"
    yield "|---|---|---|"
    for name, counts in card["photos"].items():
        yield f"| {name} | {counts['clear']} | {counts['borderline']} |"
    yield ""
    yield "## How it answers"
    yield ""
    thresholds = card["thresholds"]
    limits = ", ".join(f"{name} {value:.2f}" for name, value in thresholds["set_min"].items())
    signs = ", ".join(
        f"{name}: {sign.feature} {sign.low:g} to {sign.high:g}" for name, signs in SIGNS.items() for sign in signs
    )
    marks = ", ".join(f"{name} {low:g} to {high:g}" for name, (low, high) in SHOWER_MARKS.items())
    yield _paragraph(
        f"The mean of {len(card['predictors'])} predictors ({', '.join(card['predictors'])}), raised to the power "
        f"{thresholds['sharpness']} so that probabilities are calibrated. A class remains possible from its conformal "
        f'threshold on ({limits}). A pattern whose photo lacks its sign lets "other" remain possible as well '
        f"({signs}). Where neither a single lesion nor an angioma remains possible and the spots have all marks of a "
        f"textbook shower ({marks}), the shower alone does. The one pattern that remains possible is the answer, else "
        "it is uncertain. "
        "The model bare-v1 says whether the skin is bare: only then, and when no pattern remains possible, the answer "
        'is "no_spots".'
    )
    yield ""
    yield "## Figures"
    yield ""
    yield _paragraph(
        "Written by `python -m lesionvis.lab card` from the tables beside this file, as `python -m lesionvis.lab "
        "evaluate` prints them. Intervals are 95 % by a bootstrap over patients or lesions. Strict: an abstention "
        "counts as an error; forced: the likeliest of the three patterns counts; harm: a wrong answer that could "
        "reassure."
    )
    yield ""
    yield figures
    yield ""
    yield "## Files"
    yield ""
    for entry in card["predictors"].values():
        yield f"- `{entry['file']}`, sha256 {entry['sha256']}"
    yield f"- `{card['training_table']['file']}`, sha256 {card['training_table']['sha256']}"
    yield f"- made with {', '.join(f'{name} {value}' for name, value in card['versions'].items())}"


def _paragraph(text: str) -> str:
    return textwrap.fill(text, 120, break_long_words=False, break_on_hyphens=False)
