"""`python docs/site/readme.py` writes the README's figures, from the model's card, and its picture."""

from __future__ import annotations

from typing import Any

import cv2
from generate import PROJECT, read_card

from lesionvis.analysis import analyze
from lesionvis.report.overlay import draw_overlay

PICTURE = PROJECT / "docs" / "images" / "shower-light-ruler.jpg"
# The README's figures stand between these two lines.
BLOCK_START, BLOCK_END = "<!-- figures: start -->", "<!-- figures: end -->"
# What the README says of a figure of the card.
README_FIGURES = {
    "recall_petechial_shower": ("showers answered `petechial_shower`", "petechial_shower"),
    "recall_single_lesion": ("single lesions answered `single_lesion`", "single_lesion"),
    "recall_angioma": ("angiomas answered `angioma`", "angioma"),
    "other_abstained": ("photos of anything else given no pattern", "other"),
    "harm_single_called_angioma": ("single lesions called an angioma, the error that could harm most", "single_lesion"),
}


def readme_figures(card: dict[str, Any]) -> str:
    """The README's table of figures from the card of the pattern model."""
    lines = [
        "| on photos left out of training | two sources | photos | others, each left out whole | photos |",
        "|---|---|---|---|---|",
    ]
    for name, (meaning, of) in README_FIGURES.items():
        cells = []
        for place in (card, card["abroad"]):
            low, high = place["intervals_95"][name]
            cells += [f"{place['scores'][name]:.2f} ({low:.2f} to {high:.2f})", str(place["photos"][of]["clear"])]
        lines.append(f"| {meaning} | {' | '.join(cells)} |")
    return "\n".join(lines)


def with_figures(text: str, figures: str) -> str:
    """A text with its block of figures replaced."""
    before, _, rest = text.partition(BLOCK_START)
    _, _, after = rest.partition(BLOCK_END)
    return f"{before}{BLOCK_START}\n\n{figures}\n\n{BLOCK_END}{after}"


def picture() -> bytes:
    """The README's picture: the file that `lesionvis analyze --overlay` writes for a sample photo."""
    drawn = draw_overlay(analyze(PROJECT / "sample_images" / PICTURE.name))
    return cv2.imencode(".jpg", drawn[..., ::-1])[1].tobytes()


def main() -> None:
    """Write the figures of the model's card into the README, and its picture."""
    readme = PROJECT / "README.md"
    text = readme.read_text(encoding="utf-8")
    readme.write_text(with_figures(text, readme_figures(read_card("pattern-v2"))), encoding="utf-8")
    PICTURE.write_bytes(picture())


if __name__ == "__main__":
    main()
