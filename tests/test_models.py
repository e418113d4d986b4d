from __future__ import annotations

import hashlib
import json
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from lesionvis.errors import ModelError
from lesionvis.lab.train.forests import FittedPredictor, region_forest, spot_forest, write_model
from lesionvis.models import CARD_FORMAT, _session, load_model, packaged_model_folder, predictor_for

COLUMNS = ("redness", "size")


@pytest.fixture(scope="module")
def fitted() -> dict[str, FittedPredictor]:
    """A small classifier and a small regressor of two columns."""
    table = np.random.default_rng(1).normal(size=(80, 2)).astype(np.float32)
    classifier, regressor = spot_forest(COLUMNS), region_forest(COLUMNS)
    classifier.estimator.set_params(n_estimators=5, n_jobs=1).fit(table, table[:, 0] > 0)
    regressor.estimator.set_params(n_estimators=5, n_jobs=1).fit(table, table[:, 1])
    return {"spots": classifier, "sizes": regressor}


@pytest.fixture
def folder(tmp_path: Path, fitted: dict[str, FittedPredictor]) -> Path:
    write_model(tmp_path / "toy-v1", "toy-v1", fitted, {"data": "made up"})
    return tmp_path / "toy-v1"


def _change_card(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    change(card)
    (folder / "card.json").write_text(json.dumps(card), encoding="utf-8")


def _message(folder: Path) -> str:
    with pytest.raises(ModelError) as caught:
        load_model(folder)
    message = str(caught.value)
    assert "\n" not in message
    assert message.endswith(".")
    return message


def test_a_written_model_answers_as_it_was_trained(folder: Path, fitted: dict[str, FittedPredictor]) -> None:
    model = load_model(folder)
    assert model.name == "toy-v1"
    assert model.card["data"] == "made up"
    assert set(model.predictors) == {"spots", "sizes"}
    table = np.random.default_rng(2).normal(size=(40, 2)).astype(np.float32)
    for name, predictor in model.predictors.items():
        answers = predictor(table)
        assert answers.dtype == np.float64
        assert answers.shape == (40, 2 if name == "spots" else 1)
        assert answers == pytest.approx(fitted[name](table), abs=1e-5)
    assert model.predictors["spots"](table).sum(axis=1) == pytest.approx(np.ones(40), abs=1e-5)


def test_no_rows_give_no_answers(folder: Path) -> None:
    predictor = load_model(folder).predictors["spots"]
    assert predictor(np.zeros((0, 2), np.float32)).shape == (0, 2)


def test_a_model_is_loaded_once(folder: Path) -> None:
    assert load_model(folder) is load_model(folder)


def test_a_predictor_can_be_sent_to_another_process(folder: Path) -> None:
    predictor = load_model(folder).predictors["spots"]
    table = np.ones((3, 2), np.float32)
    assert pickle.loads(pickle.dumps(predictor))(table).tolist() == predictor(table).tolist()  # noqa: S301 - our own bytes


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    assert str(tmp_path / "nowhere" / "card.json") in _message(tmp_path / "nowhere")


def test_a_missing_card_is_named(folder: Path) -> None:
    (folder / "card.json").unlink()
    message = _message(folder)
    assert "card.json is missing" in message
    assert "install the model again" in message


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "spots.onnx").unlink()
    assert "spots.onnx is missing" in _message(folder)


def test_a_tampered_file_is_refused(folder: Path) -> None:
    content = bytearray((folder / "spots.onnx").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "spots.onnx").write_bytes(content)
    assert "spots.onnx does not match its card (sha256)" in _message(folder)


def test_a_tampered_card_is_refused(folder: Path) -> None:
    _change_card(folder, lambda card: card["predictors"]["spots"].update(sha256="0" * 64))
    assert "does not match its card (sha256)" in _message(folder)


def test_a_file_that_is_no_model_is_refused(folder: Path) -> None:
    (folder / "spots.onnx").write_bytes(b"hello")
    digest = hashlib.sha256(b"hello").hexdigest()
    _change_card(folder, lambda card: card["predictors"]["spots"].update(sha256=digest))
    assert "spots.onnx is not a usable ONNX model" in _message(folder)


def test_a_runtime_that_cannot_be_loaded_is_not_blamed_on_the_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)  # importing it raises ImportError then
    _session.cache_clear()
    message = _message(folder)
    assert message.startswith("Models need onnxruntime, which cannot be loaded (")
    assert message.endswith("pip install --force-reinstall onnxruntime.")
    assert "spots.onnx" not in message


def _onnx(node: onnx.NodeProto, data_at: str | None = None) -> bytes:
    """Model of one node of x, with weights w that lie in another file if there is one."""
    weights = []
    if data_at is not None:
        weights = [TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[2, 2], data_location=TensorProto.EXTERNAL)]
        for key, value in (("location", data_at), ("offset", "0"), ("length", "16")):
            weights[0].external_data.add(key=key, value=value)
    values = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, 2]) for name in "xy")
    graph = helper.make_graph([node], "g", [next(values)], [next(values)], weights)
    versions = [helper.make_opsetid("", 17), *([helper.make_opsetid(node.domain, 1)] if node.domain else [])]
    return bytes(helper.make_model(graph, opset_imports=versions, ir_version=9).SerializeToString())


def _refusal(folder: Path, content: bytes) -> str:
    (folder / "spots.onnx").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    _change_card(folder, lambda card: card["predictors"]["spots"].update(sha256=digest))
    return _message(folder)


@pytest.mark.parametrize("domain", ["evil", "ai.onnx.contrib", "com.microsoft.extensions"])
def test_operators_that_are_not_of_onnx_are_refused(folder: Path, domain: str) -> None:
    node = helper.make_node("PyOp", ["x"], ["y"], domain=domain, code="import os; os.abort()")
    assert "spots.onnx is not a usable ONNX model" in _refusal(folder, _onnx(node))


@pytest.mark.parametrize("operator", ["Add", "MatMul"])
@pytest.mark.parametrize("place", ["weights.bin", "deep/../weights.bin", "../weights.bin", "/etc/passwd", "ADDRESS"])
def test_data_in_other_files_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, operator: str, place: str
) -> None:
    for path in (folder / "weights.bin", folder.parent / "weights.bin"):
        path.write_bytes(np.ones(4, np.float32).tobytes())
    monkeypatch.chdir(folder)
    # The name by which the runtime means memory of its own process.
    content = _onnx(helper.make_node(operator, ["x", "w"], ["y"]), place.replace("ADDRESS", "*/_ORT_MEM_ADDR_/*"))
    assert "spots.onnx is not a usable ONNX model" in _refusal(folder, content)


def test_a_model_in_the_other_format_of_the_runtime_is_refused(folder: Path) -> None:
    assert "is not a usable ONNX model" in _refusal(folder, b"\x18\0\0\0ORTM" + bytes(200))


def test_a_pickle_is_refused_and_not_opened(folder: Path, tmp_path: Path) -> None:
    class Opened:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (tmp_path / "opened",)

    assert "is not a usable ONNX model" in _refusal(folder, pickle.dumps(Opened()))
    assert not (tmp_path / "opened").exists()


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "null", '{"format": 1}', '{"format": 1, "name": "x", "predictors": 3}']
)
def test_a_card_that_is_none_is_refused(folder: Path, content: str) -> None:
    (folder / "card.json").write_text(content, encoding="utf-8")
    assert "card.json is not a model card" in _message(folder)


@pytest.mark.parametrize("name", ["", "=cmd|' /C calc'!A0", "a\nb", "\x1b[2J", "<script>", "x" * 65, "-1", None, 3])
def test_a_name_that_could_do_harm_is_refused(folder: Path, name: object) -> None:
    _change_card(folder, lambda card: card.update(name=name))
    assert "card.json" in _message(folder)


@pytest.mark.parametrize("content", [b"\x80secret", b"[" * 200_000, b"\xff\xfesecret"], ids=["bytes", "deep", "UTF-16"])
def test_a_card_that_is_no_json_is_refused_and_not_repeated(folder: Path, content: bytes) -> None:
    (folder / "card.json").write_bytes(content)
    message = _message(folder)
    assert "card.json is not a model card" in message
    assert "secret" not in message


def test_links_lead_to_nothing_but_data(folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.onnx"
    (folder / "spots.onnx").replace(elsewhere)
    (folder / "spots.onnx").symlink_to(elsewhere)
    assert set(load_model(folder).predictors) == {"spots", "sizes"}  # what the card promises, wherever it lies
    load_model.cache_clear()
    for target in ("/dev/zero", "/proc/self/environ", tmp_path, folder / "spots.onnx", tmp_path / "nowhere"):
        (folder / "spots.onnx").unlink()
        (folder / "spots.onnx").symlink_to(target)
        message = _message(folder)
        assert "spots.onnx is missing" in message or "spots.onnx does not match its card" in message


def test_a_card_of_another_format_is_refused(folder: Path) -> None:
    _change_card(folder, lambda card: card.update(format=CARD_FORMAT + 1))
    assert f"needs {CARD_FORMAT}" in _message(folder)


def test_a_card_with_half_an_entry_is_refused(folder: Path) -> None:
    _change_card(folder, lambda card: card["predictors"]["spots"].pop("columns"))
    assert "another format" in _message(folder)


@pytest.mark.parametrize("name", ["../outside.onnx", "/etc/hostname", "deeper/spots.onnx", "\x1b[2J.onnx", "a\0", "."])
def test_a_card_cannot_point_outside_its_folder(folder: Path, name: str) -> None:
    (folder.parent / "outside.onnx").write_bytes((folder / "spots.onnx").read_bytes())
    (folder / "deeper").mkdir()
    (folder / "deeper" / "spots.onnx").write_bytes((folder / "spots.onnx").read_bytes())
    _change_card(folder, lambda card: card["predictors"]["spots"].update(file=name))
    message = _message(folder)
    assert "is missing" in message
    assert message.isprintable()


def test_columns_must_be_the_ones_it_was_made_for(folder: Path) -> None:
    model = load_model(folder)
    assert predictor_for(model, "spots", COLUMNS).columns == COLUMNS
    with pytest.raises(ModelError, match=r"made for other columns \(colour, size\)"):
        predictor_for(model, "spots", ("redness", "colour"))
    with pytest.raises(ModelError, match="the order of the columns"):
        predictor_for(model, "spots", COLUMNS[::-1])
    with pytest.raises(ModelError, match="no predictor named lesion"):
        predictor_for(model, "lesion", COLUMNS)


@pytest.mark.parametrize("name", ["spots-v2", "regions-v1", "pattern-v2", "bare-v1", "likeness-v1"])
def test_the_models_of_the_package_load(name: str) -> None:
    model = load_model(packaged_model_folder(name))
    assert model.name == name
    assert "CC BY" in model.card["data"]
    assert set(model.card["versions"]) == {"lesionvis", "scikit-learn", "skl2onnx"}


@pytest.mark.parametrize("name", ["spots-v2", "regions-v1", "pattern-v2", "bare-v1", "likeness-v1"])
def test_the_card_names_the_table_that_lies_beside_it(name: str) -> None:
    folder = packaged_model_folder(name)
    card = load_model(folder).card
    tables = [card[key] for key in ("training_table", "ring_table") if key in card]
    assert len(tables) == (2 if name == "spots-v2" else 1)
    for table in tables:
        assert hashlib.sha256((folder / table["file"]).read_bytes()).hexdigest() == table["sha256"]


def test_training_twice_gives_the_same_bytes(tmp_path: Path, fitted: dict[str, FittedPredictor]) -> None:
    for name in ("one", "two"):
        write_model(tmp_path / name, "toy-v1", fitted, {})
    for file in ("spots.onnx", "sizes.onnx", "card.json"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
