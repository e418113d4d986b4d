"""Photo, Skin -> Spots: finding, outlining and splitting what stands out of the skin.

`peaks` finds spot-like places, `outlines` finds their borders, `evidence` gathers what speaks for and
against each, `lesion` does the same for the one large lesion, `judge` weighs the evidence, `find` makes the labels.
"""

from lesionvis.spots.find import Spots, find_spots

__all__ = ["Spots", "find_spots"]
