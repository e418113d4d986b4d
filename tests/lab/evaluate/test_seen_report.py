"""What is said to be seen is counted against what a person saw."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from lesionvis.lab.evaluate.seen_report import SeenPhoto, measure_seen, seen_report
from lesionvis.lab.train.pattern_training import read_pattern_table
from lesionvis.lab.truth import Label
from lesionvis.models import packaged_model_folder
from lesionvis.pattern.seen import SEEN


def _photo(seen: str, nature: str = "", visible: str = "", note: str = "") -> SeenPhoto:
    label = Label("a.jpg", "0" * 64, "web01", "", "other", "clear", ("uncertain",), "1", "g", note, visible, nature)
    return SeenPhoto(label, seen)


def _counts(report: str, name: str) -> dict[str, int]:
    (line,) = [line for line in report.splitlines() if line.startswith(f"| {name} |")]
    total, *cells = (int(cell) for cell in line.split("|")[2:-1])
    assert total == sum(cells)
    return {seen: count for seen, count in zip(SEEN, cells, strict=True) if count}


def test_photos_are_counted_by_nature_and_by_note() -> None:
    photos = [
        _photo("inflamed_spots", "inflamed", "1", "red papules"),
        _photo("lesion", "inflamed", "1", "crusted sore"),
        _photo("bare_skin", "inflamed", "f"),
        _photo("bare_skin", "none", "0"),
        _photo("lesion", note="Ulcerated nodule, blurred"),
    ]
    report = seen_report(photos)
    assert _counts(report, "inflamed (plain)") == {"inflamed_spots": 1, "lesion": 1}
    assert _counts(report, "inflamed (faint)") == {"bare_skin": 1}
    assert _counts(report, "bare skin") == {"bare_skin": 1}
    assert _counts(report, "wound, ulcer, erosion, necrosis") == {"lesion": 1}
    assert _counts(report, "blurred, underexposed") == {"lesion": 1}
    assert _counts(report, "scale, crust, eczema") == {"lesion": 1}
    assert "| none (plain)" not in report


def test_flags_are_read_off_the_photos_and_all_else_off_the_table(tmp_path: Path) -> None:
    whole = read_pattern_table(packaged_model_folder("pattern-v2") / "training.csv")
    # Enough to tell bare skin, and few enough to be quick.
    table = whole.take(np.flatnonzero(whole.is_abroad())[::4])
    header = "photo,sha256,source,diagnosis,pattern,certainty,accept,n_spots,visible,nature,group,note\n"
    for name in ("dev", "more", "web"):
        (tmp_path / name / "photos").mkdir(parents=True)
        (tmp_path / name / "labels.csv").write_text(header)
    grain = np.random.default_rng(1).integers(120, 200, (300, 300, 3)).astype(np.uint8)
    blurred = cv2.GaussianBlur(grain, (0, 0), 20.0)
    rows = [row for row, label in enumerate(table.labels) if label.source == "web07"][:2]
    lines = [f"{row}.png,{table.labels[row].sha256},web07,,other,clear,uncertain,1,1,none,g,\n" for row in rows]
    (tmp_path / "web" / "labels.csv").write_text(
        header + "".join(lines) + "2.png,unknown,web07,,other,clear,x,1,1,none,g,\n"
    )
    for row, rgb in zip(rows, (grain, blurred), strict=True):
        cv2.imwrite(str(tmp_path / "web" / "photos" / f"{row}.png"), rgb)
    unlike = {table.labels[row].sha256: True for row in rows}
    assert [one.seen for one in measure_seen(tmp_path, table, unlike)] == ["not_skin", "unclear_photo"]
    sharp, soft = measure_seen(tmp_path, table, {})
    assert soft.seen == "unclear_photo"
    assert sharp.seen not in ("unclear_photo", "not_skin")
