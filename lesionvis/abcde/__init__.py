"""The dominant lesion by the ABCDE of the American Academy of Dermatology, each letter with its number."""

from lesionvis.abcde.criteria import Abcde, Criterion, measure_abcde
from lesionvis.abcde.patch import LesionPatch, lesion_patch
from lesionvis.abcde.seven_points import SevenPoints, seven_points

__all__ = [
    "Abcde",
    "Criterion",
    "LesionPatch",
    "SevenPoints",
    "lesion_patch",
    "measure_abcde",
    "seven_points",
]
