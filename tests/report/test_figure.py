from __future__ import annotations

import dataclasses
import re
import sys
from base64 import b64decode
from pathlib import Path
from typing import Any

import cv2
import matplotlib as mpl
import numpy as np
import pytest
from numpy.typing import NDArray
from stages import Staged

from lesionvis.analysis import Analysis, analyze
from lesionvis.errors import SettingsError, UnreadablePhoto
from lesionvis.report.figure import METADATA, caption_of, write_figure
from lesionvis.scale import Scale

ENDINGS = tuple(METADATA)


@pytest.fixture(scope="module")
def analysed_mole(mole: Staged) -> Analysis:
    return analyze(mole.truth.rgb, px_per_mm=12.0)


def _pages(content: bytes) -> Any:
    """Pages of a PDF file."""
    return pytest.importorskip("pypdfium2").PdfDocument(content)


def _figure(analysis: Analysis, source: Path | bytes | NDArray[np.uint8], folder: Path, ending: str = ".svg") -> bytes:
    path = folder / f"figure{ending}"
    write_figure(analysis, source, path)
    return path.read_bytes()


def _corners(svg: str, name: str) -> NDArray[np.float64]:
    """Corners of the first line of a group, in points of the page."""
    drawn = svg.partition(f'id="{name}"')[2].partition('<path d="')[2].partition('"')[0]
    return np.array(re.findall(r"[ML] (\S+) (\S+)", drawn), np.float64)


def _points_per_px(svg: str, width_px: int) -> float:
    """Points of the page per px of a photo that is wider than high."""
    page = re.search(r'<svg [^>]*width="([\d.]+)pt"', svg)
    assert page is not None
    return float(page[1]) / width_px


def _picture(svg: str) -> NDArray[np.uint8]:
    """Pixels that are in the file, as they are shown."""
    (code,) = re.findall(r'href="data:image/png;base64,\s*([^"]+)"', svg)
    bgr = cv2.imdecode(np.frombuffer(b64decode(code), np.uint8), cv2.IMREAD_COLOR)
    assert bgr is not None
    placed = re.search(r'<image [^>]*transform="([^"]*)"', svg)
    turned = bgr[::-1] if placed is not None and re.search(r"matrix\(\S+ 0 0 -|scale\(\S+ -", placed[1]) else bgr
    return np.asarray(turned[..., ::-1], np.uint8)


def test_each_spot_has_its_outline_and_its_number(analysed_shower: Analysis, shower: Staged, tmp_path: Path) -> None:
    svg = _figure(analysed_shower, shower.truth.rgb, tmp_path).decode()
    numbers = [str(spot) for spot in analysed_shower.table["spot"]]
    assert len(numbers) > 30
    assert re.findall(r'id="spot-(\d+)"', svg) == numbers
    assert re.findall(r'id="number-(\d+)"', svg) == numbers
    points = _points_per_px(svg, 480)
    for number, outline in zip(numbers, analysed_shower.spots.outlines_px, strict=True):
        np.testing.assert_allclose(_corners(svg, f"spot-{number}")[: len(outline)], (outline + 0.5) * points, atol=1e-3)


def test_the_pixels_are_those_of_the_source(tmp_path: Path) -> None:
    """More of them than were worked on, and not a level changed."""
    rgb = np.full((120, 1500, 3), (200, 160, 130), np.uint8)
    rgb += np.asarray(np.random.default_rng(3).integers(0, 3, rgb.shape), np.uint8)
    path = tmp_path / "photo.png"
    cv2.imwrite(str(path), rgb[..., ::-1])
    analysis = analyze(path)
    assert analysis.photo.rgb.shape[1] == 1280
    assert not len(analysis.spots)
    np.testing.assert_array_equal(_picture(_figure(analysis, path, tmp_path).decode()), rgb)
    drawn = cv2.imdecode(np.frombuffer(_figure(analysis, path.read_bytes(), tmp_path, ".png"), np.uint8), 1)
    assert drawn is not None
    np.testing.assert_array_equal(drawn[:240:2, ::2, ::-1], rgb)
    np.testing.assert_array_equal(drawn[1:240:2, 1::2, ::-1], rgb)
    (picture,) = (
        thing for thing in _pages(_figure(analysis, path, tmp_path, ".pdf"))[0].get_objects() if thing.type == 3
    )
    assert picture.get_px_size() == (1500, 120)


@pytest.mark.parametrize("ending", ENDINGS)
def test_bytes_repeat_whatever_the_style_and_the_name(
    analysed_mole: Analysis, mole: Staged, tmp_path: Path, ending: str
) -> None:
    first = _figure(analysed_mole, mole.truth.rgb, tmp_path, ending)
    hostile = dataclasses.replace(analysed_mole.photo, name='<script>alert("1")</script>$x$.jpg')
    with mpl.rc_context({"font.size": 30.0, "axes.facecolor": "red", "savefig.bbox": "tight"}):
        assert _figure(dataclasses.replace(analysed_mole, photo=hostile), mole.truth.rgb, tmp_path, ending) == first
        assert mpl.rcParams["font.size"] == 30.0


def test_the_bar_is_as_long_as_it_says(analysed_samples: dict[str, Analysis], project: Path, tmp_path: Path) -> None:
    analysis = analysed_samples["shower-light-ruler.jpg"]
    assert isinstance(analysis.scale, Scale)
    svg = _figure(analysis, project / "sample_images" / "shower-light-ruler.jpg", tmp_path).decode()
    bar = _corners(svg, "scale-bar")
    length_px = np.ptp(bar[:, 0]) / _points_per_px(svg, analysis.photo.source_width_px)
    assert length_px == pytest.approx(20.0 * analysis.scale.px_per_mm, rel=1e-4)
    assert bar.max(axis=0)[0] < 504.0


def test_the_bar_names_its_length(analysed_mole: Analysis, mole: Staged, tmp_path: Path) -> None:
    """At 6 px per mm 20 mm are a quarter of 480 px; at 12 they are too much."""
    for px_per_mm, length_mm in ((6.0, 20.0), (12.0, 10.0), (600.0, 0.2)):
        scale = Scale(px_per_mm, float("nan"), "given")
        svg = _figure(dataclasses.replace(analysed_mole, scale=scale), mole.truth.rgb, tmp_path).decode()
        length_px = np.ptp(_corners(svg, "scale-bar")[:, 0]) / _points_per_px(svg, 480)
        assert length_px == pytest.approx(length_mm * px_per_mm, rel=1e-4)


def test_without_a_scale_there_is_no_bar_and_no_millimetre(
    analysed_samples: dict[str, Analysis], shower: Staged, tmp_path: Path
) -> None:
    analysis = analyze(shower.truth.rgb)
    assert not analysis.scale
    svg = _figure(analysis, shower.truth.rgb, tmp_path).decode()
    assert "scale-bar" not in svg
    assert " px, no scale; outlined by lesionvis" in svg
    assert " mm" not in svg
    assert caption_of(analysed_samples["plain-skin.jpg"]).startswith("0 spots, no scale; ")


def test_the_caption_tells_count_and_median(analysed_shower: Analysis, shower: Staged, tmp_path: Path) -> None:
    median_mm = float(np.median(analysed_shower.table["diameter_mm"]))
    caption = caption_of(analysed_shower)
    assert caption.startswith(f"{len(analysed_shower.table)} spots, median diameter {median_mm:.1f} mm, 6 px per mm ")
    page = _pages(_figure(analysed_shower, shower.truth.rgb, tmp_path, ".pdf"))[0]
    assert caption in page.get_textpage().get_text_range()


def test_one_spot_that_a_person_drew_is_told_as_that(shower: Staged) -> None:
    corners = np.array([(100.0, 100.0), (120.0, 100.0), (120.0, 120.0), (100.0, 120.0)])
    caption = caption_of(analyze(shower.truth.rgb, px_per_mm=10.0, outlines=[corners]))
    assert caption == "1 spot, diameter 2.3 mm, 10 px per mm (given); outlined by a person"


@pytest.mark.parametrize(("height", "width"), [(36, 480), (360, 36), (32, 32)])
@pytest.mark.parametrize("ending", ENDINGS)
def test_narrow_photos_have_their_whole_caption(
    plain: Staged, tmp_path: Path, height: int, width: int, ending: str
) -> None:
    rgb = np.ascontiguousarray(plain.truth.rgb[:height, :width])
    content = _figure(analyze(rgb), rgb, tmp_path, ending)
    if ending == ".pdf":
        text = _pages(content)[0].get_textpage().get_text_range()
        assert " ".join(text.split()) == caption_of(analyze(rgb))


def test_what_cannot_be_written_is_refused_in_one_sentence(
    analysed_shower: Analysis, shower: Staged, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rgb = shower.truth.rgb
    with pytest.raises(SettingsError, match=r"^The figure .*a\.jpg must end in \.svg, \.pdf or \.png\.$"):
        write_figure(analysed_shower, rgb, tmp_path / "a.jpg")
    with pytest.raises(SettingsError, match=r"^The folder of the figure .* does not exist; make it first\.$"):
        write_figure(analysed_shower, rgb, tmp_path / "none" / "a.svg")
    with pytest.raises(UnreadablePhoto, match=r"^The figure of array needs the photo that was analysed; "):
        write_figure(analysed_shower, np.ascontiguousarray(rgb[::-1]), tmp_path / "a.svg")
    with pytest.raises(UnreadablePhoto, match=r"^array cannot be read \(No such file"):
        write_figure(analysed_shower, tmp_path / "gone.jpg", tmp_path / "a.svg")
    (tmp_path / "folder.svg").mkdir()
    with pytest.raises(SettingsError, match=r"cannot be written \("):
        write_figure(analysed_shower, rgb, tmp_path / "folder.svg")
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(SettingsError, match=r'^Figures need matplotlib; pip install "lesionvis\[figures\]"\.$'):
        write_figure(analysed_shower, rgb, tmp_path / "a.svg")
    assert not (tmp_path / "a.svg").exists()
