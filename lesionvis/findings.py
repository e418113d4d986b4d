"""Findings of the stages in one photo, as every later room takes them."""

from __future__ import annotations

from dataclasses import dataclass

from lesionvis.photo import Photo
from lesionvis.scale import NoScale, Scale
from lesionvis.skin import Skin
from lesionvis.spots import Spots
from lesionvis.spots.table import SpotTable


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """Findings of the stages in one photo; `Analyzer.find` makes them.

    Attributes
    ----------
    photo : Photo
    scale : Scale or NoScale
    skin : Skin
    spots : Spots
        Label image, outlines and all that was considered.
    table : SpotTable
        One row per spot.
    """

    photo: Photo
    scale: Scale | NoScale
    skin: Skin
    spots: Spots
    table: SpotTable

    def __repr__(self) -> str:
        """One line: what the arrays hold is too much to print."""
        return f"Findings({self.photo.name}, {len(self.table)} spots, {self.skin!r}, {self.scale!r})"
