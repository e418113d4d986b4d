"""Photo, Skin -> Spots: finding, outlining and splitting what stands out of the skin.

`peaks` finds spot-like places, `outlines` finds their borders, `candidates` gathers what speaks for and
against each, `regions` does the same for the one large lesion, `classifier` weighs it, `find` makes the labels and
`table` measures them.
"""

from lesionvis.spots.find import SpotFinder, Spots

__all__ = ["SpotFinder", "Spots"]
