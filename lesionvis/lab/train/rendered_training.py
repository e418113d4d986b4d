"""Rendered photos for the training of the classifiers: what the marked photos lack.

Hardly any of the marked photos shows brown or dark skin, spots of 3 px, or plain skin; rendered ones do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
from joblib import Parallel, delayed

from lesionvis.lab.render.scenarios import angiomas, petechial_shower, plain_skin, single_lesion
from lesionvis.lab.render.scene import RenderedSpot, Scene
from lesionvis.lab.render.synth import encode_jpeg, render
from lesionvis.lab.train import candidate_examples
from lesionvis.lab.train.candidate_examples import CandidateExample
from lesionvis.lab.train.region_examples import RegionExample, region_example
from lesionvis.lab.truth import MarkedSpots
from lesionvis.photo import read_photo
from lesionvis.scale import NoScale
from lesionvis.skin import find_skin
from lesionvis.spots.candidates import find_candidates

N_SHOWERS, N_PLAIN, N_LESIONS, N_ANGIOMAS, N_TINY, N_SMOOTH = 28, 12, 8, 6, 64, 48
# Diameter in px and blood of the tiniest spots: strong ones are rather dark than red, as pores and hair are.
TINY_DIAMETERS_PX, TINY_BLOOD_FRACTIONS = (3.2, 5.5), (0.04, 0.14)
# Crisp spots on skin without texture, as phones smooth it: among the marked photos there is none.
SMOOTH_DIAMETERS_PX, SMOOTH_BLOOD_FRACTIONS = (4.0, 40.0), (0.02, 0.25)
# A rendered photo counts half as much as a real one.
RENDERED_WEIGHT = 0.5
RENDERED_OTHERS = 60
_KINDS_OF_SPOTS = {"shower": "blood", "tiny": "blood", "smooth": "blood", "angioma": "vascular"}
# Only the networks need these, and the forests doubt less with them, also where there is nothing.
_FOR_NETWORKS_ONLY = ("tiny", "smooth")
_SEED = 20


def random_scene(generator: np.random.Generator, number: int) -> Scene:
    """A scene with everything that varies from photo to photo, skin tones evenly spread over the photos.

    Parameters
    ----------
    generator : numpy.random.Generator
    number : int
        Of the photo: tone, size and seed follow from it.

    Returns
    -------
    Scene
    """
    # Every other photo is so small that it is enlarged before anything is sought.
    width_px, height_px = ((640, 480), (320, 240))[number // 2 % 2]
    return Scene(
        width_px=width_px,
        height_px=height_px,
        px_per_mm=float(np.exp(generator.uniform(np.log(2.5), np.log(12.0)))),
        seed=_SEED * 1000 + number,
        ita_deg=float(-30.0 + 82.0 * ((number * 0.618) % 1.0)),
        blood_fraction=float(generator.uniform(0.003, 0.012)),
        surface_veil=float(generator.uniform(0.005, 0.05)),
        gloss=float(generator.uniform(0.0, 0.3)),
        texture=float(generator.uniform(0.5, 1.6)),
        mottling=float(generator.uniform(0.5, 1.8)),
        hair_count=int(generator.integers(0, 60)),
        freckle_count=int(generator.integers(0, 40)),
        naevus_count=int(generator.integers(0, 4)),
        light_temperature_k=float(generator.uniform(3500.0, 7500.0)),
        exposure=float(generator.uniform(0.6, 1.2)),
        vignetting=float(generator.uniform(0.0, 0.4)),
        blur_sigma_px=float(generator.uniform(0.4, 1.6)),
        noise_sigma_levels=float(generator.uniform(0.5, 4.0)),
        jpeg_quality=int(generator.integers(60, 95)),
    )


def _cases() -> Iterator[tuple[str, Scene, tuple[RenderedSpot, ...]]]:
    """Kind, scene and truth of each rendered photo."""
    generator = np.random.default_rng(_SEED)
    number = 0
    for kind, count in (
        ("shower", N_SHOWERS),
        ("plain", N_PLAIN),
        ("lesion", N_LESIONS),
        ("angioma", N_ANGIOMAS),
        ("tiny", N_TINY),
        ("smooth", N_SMOOTH),
    ):
        for _ in range(count):
            number += 1
            scene = random_scene(generator, number)
            if kind == "shower":
                # From 3 px on; as many as fit with ease.
                diameter_mm = max(float(generator.uniform(0.8, 2.0)), 3.2 / scene.px_per_mm)
                room = scene.width_px * scene.height_px / (diameter_mm * scene.px_per_mm * 4.0) ** 2
                n_spots = min(int(generator.integers(5, 200)), int(room))
                yield kind, scene, petechial_shower(generator, scene, max(n_spots, 3), diameter_mm=diameter_mm)
            elif kind == "tiny":
                tiny_mm = float(generator.uniform(*TINY_DIAMETERS_PX)) / scene.px_per_mm
                blood = float(generator.uniform(*TINY_BLOOD_FRACTIONS))
                n_spots = int(generator.integers(8, 60))
                spots = petechial_shower(generator, scene, n_spots, diameter_mm=tiny_mm, blood_fraction=blood)
                yield kind, scene, spots
            elif kind == "smooth":
                yield _smooth_case(generator, scene)
            elif kind == "lesion":
                yield kind, scene, single_lesion(generator, scene, "naevus" if number % 2 else "melanoma")
            elif kind == "angioma":
                scene = replace(scene, px_per_mm=max(scene.px_per_mm, 5.0))
                yield kind, scene, angiomas(generator, scene, int(generator.integers(2, 6)))
            else:
                yield kind, scene, plain_skin()


def _smooth_case(generator: np.random.Generator, scene: Scene) -> tuple[str, Scene, tuple[RenderedSpot, ...]]:
    """Strong spots on skin without hair and nearly without texture."""
    scene = replace(
        scene,
        texture=float(generator.uniform(0.0, 0.2)),
        mottling=float(generator.uniform(0.0, 0.3)),
        hair_count=0,
        freckle_count=0,
        naevus_count=0,
        gloss=0.0,
        vignetting=0.0,
        blur_sigma_px=float(generator.uniform(0.3, 1.2)),
        noise_sigma_levels=float(generator.uniform(0.5, 3.0)),
        jpeg_quality=int(generator.integers(85, 101)),
    )
    diameter_px = float(np.exp(generator.uniform(*np.log(SMOOTH_DIAMETERS_PX))))
    room = int(scene.width_px * scene.height_px / (diameter_px * 4.0) ** 2)
    spots = petechial_shower(
        generator,
        scene,
        max(min(int(np.exp(generator.uniform(np.log(3.0), np.log(40.0)))), room), 3),
        diameter_mm=diameter_px / scene.px_per_mm,
        blood_fraction=float(generator.uniform(*SMOOTH_BLOOD_FRACTIONS)),
    )
    return "smooth", scene, spots


def rendered_candidate_examples() -> list[CandidateExample]:
    """Candidates of the rendered photos with their truth, in a fixed order; the same on every call.

    Returns
    -------
    list of CandidateExample
        One per rendered photo.
    """
    jobs = (delayed(_candidate_example)(number, *case) for number, case in enumerate(_cases()))
    return list(Parallel(n_jobs=2)(jobs))


def _candidate_example(number: int, kind: str, scene: Scene, spots: tuple[RenderedSpot, ...]) -> CandidateExample:
    cv2.setNumThreads(1)
    name = f"rendered-{kind}-{number}"
    photo = read_photo(encode_jpeg(render(scene, spots).rgb, scene.jpeg_quality or 90))
    candidates = find_candidates(photo.rgb, find_skin(photo, NoScale("not sought in training")))
    marked = MarkedSpots(
        name,
        (0.0, 0.0, float(scene.width_px), float(scene.height_px)),
        np.array([spot.x_px for spot in spots]),
        np.array([spot.y_px for spot in spots]),
        np.array([spot.diameter_px for spot in spots]),
        (_KINDS_OF_SPOTS.get(kind, "uncertain"),) * len(spots),
    )
    kinds = candidate_examples.match(candidates, marked, "", photo.px_per_source_px)
    weights = RENDERED_WEIGHT * candidate_examples.thin_out(kinds, RENDERED_OTHERS)
    origin = candidate_examples.FOR_NETWORKS if kind in _FOR_NETWORKS_ONLY else "rendered"
    return CandidateExample(name, "rendered", name, origin, 0, candidates, kinds, weights)


def rendered_region_examples() -> list[RegionExample]:
    """Regions of the rendered photos that have one lesion or none, in a fixed order; the same on every call.

    Returns
    -------
    list of RegionExample
        One per rendered photo.
    """
    jobs = (
        delayed(_region_example)(number, *case)
        for number, case in enumerate(_cases())
        if case[0] not in ("angioma", *_FOR_NETWORKS_ONLY)
    )
    return list(Parallel(n_jobs=2)(jobs))


def _region_example(number: int, kind: str, scene: Scene, spots: tuple[RenderedSpot, ...]) -> RegionExample:
    cv2.setNumThreads(1)
    rendered = render(scene, spots)
    photo = read_photo(encode_jpeg(rendered.rgb, scene.jpeg_quality or 90))
    lesion = rendered.labels > 0 if kind == "lesion" else np.zeros(rendered.labels.shape, np.bool_)
    name = f"rendered-{kind}-{number}"
    return region_example(name, ("rendered", name), 0, photo, lesion)
