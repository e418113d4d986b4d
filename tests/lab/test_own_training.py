"""Whoever has labelled photos can train a model of their own, and a model that does not fit is refused."""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from drawn import drawn_skin
from painted import BROWN, disk, painted

from lesionvis.analysis import Analyzer
from lesionvis.batch.run import Progress
from lesionvis.errors import ModelError, SettingsError
from lesionvis.lab import own_training
from lesionvis.lab.evaluate.cross_validation import N_FOLDS
from lesionvis.lab.own_training import read_own_labels, train_own
from lesionvis.labels import PATTERNS
from lesionvis.models import packaged_model_folder
from lesionvis.pattern.pattern import CLASSES, load_pattern_model

N_PHOTOS = 6


def _write(path: Path, rows: list[tuple[str, ...]], columns: tuple[str, ...] = ("photo", "pattern")) -> Path:
    with path.open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerows([columns, *rows])
    return path


def _photo(pattern: str, number: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    if pattern == "petechial_shower":
        return drawn_skin(number, count=40, height=160, width=200, radius=3)
    if pattern == "single_lesion":
        return painted(disk, np.asarray(BROWN) * (0.8 + 0.1 * number))[::2, ::2]
    if pattern == "angioma":
        return painted(disk, np.asarray((0.05, 0.45, 0.4)) * (0.8 + 0.1 * number))[::2, ::2]
    return painted(disk, (0.0, 0.0, 0.0), ita_deg=40.0 + 2.0 * number)[::2, ::2]


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with `N_PHOTOS` photos of each class and labels.csv."""
    folder = tmp_path_factory.mktemp("own")
    rows: list[tuple[str, ...]] = []
    for pattern in CLASSES:
        for number in range(N_PHOTOS):
            name = f"{pattern}/{number}.png"
            (folder / pattern).mkdir(exist_ok=True)
            cv2.imwrite(str(folder / name), _photo(pattern, number)[..., ::-1])
            rows.append((name, pattern, f"{pattern}-{number}"))
    _write(folder / "labels.csv", rows, ("photo", "pattern", "group"))
    return folder


@pytest.fixture(scope="module")
def own(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model trained on them by the command."""
    out = tmp_path_factory.mktemp("models") / "my-model"
    command = [sys.executable, "-c", "from lesionvis.cli.main import main; main()", "train", str(photos)]
    options = ["--labels", str(photos / "labels.csv"), "--out", str(out)]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    # On a slow machine it tells how it goes.
    assert re.fullmatch(r"((measuring|training|checking): \d+ of 24 photos.*\n)*", done.stderr)
    assert done.stdout.startswith("# my-model")
    assert "balanced_accuracy_strict" in done.stdout
    return out


def test_progress_is_told_photo_by_photo(photos: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def end_of_measuring(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(own_training, "write_pattern_table", end_of_measuring)
    monkeypatch.setattr(own_training, "N_COPIES", 0)
    told: list[Progress] = []
    with pytest.raises(SettingsError, match="No space left on device"):
        train_own(photos, photos / "labels.csv", tmp_path / "model", told.append)
    total = N_PHOTOS * len(CLASSES)
    assert told == [Progress("measuring", done, total) for done in range(1, total + 1)]


def test_the_trained_folder_is_a_model_with_its_card_and_table(own: Path, photos: Path) -> None:
    assert {path.name for path in own.iterdir()} == {
        "card.json",
        "MODEL_CARD.md",
        "forest.onnx",
        "linear.onnx",
        "training.csv",
    }
    card = json.loads((own / "card.json").read_text(encoding="utf-8"))
    assert card["name"] == "my-model"
    assert card["photos"] == {name: {"clear": N_PHOTOS, "borderline": 0} for name in CLASSES}
    text = (own / "MODEL_CARD.md").read_text(encoding="utf-8")
    # Whose photos were ours is not to be told of those of others, and theirs not where they lie.
    assert "DermNet" not in text
    assert str(photos) not in text


def test_the_model_is_used_and_knows_what_it_was_shown(own: Path, photos: Path) -> None:
    analyzer = Analyzer(model_folder=own)
    right = 0
    for pattern in PATTERNS:
        for number in range(N_PHOTOS):
            found = analyzer(photos / pattern / f"{number}.png").pattern
            assert found.model == "my-model"
            right += max(PATTERNS, key=lambda name: found.probabilities[name]) == pattern
    assert right >= 0.8 * len(PATTERNS) * N_PHOTOS


def _change_card(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    change(card)
    (folder / "card.json").write_text(json.dumps(card), encoding="utf-8")


def _other_features(folder: Path) -> None:
    _change_card(folder, lambda card: card["predictors"]["forest"]["columns"].reverse())


def _other_version(folder: Path) -> None:
    _change_card(folder, lambda card: card.update(format=99))


def _other_content(folder: Path) -> None:
    (folder / "forest.onnx").write_bytes((folder / "forest.onnx").read_bytes() + b"\0")


def _no_card(folder: Path) -> None:
    (folder / "card.json").unlink()


def _foreign_card(folder: Path) -> None:
    (folder / "card.json").write_text('{"license": "mit", "tags": ["image"]}', encoding="utf-8")


def _other_task(folder: Path) -> None:
    shutil.rmtree(folder)
    shutil.copytree(packaged_model_folder("spots-v2"), folder)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (_other_features, "made for other columns"),
        (_other_version, "another format than this version reads"),
        (_other_content, r"does not match its card \(sha256\)"),
        (_no_card, r"card\.json is missing"),
        (_foreign_card, "is not a model card"),
        (_other_task, "lacks 'classes'"),
    ],
)
def test_a_model_that_does_not_fit_is_refused(
    own: Path, tmp_path: Path, damage: Callable[[Path], None], reason: str
) -> None:
    folder = tmp_path / "damaged"
    shutil.copytree(own, folder)
    damage(folder)
    with pytest.raises(ModelError, match=reason):
        load_pattern_model(folder)


def test_damaged_tables_are_refused_with_the_line(photos: Path, tmp_path: Path) -> None:
    file = tmp_path / "labels.csv"
    for rows, columns, reason in (
        ([("angioma/0.png", "rash")], ("photo", "pattern"), 'Line 2 of .* "rash" is none of petechial_shower'),
        ([("nowhere.png", "angioma")], ("photo", "pattern"), 'there is no photo "nowhere.png"'),
        ([("", "angioma")], ("photo", "pattern"), 'there is no photo ""'),
        ([("angioma/0.png", "angioma")], ("photo", "class"), "give it the columns photo, pattern"),
        ([], ("photo", "pattern"), "holds nothing"),
    ):
        _write(file, rows, columns)  # type: ignore[arg-type]
        with pytest.raises(SettingsError, match=reason):
            read_own_labels(photos, file)
    with pytest.raises(SettingsError, match="cannot be read"):
        read_own_labels(photos, tmp_path / "none.csv")


def test_a_table_saved_by_a_spreadsheet_with_semicolons_is_read(photos: Path, tmp_path: Path) -> None:
    file = tmp_path / "labels.csv"
    text = (photos / "labels.csv").read_text(encoding="utf-8")
    file.write_text(text.replace(",", ";"), encoding="utf-8-sig")
    assert read_own_labels(photos, file) == read_own_labels(photos, photos / "labels.csv")


def test_every_class_needs_enough_groups(photos: Path, tmp_path: Path) -> None:
    rows: list[tuple[str, ...]] = [
        (f"{name}/{number}.png", name, "all the same") for name in CLASSES for number in range(N_PHOTOS)
    ]
    with pytest.raises(SettingsError, match=f'1 groups of photos of "petechial_shower"; training needs {N_FOLDS}'):
        read_own_labels(photos, _write(tmp_path / "labels.csv", rows, ("photo", "pattern", "group")))


def test_without_groups_equal_files_stay_together(photos: Path, tmp_path: Path) -> None:
    rows: list[tuple[str, ...]] = [(f"{name}/{number}.png", name) for name in CLASSES for number in range(N_PHOTOS)]
    labels = read_own_labels(photos, _write(tmp_path / "labels.csv", [*rows, rows[0]]))
    assert labels[0].group == labels[-1].group
    assert len({label.group for label in labels}) == len(labels) - 1


def test_a_folder_in_use_is_left_alone(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(SettingsError, match="is in use"):
        train_own(photos, photos / "labels.csv", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_without_the_lab_extra_one_sentence_says_what_to_install(photos: Path, tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['sklearn'] = None\n"
        f"sys.argv = ['lesionvis', 'train', {str(photos)!r}, '--labels', {str(photos / 'labels.csv')!r}, "
        f"'--out', {str(tmp_path / 'model')!r}]\n"
        "from lesionvis.cli.main import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("lesionvis: Training needs more libraries (sklearn")
    assert 'pip install "lesionvis[lab]"' in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "model").exists()
