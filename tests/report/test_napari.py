"""A photo opens in napari as a picture, and its spots as labels with the table."""

from __future__ import annotations

import io
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import yaml
from drawn import drawn_skin, write_photo
from PIL import Image

from lesionvis import analyze
from lesionvis.annotations.label_mask import read_label_mask
from lesionvis.batch.file_kinds import PHOTO_EXTENSIONS
from lesionvis.batch.masks import mask_png
from lesionvis.errors import UnreadablePhoto
from lesionvis.report.napari import read_layers


@pytest.fixture
def manifest_file(project: Path) -> Path:
    return project / "lesionvis" / "napari.yaml"


@pytest.fixture
def manifest(manifest_file: Path) -> dict[str, Any]:
    content = yaml.safe_load(manifest_file.read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


def opened(manifest: dict[str, Any], path: str) -> list[Any]:
    """Layers of a file, by the way that napari takes."""
    (reader,) = manifest["contributions"]["readers"]
    (command,) = (one for one in manifest["contributions"]["commands"] if one["id"] == reader["command"])
    module, _, name = command["python_name"].partition(":")
    return list(getattr(import_module(module), name)(path)(path))


def test_the_manifest_is_that_of_the_package_and_its_entry_point(manifest: dict[str, Any], project: Path) -> None:
    assert manifest["name"] == "lesionvis"
    # Identifiers of commands begin with the name of the package.
    assert all(command["id"].startswith("lesionvis.") for command in manifest["contributions"]["commands"])
    settings = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    assert settings["project"]["entry-points"]["napari.manifest"] == {"lesionvis": "lesionvis:napari.yaml"}


def test_the_manifest_knows_photos_by_the_names_that_a_run_knows_them_by(manifest: dict[str, Any]) -> None:
    (reader,) = manifest["contributions"]["readers"]
    assert reader["filename_patterns"] == sorted(f"*{ending}" for ending in {*PHOTO_EXTENSIONS, ".dcm"})
    assert reader["accepts_directories"] is False


@pytest.mark.filterwarnings("ignore")  # those of npe2's own import
def test_the_manifest_is_valid_and_opens_a_photo_through_npe2(manifest_file: Path, tmp_path: Path) -> None:
    npe2 = pytest.importorskip("npe2")
    manifest = npe2.PluginManifest.from_file(manifest_file)
    manifest.validate_imports()
    npe2.PluginManager.instance().register(manifest)
    layers = npe2.read([str(write_photo(tmp_path / "LEG.PNG", 3))], stack=False, plugin_name="lesionvis")
    assert [kind for _, _, kind in layers] == ["image", "labels"]


def test_a_photo_is_its_picture_and_labels_at_full_resolution(manifest: dict[str, Any], tmp_path: Path) -> None:
    # Worked at half the size.
    path = write_photo(tmp_path / "leg.png", 3, height=1600, width=2560, radius=24)
    analysis = analyze(path)
    assert analysis.photo.px_per_source_px == 0.5
    (picture, of_picture, kind), (labels, of_labels, other_kind) = opened(manifest, str(path))
    assert (kind, other_kind) == ("image", "labels")
    assert (of_picture["name"], of_labels["name"]) == ("leg.png", "leg.png spots")
    np.testing.assert_array_equal(picture, drawn_skin(3, height=1600, width=2560, radius=24))
    np.testing.assert_array_equal(labels, np.asarray(Image.open(io.BytesIO(mask_png(analysis)))))
    assert labels.max() == len(analysis.table) > 1
    assert of_labels["metadata"]["analysis"] == analysis.to_dict()


def test_a_turned_photo_is_upright_in_both_layers(tmp_path: Path) -> None:
    picture = Image.fromarray(drawn_skin(3))
    exif = picture.getexif()
    exif[0x0112] = 6  # EXIF: the camera was held upright
    picture.save(tmp_path / "turned.png", exif=exif)
    (shown, *_), (labels, *_) = read_layers(str(tmp_path / "turned.png"))
    np.testing.assert_array_equal(shown, np.rot90(drawn_skin(3), -1))
    assert labels.shape == shown.shape[:2] == (128, 96)
    assert shown[labels > 0].mean(axis=0)[1] < shown[labels == 0].mean(axis=0)[1] - 20


def test_every_spot_has_its_row_of_the_table(tmp_path: Path) -> None:
    path = write_photo(tmp_path / "leg.png", 3)
    table = analyze(path).table
    _, (labels, of_labels, _) = read_layers(str(path))
    features = of_labels["features"]
    assert list(features) == ["index", *table]
    # napari finds the row of a label by the column "index".
    assert features["index"].tolist() == sorted(set(labels[labels > 0].tolist()))
    for name in table:
        np.testing.assert_array_equal(features[name], table[name])


def test_layers_are_in_mm_where_the_photo_has_a_scale(project: Path, tmp_path: Path) -> None:
    photo = project / "sample_images" / "naevus-ruler.jpg"
    for _, settings, _ in read_layers(str(photo)):
        assert settings["scale"] == pytest.approx((1 / 16, 1 / 16), rel=0.01)
        assert settings["units"] == ("mm", "mm")
    for _, settings, _ in read_layers(str(write_photo(tmp_path / "leg.png", 3))):
        assert not {"scale", "units"} & set(settings)


def test_a_photo_without_spots_has_empty_labels(tmp_path: Path) -> None:
    (tmp_path / "bare.png").write_bytes(cv2.imencode(".png", np.full((96, 128, 3), 180, np.uint8))[1].tobytes())
    _, (labels, of_labels, _) = read_layers(str(tmp_path / "bare.png"))
    assert not labels.any()
    assert {len(values) for values in of_labels["features"].values()} == {0}


def test_several_photos_have_their_layers_one_after_the_other(tmp_path: Path) -> None:
    paths = [str(write_photo(tmp_path / f"{name}.png", seed)) for seed, name in enumerate("ab")]
    names = [settings["name"] for _, settings, _ in read_layers(paths)]
    assert names == ["a.png", "a.png spots", "b.png", "b.png spots"]


def test_labels_that_are_saved_give_the_spots_back_as_they_were(tmp_path: Path) -> None:
    import tifffile

    path = write_photo(tmp_path / "leg.png", 3)
    _, (labels, *_) = read_layers(str(path))
    tifffile.imwrite(tmp_path / "leg.tif", labels, compression="zlib")  # as napari does
    drawn = read_label_mask(tmp_path / "leg.tif").spots[""]
    found, again = analyze(path).table, analyze(path, outlines=drawn).table
    assert again["outlined_by"].tolist() == ["lesionvis"] * len(found)
    np.testing.assert_array_equal(again["diameter_px"], found["diameter_px"])


def test_what_is_no_photo_says_so(tmp_path: Path) -> None:
    (tmp_path / "note.png").write_text("Dear doctor,", encoding="utf-8")
    with pytest.raises(UnreadablePhoto, match=r"note\.png is not a photo"):
        read_layers(str(tmp_path / "note.png"))
