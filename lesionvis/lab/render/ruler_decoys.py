"""Things in clinical photos that repeat as ticks do and are no ruler: no scale must be read off them."""

from __future__ import annotations

from typing import Literal, get_args

import cv2
import numpy as np

from lesionvis.lab.render.rulers import (
    LOOKS,
    RULER_PRINTS,
    Floats,
    PhotoFaults,
    Rgb,
    RulerPose,
    TickPrint,
    draw_ruler,
    skin_background,
    spoil,
)

DecoyKind = Literal["stripes", "woven", "comb", "text", "reticle", "plain ticks", "thirds", "sevenths", "zip"]
"""Striped cloth, checked cloth, a comb, printed lines of text, a scale drawn over a dermoscopic picture,
ticks that are all alike, ticks in orders that no ruler has, a zip fastener."""

DECOY_KINDS: tuple[DecoyKind, ...] = get_args(DecoyKind)


def draw_decoy(kind: DecoyKind, seed: int) -> Rgb:
    """Draw a picture of 480 x 640 px with a decoy at a random place, angle and size.

    Parameters
    ----------
    kind : str
        One of `DecoyKind`.
    seed : int
        Seed of everything that is random.

    Returns
    -------
    ndarray of shape (480, 640, 3), uint8
        Picture.

    Examples
    --------
    >>> draw_decoy("stripes", seed=1).shape
    (480, 640, 3)
    """
    rng = np.random.default_rng(seed)
    background = skin_background(480, 640, seed)
    along, depth = _turned(background.shape, float(rng.uniform(0, 180)), rng.uniform(0.3, 0.7, 2))
    pitch = float(np.exp(rng.uniform(np.log(5.0), np.log(25.0))))
    colors = rng.uniform(20, 245, (2, 3))
    if kind in ("thirds", "sevenths", "plain ticks", "reticle"):
        rgb = _scale_like(kind, background, pitch, rng)
    else:
        alpha, mask = {"stripes": _stripes, "woven": _woven, "comb": _comb, "text": _text, "zip": _zip}[kind](
            along, depth, pitch, rng
        )
        cloth = colors[0] + alpha[..., None] * (colors[1] - colors[0])
        rgb = (background + mask[..., None] * (cloth - background)).astype(np.uint8)
    faults = PhotoFaults(
        blur_px=float(rng.uniform(0.3, 0.1 * pitch)),
        noise=float(rng.uniform(0.5, 4.0)),
        jpeg_quality=int(rng.choice([95, 80, 50])),
        watermark=bool(rng.random() < 0.3),
    )
    return spoil(rgb, faults, seed)


def _turned(shape: tuple[int, ...], angle_deg: float, centre: Floats) -> tuple[Floats, Floats]:
    """Coordinates of every pixel along and across a direction, px from a centre in parts of the picture."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(float)
    x, y = x - centre[0] * shape[1], y - centre[1] * shape[0]
    angle = np.deg2rad(angle_deg)
    return x * np.cos(angle) + y * np.sin(angle), -x * np.sin(angle) + y * np.cos(angle)


def _band(value: Floats, low: float, high: float) -> Floats:
    return np.clip(np.minimum(value - low, high - value) + 0.5, 0.0, 1.0)


def _teeth(along: Floats, pitch: float, share: float) -> Floats:
    """Bars that fill a share of every pitch."""
    return _band(np.abs((along + 0.5 * pitch) % pitch - 0.5 * pitch), -1.0, 0.5 * share * pitch)


def _stripes(along: Floats, depth: Floats, pitch: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Striped cloth that ends at a straight hem; some cloth has a heavier stripe now and then."""
    every = int(rng.choice([1, 2, 3, 4, 6]))
    stripes = _teeth(along, pitch, 0.35)
    heavy = _teeth(along, pitch * every, 0.55 / every) if every > 1 else stripes
    return np.maximum(stripes, heavy), _band(depth, 0.0, 500.0)


def _woven(along: Floats, depth: Floats, pitch: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    over = (np.floor(along / pitch) + np.floor(depth / pitch)) % 2
    thread = np.where(over > 0, _teeth(along, pitch, 0.7), _teeth(depth, pitch, 0.7))
    return thread, _band(depth, 0.0, float(rng.uniform(100, 500)))


def _comb(along: Floats, depth: Floats, pitch: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Teeth on a back; the skin shows between them."""
    length = float(rng.uniform(3, 8)) * pitch
    back = _band(depth, -2.5 * pitch, 0.0)
    teeth = _teeth(along, pitch, 0.45) * _band(depth, -1.0, length)
    reach = _band(along, -15 * pitch, 15 * pitch)
    return np.zeros_like(along), np.maximum(back, teeth) * reach


def _text(along: Floats, depth: Floats, pitch: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Draw a label with lines of letters."""
    page = np.zeros((600, 1200), np.uint8)
    letters = np.array(list("lIi1tHhnmEFTbd|/ "))
    for row in range(8):
        line = "".join(rng.choice(letters, 60))
        cv2.putText(page, line, (10, 60 + 70 * row), cv2.FONT_HERSHEY_SIMPLEX, 1.4, 255, 3, cv2.LINE_AA)
    zoom = 20.0 / pitch
    x, y = (along * zoom + 600).astype(np.float32), (depth * zoom + 300).astype(np.float32)
    ink = np.asarray(cv2.remap(page, x, y, cv2.INTER_LINEAR) / 255.0, np.float64)
    return ink, _band(along * zoom, -600.0, 600.0) * _band(depth * zoom, -300.0, 300.0)


def _zip(along: Floats, depth: Floats, pitch: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Two rows of teeth that mesh, on a tape."""
    left = _teeth(along, pitch, 0.5) * _band(depth, -1.2 * pitch, 0.3 * pitch)
    right = _teeth(along + 0.5 * pitch, pitch, 0.5) * _band(depth, -0.3 * pitch, 1.2 * pitch)
    return np.maximum(left, right), _band(depth, -float(rng.uniform(3, 6)) * pitch, 5.0 * pitch)


def _scale_like(kind: str, background: Rgb, pitch: float, rng: np.random.Generator) -> Rgb:
    """Ticks on a ruler's body in an order that tells no unit; or a scale in tenths of a mm without a body."""
    look = list(LOOKS.values())[rng.integers(len(LOOKS))]
    print_ = TickPrint(1.0, ((1, 3.0, 0.25),)) if kind == "plain ticks" else RULER_PRINTS.get(kind)
    length = 35.0
    at = np.array([320.0, 240.0]) + rng.uniform(-60, 60, 2)
    angle = float(rng.uniform(0, 360))
    start = at - 0.5 * length * pitch * np.array([np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))])
    pose = RulerPose(pitch, (float(start[0]), float(start[1])), angle, last_mm=length)
    if print_ is not None:
        return draw_ruler(background, print_, look, pose).rgb
    bare = LOOKS["white paper"].without_body()
    return draw_ruler(background, RULER_PRINTS["millimetre"], bare, pose).rgb
