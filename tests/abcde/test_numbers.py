from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from numpy.typing import NDArray
from painted import (
    BROWN,
    RADIUS,
    Form,
    added,
    comma,
    disk,
    egg,
    long_ellipse,
    painted,
    patch_of,
    polar,
    scalloped,
)

from lesionvis.abcde.numbers import COLORS, asymmetry, border_form, color_classes, color_shares

# Densities that a place of each colour adds to skin, log10 red, green, blue: from what melanin, blood, scars and deep
# pigment do to light.
SHADES = {
    "white": (-0.12, -0.14, -0.15),
    "red": (0.04, 0.40, 0.36),
    "light brown": (0.15, 0.22, 0.32),
    "dark brown": (0.48, 0.68, 0.85),
    "blue-grey": (0.45, 0.42, 0.25),
    "black": (1.0, 1.05, 1.0),
}


def test_forms_without_a_fault_are_symmetric() -> None:
    for form in (disk, long_ellipse):
        found = asymmetry(patch_of(painted(form), form))
        assert max(found.shape) < 0.03
        assert max(found.color) < 0.05


def test_the_first_axis_lies_along_the_form() -> None:
    def tilted(angle: NDArray[np.float64]) -> NDArray[np.float64]:
        return long_ellipse(angle - np.radians(30.0))

    assert asymmetry(patch_of(painted(tilted), tilted)).axis_deg == 30.0
    assert asymmetry(patch_of(painted(long_ellipse), long_ellipse)).axis_deg == 0.0


def test_an_egg_is_unlike_itself_about_one_axis_and_a_comma_about_both() -> None:
    one = asymmetry(patch_of(painted(egg), egg)).shape
    assert min(one) < 0.03
    assert max(one) > 0.07
    both = asymmetry(patch_of(painted(comma), comma)).shape
    assert min(both) > 0.07


def test_a_cut_disk_covers_itself_as_geometry_says() -> None:
    def half(angle: NDArray[np.float64]) -> NDArray[np.float64]:
        # Disk of radius 60 cut at x = -10 seen from the centre, which lies inside the larger part.
        cut = np.where(np.cos(angle) < 0, -10.0 / np.minimum(np.cos(angle), -1e-9), np.inf)
        return np.minimum(60.0, cut)

    # The same by counting on a fine grid.
    step = 0.1
    y, x = np.mgrid[-60:60:step, -60:60:step]
    inside = (np.hypot(x, y) <= 60.0) & (x >= -10.0)
    middle = x[inside].mean()
    mirrored = (np.hypot(2.0 * middle - x, y) <= 60.0) & (2.0 * middle - x >= -10.0)
    expected = (inside & ~mirrored).sum() / inside.sum()
    found = asymmetry(patch_of(painted(half), half))
    if found.axis_deg == 0.0:
        assert found.shape == pytest.approx((0.0, expected), abs=0.03)
    else:
        # Another pair of axes may fit better than the two that geometry suggests, never worse.
        assert np.mean(found.shape) < expected / 2.0


def test_colours_of_halves_are_compared_with_each_other() -> None:
    distance, angle = polar()
    del distance
    difference = 0.3
    density = np.asarray(BROWN) + difference * (np.sin(angle) > 0)[..., None]
    patch = patch_of(painted(long_ellipse, density), long_ellipse)
    found = asymmetry(patch)
    assert found.axis_deg == 0.0
    # Folded over x the upper half falls on the lower; folded over y each falls on itself.
    assert found.color[0] == pytest.approx(difference, abs=0.06)
    assert found.color[1] < 0.05


def test_smooth_borders_are_smooth_and_scallops_are_measured() -> None:
    assert border_form(patch_of(painted(disk), disk)).deviation < 0.01
    assert border_form(patch_of(painted(long_ellipse), long_ellipse)).deviation < 0.02
    # The root mean square of a cosine is its amplitude over the root of 2.
    assert border_form(patch_of(painted(scalloped), scalloped)).deviation == pytest.approx(0.12 / np.sqrt(2), rel=0.1)


def test_compactness_is_that_of_the_form() -> None:
    assert border_form(patch_of(painted(disk), disk)).compactness == pytest.approx(1.0, abs=0.01)
    # Perimeter of an ellipse with half axes 60 and 30 by Ramanujan's formula: 290.65; area 5654.9.
    expected = 290.65**2 / (4.0 * np.pi * 5654.9)
    assert border_form(patch_of(painted(long_ellipse), long_ellipse)).compactness == pytest.approx(expected, rel=0.02)


def test_a_sharp_and_a_washed_out_side_are_told_apart() -> None:
    distance, angle = polar()
    softness = np.where(np.cos(angle) > 0.0, 2.0, 50.0)
    cover = np.clip(0.5 - (distance - RADIUS) / softness, 0.0, 1.0)
    photo = added(painted(disk, (0.0, 0.0, 0.0)), cover[..., None] * np.asarray(BROWN))
    octants = border_form(patch_of(photo, disk)).octants
    right, left = [octants[i] for i in (0, 1, 6, 7)], [octants[i] for i in (2, 3, 4, 5)]
    assert min(right) > 0.75
    # Seen from 30 % inside to 30 % outside, the washed-out side falls evenly: a third of it within 10 %.
    assert np.mean(left) == pytest.approx(1.0 / 3.0, abs=0.07)
    assert max(left) < min(right) - 0.2


def test_a_border_without_contrast_has_no_sharpness() -> None:
    octants = border_form(patch_of(painted(disk, (0.0, 0.0, 0.0)), disk)).octants
    assert np.isnan(octants).all()


@pytest.mark.parametrize("name", SHADES)
@pytest.mark.parametrize("ita_deg", [55.0, 35.0])
@pytest.mark.parametrize("cast", [(0.0, 0.0, 0.0), (0.08, 0.0, 0.05), (0.0, 0.05, 0.10)])
def test_each_colour_is_known_on_light_and_tan_skin_and_under_a_cast(
    name: str, ita_deg: float, cast: tuple[float, float, float]
) -> None:
    # A rim of light brown keeps even a white lesion a lesion; the middle has the colour.
    patch = patch_of(added(painted(disk, SHADES[name], ita_deg=ita_deg), np.asarray(cast)), disk)
    shares = color_shares(patch)
    assert shares[name] > 0.8, shares


def test_shares_are_those_that_were_painted() -> None:
    _, angle = polar()
    quarter = (np.degrees(angle) % 360.0) < 90.0
    density = np.where(quarter[..., None], SHADES["dark brown"], SHADES["light brown"])
    shares = color_shares(patch_of(painted(disk, density), disk))
    assert shares["dark brown"] == pytest.approx(0.25, abs=0.04)
    assert shares["light brown"] == pytest.approx(0.75, abs=0.04)
    assert sum(shares.values()) <= 1.0


def test_skin_and_glare_have_no_colour() -> None:
    assert sum(color_shares(patch_of(painted(disk, (0.0, 0.0, 0.0)), disk)).values()) < 0.02
    patch = patch_of(painted(disk), disk)
    dazzled = dataclasses.replace(patch, glare=np.ones_like(patch.glare))
    assert set(color_classes(dazzled).ravel().tolist()) == {-1}


def test_classes_are_given_on_the_lesion_alone() -> None:
    patch = patch_of(painted(disk), disk)
    classes = color_classes(patch)
    assert set(classes[~patch.mask].tolist()) == {-1}
    assert classes.max() < len(COLORS)


@pytest.mark.parametrize("form", [disk, egg, comma, scalloped])
def test_numbers_do_not_depend_on_how_the_photo_is_turned(form: Form) -> None:
    def turned(angle: NDArray[np.float64]) -> NDArray[np.float64]:
        return form(angle - np.pi / 2.0)

    first, second = patch_of(painted(form), form), patch_of(painted(turned), turned)
    assert sorted(asymmetry(first).shape) == pytest.approx(sorted(asymmetry(second).shape), abs=0.02)
    assert border_form(first).deviation == pytest.approx(border_form(second).deviation, abs=0.005)
