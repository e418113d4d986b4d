from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import roifile

from lesionvis.annotations.base import AnnotatedPhoto, Annotation
from lesionvis.annotations.files import read_annotations
from lesionvis.annotations.imagej import write_imagej
from lesionvis.errors import SettingsError

TRIANGLE = np.array([[10.25, 10.0], [20.5, 10.0], [20.0, 24.125]])


def test_regions_of_the_roi_manager_are_read(tmp_path: Path) -> None:
    oval = roifile.ImagejRoi(
        roitype=roifile.ROI_TYPE.OVAL, name="lesion-3", left=30, top=10, right=40, bottom=30, n_coordinates=0
    )
    rois = [roifile.ImagejRoi.frompoints(TRIANGLE.astype(np.float32), name="0001-0010"), oval]
    roifile.roiwrite(tmp_path / "a.zip", rois)
    drawn = read_annotations(tmp_path / "a.zip").spots[""]
    assert drawn.kinds == ("", "lesion")
    assert drawn.outlines_px[0].tolist() == (TRIANGLE - 0.5).tolist()
    assert drawn.outlines_px[1].mean(axis=0).tolist() == pytest.approx([34.5, 19.5], abs=0.3)


def test_the_other_library_reads_what_is_written(tmp_path: Path) -> None:
    annotations = [Annotation(TRIANGLE, "blood", 0.9, 1), Annotation(TRIANGLE + 30.0, "candidate", 0.2, 0)]
    written = AnnotatedPhoto("a.jpg", (60, 60), annotations)
    (tmp_path / "a.zip").write_bytes(write_imagej(written))
    rois = roifile.roiread(tmp_path / "a.zip")
    assert isinstance(rois, list)
    assert [roi.name for roi in rois] == ["blood-0001", "candidate-0002"]
    np.testing.assert_array_equal(rois[0].coordinates(), TRIANGLE)
    assert write_imagej(written) == (tmp_path / "a.zip").read_bytes()
    assert len(read_annotations(tmp_path / "a.zip").spots[""]) == 1


def test_one_region_may_be_a_file(tmp_path: Path) -> None:
    roifile.ImagejRoi.frompoints(TRIANGLE.astype(np.float32), name="a").tofile(tmp_path / "a.roi")
    assert len(read_annotations(tmp_path / "a.roi").spots[""]) == 1


def test_a_line_is_no_spot(tmp_path: Path) -> None:
    line = roifile.ImagejRoi(roitype=roifile.ROI_TYPE.LINE, name="ruler", x1=1.0, y1=1.0, x2=9.0, y2=9.0)
    line.tofile(tmp_path / "a.roi")
    with pytest.raises(SettingsError, match=r'a\.roi: the region "ruler" has no area; draw spots as polygons'):
        read_annotations(tmp_path / "a.roi")


def test_another_zip_is_refused_by_its_name(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        packed.writestr("letter.txt", "Dear doctor,")
    with pytest.raises(SettingsError, match=r"a\.zip: it holds no regions of ImageJ"):
        read_annotations(tmp_path / "a.zip")


def test_without_the_library_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "roifile", None)
    with pytest.raises(SettingsError, match=r"need roifile; install lesionvis\[annotations\]"):
        read_annotations(tmp_path / "a.zip")
