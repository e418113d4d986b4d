"""How well glass tests and dated series are read off rendered photos, with every row's truth known.

Run: python benchmarks/pairs.py [pairs per row] [series per row]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from lesionvis.lab.pairs import GlassPair, Pose, Press, RenderedSeries, View, render_glass_pair, render_series
from lesionvis.lab.scene import Scene, SpotTruth
from lesionvis.lab.truths import petechial_shower

Kind = Literal["fading", "not fading", "some fading", "not pressed", "other skin", "no border"]

PHOTO_SIZE_PX = (1000, 750)
# The canvas leaves room for every pose.
CANVAS_SIZE_PX = (1600, 1280)
PX_PER_MM = (8.0, 14.0)


def canvas(generator: np.random.Generator, ita_deg: tuple[float, float]) -> Scene:
    """Piece of skin of some tone, larger than what a photo shows."""
    return Scene(
        width_px=CANVAS_SIZE_PX[0],
        height_px=CANVAS_SIZE_PX[1],
        px_per_mm=float(generator.uniform(*PX_PER_MM)),
        seed=int(generator.integers(1_000_000)),
        ita_deg=float(generator.uniform(*ita_deg)),
        # Rosy skin, as around a rash and on a limb that hangs down.
        blood_fraction=float(generator.uniform(0.004, 0.008)),
        surface_veil=float(generator.uniform(0.0, 0.02)),
        gloss=float(generator.uniform(0.0, 0.3)),
        freckle_count=int(generator.integers(0, 10)),
        hair_count=int(generator.integers(0, 15)),
        naevus_count=int(generator.integers(0, 3)),
    )


def some_view(generator: np.random.Generator, skin: Scene, light: Scene | None = None) -> View:
    """View from about above, in a light of its own or in nearly the `light` of another photo."""
    if light is None:
        azimuth, elevation = generator.uniform(0, 360), generator.uniform(40, 75)
        temperature = generator.uniform(5000, 8000)
    else:
        azimuth = light.light_azimuth_deg + generator.normal(0, 25)
        elevation = float(np.clip(light.light_elevation_deg + generator.normal(0, 6), 35, 80))
        temperature = light.light_temperature_k + generator.normal(0, 400)
    camera = replace(
        skin,
        width_px=PHOTO_SIZE_PX[0],
        height_px=PHOTO_SIZE_PX[1],
        seed=int(generator.integers(1_000_000)),
        light_azimuth_deg=float(azimuth % 360),
        light_elevation_deg=float(elevation),
        light_temperature_k=float(temperature),
        light_tint=float(generator.normal(0, 0.03)),
        exposure=float(generator.uniform(0.8, 1.15)),
        vignetting=float(generator.uniform(0.0, 0.25)),
        blur_sigma_px=float(generator.uniform(0.5, 1.6)),
        noise_sigma_levels=float(generator.uniform(1.0, 3.0)),
        jpeg_quality=int(generator.integers(75, 96)),
    )
    pose = Pose(
        turn_deg=float(generator.normal(0, 12)),
        zoom=float(np.exp(generator.uniform(-0.2, 0.2))),
        shift_x=float(generator.uniform(-0.1, 0.1)),
        shift_y=float(generator.uniform(-0.1, 0.1)),
        tilt_deg=float(abs(generator.normal(0, 8))),
        tilt_axis_deg=float(generator.uniform(0, 360)),
    )
    return View(pose, camera)


def shower(generator: np.random.Generator, skin: Scene, count: int) -> tuple[SpotTruth, ...]:
    """Petechiae and purpura over the middle of a canvas, all in the frame of most photos."""
    middle = replace(skin, width_px=PHOTO_SIZE_PX[0], height_px=PHOTO_SIZE_PX[1])
    left, top = ((whole - part) // 2 for whole, part in zip(CANVAS_SIZE_PX, PHOTO_SIZE_PX, strict=True))
    spots = petechial_shower(
        generator,
        middle,
        count,
        diameter_mm=float(generator.uniform(1.2, 2.2)),
        blood_fraction=float(generator.uniform(0.03, 0.08)),
        oxygen_saturation=float(generator.uniform(0.5, 0.9)),
    )
    return tuple(replace(spot, x_px=spot.x_px + left, y_px=spot.y_px + top) for spot in spots)


def glass_pair(seed: int, kind: Kind, ita_deg: tuple[float, float]) -> GlassPair:
    """Two photos of a glass test."""
    generator = np.random.default_rng(seed)
    skin = canvas(generator, ita_deg)
    spots = shower(generator, skin, int(generator.integers(12, 60)))
    plain = some_view(generator, skin)
    pressed = some_view(generator, skin, plain.camera)
    press = Press(
        x_px=skin.width_px / 2 + float(generator.normal(0, 40)),
        y_px=skin.height_px / 2 + float(generator.normal(0, 30)),
        radius_px=3000.0 if kind == "no border" else float(generator.uniform(200, 330)),
        blood_left=1.0 if kind == "not pressed" else float(generator.uniform(0.15, 0.45)),
        veil=float(generator.uniform(0.0, 0.05)),
        stretch=float(generator.uniform(0.0, 0.04)),
    )
    count = len(spots)
    fading, kept = generator.uniform(0.0, 0.3, count), generator.uniform(0.85, 1.1, count)
    ratios = {
        "fading": fading,
        "not fading": kept,
        "some fading": np.where(generator.random(count) < 0.5, fading, kept),
        "not pressed": kept,
        "other skin": fading,
        "no border": fading if generator.random() < 0.5 else kept,
    }[kind]
    pair = render_glass_pair(skin, spots, ratios.tolist(), press, plain, pressed)
    if kind != "other skin":
        return pair
    elsewhere = replace(skin, seed=skin.seed + 1)
    other = render_glass_pair(elsewhere, shower(generator, elsewhere, count), ratios.tolist(), press, plain, pressed)
    return replace(pair, pressed=other.pressed)


def series(seed: int, ita_deg: tuple[float, float]) -> RenderedSeries:
    """Three photos of spots that come, go, grow and fade."""
    generator = np.random.default_rng(seed)
    skin = canvas(generator, ita_deg)
    spots = shower(generator, skin, int(generator.integers(15, 50)))
    count = len(spots)
    first = generator.choice(3, count, p=(0.8, 0.12, 0.08))
    last = np.where(generator.random(count) < 0.2, np.maximum(first, 1) - (first == 0), 2)
    fade, growth = generator.uniform(0.55, 1.0), generator.uniform(1.0, 1.3)
    moments: list[list[SpotTruth | None]] = []
    for moment in range(3):
        rows: list[SpotTruth | None] = []
        for index, spot in enumerate(spots):
            age = moment - first[index]
            there = first[index] <= moment <= last[index]
            blood = max(spot.blood_fraction * fade**age, 0.006)
            rows.append(
                replace(
                    spot,
                    blood_fraction=blood,
                    diameter_px=spot.diameter_px * growth**age,
                    bilirubin_g_per_l=0.05 * age * (1.0 - fade),
                )
                if there
                else None
            )
        moments.append(rows)
    views: Sequence[View] = [some_view(generator, skin) for _ in range(3)]
    return render_series(skin, moments, views)


def main() -> None:
    """Print the tables."""


if __name__ == "__main__":
    main()
