"""Rulers, and things that look like rulers, drawn over a picture with known scale.

Everything is drawn by the share of each pixel that it covers, so that ticks of a third of a pixel come out
as a lens would show them. The ruler may be turned, bent along the skin, seen at a slant, cut by the frame,
blurred, covered by a finger or a watermark.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]
Floats = NDArray[np.float64]
Color = tuple[int, int, int]

INCH_MM = 25.4
_BAND_MM = 40.0  # drawn to each side of the edge: no ruler is wider


@dataclass(frozen=True, slots=True)
class TickPrint:
    """Print of a ruler.

    Attributes
    ----------
    spacing_mm : float
        From one tick to the next.
    levels : tuple of (int, float, float)
        Every so many ticks, finest first: the period, length in mm and width in mm from there on.
    digits_every : int
        Digits at every so many ticks, counting up by one; 0 for none.

    Examples
    --------
    >>> RULER_PRINTS["millimetre"].spacing_mm
    1.0
    """

    spacing_mm: float
    levels: tuple[tuple[int, float, float], ...]
    digits_every: int = 0


RULER_PRINTS: dict[str, TickPrint] = {
    "millimetre": TickPrint(1.0, ((1, 3.0, 0.25), (5, 4.2, 0.25), (10, 5.5, 0.25)), 10),
    "millimetre_short": TickPrint(1.0, ((1, 1.2, 0.35), (5, 1.9, 0.35), (10, 3.0, 0.35)), 10),
    "millimetre_heavy_ten": TickPrint(1.0, ((1, 4.0, 0.18), (10, 4.0, 0.4))),
    "millimetre_roof": TickPrint(
        1.0, ((1, 2.0, 0.25), (5, 4.0, 0.25), (10, 6.0, 0.25)), 10
    ),  # the ticks between rise to the half centimetre, see `_lengths_mm`
    "half_centimetre": TickPrint(5.0, ((1, 7.0, 0.3), (2, 15.0, 0.3)), 2),
    "inch_sixteenth": TickPrint(
        INCH_MM / 16, ((1, 3.0, 0.25), (2, 4.5, 0.25), (4, 6.0, 0.25), (8, 7.5, 0.25), (16, 10.0, 0.25)), 16
    ),
    "inch_eighth": TickPrint(INCH_MM / 8, ((1, 4.0, 0.3), (2, 6.0, 0.3), (4, 8.0, 0.3), (8, 11.0, 0.3)), 8),
    "inch_quarter": TickPrint(INCH_MM / 16, ((1, 3.5, 0.25), (4, 5.0, 0.25), (16, 10.0, 0.25)), 16),
    "half_millimetre": TickPrint(0.5, ((1, 2.2, 0.12), (2, 3.4, 0.12), (10, 4.6, 0.12), (20, 6.0, 0.12)), 20),
    "half_millimetre_even": TickPrint(0.5, ((1, 2.6, 0.12), (10, 4.6, 0.12), (20, 6.0, 0.12)), 20),
    "half_millimetre_no_fives": TickPrint(0.5, ((1, 2.5, 0.12), (2, 4.0, 0.12), (20, 6.0, 0.12)), 20),
    "two_millimetres": TickPrint(2.0, ((1, 3.0, 0.25), (5, 4.5, 0.25), (10, 6.0, 0.25)), 5),
    "inch_tenth": TickPrint(INCH_MM / 10, ((1, 3.0, 0.25), (5, 4.5, 0.25), (10, 6.0, 0.25)), 10),
    "two_millimetres_fives": TickPrint(2.0, ((1, 3.0, 0.25), (5, 6.0, 0.25)), 5),
    "inch_twentieth": TickPrint(INCH_MM / 20, ((1, 3.0, 0.25), (5, 4.5, 0.25), (10, 6.0, 0.25)), 10),
    "centimetre": TickPrint(10.0, ((1, 6.0, 0.4), (5, 9.0, 0.4), (10, 12.0, 0.5)), 1),
    "two_millimetres_heavy": TickPrint(2.0, ((1, 3.5, 0.5), (5, 5.5, 0.5), (10, 7.0, 0.5)), 5),
    "inch_tenth_heavy": TickPrint(INCH_MM / 10, ((1, 3.0, 0.5), (5, 4.5, 0.5), (10, 6.0, 0.5)), 10),
    "inch_twentieth_short": TickPrint(INCH_MM / 20, ((1, 2.0, 0.2), (5, 3.0, 0.2), (10, 4.0, 0.2)), 20),
    "inch_fiftieth": TickPrint(INCH_MM / 50, ((1, 2.0, 0.12), (5, 3.0, 0.12), (10, 4.0, 0.12)), 50),
    "inch_half": TickPrint(INCH_MM / 2, ((1, 6.0, 0.4), (2, 12.0, 0.4)), 2),
    "thirds": TickPrint(1.0, ((1, 3.0, 0.25), (3, 4.5, 0.25))),
    "sevenths": TickPrint(1.0, ((1, 3.0, 0.25), (7, 4.5, 0.25))),
}
"""Prints by name; the first four are in millimetres, "thirds" and "sevenths" are on no ruler."""


@dataclass(frozen=True, slots=True)
class RulerLook:
    """Colours and measures of a ruler; `body_opacity` 0.15 makes a clear plastic one."""

    body: Color = (236, 234, 228)
    ink: Color = (25, 25, 30)
    body_opacity: float = 1.0
    margin_mm: float = 0.3
    width_mm: float = 20.0

    def without_body(self) -> RulerLook:
        """Look of the ink alone, as software draws a scale over a picture.

        Returns
        -------
        RulerLook
            The same print without a body.
        """
        return replace(self, body_opacity=0.0)


@dataclass(frozen=True, slots=True)
class RulerPose:
    """Pose of a ruler in the picture.

    Attributes
    ----------
    px_per_mm : float
        Scale at the ruler's origin, px per mm.
    origin_px : (float, float)
        Where tick 0 meets the edge, x and y.
    angle_deg : float
        Direction of growing numbers, from x towards y.
    first_mm, last_mm : float
        Ends of the ticks.
    change_per_mm : float
        Relative change of scale for each mm along the ruler: perspective.
    bend_per_px : float
        How far the edge leaves its tangent, px per squared px: curved skin.
    flipped : bool
        Ticks on the other side of the edge: the ruler lies the other way round.
    """

    px_per_mm: float
    origin_px: tuple[float, float]
    angle_deg: float = 0.0
    first_mm: float = 0.0
    last_mm: float = 50.0
    change_per_mm: float = 0.0
    bend_per_px: float = 0.0
    flipped: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class RenderedRuler:
    """A picture with a ruler in it, and its truth.

    Attributes
    ----------
    rgb : ndarray of shape (H, W, 3), uint8
    px_per_mm : float
        Mean over the ticks inside the picture; NaN when there are none.
    px_per_mm_min, px_per_mm_max : float
        Range of the local scale over them.
    """

    rgb: Rgb
    px_per_mm: float
    px_per_mm_min: float
    px_per_mm_max: float


def draw_ruler(background: Rgb, print_: TickPrint, look: RulerLook, pose: RulerPose) -> RenderedRuler:
    """Draw a ruler over a picture.

    Parameters
    ----------
    background : ndarray of shape (H, W, 3), uint8
        Picture to draw on; it is left as it is.
    print_ : TickPrint
        Print of the ruler.
    look : RulerLook
        Look of the ruler.
    pose : RulerPose
        Pose of the ruler.

    Returns
    -------
    RenderedRuler
        Picture and truth.

    Examples
    --------
    >>> grey = np.full((120, 400, 3), 128, np.uint8)
    >>> pose = RulerPose(8.0, (20.0, 60.0), last_mm=40.0)
    >>> drawn = draw_ruler(grey, RULER_PRINTS["millimetre"], RulerLook(), pose)
    >>> drawn.rgb.shape, round(drawn.px_per_mm, 3)
    ((120, 400, 3), 8.0)
    """
    along_mm, depth_mm, px_per_mm = _ruler_coordinates(background.shape, pose)
    first, last = round(pose.first_mm / print_.spacing_mm), round(pose.last_mm / print_.spacing_mm)
    body = (
        _covered(along_mm, pose.first_mm - 4.0, pose.last_mm + 4.0, px_per_mm)
        * _covered(depth_mm, 0.0, look.width_mm, px_per_mm)
        * look.body_opacity
    )
    number = np.clip(np.round(along_mm / print_.spacing_mm), first, last).astype(int)
    length_mm, width_mm = _tick_measures(print_, number)
    ink = _covered(along_mm - number * print_.spacing_mm, -0.5 * width_mm, 0.5 * width_mm, px_per_mm) * _covered(
        depth_mm, look.margin_mm, look.margin_mm + length_mm, px_per_mm
    )
    if print_.digits_every:
        ink = np.maximum(ink, _digits(print_, look, first, last, along_mm, depth_mm))
    picture = background.astype(np.float64)
    for alpha, color in ((body, look.body), (ink, look.ink)):
        picture += alpha[..., None] * (np.array(color, float) - picture)
    rgb = np.clip(np.round(picture), 0, 255).astype(np.uint8)
    return RenderedRuler(rgb, *_true_scale(background.shape, print_, pose, first, last))


def _ruler_coordinates(shape: tuple[int, ...], pose: RulerPose) -> tuple[Floats, Floats, Floats]:
    """Of every pixel: mm along the edge, mm from the edge into the ruler, and the local scale."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(float)
    angle = np.deg2rad(pose.angle_deg)
    dx, dy = x - pose.origin_px[0], y - pose.origin_px[1]
    along_px = dx * np.cos(angle) + dy * np.sin(angle)
    depth_px = (-dx * np.sin(angle) + dy * np.cos(angle)) * (-1.0 if pose.flipped else 1.0)
    depth_px -= pose.bend_per_px * along_px**2
    growth = pose.change_per_mm / pose.px_per_mm  # of the scale per px: p(s) = p0 (1 + growth s)
    relative = np.maximum(1.0 + growth * along_px, 0.05)
    along_mm = along_px / pose.px_per_mm if growth == 0 else np.log(relative) / (growth * pose.px_per_mm)
    local = pose.px_per_mm * relative
    return along_mm, depth_px / local, local


def _covered(value_mm: Floats, low_mm: Floats | float, high_mm: Floats | float, px_per_mm: Floats) -> Floats:
    """Share of each pixel between two bounds, for a pixel as wide as 1 / `px_per_mm`."""
    upper = np.minimum((value_mm - low_mm) * px_per_mm + 0.5, 1.0)
    lower = np.minimum((high_mm - value_mm) * px_per_mm + 0.5, 1.0)
    return np.clip(np.minimum(upper, upper + lower - 1.0), 0.0, 1.0)


def _tick_measures(print_: TickPrint, number: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Length and width of each tick, in mm."""
    length_mm, width_mm = np.zeros(number.shape), np.zeros(number.shape)
    for period, length, width in print_.levels:
        hit = number % period == 0
        length_mm[hit], width_mm[hit] = length, width
    if print_ is RULER_PRINTS["millimetre_roof"]:
        step = np.minimum(number % 10, -number % 10)
        length_mm = np.where(step > 0, 1.5 + 0.5 * step, length_mm)
    return length_mm, width_mm


def _digits(print_: TickPrint, look: RulerLook, first: int, last: int, along_mm: Floats, depth_mm: Floats) -> Floats:
    """Ink of the digits of every pixel, from a texture of 10 px per mm."""
    fine = 10.0
    width_mm = (last - first) * print_.spacing_mm + 20.0
    texture = np.zeros((int(_BAND_MM * fine), int(width_mm * fine)), np.uint8)
    depth = look.margin_mm + max(length for _, length, _ in print_.levels) + 3.5
    for number in range(first - first % print_.digits_every, last + 1, print_.digits_every):
        text = str(abs(number) // print_.digits_every)
        x = int(((number - first) * print_.spacing_mm + 10.0 - 1.2 * len(text)) * fine)
        cv2.putText(texture, text, (x, int(depth * fine)), cv2.FONT_HERSHEY_SIMPLEX, 1.2, 255, 3, cv2.LINE_AA)
    column = ((along_mm - first * print_.spacing_mm + 10.0) * fine).astype(np.float32)
    row = (depth_mm * fine).astype(np.float32)
    return np.asarray(cv2.remap(texture, column, row, cv2.INTER_LINEAR) / 255.0, np.float64)


def _true_scale(
    shape: tuple[int, ...], print_: TickPrint, pose: RulerPose, first: int, last: int
) -> tuple[float, float, float]:
    """Mean and range of the local scale over the ticks inside the picture."""
    mm = np.arange(first, last + 1) * print_.spacing_mm
    growth = pose.change_per_mm / pose.px_per_mm
    along = mm * pose.px_per_mm if growth == 0 else np.expm1(mm * growth * pose.px_per_mm) / growth
    depth = pose.bend_per_px * along**2 * (-1.0 if pose.flipped else 1.0)
    angle = np.deg2rad(pose.angle_deg)
    x = pose.origin_px[0] + along * np.cos(angle) - depth * np.sin(angle)
    y = pose.origin_px[1] + along * np.sin(angle) + depth * np.cos(angle)
    inside = (x >= 0) & (y >= 0) & (x <= shape[1] - 1) & (y <= shape[0] - 1)
    local = pose.px_per_mm * (1 + growth * along) * np.hypot(1.0, 2 * pose.bend_per_px * along)
    if inside.sum() < 2:
        return float("nan"), float("nan"), float("nan")
    return float(local[inside].mean()), float(local[inside].min()), float(local[inside].max())


@dataclass(frozen=True, slots=True)
class PhotoFaults:
    """Faults that a camera and a clinic add to a picture; the defaults add none.

    Attributes
    ----------
    blur_px : float
        Standard deviation of the blur.
    noise : float
        Standard deviation of the noise, grey levels.
    light : float
        Factor on all grey levels.
    fall_off : float
        Loss of light from the left to the right border, as a share.
    jpeg_quality : int
        1 to 100; 100 leaves the picture as it is.
    fingers : int
        Skin-coloured ellipses over the picture.
    watermark : bool
        A half-transparent white emblem with wavy stripes, as photo libraries print it.
    """

    blur_px: float = 0.0
    noise: float = 0.0
    light: float = 1.0
    fall_off: float = 0.0
    jpeg_quality: int = 100
    fingers: int = 0
    watermark: bool = False


def spoil(rgb: Rgb, faults: PhotoFaults, seed: int) -> Rgb:
    """Add faults to a picture, the same for the same seed.

    Parameters
    ----------
    rgb : ndarray of shape (H, W, 3), uint8
        Picture; it is left as it is.
    faults : PhotoFaults
        Faults to add.
    seed : int
        Seed of everything that is random.

    Returns
    -------
    ndarray of shape (H, W, 3), uint8
        Picture with faults.
    """
    rng = np.random.default_rng(seed)
    picture = rgb.astype(np.float32)
    height, width = rgb.shape[:2]
    for _ in range(faults.fingers):
        at = (int(rng.uniform(0, width)), int(rng.uniform(0.5, 1.0) * height))
        axes = (int(rng.uniform(0.03, 0.07) * width), int(rng.uniform(0.15, 0.3) * height))
        cv2.ellipse(picture, at, axes, float(rng.uniform(-30, 30)), 0, 360, (205, 150, 125), -1, cv2.LINE_AA)
    if faults.watermark:
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        radius = 0.06 * width
        dx, dy = x - 0.14 * width, y - 0.78 * height
        stripes = np.sin(2 * np.pi * (dy + 0.15 * dx * np.sin(dx / radius)) / (radius / 4)) > 0
        alpha = 0.75 * ((np.hypot(dx, dy) < radius) & stripes)
        picture += alpha[..., None] * (250 - picture)
    if faults.blur_px > 0:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), faults.blur_px), np.float32)
    picture *= faults.light * (1 - faults.fall_off * np.linspace(0, 1, width, dtype=np.float32))[:, None]
    if faults.noise > 0:
        picture += rng.normal(0, faults.noise, picture.shape).astype(np.float32)
    spoiled = np.clip(np.round(picture), 0, 255).astype(np.uint8)
    if faults.jpeg_quality < 100:
        coded = cv2.imencode(".jpg", spoiled[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, faults.jpeg_quality])[1]
        spoiled = np.ascontiguousarray(np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)[:, :, ::-1])
    return spoiled


def skin_background(height_px: int, width_px: int, seed: int) -> Rgb:
    """Draw a skin-coloured picture with mottling, fine relief and a few hairs and spots.

    Parameters
    ----------
    height_px, width_px : int
        Size, px.
    seed : int
        Seed of everything that is random.

    Returns
    -------
    ndarray of shape (H, W, 3), uint8
        Picture.
    """
    rng = np.random.default_rng(seed)
    tone = np.array([[224, 178, 152], [198, 145, 115], [141, 92, 66], [88, 58, 44]][rng.integers(4)], float)
    relief = np.zeros((height_px, width_px), np.float32)
    for grain_px, depth in ((2, 0.015), (8, 0.02), (40, 0.03), (160, 0.06)):
        coarse = rng.normal(0, 1, (height_px // grain_px + 2, width_px // grain_px + 2)).astype(np.float32)
        relief += depth * cv2.resize(coarse, (width_px, height_px), interpolation=cv2.INTER_CUBIC)
    picture = np.clip(tone * (1 + relief[..., None]), 0, 255).astype(np.uint8)
    for _ in range(int(rng.integers(0, 25))):
        start = rng.uniform(0, [width_px, height_px])
        turn = np.cumsum(rng.normal(0, 0.15, 12)) + rng.uniform(0, 6.28)
        steps = 6 * np.stack([np.cos(turn), np.sin(turn)], axis=-1)
        points = np.round(start + np.cumsum(steps, axis=0)).astype(np.int32)
        cv2.polylines(picture, [points], False, (60, 45, 40), 1, cv2.LINE_AA)
    for _ in range(int(rng.integers(0, 4))):
        at = (int(rng.uniform(0, width_px)), int(rng.uniform(0, height_px)))
        cv2.circle(picture, at, int(rng.uniform(4, 30)), (150, 60, 60), -1, cv2.LINE_AA)
    return picture


LOOKS: dict[str, RulerLook] = {
    "white paper": RulerLook(),
    "steel": RulerLook(body=(178, 180, 186), ink=(30, 30, 34), width_mm=15.0),
    "wood": RulerLook(body=(214, 176, 116), ink=(40, 28, 20), margin_mm=0.0, width_mm=28.0),
    "blue print": RulerLook(body=(240, 240, 240), ink=(50, 70, 180)),
    "yellow tape": RulerLook(body=(240, 214, 60), ink=(15, 15, 15), width_mm=16.0),
    "black, white print": RulerLook(body=(40, 40, 44), ink=(240, 240, 240)),
    "red, white print": RulerLook(body=(190, 60, 50), ink=(245, 235, 225), margin_mm=0.0),
    "clear plastic": RulerLook(body=(245, 245, 250), ink=(10, 10, 10), body_opacity=0.3),
}
"""Looks of common rulers, by name."""


def random_ruler_photo(seed: int, print_name: str, background: Rgb | None = None) -> RenderedRuler:
    """Render a photo of a ruler of one print with all else drawn at random: look, pose, faults.

    Parameters
    ----------
    seed : int
        Seed of everything that is random.
    print_name : str
        Key of `RULER_PRINTS`.
    background : ndarray of shape (H, W, 3), uint8, optional
        Picture to lay the ruler on; skin of 480 x 640 px when left out.

    Returns
    -------
    RenderedRuler
        Photo and truth.
    """
    rng = np.random.default_rng(seed)
    print_ = RULER_PRINTS[print_name]
    if background is None:
        background = skin_background(480, 640, seed)
    height, width = background.shape[:2]
    looks = list(LOOKS.values())
    look = looks[rng.integers(len(looks))]
    look = replace(look, margin_mm=float(look.margin_mm + rng.choice([0.0, 0.0, 0.5])))
    pitch_px = float(np.exp(rng.uniform(np.log(5.0), np.log(28.0))))
    px_per_mm = pitch_px / print_.spacing_mm
    # A ruler that runs across the picture, through a point off its centre, at any angle.
    angle = float(rng.uniform(0, 360))
    direction = np.array([np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))])
    normal = np.array([-direction[1], direction[0]])
    through = np.array([width, height]) * rng.uniform(0.4, 0.6, 2) + normal * rng.uniform(0.05, 0.3) * height
    n_ticks = int(rng.integers(24, 71))
    length_mm = n_ticks * print_.spacing_mm
    origin = through - direction * 0.5 * length_mm * px_per_mm
    pose = RulerPose(
        px_per_mm=px_per_mm,
        origin_px=(float(origin[0]), float(origin[1])),
        angle_deg=angle,
        last_mm=length_mm,
        change_per_mm=float(rng.uniform(-1, 1)) * 0.15 / length_mm,
        bend_per_px=float(rng.uniform(-1, 1)) * 0.04 / (length_mm * px_per_mm),
    )
    drawn = draw_ruler(background, print_, look, pose)
    faults = PhotoFaults(
        blur_px=float(rng.uniform(0.3, 0.12 * pitch_px)),
        noise=float(rng.uniform(0.5, 4.0)),
        light=float(rng.choice([1.0, 1.0, 0.5])),
        fall_off=float(rng.uniform(0.0, 0.4)),
        jpeg_quality=int(rng.choice([95, 80, 50])),
        fingers=int(rng.integers(0, 2)),
        watermark=bool(rng.random() < 0.3),
    )
    return replace(drawn, rgb=spoil(drawn.rgb, faults, seed))
