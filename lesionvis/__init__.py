"""Finds red and purple spots in photos of skin, measures them in millimetres and names their pattern.

>>> from lesionvis import analyze
>>> analyze("sample_images/plain-skin.jpg").pattern.label
'no_spots'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from lesionvis.abcde import Abcde as Abcde
    from lesionvis.analysis import Analysis as Analysis
    from lesionvis.analysis import Analyzer as Analyzer
    from lesionvis.analysis import analyze as analyze
    from lesionvis.compare.blanch import BlanchTest as BlanchTest
    from lesionvis.compare.blanch import blanch_test as blanch_test
    from lesionvis.compare.series import Course as Course
    from lesionvis.compare.series import follow_spots as follow_spots
    from lesionvis.errors import LesionvisError as LesionvisError
    from lesionvis.errors import UnreadablePhoto as UnreadablePhoto
    from lesionvis.photo import Photo as Photo
    from lesionvis.photo import read_photo as read_photo
    from lesionvis.report.abcde import draw_abcde as draw_abcde
    from lesionvis.report.overlay import draw_overlay as draw_overlay
    from lesionvis.spots import SpotFinder as SpotFinder
    from lesionvis.triage import advise as advise
    from lesionvis.triage.advice import Advice as Advice
    from lesionvis.triage.answers import Answers as Answers
    from lesionvis.triage.circumstances import Circumstances as Circumstances

# Public names and where they live; each is imported when it is first used, so that `import lesionvis` stays light.
_HOMES = {
    "Abcde": "lesionvis.abcde",
    "Advice": "lesionvis.triage.advice",
    "Analysis": "lesionvis.analysis",
    "Analyzer": "lesionvis.analysis",
    "Answers": "lesionvis.triage.answers",
    "BlanchTest": "lesionvis.compare.blanch",
    "Circumstances": "lesionvis.triage.circumstances",
    "Course": "lesionvis.compare.series",
    "LesionvisError": "lesionvis.errors",
    "Photo": "lesionvis.photo.reader",
    "SpotFinder": "lesionvis.spots.find",
    "UnreadablePhoto": "lesionvis.errors",
    "advise": "lesionvis.triage.engine",
    "analyze": "lesionvis.analysis",
    "blanch_test": "lesionvis.compare.blanch",
    "draw_abcde": "lesionvis.report.abcde",
    "draw_overlay": "lesionvis.report.overlay",
    "follow_spots": "lesionvis.compare.series",
    "read_photo": "lesionvis.photo.reader",
}
__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module 'lesionvis' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """Public names."""
    return sorted(__all__)
