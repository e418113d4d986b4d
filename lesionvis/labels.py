"""The names that a photo's spots can get: the three patterns, and the two labels for photos that show none of them."""

from __future__ import annotations

from typing import Final

PETECHIAL_SHOWER: Final = "petechial_shower"
SINGLE_LESION: Final = "single_lesion"
ANGIOMA: Final = "angioma"
PATTERNS: Final = (PETECHIAL_SHOWER, SINGLE_LESION, ANGIOMA)
"""What the model can name."""

UNCERTAIN: Final = "uncertain"
NO_SPOTS: Final = "no_spots"
LABELS: Final = (*PATTERNS, UNCERTAIN, NO_SPOTS)
"""Every label that an analysis can have."""
