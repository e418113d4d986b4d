"""How well the scale is read off rendered cards and coins: shares of photos by error, and CPU time.

Run: python benchmarks/scale_references.py [photos per row]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.lab.render.cards import METALS, Metal, Pose, RenderedReference, render_card, render_coin
from lesionvis.lab.render.scene import Scene
from lesionvis.photo import Photo, read_photo
from lesionvis.scale.base import NoScale, Scale
from lesionvis.scale.card.marker import find_marker
from lesionvis.scale.coin import find_coin, known_coins

COINS: dict[Metal, str] = {"silver": "usd-25c", "gold": "eur-50c", "two-coloured": "eur-1"}
CARD_PX_PER_MM = (6.0, 8.0, 12.0, 18.0, 30.0)
COIN_PX_PER_MM = (4.0, 8.0, 12.0)
MAX_TILT_DEG = 40.0


def _scene(generator: np.random.Generator, px_per_mm: float) -> Scene:
    return Scene(
        width_px=1280,
        height_px=960,
        px_per_mm=px_per_mm,
        seed=int(generator.integers(1_000_000)),
        ita_deg=float(generator.uniform(-30, 55)),
        hair_count=int(generator.integers(0, 20)),
        blur_sigma_px=float(generator.uniform(0.5, 2.0)),
        noise_sigma_levels=3.0,
        jpeg_quality=60,
    )


def _pose(generator: np.random.Generator) -> Pose:
    x_px, y_px = generator.uniform((450, 350), (830, 610))
    turn_deg, tilt_deg, axis_deg = generator.uniform(0, (360, MAX_TILT_DEG, 180))
    return Pose(float(x_px), float(y_px), float(turn_deg), float(tilt_deg), float(axis_deg))


def _errors(rendered: RenderedReference, scale: Scale) -> NDArray[np.float64]:
    """Relative error of the local scale at each place that the scale states."""
    truth = rendered.plane.px_per_mm(rendered.plane.to_mm(scale.points_px))
    return np.abs(scale.px_per_mm_at_points / truth - 1.0)


def _row(
    name: str,
    n_photos: int,
    make: Callable[[np.random.Generator], RenderedReference],
    find: Callable[[Photo], Scale | NoScale],
) -> None:
    generator = np.random.default_rng(7)
    errors, cpu_ms = [], []
    for _ in range(n_photos):
        rendered = make(generator)
        photo = read_photo(rendered.rgb)
        start = time.process_time()
        scale = find(photo)
        cpu_ms.append(1e3 * (time.process_time() - start))
        if isinstance(scale, Scale):
            errors.append(float(np.median(_errors(rendered, scale))))
    within = [sum(error <= limit for error in errors) for limit in (0.01, 0.02)]
    worst = 100.0 * max(errors, default=float("nan"))
    print(f"{name:24} {n_photos:6} {len(errors):6} {within[0]:9} {within[1]:9} {worst:8.2f} {np.median(cpu_ms):8.0f}")


def main() -> None:
    """Print the table."""
    cv2.setNumThreads(1)
    n_photos = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    print(f"{'':24} {'photos':>6} {'found':>6} {'<= 1 %':>9} {'<= 2 %':>9} {'worst %':>8} {'CPU ms':>8}")
    for px_per_mm in CARD_PX_PER_MM:
        _row(
            f"card {px_per_mm:g} px/mm",
            n_photos,
            lambda generator, p=px_per_mm: render_card(_scene(generator, p), _pose(generator)),  # type: ignore[misc]
            find_marker,
        )
    for metal in METALS:
        coin = known_coins()[COINS[metal]]
        for px_per_mm in COIN_PX_PER_MM:
            _row(
                f"{metal} coin {px_per_mm:g} px/mm",
                n_photos,
                lambda generator, p=px_per_mm, m=metal, mm=coin.diameter_mm: render_coin(  # type: ignore[misc]
                    _scene(generator, p), _pose(generator), mm, m
                ),
                lambda photo, name=coin.name: find_coin(photo, name),  # type: ignore[misc]
            )


if __name__ == "__main__":
    main()
