"""The card in rendered photos with known scale, and in real photos without one."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from lesionvis.errors import SettingsError
from lesionvis.lab.render.cards import Pose, RenderedReference, render_card
from lesionvis.lab.render.scene import Scene
from lesionvis.photo import Photo, PhotoReader, read_photo
from lesionvis.scale.base import NoScale, Scale
from lesionvis.scale.card.layout import CARD_HEIGHT_MM, CARD_WIDTH_MM, SQUARE_MM
from lesionvis.scale.card.marker import CardView, _bend, find_card, find_marker
from lesionvis.scale.card.marker import _scale as _scale_of
from lesionvis.scale.card.projection import Homography

PLAIN = Scene(width_px=900, height_px=680, px_per_mm=8.0, blur_sigma_px=1.0, noise_sigma_levels=2.0, jpeg_quality=60)
POSE = Pose(x_px=430.0, y_px=340.0, turn_deg=20.0)


@cache
def _plain() -> tuple[RenderedReference, Photo]:
    rendered = render_card(PLAIN, POSE)
    return rendered, read_photo(rendered.rgb)


def _scale(photo: Photo, bar_mm: float = 50.0) -> Scale:
    scale = find_marker(photo, bar_mm)
    assert isinstance(scale, Scale), scale
    return scale


@pytest.mark.parametrize(
    ("px_per_mm", "turn_deg", "tilt_deg", "tilt_axis_deg"),
    [(6.0, 75.0, 40.0, 30.0), (9.0, 190.0, 25.0, 110.0), (16.0, 5.0, 40.0, 0.0), (30.0, 300.0, 35.0, 80.0)],
)
def test_the_scale_is_right_in_any_pose(
    px_per_mm: float, turn_deg: float, tilt_deg: float, tilt_axis_deg: float
) -> None:
    scene = Scene(width_px=1000, height_px=750, px_per_mm=px_per_mm, blur_sigma_px=1.2, jpeg_quality=60)
    rendered = render_card(scene, Pose(520.0, 360.0, turn_deg, tilt_deg, tilt_axis_deg))
    scale = _scale(read_photo(rendered.rgb))
    truth = rendered.plane.px_per_mm(rendered.plane.to_mm(scale.points_px))
    assert scale.px_per_mm_at_points == pytest.approx(truth, rel=0.01)
    assert scale.px_per_mm_near(520.0, 360.0) == pytest.approx(px_per_mm, rel=0.06)
    assert 0.3 < scale.error_pct < 2.3  # more where few corners are in sight, which tell no bend
    assert scale.px_per_mm_near(530.0, 370.0) == pytest.approx(
        rendered.plane.px_per_mm(rendered.plane.to_mm([[530.0, 370.0]]))[0], rel=0.005
    )
    assert scale.source == "marker"


def test_a_card_that_faces_the_camera_gives_one_scale_everywhere() -> None:
    scale = _scale(_plain()[1])
    assert scale.px_per_mm == pytest.approx(8.0, rel=0.003)
    assert scale.px_per_mm_at_points == pytest.approx(8.0, rel=0.005)


def _facing(left_px: float, top_px: float) -> CardView:
    """A card seen from right above, 10 px per mm, its top-left corner at a place of the photo."""
    plane = Homography(np.array([[10.0, 0.0, left_px], [0.0, 10.0, top_px], [0.0, 0.0, 1.0]]))
    corners = np.stack(np.meshgrid(np.arange(10.0, 50.0, 8.0), np.arange(10.0, 40.0, 8.0)), axis=-1).reshape(-1, 2)
    return CardView(plane, corners, residual_px=0.2, bend=0.0)


def test_the_places_are_those_in_the_frame_every_ten_millimetres() -> None:
    # Places lie 100 px apart; one row or column of them lies just inside or outside the outermost pixels.
    photo = read_photo(np.zeros((400, 600, 3), np.uint8))
    for left, top, x_first, y_first in ((99.6, 199.6, -0.4, -0.4), (99.4, 199.4, 99.4, 99.4)):
        found = _scale_of(_facing(left, top), 1.0, photo).points_px
        assert found.min(axis=0) == pytest.approx([x_first, y_first])
    for left, top, x_last, y_last in ((99.4, 199.4, 599.4, 399.4), (99.6, 199.6, 499.6, 299.6)):
        found = _scale_of(_facing(left, top), 1.0, photo).points_px
        assert found.max(axis=0) == pytest.approx([x_last, y_last])
    assert np.diff(np.unique(found[:, 0])) == pytest.approx(100.0)


def test_the_error_of_reading_is_how_the_scale_scatters_when_the_corners_do() -> None:
    generator = np.random.default_rng(3)
    matrix = np.array([[9.0, 1.5, 200.0], [-1.0, 8.0, 150.0], [0.002, -0.001, 1.0]])
    view = replace(_facing(0.0, 0.0), plane=Homography(matrix), residual_px=4.0)
    seen = view.plane.to_px(view.corners_mm)
    read = []
    for _ in range(2000):
        # The residual is that of both coordinates together.
        shaken = seen + generator.normal(0.0, view.residual_px / np.sqrt(2.0), seen.shape)
        fitted, _ = cv2.findHomography(view.corners_mm, shaken)
        read.append(Homography(np.asarray(fitted, np.float64)).px_per_mm(view.corners_mm).mean())
    scale = _scale_of(view, 1.0, read_photo(np.zeros((400, 600, 3), np.uint8)))
    others = 0.003 * scale.px_per_mm  # of the print
    assert scale.px_per_mm == pytest.approx(np.mean(read), rel=2e-3)
    # Eight numbers are fitted, so that what is left is less than what was shaken.
    free = 2 * len(seen)
    reading = np.std(read) * np.sqrt(free / (free - 8))
    assert reading > 0.4 * others
    assert scale.standard_error_px_per_mm == pytest.approx(np.hypot(reading, others), rel=0.03)
    # A place beside the corners is less sure than their mean, the more so the farther away it is.
    near, far = (view.plane.to_px([[30.0, y_mm]])[0] for y_mm in (25.0, 60.0))
    assert scale.error_pct / 100.0 < scale.local_error_near(*near) < 0.7 * scale.local_error_near(*far)


def test_the_error_far_from_the_corners_is_how_the_scale_scatters_there() -> None:
    generator = np.random.default_rng(3)
    matrix = np.array([[9.0, 1.5, 200.0], [-1.0, 8.0, 150.0], [0.002, -0.001, 1.0]])
    view = replace(_facing(0.0, 0.0), plane=Homography(matrix), residual_px=1.5)
    place_mm = np.array([[60.0, 60.0]])
    seen = view.plane.to_px(view.corners_mm)
    read = []
    for _ in range(2000):
        fitted, _ = cv2.findHomography(view.corners_mm, seen + generator.normal(0.0, 1.5 / np.sqrt(2.0), seen.shape))
        read.append(Homography(np.asarray(fitted, np.float64)).px_per_mm(place_mm)[0])
    scale = _scale_of(view, 1.0, read_photo(np.zeros((1000, 1200, 3), np.uint8)))
    free = 2 * len(seen)
    reading = np.std(read) / np.mean(read) * np.sqrt(free / (free - 8))
    assert reading > 0.01
    assert scale.local_error_near(*view.plane.to_px(place_mm)[0]) == pytest.approx(np.hypot(reading, 0.003), rel=0.07)


def test_beyond_its_places_the_plane_of_a_card_is_not_followed() -> None:
    tilted = Homography(np.array([[10.0, 0.0, 0.0], [0.0, 10.0, 0.0], [0.0, 0.003, 1.0]]))
    scale = _scale_of(replace(_facing(0.0, 0.0), plane=tilted), 1.0, read_photo(np.zeros((900, 600, 3), np.uint8)))
    inside = tilted.to_px([[30.0, 63.0]])[0]
    assert scale.px_per_mm_near(*inside) == pytest.approx(tilted.px_per_mm([[30.0, 63.0]])[0])
    # The last places lie 94 mm down the card's plane or at the frame, and 5 mm farther it is followed.
    bottom = scale.points_px[:, 1].max()
    last_mm = float(tilted.to_mm([[300.0, bottom]])[0, 1])
    beyond = tilted.to_px([[30.0, last_mm + 30.0]])[0]
    at_end = tilted.to_mm([beyond])[0] * (1.0, 0.0) + (0.0, last_mm + 5.0)
    assert scale.px_per_mm_near(*beyond) == pytest.approx(tilted.px_per_mm([at_end])[0], rel=0.02)


def test_the_outline_is_the_card() -> None:
    rendered, photo = _plain()
    half = np.array([CARD_WIDTH_MM, CARD_HEIGHT_MM]) / 2.0
    corners = rendered.plane.to_px(np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * half)
    assert _scale(photo).outline_px == pytest.approx(corners, abs=1.0)


def test_positions_are_those_of_the_source_photo() -> None:
    rendered, photo = _plain()
    reduced = PhotoReader(working_long_side_px=700)(rendered.rgb)
    assert reduced.px_per_source_px < 1.0
    assert _scale(reduced).px_per_mm == pytest.approx(8.0, rel=0.003)
    assert _scale(reduced).outline_px == pytest.approx(_scale(photo).outline_px, abs=0.5)


def test_what_the_corners_are_off_is_told_in_px_of_the_source() -> None:
    _, photo = _plain()
    # The same picture as half of a larger one.
    half = replace(photo, px_per_source_px=0.5, source_width_px=1800, source_height_px=1360)
    whole_view, half_view = find_card(photo), find_card(half)
    assert isinstance(whole_view, CardView)
    assert isinstance(half_view, CardView)
    assert half_view.residual_px == pytest.approx(2.0 * whole_view.residual_px)
    assert half_view.bend == pytest.approx(whole_view.bend)


def test_the_length_of_the_bar_corrects_a_print_at_another_size() -> None:
    photo = read_photo(render_card(PLAIN, POSE, print_scale=0.94).rgb)
    assert _scale(photo).px_per_mm == pytest.approx(0.94 * 8.0, rel=0.003)
    assert _scale(photo, bar_mm=47.0).px_per_mm == pytest.approx(8.0, rel=0.003)


@pytest.mark.parametrize("bar_mm", [0.0, -50.0, 5.0, 500.0, float("nan")])
def test_a_bar_of_no_possible_length_is_refused(bar_mm: float) -> None:
    with pytest.raises(SettingsError, match="bar_mm must be a number from 25 to 100"):
        find_marker(_plain()[1], bar_mm)


def test_a_covered_part_of_the_card_does_not_matter() -> None:
    rgb = _plain()[0].rgb.copy()
    rgb[:, 500:] = (200, 150, 130)
    assert _scale(read_photo(rgb)).px_per_mm == pytest.approx(8.0, rel=0.01)


def test_corners_under_a_finger_are_not_used() -> None:
    """A finger over a third of the board, whose edge looks like corners where there are none."""
    rendered, _ = _plain()
    rgb = rendered.rgb.copy()
    x, y = np.round(rendered.plane.to_px([[14.0, -8.0]])[0]).astype(int).tolist()
    cv2.ellipse(rgb, (x, y), (125, 75), 60, 0, 360, (205, 150, 125), -1, cv2.LINE_AA)
    scale = _scale(read_photo(rgb))
    assert scale.px_per_mm_at_points == pytest.approx(8.0, rel=0.01)


def test_a_bent_card_has_a_larger_error() -> None:
    """Seen from above, a card curled about its short side is compressed towards both ends."""
    rendered, photo = _plain()
    height, width = rendered.rgb.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    along = (x - POSE.x_px) / 340.0
    bent = cv2.remap(rendered.rgb, POSE.x_px + 340.0 * (along + 0.025 * along**3), y, cv2.INTER_LINEAR)
    flat, curled = _scale(photo), _scale(read_photo(np.asarray(bent, np.uint8)))
    assert flat.error_pct < 0.6
    assert curled.error_pct > 1.3 * flat.error_pct


def test_a_bend_in_any_direction_is_the_slope_of_which_a_plane_explains_a_part() -> None:
    x, y = (axis.ravel() for axis in np.meshgrid(np.arange(-2.5, 3.0), np.arange(-1.0, 2.0)))
    corners_mm, none = SQUARE_MM * np.stack([x, y], axis=1), np.zeros_like(x)
    assert _bend(corners_mm, 10.0 * corners_mm) == pytest.approx(0.0, abs=1e-6)
    # What corners are off, px, and the slope of that, px per square.
    for off, slope in (((y**2, none), 2 * y), ((none, x**2), 2 * x), ((none, y**2), 2 * y), ((x**3, none), 3 * x**2)):
        whole = np.sqrt(np.mean(slope**2)) / (10.0 * SQUARE_MM)
        bends = [_bend(corners_mm, 10.0 * corners_mm + factor * np.stack(off, axis=1)) for factor in (0.5, 1.0)]
        assert 0.3 * whole < bends[1] < whole
        assert bends[1] == pytest.approx(2.0 * bends[0], rel=0.05)


def test_of_a_rendered_card_that_curls_up_the_error_holds_what_the_scale_is_off() -> None:
    flat, curled = (render_card(PLAIN, POSE, curl_mm=curl_mm) for curl_mm in (0.0, 2.0))
    off = []
    for rendered in (flat, curled):
        scale = _scale(read_photo(rendered.rgb))
        true = rendered.plane.px_per_mm(rendered.plane.to_mm(scale.points_px))
        off.append(np.abs(scale.px_per_mm_at_points / true - 1.0))
        assert (off[-1] / scale.relative_error_at_points < 2.0).mean() > 0.9
    assert np.median(off[1]) > 3.0 * np.median(off[0])
    # The sides are nearer to the lens than the middle, and so they are larger.
    assert _scale(read_photo(curled.rgb)).px_per_mm > 1.002 * _scale(read_photo(flat.rgb)).px_per_mm


def test_a_rendered_finger_hides_what_it_covers() -> None:
    rgb = render_card(PLAIN, POSE, finger_mm=(10.0, 0.0, 12.0)).rgb
    plain, _ = _plain()
    x, y = np.rint(plain.plane.to_px([[10.0, 0.0]])[0]).astype(int)
    hidden, shown = (picture[y - 5 : y + 5, x - 40 : x + 40, 1].std() for picture in (rgb, plain.rgb))
    assert hidden < 10.0 < shown
    assert _scale(read_photo(rgb)).px_per_mm == pytest.approx(8.0, rel=0.01)


@pytest.mark.parametrize(
    ("columns", "rows", "square_mm", "marker_mm"), [(11, 8, 15.0, 11.0), (7, 5, 30.0, 22.0), (10, 14, 20.0, 15.0)]
)
def test_boards_of_others_are_no_card(columns: int, rows: int, square_mm: float, marker_mm: float) -> None:
    dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_250)
    board = cv2.aruco.CharucoBoard((columns, rows), square_mm, marker_mm, dictionary)
    printed = board.generateImage((columns * 60, rows * 60))
    framed = cv2.copyMakeBorder(printed, 40, 40, 40, 40, cv2.BORDER_CONSTANT, value=(255,))
    photo = read_photo(cv2.GaussianBlur(cv2.cvtColor(framed, cv2.COLOR_GRAY2RGB), (0, 0), 0.8))
    scale = find_marker(photo)
    assert isinstance(scale, NoScale)
    assert "the board in sight is not the card of lesionvis" in scale.reason


def test_a_board_of_the_same_layout_on_bare_paper_is_no_card() -> None:
    dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50)
    printed = cv2.aruco.CharucoBoard((11, 4), 20.0, 15.0, dictionary).generateImage((11 * 60, 4 * 60))
    framed = cv2.copyMakeBorder(printed, 40, 160, 40, 40, cv2.BORDER_CONSTANT, value=(255,))
    photo = read_photo(cv2.GaussianBlur(cv2.cvtColor(framed, cv2.COLOR_GRAY2RGB), (0, 0), 0.8))
    scale = find_marker(photo)
    assert isinstance(scale, NoScale)
    assert "bare paper where the card has patches of colour" in scale.reason


@pytest.mark.parametrize("light", [0.35, 0.85])
def test_patches_that_are_covered_or_outside_of_the_photo_are_told_from_bare_paper(light: float) -> None:
    rendered, photo = _plain()
    x, y = rendered.plane.to_px(np.array([[-42.0, 5.5], [42.0, 5.5], [42.0, 15.0], [-42.0, 15.0]])).T
    rgb = rendered.rgb.copy()
    paper = float(np.percentile(rgb[:, :, 1], 99.5))
    cv2.fillPoly(rgb, [np.round(np.stack([x, y], axis=1)).astype(np.int32)], (light * paper,) * 3)
    assert isinstance(find_marker(read_photo(rgb)), Scale) is (light < 0.8)
    top = int(rendered.plane.to_px(np.array([[0.0, 4.0]]))[0, 1])
    assert isinstance(find_marker(read_photo(np.ascontiguousarray(rendered.rgb[:top]))), Scale)
    assert isinstance(find_marker(photo), Scale)


def test_two_markers_alone_are_not_believed() -> None:
    rendered, _ = _plain()
    x, y = np.round(rendered.plane.to_px([[-20.0, -14.0]])[0]).astype(int)
    rgb = np.full_like(rendered.rgb, 170)
    rgb[y - 75 : y + 75, x - 75 : x + 75] = rendered.rgb[y - 75 : y + 75, x - 75 : x + 75]
    scale = find_marker(read_photo(rgb))
    assert isinstance(scale, NoScale)
    assert scale.reason.startswith("no card found: ")


def test_a_homography_behind_the_camera_gives_no_place() -> None:
    plane = Homography(np.array([[8.0, 0.0, 0.0], [0.0, 8.0, 0.0], [-0.01, 0.0, 1.0]]))
    assert np.isnan(plane.to_px([[150.0, 0.0]])).all()
    assert plane.to_mm(plane.to_px([[50.0, 20.0]])) == pytest.approx(np.array([[50.0, 20.0]]))


def test_no_card_is_seen_in_real_photos_without_one(real_photos: Path) -> None:
    files = (
        sorted((real_photos / "dev" / "photos").iterdir())[::10]
        + sorted((real_photos / "dermoscopy" / "photos").iterdir())[::10]
    )
    claims = [file.name for file in files if find_marker(read_photo(file))]
    assert len(files) > 50
    assert claims == []
