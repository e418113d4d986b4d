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
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    VotingClassifier,
)
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from lesionvis import __version__
from lesionvis.models import CARD_FORMAT, Predictor

# The same seed for every forest: the same table gives the same model.
SEED = 20260101
# Of ONNX, which onnxruntime reads from 1.14 on.
OPSET = 17
# Networks that start from other weights differ by 0.01 of the area under the curve; the mean of four hardly does.
N_NETWORKS = 4


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


def spot_network(columns: Sequence[str]) -> FittedPredictor:
    """Make an unfitted classifier of candidates: networks of two layers, which weigh sums of columns where trees cut.

    Parameters
    ----------
    columns : sequence of str
        Names of its columns.

    Returns
    -------
    FittedPredictor
        To be fitted.
    """
    # So short a training is stopped before the networks know single photos by heart; each differs by its first weights.
    networks = VotingClassifier(
        [
            (
                f"network_{number}",
                MLPClassifier(
                    (64, 32),
                    alpha=0.3,
                    batch_size=256,
                    learning_rate_init=0.002,
                    max_iter=16,
                    random_state=SEED + number,
                ),
            )
            for number in range(N_NETWORKS)
        ],
        voting="soft",
        flatten_transform=False,  # as skl2onnx asks for
    )
    steps = [("limits", MinMaxScaler(clip=True)), ("scale", StandardScaler()), ("networks", networks)]
    return FittedPredictor(tuple(columns), Pipeline(steps))


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
    generator = np.random.default_rng(SEED)
    sample = generator.normal(size=(64, len(forest.columns))).astype(np.float32)
    last = forest.estimator[-1] if isinstance(forest.estimator, Pipeline) else forest.estimator
    if isinstance(last, LinearDiscriminantAnalysis):
        content = _linear_onnx_bytes(forest.estimator)
    elif isinstance(last, HistGradientBoostingClassifier):
        content = _boosted_onnx_bytes(last)
    else:
        from skl2onnx import to_onnx

        options = {id(forest.estimator): {"zipmap": False}} if hasattr(last, "predict_proba") else None
        content = to_onnx(forest.estimator, sample[:1], options=options, target_opset=OPSET).SerializeToString()
    difference = float(np.abs(Predictor(forest.columns, content)(sample) - forest(sample)).max())
    if difference > 1e-5:
        raise ValueError(f"the ONNX form differs from the forest by {difference:.2g}")
    return bytes(content)


def _linear_onnx_bytes(pipeline: Pipeline) -> bytes:
    """ONNX form of imputer, range, powers (Yeo and Johnson 2000) and discriminant, in double precision.

    skl2onnx writes these steps in single precision, in which a power near zero and a long sum lose up to 4e-5 of a
    probability.
    """
    from onnx import TensorProto, checker, helper, numpy_helper

    imputer, limits, power, discriminant = (step for _, step in pipeline.steps)
    exponents = np.asarray(power.lambdas_, np.float64)
    scaler = power._scaler
    constants = {
        "median": imputer.statistics_,
        "lowest": limits.data_min_,
        "highest": limits.data_max_,
        "range_scale": limits.scale_,
        # Powers of zero are logarithms; a power this small is one but for 1e-8.
        "exponent": np.where(np.abs(exponents) < 1e-8, 1e-8, exponents),
        "one": np.ones(1),
        "mean": scaler.mean_,
        "spread": scaler.scale_,
        "weights": discriminant.coef_.T,
        "intercept": discriminant.intercept_,
    }
    steps = [
        helper.make_node("Cast", ["features"], ["given"], to=TensorProto.DOUBLE),
        helper.make_node("IsNaN", ["given"], ["missing"]),
        helper.make_node("Where", ["missing", "median", "given"], ["filled"]),
        helper.make_node("Max", ["filled", "lowest"], ["above"]),
        helper.make_node("Min", ["above", "highest"], ["within"]),
        helper.make_node("Sub", ["within", "lowest"], ["from_lowest"]),
        helper.make_node("Mul", ["from_lowest", "range_scale"], ["share"]),
        # Shares are never negative, so that the other branch of Yeo and Johnson is not needed.
        helper.make_node("Add", ["share", "one"], ["base"]),
        helper.make_node("Pow", ["base", "exponent"], ["raised"]),
        helper.make_node("Sub", ["raised", "one"], ["raised_less_one"]),
        helper.make_node("Div", ["raised_less_one", "exponent"], ["normal"]),
        helper.make_node("Sub", ["normal", "mean"], ["centred"]),
        helper.make_node("Div", ["centred", "spread"], ["standardised"]),
        helper.make_node("MatMul", ["standardised", "weights"], ["products"]),
        helper.make_node("Add", ["products", "intercept"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["exact"], axis=1),
        helper.make_node("Cast", ["exact"], ["probabilities"], to=TensorProto.FLOAT),
    ]
    graph = helper.make_graph(
        steps,
        "linear",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, [None, len(exponents)])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None, len(discriminant.classes_)])],
        [numpy_helper.from_array(np.asarray(value, np.float64), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
    checker.check_model(model)
    return bytes(model.SerializeToString())


def _boosted_onnx_bytes(boosted: HistGradientBoostingClassifier) -> bytes:
    """ONNX form of boosted trees of two classes, without missing values; skl2onnx 1.20 fails on those of today.

    Thresholds are in single precision, as the numbers are that the trees were fitted to.
    """
    from onnx import TensorProto, checker, helper

    trees = [predictors[0].nodes for predictors in boosted._predictors]
    nodes, sizes = np.concatenate(trees), [len(tree) for tree in trees]
    tree_ids = np.repeat(np.arange(len(trees)), sizes)
    is_leaf = nodes["is_leaf"].astype(bool)
    limits = nodes["num_threshold"].astype(np.float32)
    leaves = np.flatnonzero(is_leaf)
    node_ids = np.concatenate([np.arange(size) for size in sizes])
    vote = helper.make_node(
        "TreeEnsembleRegressor",
        ["features"],
        ["log_odds"],
        domain="ai.onnx.ml",
        n_targets=1,
        base_values=[float(boosted._baseline_prediction.ravel()[0])],
        nodes_treeids=tree_ids.tolist(),
        nodes_nodeids=node_ids.tolist(),
        nodes_featureids=np.where(is_leaf, 0, nodes["feature_idx"]).astype(int).tolist(),
        nodes_values=np.where(is_leaf, 0.0, limits).tolist(),
        nodes_modes=np.where(is_leaf, "LEAF", "BRANCH_LEQ").tolist(),
        nodes_truenodeids=np.where(is_leaf, 0, nodes["left"]).astype(int).tolist(),
        nodes_falsenodeids=np.where(is_leaf, 0, nodes["right"]).astype(int).tolist(),
        target_treeids=tree_ids[leaves].tolist(),
        target_nodeids=node_ids[leaves].tolist(),
        target_ids=[0] * len(leaves),
        target_weights=nodes["value"][leaves].tolist(),
    )
    steps = [
        vote,
        helper.make_node("Sigmoid", ["log_odds"], ["second"]),
        helper.make_node("Neg", ["log_odds"], ["other_log_odds"]),
        helper.make_node("Sigmoid", ["other_log_odds"], ["first"]),
        helper.make_node("Concat", ["first", "second"], ["probabilities"], axis=1),
    ]
    graph = helper.make_graph(
        steps,
        "boosted",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, [None, boosted.n_features_in_])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None, 2])],
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", 3)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    checker.check_model(model)
    return bytes(model.SerializeToString())


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
