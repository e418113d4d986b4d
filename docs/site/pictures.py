"""`python docs/site/pictures.py` draws the pictures of the docs: all of rendered skin, by the program itself."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
from examples import run_section, sections
from generate import PROJECT
from numpy.typing import NDArray

from lesionvis.analysis import analyze
from lesionvis.lab.render.scenarios import petechial_shower
from lesionvis.lab.render.scene import Scene
from lesionvis.lab.render.synth import render
from lesionvis.report.overlay import SPOT_COLOR, draw_outline, draw_overlay

IMAGES = PROJECT / "docs" / "images"
# Light, tan and dark brown skin by its individual typology angle, in degrees.
TONES_DEG = (52.0, 20.0, -28.0)
JPEG_QUALITY = 88
TONE_SIDE_PX, TONE_PX_PER_MM, TONE_SPOTS = 420, 9.0, 45


def shower_with_ruler() -> NDArray[np.uint8]:
    """The file that `lesionvis analyze --overlay` writes for a sample photo, as RGB."""
    return draw_overlay(analyze(PROJECT / "sample_images" / "shower-light-ruler.jpg"))


def tones() -> Iterator[NDArray[np.uint8]]:
    """The same petechiae on skin of each tone, as RGB."""
    for tone_deg in TONES_DEG:
        scene = Scene(
            width_px=TONE_SIDE_PX,
            height_px=TONE_SIDE_PX,
            px_per_mm=TONE_PX_PER_MM,
            seed=21,
            ita_deg=tone_deg,
            blood_fraction=0.008,
            hair_count=12,
        )
        spots = petechial_shower(np.random.default_rng(scene.seed), scene, TONE_SPOTS, diameter_mm=1.3)
        yield render(scene, spots).rgb


def three_tones() -> NDArray[np.uint8]:
    """Skin of three tones side by side, as RGB: above as rendered, below with what is found."""
    columns = []
    for rgb in tones():
        found = rgb.copy()
        for outline in analyze(rgb).spots.outlines_px:
            draw_outline(found, outline, SPOT_COLOR)
        columns.append(np.concatenate([rgb, found]))
    return np.concatenate(columns, axis=1)


def encoded(rgb: NDArray[np.uint8]) -> bytes:
    """A picture as the JPEG file that the docs hold."""
    return cv2.imencode(".jpg", rgb[..., ::-1], (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY))[1].tobytes()


# Pictures that commands of the page of tasks write, with the sections whose commands they are.
WRITTEN = {
    "abcde.jpg": "One photo with a ruler",
    "course.svg": "A course over days",
    "glass.jpg": "The glass test",
}
PICTURES: dict[str, Callable[[], NDArray[np.uint8]]] = {
    "shower-light-ruler.jpg": shower_with_ruler,
    "three-tones.jpg": three_tones,
}


def main() -> None:
    """Write all pictures."""
    tasks = sections((PROJECT / "docs" / "how-to.md").read_text(encoding="utf-8"))
    for name, title in WRITTEN.items():
        with TemporaryDirectory() as place:
            run_section(tasks[title], Path(place), PROJECT)
            shutil.copy(Path(place) / name, IMAGES / name)
    for name, draw in PICTURES.items():
        (IMAGES / name).write_bytes(encoded(draw()))


if __name__ == "__main__":
    main()
