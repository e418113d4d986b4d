"""The sample photos that come with the package: rendered, with their truth, and free of any patient."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

import numpy as np

from lesionvis.lab.render.scenarios import angiomas, petechial_shower, plain_skin, single_lesion
from lesionvis.lab.render.scene import RenderedSpot, Scene
from lesionvis.lab.render.synth import encode_jpeg, render

_JPEG_QUALITY = 88


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample photo: its file name, the pattern that it shows, and what it is rendered from."""

    photo: str
    pattern: str
    scene: Scene
    spots: tuple[RenderedSpot, ...]


def samples() -> Iterator[Sample]:
    """Sample photos, one after the other.

    Yields
    ------
    Sample
        Two showers on light skin (one with a ruler) and one on brown skin, a naevus with a ruler, an
        irregular pigmented lesion, one angioma, several angiomas among freckles, and plain skin.

    Examples
    --------
    >>> [sample.pattern for sample in samples()][-2:]
    ['angioma', 'no_spots']
    """
    scene = Scene(seed=11, ita_deg=47, blood_fraction=0.008, hair_count=14, ruler_side="bottom")
    spots = petechial_shower(np.random.default_rng(scene.seed), scene, 75, diameter_mm=1.5)
    yield Sample("shower-light-ruler.jpg", "petechial_shower", scene, spots)

    scene = Scene(
        seed=12,
        ita_deg=52,
        blood_fraction=0.006,
        view="limb",
        px_per_mm=5,
        hair_count=20,
        drape_color="white",
        light_temperature_k=5600,
        gloss=0.15,
    )
    spots = petechial_shower(
        np.random.default_rng(scene.seed),
        scene,
        150,
        diameter_mm=1.7,
        diameter_spread=0.45,
        clustering=0.8,
        oxygen_saturation=0.5,
    )
    yield Sample("shower-light-leg.jpg", "petechial_shower", scene, spots)

    scene = Scene(
        seed=13,
        ita_deg=5,
        view="limb",
        px_per_mm=6,
        hair_count=40,
        drape_color="blue",
        gloss=0.15,
        light_elevation_deg=65,
    )
    spots = petechial_shower(np.random.default_rng(scene.seed), scene, 110, diameter_mm=1.6, blood_fraction=0.12)
    yield Sample("shower-brown-arm.jpg", "petechial_shower", scene, spots)

    scene = Scene(seed=14, ita_deg=42, px_per_mm=16, freckle_count=5, ruler_side="bottom", gloss=0.15)
    spots = single_lesion(np.random.default_rng(scene.seed), scene, "naevus", diameter_mm=5.5)
    yield Sample("naevus-ruler.jpg", "single_lesion", scene, spots)

    scene = Scene(seed=23, ita_deg=46, blood_fraction=0.006, px_per_mm=18, hair_count=9, gloss=0.15)
    spots = single_lesion(np.random.default_rng(scene.seed), scene, "melanoma", diameter_mm=11.0)
    yield Sample("irregular-lesion.jpg", "single_lesion", scene, spots)

    scene = Scene(seed=16, ita_deg=50, blood_fraction=0.006, px_per_mm=22, gloss=0.3)
    spots = angiomas(np.random.default_rng(scene.seed), scene, 1, diameter_mm=4.5)
    yield Sample("angioma.jpg", "angioma", scene, spots)

    scene = Scene(
        seed=17,
        ita_deg=38,
        blood_fraction=0.008,
        px_per_mm=11,
        freckle_count=22,
        naevus_count=3,
        hair_count=6,
    )
    spots = angiomas(np.random.default_rng(scene.seed), scene, 8, diameter_mm=3.0, diameter_spread=0.4)
    yield Sample("angiomas-many.jpg", "angioma", scene, spots)

    scene = Scene(
        seed=18,
        ita_deg=36,
        blood_fraction=0.008,
        px_per_mm=9,
        hair_count=16,
        drape_side="left",
        drape_color="green",
    )
    yield Sample("plain-skin.jpg", "no_spots", scene, plain_skin())


def render_samples(folder: Path) -> None:
    """Write the sample photos and their truth.

    Parameters
    ----------
    folder : Path
        Gets the JPEG photos, `photos.csv` (one row per photo: pattern, px_per_mm, ita_deg, seed, has_ruler)
        and `truth.csv` (one row per spot: its number, the attributes of `RenderedSpot`, and diameter_mm). Made
        where it is missing; files of the same name are replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    photo_rows: list[dict[str, object]] = []
    spot_rows: list[dict[str, object]] = []
    for sample in samples():
        scene = sample.scene
        # The file is compressed once, when it is written.
        photo = render(replace(scene, jpeg_quality=None), sample.spots)
        (folder / sample.photo).write_bytes(encode_jpeg(photo.rgb, _JPEG_QUALITY))
        photo_rows.append(
            {
                "photo": sample.photo,
                "pattern": sample.pattern,
                "px_per_mm": scene.px_per_mm,
                "ita_deg": scene.ita_deg,
                "seed": scene.seed,
                "has_ruler": int(scene.ruler_side != "none"),
            }
        )
        for number, spot in enumerate(sample.spots, start=1):
            diameter_mm = spot.diameter_px / scene.px_per_mm
            spot_rows.append({"photo": sample.photo, "spot": number, **asdict(spot), "diameter_mm": diameter_mm})
    spot_columns = ["photo", "spot", *(field.name for field in fields(RenderedSpot)), "diameter_mm"]
    _write_csv(folder / "photos.csv", list(photo_rows[0]), photo_rows)
    _write_csv(folder / "truth.csv", spot_columns, spot_rows)


def _write_csv(path: Path, columns: list[str], rows: list[dict[str, object]]) -> None:
    """Write a table, with numbers rounded to what can matter in a photo."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow({k: round(v, 4) if isinstance(v, float) else v for k, v in row.items()})
