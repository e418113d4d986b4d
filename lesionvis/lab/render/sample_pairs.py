"""The sample photos for the glass test and the dated series: two and two of the same rendered skin."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lesionvis.lab.render.pairs import Pose, Press, View, render_glass_pair, render_series
from lesionvis.lab.render.scenarios import petechial_shower
from lesionvis.lab.render.scene import RenderedSpot, Scene
from lesionvis.lab.render.synth import encode_jpeg

_JPEG_QUALITY = 88
# The canvas leaves room for both views; spots lie in its middle.
_SKIN = Scene(width_px=960, height_px=760, px_per_mm=9.0, seed=31, ita_deg=42.0, blood_fraction=0.006, hair_count=8)
_SPOTS_SIZE_PX = (520, 380)
_CAMERA = replace(_SKIN, width_px=640, height_px=480, jpeg_quality=None)
_FIRST = View(Pose(), _CAMERA)
_SECOND = View(
    Pose(turn_deg=7.0, zoom=1.06, shift_x=0.03, shift_y=-0.02, tilt_deg=5.0),
    replace(_CAMERA, seed=32, exposure=0.95, light_temperature_k=6100.0, light_azimuth_deg=240.0),
)
_DAYS = (datetime(2026, 3, 1, 9, 0), datetime(2026, 3, 4, 9, 30))
# Of the spots of the series, so many come, go and fade between the two days.
_N_NEW, _N_GONE, _N_FADING = 5, 4, 8
_EXIF_FOLDER, _DATE_TIME_ORIGINAL = 0x8769, 0x9003


@dataclass(frozen=True, slots=True, eq=False)
class PairPhoto:
    """One photo of a pair: its file name, picture, and when it claims to be taken."""

    photo: str
    rgb: NDArray[np.uint8]
    taken_at: datetime | None = None


def sample_pairs() -> Iterator[PairPhoto]:
    """Sample photos of pairs, one after the other.

    Yields
    ------
    PairPhoto
        Petechiae plain and under a glass that does not make them fade; then spots on two days, of which some come,
        go and fade in between.
    """
    middle = replace(_SKIN, width_px=_SPOTS_SIZE_PX[0], height_px=_SPOTS_SIZE_PX[1])
    left, top = (_SKIN.width_px - middle.width_px) // 2, (_SKIN.height_px - middle.height_px) // 2
    spots = tuple(
        replace(spot, x_px=spot.x_px + left, y_px=spot.y_px + top)
        for spot in petechial_shower(np.random.default_rng(_SKIN.seed), middle, 30, diameter_mm=1.6)
    )
    press = Press(x_px=_SKIN.width_px / 2, y_px=_SKIN.height_px / 2, radius_px=150.0)
    pair = render_glass_pair(_SKIN, spots, [1.0] * len(spots), press, _FIRST, _SECOND)
    yield PairPhoto("glass-plain.jpg", pair.plain.rgb)
    yield PairPhoto("glass-pressed.jpg", pair.pressed.rgb)

    first: list[RenderedSpot | None] = [None if row < _N_NEW else spot for row, spot in enumerate(spots)]
    gone, fading = _N_NEW + _N_GONE, _N_NEW + _N_GONE + _N_FADING
    second = [
        None
        if _N_NEW <= row < gone
        else replace(spot, blood_fraction=0.4 * spot.blood_fraction)
        if gone <= row < fading
        else spot
        for row, spot in enumerate(spots)
    ]
    series = render_series(_SKIN, [first, second], [_FIRST, _SECOND])
    for number, (shot, day) in enumerate(zip(series.shots, _DAYS, strict=True), start=1):
        yield PairPhoto(f"series-{number}.jpg", shot.rgb, day)


def render_sample_pairs(folder: Path) -> None:
    """Write the sample photos of pairs.

    Parameters
    ----------
    folder : Path
        Gets the JPEG photos. Made where it is missing; files of the same name are replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for sample in sample_pairs():
        content = encode_jpeg(sample.rgb, _JPEG_QUALITY)
        (folder / sample.photo).write_bytes(_dated(content, sample.taken_at) if sample.taken_at else content)


def _dated(jpeg: bytes, taken_at: datetime) -> bytes:
    """JPEG with the date that a camera writes."""
    from PIL import Image

    exif, file = Image.Exif(), io.BytesIO()
    exif.get_ifd(_EXIF_FOLDER)[_DATE_TIME_ORIGINAL] = taken_at.strftime("%Y:%m:%d %H:%M:%S")
    with Image.open(io.BytesIO(jpeg)) as image:
        image.save(file, "JPEG", quality="keep", exif=exif)
    return file.getvalue()
