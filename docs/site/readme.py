"""`python docs/site/readme.py` writes the README's figures, from the model's card and the evaluation's figures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from generate import PROJECT, read_card

SPOT_FIGURES = PROJECT / "docs" / "figures" / "sources.md"
# The README's figures stand between these two lines.
BLOCK_START, BLOCK_END = "<!-- figures: start -->", "<!-- figures: end -->"
# What the README says of a figure of the card, and the pattern whose photos it is about.
README_FIGURES = {
    "recall_single_lesion": ("single lesions named `single_lesion`", "single_lesion"),
    "recall_petechial_shower": ("showers named `petechial_shower`", "petechial_shower"),
    "recall_angioma": ("angiomas named `angioma`", "angioma"),
    "other_abstained": ("rashes, redness, bare skin and all else given no pattern", "other"),
    "harm_single_called_angioma": ("single lesions called an angioma, which could harm most", "single_lesion"),
}
# Rows of the table of spots by source, abroad and at home, and what the README says of them; "" where there is none.
SPOT_ROWS = {
    "all photos": ("abroad, pooled", "home, folds by patient"),
    "photos up to 320 px": ("abroad, up to 320 px", ""),
    "medium skin": ("abroad, medium skin", "home, medium skin"),
    "dark skin": ("abroad, dark skin", ""),
}
# Of fewer photos a share and its interval would say more than they know.
FEW_PHOTOS = 10
HEADER = "sources never trained on | photos | sources trained on | photos |"


def readme_figures(card: dict[str, Any]) -> str:
    """The README's tables of figures, of patterns and of spots."""
    return "\n".join([*_pattern_rows(card), "", *_spot_rows()])


def _pattern_rows(card: dict[str, Any]) -> Iterator[str]:
    """Shares of photos by the card of the pattern model."""
    yield f"| what is answered | {HEADER}"
    yield "|---|---|---|---|---|"
    for name, (meaning, of) in README_FIGURES.items():
        cells = []
        for place in (card["abroad"], card):
            count, share = place["photos"][of]["clear"], place["scores"][name]
            low, high = place["intervals_95"][name]
            shown = (
                f"{share:.2f} ({low:.2f} to {high:.2f})" if count >= FEW_PHOTOS else f"{share * count:.0f} of {count}"
            )
            cells += [shown, str(count)]
        yield f"| {meaning} | {' | '.join(cells)} |"


def _spot_rows() -> Iterator[str]:
    """F1 of red spots by the evaluation, columns "photos" and "F1 all red"."""
    table = {}
    by_source, _, _ = SPOT_FIGURES.read_text(encoding="utf-8").partition("\n\n")
    for line in by_source.splitlines():
        name, photos, _, f1, *_ = (cell.strip() for cell in line.strip("|").split("|"))
        table[name] = (f1, photos)
    yield f"| red spots found, F1 | {HEADER}"
    yield "|---|---|---|---|---|"
    for meaning, (abroad, home) in SPOT_ROWS.items():
        cells = [*table[abroad], *(table[home] if home else ("none", ""))]
        yield f"| {meaning} | {' | '.join(cells)} |"


def with_figures(text: str, figures: str) -> str:
    """A text with its block of figures replaced."""
    before, _, rest = text.partition(BLOCK_START)
    _, _, after = rest.partition(BLOCK_END)
    return f"{before}{BLOCK_START}\n\n{figures}\n\n{BLOCK_END}{after}"


def main() -> None:
    """Write the figures into the README."""
    readme = PROJECT / "README.md"
    text = readme.read_text(encoding="utf-8")
    readme.write_text(with_figures(text, readme_figures(read_card("pattern-v2"))), encoding="utf-8")


if __name__ == "__main__":
    main()
