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
from lesionvis.batch.run import BatchRunner, Progress
from lesionvis.errors import ModelError, SettingsError
from lesionvis.lab import own_training
from lesionvis.lab.evaluate.cross_validation import N_FOLDS, OutOfFold
from lesionvis.lab.own_labels import own_photos
from lesionvis.lab.own_training import TABLE_FILE, measured, own_report, train_own
from lesionvis.lab.train.pattern_training import (
    OWN_SHARE,
    joined,
    read_pattern_table,
    row_weights,
    write_pattern_table,
)
from lesionvis.labels import PATTERNS
from lesionvis.models import packaged_model_folder
from lesionvis.pattern.features import FEATURE_NAMES
from lesionvis.pattern.pattern import CLASSES, load_pattern_model
from lesionvis.pattern.pattern import MODEL_NAME as PATTERN_MODEL

N_PHOTOS = 6
COLUMNS = ("photo", "pattern", "patient")


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
    options = ["--labels", str(photos / "labels.csv"), "--out", str(out), "--alone"]
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
        train_own([photos], photos / "labels.csv", tmp_path / "model", is_alone=True, on_progress=told.append)
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


def test_every_class_needs_enough_groups(photos: Path, tmp_path: Path) -> None:
    rows: list[tuple[str, ...]] = [
        (f"{name}/{number}.png", name, "all the same") for name in CLASSES for number in range(N_PHOTOS)
    ]
    labels = _write(tmp_path / "labels.csv", rows, ("photo", "pattern", "group"))
    with pytest.raises(SettingsError, match=f'1 groups of photos of "petechial_shower"; .* needs {N_FOLDS} or more'):
        train_own([photos], labels, tmp_path / "model", is_alone=True)
    with pytest.raises(SettingsError, match=f"are of 1 patients; training needs {N_FOLDS} or more"):
        train_own([photos], labels, tmp_path / "model", base=_small_base(tmp_path / "base"))
    assert not (tmp_path / "model").exists()


def _small_base(folder: Path) -> Path:
    """The shipped model with a part of its table: every eighth photo."""
    shipped = packaged_model_folder(PATTERN_MODEL)
    shutil.copytree(shipped, folder, ignore=shutil.ignore_patterns("*.csv"))
    table = read_pattern_table(shipped / TABLE_FILE)
    write_pattern_table(folder / TABLE_FILE, table.take(np.flatnonzero(table.copy == 0)[::8]))
    return folder


@pytest.fixture(scope="module")
def reviewed(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the photos with a table that says what they show, and spots that a person drew on one of them."""
    place = tmp_path_factory.mktemp("reviewed")
    rows = [(f"{name}/{n}.png", name, f"P{n}", "12") for name in CLASSES for n in range(N_PHOTOS)]
    table = _write(place / "study.csv", [*rows[:-1], (rows[-1][0], "no_spots", "P9", "")], (*COLUMNS, "room"))
    (place / "drawn" / "petechial_shower").mkdir(parents=True)
    mask = np.zeros((160, 200), np.uint8)
    mask[40:50, 60:70] = 1
    cv2.imwrite(str(place / "drawn" / "petechial_shower" / "0.png"), mask)
    BatchRunner(metadata=table, corrections=place / "drawn")(photos, place / "run")
    return place / "run"


def test_a_reviewed_run_extends_what_the_shipped_model_learnt_from(reviewed: Path, tmp_path: Path) -> None:
    base = _small_base(tmp_path / "base")
    told: list[Progress] = []
    card = train_own([reviewed], None, tmp_path / "extended", base=base, on_progress=told.append)
    shipped, table = (read_pattern_table(folder / TABLE_FILE) for folder in (base, tmp_path / "extended"))
    own = table.take(np.flatnonzero(table.is_own()))
    assert len(table.labels) == len(shipped.labels) + len(own.labels)
    # One row per photo, and one more for the spots that a person drew.
    assert len(own.labels) == N_PHOTOS * len(CLASSES) + 1
    (drawn,) = np.flatnonzero(own.copy)
    assert own.features[drawn, FEATURE_NAMES.index("spot_count")] == 1.0
    assert own.labels[drawn].pattern == "petechial_shower"
    assert own.features[drawn - 1, FEATURE_NAMES.index("spot_count")] > 1.0
    assert {label.group for label in own.labels} == {f"own:P{number}" for number in (*range(N_PHOTOS), 9)}
    assert "## On your own photos" in card
    assert f"{N_PHOTOS * len(CLASSES)} photos. Before: pattern-v2, which never saw them." in card
    before, after = (float(cell.split()[0]) for cell in re.findall(r"\| acceptable \| (.*) \| (.*) \|", card)[-1])
    assert after > before
    assert "DermNet" in card
    assert Analyzer(model_folder=tmp_path / "extended").model_folder is not None
    assert load_pattern_model(tmp_path / "extended").name == "extended"
    # Training takes minutes with all of the shipped table, and tells how far it is.
    done = {doing: [one for one in told if one.doing == doing] for doing in ("training", "checking")}
    for doing, total in (("training", int((table.copy == 0).sum())), ("checking", len(table.labels))):
        assert len(done[doing]) > N_FOLDS - 1
        assert done[doing][-1] == Progress(doing, total, total)
    # A model that had learnt from the same photos cannot be compared on them.
    nothing = OutOfFold(np.zeros((0, len(CLASSES))), np.zeros(0, np.int64))
    again = "\n".join(own_report(table, nothing, tmp_path / "extended"))
    assert "24 photos are left out of this comparison: extended had learnt from the same files." in again
    assert "| acceptable |" not in again


def test_own_photos_count_for_a_part_of_all_and_the_others_as_before(reviewed: Path, tmp_path: Path) -> None:
    shipped = read_pattern_table(_small_base(tmp_path / "base") / TABLE_FILE)
    own = measured(own_photos([reviewed], None), 0)
    table = joined([shipped, own])
    weights = row_weights(table, np.arange(len(table.labels)))
    is_own = table.is_own()
    share = weights[is_own].sum() / weights.sum()
    assert 0.5 * OWN_SHARE < share < 1.5 * OWN_SHARE
    assert share > 2.0 * is_own.mean()
    classes = table.classes()
    totals = [weights[classes == number].sum() for number in range(len(CLASSES))]
    assert totals == pytest.approx([totals[0]] * len(CLASSES))
    rows = np.arange(len(own.labels))
    assert row_weights(own, rows) == pytest.approx(row_weights(own.take(rows), rows))


def test_without_the_table_of_the_model_a_sentence_says_so(photos: Path, own: Path, tmp_path: Path) -> None:
    base = tmp_path / "base"
    shutil.copytree(own, base, ignore=shutil.ignore_patterns(TABLE_FILE))
    with pytest.raises(SettingsError, match=r"holds no training\.csv, .*, or learn from your photos only by --alone\."):
        train_own([photos], photos / "labels.csv", tmp_path / "model", base=base)
    (base / TABLE_FILE).write_text("photo,spot_count\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"cannot be extended: .* other columns than this version computes"):
        train_own([photos], photos / "labels.csv", tmp_path / "model", base=base)
    with pytest.raises(SettingsError, match="extends no model; leave out"):
        train_own([photos], photos / "labels.csv", tmp_path / "model", base=own, is_alone=True)


def test_a_folder_in_use_is_left_alone(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(SettingsError, match="is in use"):
        train_own([photos], photos / "labels.csv", tmp_path)
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
