"""Model folders: ONNX predictors with a card that says what they are for.

A folder holds `card.json` and the `.onnx` files that it names. Nothing in it is executed: ONNX files are data, read
from memory, so that operators that are not ONNX's own and data in other files are refused; files, feature names and
hashes must match the card.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lesionvis.errors import ModelError

if TYPE_CHECKING:
    import onnxruntime

CARD_FORMAT = 1
# The name ends up in tables, pages and terminals, and a card may come from anywhere.
_NAME = re.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Predictor:
    """One ONNX predictor: plain data, so that it can be sent to other processes.

    Attributes
    ----------
    columns : tuple of str
        Names of the input columns in order.
    content : bytes
        ONNX model that takes float32 of shape (N, len(columns)).
    """

    columns: tuple[str, ...]
    content: bytes

    def __call__(self, table: NDArray[np.float32]) -> NDArray[np.float64]:
        """Last output for each row.

        Parameters
        ----------
        table : ndarray of shape (N, len(columns)), float32

        Returns
        -------
        ndarray of shape (N, K), float64
            Probabilities of K classes, or one column of predictions.
        """
        session = _session(self.content)
        name = session.get_inputs()[0].name
        if len(table) == 0:
            return np.zeros((0, int(session.get_outputs()[-1].shape[1])))
        output = session.run(None, {name: np.ascontiguousarray(table, np.float32)})[-1]
        return np.asarray(output, np.float64).reshape(len(table), -1)


@cache
def _session(content: bytes) -> onnxruntime.InferenceSession:
    """Session of a model, made once per process."""
    try:
        import onnxruntime
    except ImportError as error:
        reason = str(error).partition("\n")[0].rstrip(". ")
        raise ModelError(
            f"Models need onnxruntime, which cannot be loaded ({reason}); pip install --force-reinstall onnxruntime."
        ) from error

    options = onnxruntime.SessionOptions()
    # One thread: the same answer and the same cost whatever else the machine does; batch runs use processes.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


@dataclass(frozen=True, slots=True)
class Model:
    """A loaded model folder.

    Attributes
    ----------
    name : str
        Name and version, such as "pattern-v2".
    card : dict
        Content of `card.json`.
    predictors : dict
        Predictors by the names that the card gives them.
    """

    name: str
    card: dict[str, Any]
    predictors: dict[str, Predictor]


def packaged_model_folder(name: str) -> Path:
    """Folder of a model that comes with the package.

    Parameters
    ----------
    name : str
        For example "pattern-v2".

    Returns
    -------
    Path
        Inside the installed package, or beside it in a checkout.
    """
    package = Path(__file__).resolve().parent
    installed = package / "models" / name
    return installed if installed.is_dir() else package.parent / "models" / name


@cache
def load_model(folder: Path) -> Model:
    """Load a model folder once per process.

    Parameters
    ----------
    folder : Path
        Holds `card.json` and the files that it names.

    Returns
    -------
    Model

    Raises
    ------
    ModelError
        If the folder, its card or a file is missing, damaged or does not match the card, or onnxruntime cannot be
        loaded.
    """
    card = _read_card(folder)
    predictors = {}
    for name, entry in card["predictors"].items():
        content = _read_file(folder, str(entry["file"]))
        if hashlib.sha256(content).hexdigest() != entry["sha256"]:
            raise ModelError(f"{folder / entry['file']} does not match its card (sha256); install the model again.")
        try:
            _session(content)
        except ModelError:  # onnxruntime itself cannot be loaded, which says nothing on the file
            raise
        except Exception as error:
            reason = str(error).partition("\n")[0].rstrip(". ")
            raise ModelError(f"{folder / entry['file']} is not a usable ONNX model ({reason}); use another.") from error
        predictors[name] = Predictor(tuple(entry["columns"]), content)
    return Model(str(card["name"]), card, predictors)


def predictor_for(model: Model, name: str, columns: Sequence[str]) -> Predictor:
    """One predictor of a model, after checking that it was made for these columns.

    Parameters
    ----------
    model : Model
    name : str
        Name in the card.
    columns : sequence of str
        Columns, in order, that this version of the package computes.

    Returns
    -------
    Predictor

    Raises
    ------
    ModelError
        If the model has no such predictor or was made for other columns.
    """
    if name not in model.predictors:
        raise ModelError(f"Model {model.name} has no predictor named {name}; use the model of this version.")
    predictor = model.predictors[name]
    if predictor.columns != tuple(columns):
        other = sorted(set(predictor.columns) ^ set(columns)) or ["the order of the columns"]
        raise ModelError(
            f"Predictor {name} of model {model.name} was made for other columns ({', '.join(other[:5])}); "
            "train it again or use the model of this version."
        )
    return predictor


def _read_file(folder: Path, name: str) -> bytes:
    """Content of a file that lies directly in the folder."""
    path = folder / name
    if _NAME.fullmatch(name) is None or not path.is_file():
        # Escaped, as a card may name it in any way.
        raise ModelError(f"Model file {folder / ascii(name)[1:-1]} is missing; install the model again.")
    return path.read_bytes()


def _read_card(folder: Path) -> dict[str, Any]:
    """Content of `card.json` after a check of its form."""
    try:
        card = json.loads(_read_file(folder, "card.json"))
        predictors = card["predictors"]
        complete = all({"file", "sha256", "columns"} <= set(entry) for entry in predictors.values())
        known = card["format"] == CARD_FORMAT and _NAME.fullmatch(card["name"]) is not None and complete
    except (ValueError, RecursionError) as error:  # whose texts may hold all that was read
        raise ModelError(f"{folder / 'card.json'} is not a model card (it holds no JSON).") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{folder / 'card.json'} is not a model card ({error!r}).") from error
    if not known:
        raise ModelError(f"{folder / 'card.json'} has another format than this version reads (needs {CARD_FORMAT}).")
    return dict(card)
