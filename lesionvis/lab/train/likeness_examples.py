"""What the model of likeness learns from: photos of skin, rendered skin, and pictures of anything else."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lesionvis.lab.evaluate.lookalike_report import not_skin_pictures
from lesionvis.lab.render.scenarios import petechial_shower, plain_skin, single_lesion
from lesionvis.lab.render.surface import smooth_noise
from lesionvis.lab.render.synth import encode_jpeg, render
from lesionvis.lab.train.left_out import in_two_processes
from lesionvis.lab.train.likeness_training import RENDERED_SKIN, SKIN, LikenessTable
from lesionvis.lab.train.rendered_training import random_scene
from lesionvis.lab.truth import read_labels
from lesionvis.pattern.likeness import likeness_numbers
from lesionvis.photo import PhotoSource, read_photo
from lesionvis.quality import SKIN_FRACTION_MIN
from lesionvis.scale import NoScale
from lesionvis.skin import find_skin

N_RENDERED = 88
# Drawings have colours that no photo has, and persons have skin: folders of these names are passed over.
NOT_TAKEN = ("cartoon", "people", "symbols", "medical", "roadsigns")
LONGEST_SIDE_PX, SHORTEST_CROP_PX = 1400, 60
# Crops of a cut-out thing, and of a whole photo: its longer side in parts of that of the picture.
N_CROPS, N_CROPS_OF_PHOTO = 2, 5
CROP_SHARES = (0.12, 0.8)
# Sizes and qualities that photos on the web have.
SIDES_PX, JPEG_QUALITIES = (200.0, 900.0), (50, 96)
# Grounds on which cut-out things are laid: paper, cloth, wood, stone, skin-coloured, green; sRGB levels.
GROUNDS = ((235, 235, 235), (200, 190, 180), (150, 120, 90), (90, 90, 95), (225, 200, 175), (120, 140, 110))
_SEED = 1000


@dataclass(frozen=True, slots=True)
class LikenessExample:
    """A picture of which it is known whether it shows skin.

    Attributes
    ----------
    picture : str
        Its name or, of a photo, its SHA-256.
    kind : str
    group : str
        What is left out of training together.
    source : path, bytes or ndarray
        The picture itself.
    """

    picture: str
    kind: str
    group: str
    source: PhotoSource


def photos_of_skin(folders: Sequence[Path]) -> Iterator[LikenessExample]:
    """Labelled photos.

    Parameters
    ----------
    folders : sequence of Path
        With labels.csv and photos/.

    Yields
    ------
    LikenessExample
    """
    for folder in folders:
        for label in read_labels(folder):
            yield LikenessExample(label.sha256, SKIN, label.left_out_with, folder / "photos" / label.photo)


def rendered_skin() -> Iterator[LikenessExample]:
    """Rendered skin, so that what looks rendered is not taken for no skin.

    Yields
    ------
    LikenessExample
    """
    generator = np.random.default_rng(_SEED)
    for number in range(N_RENDERED):
        scene = random_scene(generator, _SEED + number)
        spots = plain_skin()
        if number % 4 == 0:
            spots = petechial_shower(generator, scene, 30, diameter_mm=max(1.2, 3.2 / scene.px_per_mm))
        elif number % 4 == 1:
            spots = single_lesion(generator, scene, "naevus")
        name = f"{RENDERED_SKIN} {number}"
        photo = encode_jpeg(render(scene, spots).rgb, scene.jpeg_quality or 90)
        yield LikenessExample(name, RENDERED_SKIN, name, photo)


def lookalikes() -> Iterator[LikenessExample]:
    """Sample pictures of two libraries and drawn pictures; all that are of one kind or one picture are a group.

    Yields
    ------
    LikenessExample
    """
    for one in not_skin_pictures():
        yield LikenessExample(one.name, one.kind, one.group, one.rgb)


def other_pictures(folder: Path) -> Iterator[LikenessExample]:
    """Pictures of things, animals, plants and food, with crops of them.

    Parameters
    ----------
    folder : Path
        Of PNG and JPEG files; the names of the first two folders on the way to a file are its group. What is cut out
        (transparent around) is laid on an even ground.

    Yields
    ------
    LikenessExample
        Each at a size and quality of its own, which follow from its name.
    """
    for path in sorted(folder.rglob("*")):
        way = path.relative_to(folder)
        if path.suffix.lower() not in (".png", ".jpg") or set(way.parts) & set(NOT_TAKEN) or "_mirror" in path.stem:
            continue
        generator = np.random.default_rng(int(hashlib.sha256(way.as_posix().encode()).hexdigest()[:8], 16))
        with Image.open(path) as image:
            image.thumbnail((LONGEST_SIDE_PX, LONGEST_SIDE_PX))
            is_cut_out = "A" in image.getbands() or "transparency" in image.info
            rgba = np.asarray(image.convert("RGBA"))
        group = "/".join(way.parts[:-1][:2]) if is_cut_out else way.as_posix()
        inside = rgba[..., 3] > 250
        whole = _on_ground(rgba, generator) if is_cut_out else rgba[..., :3]
        crops = _crops(rgba[..., :3], inside, generator, N_CROPS if is_cut_out else N_CROPS_OF_PHOTO)
        for number, rgb in enumerate((whole, *crops)):
            yield LikenessExample(f"{way.as_posix()} {number}", "other pictures", group, _as_photo(rgb, generator))


def _on_ground(rgba: NDArray[np.uint8], generator: np.random.Generator) -> NDArray[np.uint8]:
    """A cut-out thing on an even ground with some grain and uneven light."""
    height, width = round(1.15 * rgba.shape[0]) + 8, round(1.15 * rgba.shape[1]) + 8
    color = np.asarray(GROUNDS[generator.integers(len(GROUNDS))]) + generator.normal(0.0, 10.0, 3)
    down, right = generator.normal(0.0, 0.15, 2)
    light = 1.0 + down * np.linspace(-0.5, 0.5, height)[:, None] + right * np.linspace(-0.5, 0.5, width)
    grain = smooth_noise(generator, height, width, float(generator.uniform(0.6, 4.0)))
    ground = color * (light * (1.0 + generator.uniform(0.0, 0.06) * grain))[..., None]
    top, left = (height - rgba.shape[0]) // 2, (width - rgba.shape[1]) // 2
    place = ground[top : top + rgba.shape[0], left : left + rgba.shape[1]]
    place += rgba[..., 3:] / 255.0 * (rgba[..., :3] - place)
    return np.asarray(np.clip(ground, 0, 255), np.uint8)


def _crops(
    rgb: NDArray[np.uint8], inside: NDArray[np.bool_], generator: np.random.Generator, count: int
) -> Iterator[NDArray[np.uint8]]:
    """Crops that lie inside a thing, as far as there is room."""
    height, width = inside.shape
    filled = cv2.integral(inside.astype(np.uint8))
    for _ in range(count):
        for attempt in range(300):
            aspect = generator.uniform(0.7, 1.4)
            share = np.exp(generator.uniform(*np.log(CROP_SHARES))) * (1.0 - attempt / 600.0)
            tall, wide = int(max(height, width) * share * aspect**0.5), int(max(height, width) * share / aspect**0.5)
            if min(tall, wide) < SHORTEST_CROP_PX or tall >= height or wide >= width:
                continue
            y, x = int(generator.integers(height - tall)), int(generator.integers(width - wide))
            covered = filled[y + tall, x + wide] - filled[y, x + wide] - filled[y + tall, x] + filled[y, x]
            if covered >= 0.98 * tall * wide:
                yield rgb[y : y + tall, x : x + wide]
                break


def _as_photo(rgb: NDArray[np.uint8], generator: np.random.Generator) -> bytes:
    """JPEG of a picture at a size and quality that photos have."""
    height, width = rgb.shape[:2]
    ratio = min(2.0, np.exp(generator.uniform(*np.log(SIDES_PX))) / max(height, width))
    size = (max(32, round(width * ratio)), max(32, round(height * ratio)))
    shown = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if ratio < 1.0 else cv2.INTER_CUBIC)
    return encode_jpeg(np.asarray(shown, np.uint8), int(generator.integers(*JPEG_QUALITIES)))


def make_likeness_table(folders: Sequence[Path], others: Path) -> LikenessTable:
    """Measure everything that the model learns from.

    Parameters
    ----------
    folders : sequence of Path
        Of photos of skin, with labels.csv and photos/.
    others : Path
        Of pictures that show none.

    Returns
    -------
    LikenessTable
        Without pictures in which hardly any skin is found, as the model is never asked about them.
    """
    examples = [*photos_of_skin(folders), *rendered_skin(), *lookalikes(), *other_pictures(others)]
    numbers = in_two_processes(_measured, [(one.source,) for one in examples])
    known = [(one, row) for one, row in zip(examples, numbers, strict=True) if row is not None]
    picture, kind, group = (
        np.asarray([getattr(one, name) for one, _ in known], np.str_) for name in ("picture", "kind", "group")
    )
    return LikenessTable(picture, kind, group, np.stack([row for _, row in known]))


def _measured(source: PhotoSource) -> NDArray[np.float32] | None:
    photo = read_photo(source)
    skin = find_skin(photo, NoScale("not sought in training"))
    return likeness_numbers(photo.rgb, skin.mask) if skin.fraction >= SKIN_FRACTION_MIN else None
