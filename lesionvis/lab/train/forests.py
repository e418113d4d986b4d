"""Training forests and writing them as a model folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

from lesionvis import __version__
from lesionvis.models import CARD_FORMAT, Predictor

# The same seed for every forest: the same table gives the same model.
SEED = 20260101


@dataclass(frozen=True, slots=True)
class FittedPredictor:
    """A scikit-learn estimator that answers as an ONNX `Predictor` does.

    Attributes
    ----------
    columns : tuple of str
        Names of the input columns in order.
    estimator : object
        Fitted classifier or regressor.
    """

    columns: tuple[str, ...]
    estimator: Any

    def __call__(self, table: NDArray[np.float32]) -> NDArray[np.float64]:
        """Probabilities (classifier) or one column of predictions (regressor), shape (N, K)."""
        if len(table) == 0:
            return np.zeros((0, 1))
        if hasattr(self.estimator, "predict_proba"):
            return np.asarray(self.estimator.predict_proba(table), np.float64)
        return np.asarray(self.estimator.predict(table), np.float64)[:, None]


def spot_forest(columns: Sequence[str]) -> FittedPredictor:
    """Make an unfitted classifier of candidates: small trees, as rows of one photo are alike.

    Parameters
    ----------
    columns : sequence of str
        Names of its columns.

    Returns
    -------
    FittedPredictor
        To be fitted.
    """
    estimator = ExtraTreesClassifier(
        60, min_samples_leaf=8, max_depth=10, max_features=0.3, n_jobs=2, random_state=SEED
    )
    return FittedPredictor(tuple(columns), estimator)


def kind_forest(columns: Sequence[str]) -> FittedPredictor:
    """Unfitted classifier of the kinds of candidates.

    Parameters
    ----------
    columns : sequence of str
        Names of its columns.

    Returns
    -------
    FittedPredictor
        To be fitted.
    """
    estimator = ExtraTreesClassifier(
        40, min_samples_leaf=6, max_depth=10, max_features=0.3, n_jobs=2, random_state=SEED
    )
    return FittedPredictor(tuple(columns), estimator)


def region_forest(columns: Sequence[str]) -> FittedPredictor:
    """Make an unfitted regressor of a region's overlap with the lesion.

    Parameters
    ----------
    columns : sequence of str
        Names of its columns.

    Returns
    -------
    FittedPredictor
        To be fitted.
    """
    estimator = ExtraTreesRegressor(
        50, min_samples_leaf=30, max_depth=11, max_features=0.4, n_jobs=2, random_state=SEED
    )
    return FittedPredictor(tuple(columns), estimator)


def onnx_bytes(forest: FittedPredictor) -> bytes:
    """ONNX form of a fitted forest, checked against scikit-learn on random rows.

    Parameters
    ----------
    forest : FittedPredictor
        Fitted forest.

    Returns
    -------
    bytes
        ONNX file.

    Raises
    ------
    ValueError
        If the two differ by more than 1e-5 anywhere.
    """
    from skl2onnx import to_onnx

    generator = np.random.default_rng(SEED)
    sample = generator.normal(size=(64, len(forest.columns))).astype(np.float32)
    is_classifier = hasattr(forest.estimator, "predict_proba")
    options = {id(forest.estimator): {"zipmap": False}} if is_classifier else None
    content = to_onnx(forest.estimator, sample[:1], options=options, target_opset=17).SerializeToString()
    difference = float(np.abs(Predictor(forest.columns, content)(sample) - forest(sample)).max())
    if difference > 1e-5:
        raise ValueError(f"the ONNX form differs from the forest by {difference:.2g}")
    return bytes(content)


def onnx_predictor(fitted: FittedPredictor) -> Predictor:
    """Convert a fitted predictor to the form in which an installed package runs it.

    Parameters
    ----------
    fitted : FittedPredictor
        Fitted predictor.

    Returns
    -------
    Predictor
        In ONNX form.
    """
    return Predictor(fitted.columns, onnx_bytes(fitted))


def write_model(folder: Path, name: str, forests: dict[str, FittedPredictor], about: dict[str, Any]) -> None:
    """Write a model folder: one ONNX file per forest and `card.json`.

    Parameters
    ----------
    folder : Path
        Made when it does not exist.
    name : str
        For example "spots-v2".
    forests : dict
        Fitted forests by name.
    about : dict
        What else the card shall say: data, scores, thresholds.
    """
    import skl2onnx
    import sklearn

    folder.mkdir(parents=True, exist_ok=True)
    entries = {}
    for key, forest in forests.items():
        content = onnx_bytes(forest)
        (folder / f"{key}.onnx").write_bytes(content)
        entries[key] = {
            "file": f"{key}.onnx",
            "sha256": hashlib.sha256(content).hexdigest(),
            "columns": list(forest.columns),
        }
    card = {
        "format": CARD_FORMAT,
        "name": name,
        "predictors": entries,
        "versions": {
            "lesionvis": __version__,
            "scikit-learn": sklearn.__version__,
            "skl2onnx": skl2onnx.__version__,
        },
        **about,
    }
    (folder / "card.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
