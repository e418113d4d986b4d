"""Anyone can train the shipped models again from the tables that lie beside them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skl2onnx
import sklearn
from numpy.typing import NDArray

from lesionvis.lab.__main__ import N_REPEATS
from lesionvis.lab.build import train_bare, train_likeness, train_pattern, train_regions, train_spots
from lesionvis.lab.train.calibrate import COVERAGE
from lesionvis.lab.train.candidate_training import CandidateTable, read_table
from lesionvis.lab.train.folds import N_FOLDS, N_HOME_FOLDS
from lesionvis.lab.train.likeness_training import read_likeness_table
from lesionvis.lab.train.pattern_training import LAID_ON, PatternTable, read_pattern_table
from lesionvis.lab.train.region_training import RegionTable, read_region_table
from lesionvis.labels import PATTERNS
from lesionvis.models import Model, load_model, packaged_model_folder
from lesionvis.pattern.features import FEATURE_NAMES
from lesionvis.pattern.pattern import CLASSES, load_pattern_model
from lesionvis.spots.candidates import COLUMNS as CANDIDATE_COLUMNS
from lesionvis.spots.classifier import KIND_COLUMNS, KINDS, classifier_of

NAMES = ("spots-v2", "regions-v1", "pattern-v2", "bare-v1", "likeness-v1")


def _spot_tables() -> tuple[Path, Path]:
    folder = packaged_model_folder("spots-v2")
    return folder / "training.npz", folder / "ring_training.npz"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Model]:
    """All models, trained from the tables in the checkout."""
    folder = tmp_path_factory.mktemp("trained")
    train_spots(*_spot_tables(), folder / "spots-v2")
    train_regions(packaged_model_folder("regions-v1") / "training.npz", folder / "regions-v1")
    train_pattern(packaged_model_folder("pattern-v2") / "training.csv", folder / "pattern-v2", repeats=N_REPEATS)
    train_bare(packaged_model_folder("pattern-v2") / "training.csv", folder / "bare-v1")
    train_likeness(packaged_model_folder("likeness-v1") / "training.csv", folder / "likeness-v1")
    return {name: load_model(folder / name) for name in NAMES}


@pytest.fixture(scope="module")
def shipped() -> dict[str, Model]:
    return {name: load_model(packaged_model_folder(name)) for name in NAMES}


@pytest.fixture(scope="module")
def pattern_table() -> PatternTable:
    return read_pattern_table(packaged_model_folder("pattern-v2") / "training.csv")


@pytest.fixture(scope="module")
def region_table() -> RegionTable:
    return read_region_table(packaged_model_folder("regions-v1") / "training.npz")


@pytest.fixture(scope="module")
def spot_table() -> CandidateTable:
    return read_table(_spot_tables()[0])


@pytest.fixture(scope="module")
def ring_table() -> CandidateTable:
    return read_table(_spot_tables()[1])


def _rows(spots: CandidateTable, rings: CandidateTable) -> dict[str, NDArray[np.float32]]:
    """What each predictor of spots was trained on."""
    own = spots.evidence[:, : len(CANDIDATE_COLUMNS)]
    kind = own[:, [list(CANDIDATE_COLUMNS).index(name) for name in KIND_COLUMNS]]
    return {"stage_1": own, "stage_2": spots.evidence, "network": rings.evidence, "kind": kind}


@pytest.mark.parametrize("model", ["pattern-v2", "bare-v1"])
def test_the_models_of_the_pattern_are_what_its_table_gives(
    trained: dict[str, Model], shipped: dict[str, Model], pattern_table: PatternTable, model: str
) -> None:
    ours, theirs = trained[model], shipped[model]
    assert set(ours.predictors) == set(theirs.predictors)
    for name, predictor in ours.predictors.items():
        rows = pattern_table.model_input(predictor.columns)
        difference = np.abs(predictor(rows) - theirs.predictors[name](rows))
        assert difference.max() < 1e-3, name
        assert difference.mean() < 1e-5, name


def test_the_spot_model_is_what_its_table_gives(
    trained: dict[str, Model], shipped: dict[str, Model], spot_table: CandidateTable, ring_table: CandidateTable
) -> None:
    for name, rows in _rows(spot_table, ring_table).items():
        ours, theirs = trained["spots-v2"], shipped["spots-v2"]
        difference = np.abs(ours.predictors[name](rows) - theirs.predictors[name](rows))
        assert difference.max() < 1e-3, name
        assert difference.mean() < 1e-5, name


def test_the_region_model_is_what_its_table_gives(
    trained: dict[str, Model], shipped: dict[str, Model], region_table: RegionTable
) -> None:
    ours, theirs = (models["regions-v1"].predictors["region"](region_table.evidence) for models in (trained, shipped))
    difference = np.abs(ours - theirs)
    assert difference.max() < 1e-3
    assert difference.mean() < 1e-5


def test_the_model_of_likeness_is_what_its_table_gives(trained: dict[str, Model], shipped: dict[str, Model]) -> None:
    numbers = read_likeness_table(packaged_model_folder("likeness-v1") / "training.csv").numbers
    ours, theirs = (models["likeness-v1"].predictors["trees"](numbers) for models in (trained, shipped))
    assert np.abs(ours - theirs).max() < 1e-3


def test_few_photos_of_skin_are_taken_for_something_else(shipped: dict[str, Model]) -> None:
    scores = shipped["likeness-v1"].card["scores"]
    assert scores["skin_called_unlike"] <= 0.02
    assert scores["rendered_skin_called_unlike"] <= 0.02
    assert scores["others_called_unlike"] >= 0.6


@pytest.mark.parametrize("name", NAMES)
def test_the_card_says_what_training_says(trained: dict[str, Model], shipped: dict[str, Model], name: str) -> None:
    ours, theirs = dict(trained[name].card), dict(shipped[name].card)
    same_tools = {"scikit-learn": sklearn.__version__, "skl2onnx": skl2onnx.__version__}
    is_same = {key: theirs["versions"][key] for key in same_tools} == same_tools
    scores = ours.pop("scores", {}), theirs.pop("scores", {})
    assert set(ours.pop("intervals_95", {})) == set(theirs.pop("intervals_95", {}))
    assert set(scores[0]) == set(scores[1])
    for key, value in scores[1].items():
        assert scores[0][key] == pytest.approx(value, abs=0.0 if is_same else 0.05, nan_ok=True), key
    del ours["versions"], theirs["versions"]
    columns = [{key: entry["columns"] for key, entry in card.pop("predictors").items()} for card in (ours, theirs)]
    assert columns[0] == columns[1]
    assert ours == theirs


def test_trained_models_fit_this_version(trained: dict[str, Model], tmp_path: Path) -> None:
    classifier_of(trained["spots-v2"], trained["regions-v1"])
    for key, predictor in trained["pattern-v2"].predictors.items():
        (tmp_path / f"{key}.onnx").write_bytes(predictor.content)
    (tmp_path / "card.json").write_text(json.dumps(trained["pattern-v2"].card), encoding="utf-8")
    assert load_pattern_model(tmp_path).name == "pattern-v2"


def test_the_thresholds_of_the_card_are_those_of_the_figures(shipped: dict[str, Model]) -> None:
    thresholds = shipped["pattern-v2"].card["thresholds"]
    assert thresholds["coverage"] == COVERAGE
    assert set(thresholds["set_min"]) == set(CLASSES)


def test_cross_validated_scores_are_good_enough_to_ship(shipped: dict[str, Model]) -> None:
    scores = shipped["pattern-v2"].card["scores"]
    assert scores["balanced_accuracy_forced"] >= 0.85
    assert scores["harm_single_called_angioma"] <= 0.05
    assert scores["harm_shower_called_angioma"] <= 0.05
    abroad = shipped["pattern-v2"].card["abroad"]["scores"]
    assert abroad["acceptable"] >= 0.85
    assert abroad["visible_called_no_spots"] <= 0.06
    assert abroad["harm_single_called_angioma"] <= 0.05


def test_the_pattern_table_holds_numbers_and_labels_only(pattern_table: PatternTable) -> None:
    assert pattern_table.features.shape == (len(pattern_table.labels), len(FEATURE_NAMES))
    assert not np.isinf(pattern_table.features).any()
    assert set(pattern_table.classes()) == set(range(len(CLASSES)))
    for label in pattern_table.labels:
        assert re.fullmatch("[0-9a-f]{64}", label.sha256)
        assert re.fullmatch(r"dermnet|pad|web\d\d", label.source)
        assert label.visible in {"", "0", "f", "1"}
        assert label.pattern in CLASSES
        assert label.certainty in {"clear", "borderline"}
        assert set(label.accept) <= {*PATTERNS, "uncertain", "no_spots", "other"}
        assert label.group


def test_changed_copies_keep_the_label_of_their_photo(pattern_table: PatternTable) -> None:
    labels: dict[str, Any] = {}
    copies: dict[str, list[int]] = {}
    for label, copy in zip(pattern_table.labels, pattern_table.copy.tolist(), strict=True):
        if label.diagnosis.startswith(LAID_ON):  # another photo by what was laid onto it
            assert copy > 0
            continue
        said = (label.source, label.pattern, label.certainty, label.accept, label.visible)
        assert labels.setdefault(label.sha256, said) == said
        copies.setdefault(label.sha256, []).append(copy)
    # A photo may be in the data twice, under two names.
    counts = {tuple(sorted(set(numbers))) for numbers in copies.values()}
    assert len(counts) == 1
    assert next(iter(counts))[0] == 0


def test_the_spot_tables_hold_numbers_of_every_fold(spot_table: CandidateTable, ring_table: CandidateTable) -> None:
    for table in (spot_table, ring_table):
        assert set(np.unique(table.kind)) == set(range(len(KINDS)))
        assert set(np.unique(table.fold)) == set(range(N_FOLDS))
        assert np.isfinite(table.evidence).all()


def test_trained_classifiers_tell_spots_from_others(trained: dict[str, Model], ring_table: CandidateTable) -> None:
    classifier = classifier_of(trained["spots-v2"], trained["regions-v1"])
    forest = classifier.stage_2(ring_table.evidence[:, : len(classifier.stage_2.columns)])
    scores = (forest[:, -1] + classifier.network(ring_table.evidence)[:, -1]) / 2.0
    assert np.median(scores[ring_table.is_red]) > 0.7
    assert np.quantile(scores[~ring_table.is_red], 0.9) < 0.4


def test_the_region_table_holds_numbers_of_every_home_fold(region_table: RegionTable) -> None:
    assert len(region_table.evidence) == len(region_table.overlap) == len(region_table.weight) == len(region_table.fold)
    assert set(range(N_HOME_FOLDS)) <= set(np.unique(region_table.fold)) <= set(range(N_FOLDS))
    assert np.isfinite(region_table.evidence).all()
    assert region_table.overlap.min() >= 0.0
    assert 0.8 < region_table.overlap.max() <= 1.0
    assert region_table.weight.min() > 0.0


def test_the_trained_region_model_knows_a_good_region(trained: dict[str, Model], region_table: RegionTable) -> None:
    expected = trained["regions-v1"].predictors["region"](region_table.evidence)[:, -1]
    assert np.median(expected[region_table.overlap > 0.8]) > 0.6
    assert np.median(expected[region_table.overlap < 0.05]) < 0.15
