"""Photo -> Scale or NoScale: how many pixels a millimetre takes.

Each kind of reference lives in a file of its own. A scale is never guessed: without a reference there is a
`NoScale`, which is falsy and explains itself.
"""

from lesionvis.scale.base import NoScale, Scale, ScaleSource, given_scale, working_px_per_mm
from lesionvis.scale.given import dicom_scale

__all__ = ["NoScale", "Scale", "ScaleSource", "dicom_scale", "given_scale", "working_px_per_mm"]
