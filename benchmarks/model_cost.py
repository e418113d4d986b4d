"""What the pattern model costs: size, loading and one prediction, against the limits that it shall keep.

Run: python benchmarks/model_cost.py [model folder]
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from lesionvis.models import packaged_model_folder
from lesionvis.pattern.features import FEATURE_NAMES, MODEL_FEATURES, Features
from lesionvis.pattern.pattern import MODEL_NAME, find_pattern, load_pattern_model

SIZE_MAX_MB, LOADING_MAX_MS, PREDICTION_MAX_MS = 5.0, 100.0, 5.0
N_STARTS, N_PREDICTIONS = 5, 300

_LOADING = """
import sys, time
from pathlib import Path
import onnxruntime
from lesionvis.pattern import load_pattern_model
before = time.perf_counter()
load_pattern_model(Path(sys.argv[1]))
print(1000.0 * (time.perf_counter() - before))
"""


def _size_mb(folder: Path) -> float:
    """What a prediction needs: the predictors and the card; tables are for training."""
    files = [*folder.glob("*.onnx"), folder / "card.json"]
    return sum(file.stat().st_size for file in files) / 1e6


def _loading_ms(folder: Path) -> float:
    """Least of several first loads, each in a new process whose libraries are loaded already."""
    command = [sys.executable, "-c", _LOADING, str(folder)]
    runs = [subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(N_STARTS)]
    return min(map(float, runs))


def _median_ms(times_s: list[float]) -> float:
    return 1000.0 * float(np.median(times_s))


def main() -> None:
    """Print one line per cost."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else packaged_model_folder(MODEL_NAME)
    model = load_pattern_model(folder)
    generator = np.random.default_rng(1)
    rows = generator.normal(model.typical, np.abs(model.typical) + 0.1, (N_PREDICTIONS, len(MODEL_FEATURES)))
    predictions, answers = [], []
    for row in rows.astype(np.float32):
        before = time.perf_counter()
        model.probabilities(row[None])
        predictions.append(time.perf_counter() - before)
    for row in rows[: N_PREDICTIONS // 10]:
        values = dict.fromkeys(FEATURE_NAMES, float("nan")) | dict(zip(MODEL_FEATURES, row.tolist(), strict=True))
        before = time.perf_counter()
        find_pattern(Features(values), (), False, model)
        answers.append(time.perf_counter() - before)
    print(f"{model.name} in {folder}")
    for name, value, limit, unit in (
        ("size of predictors and card", _size_mb(folder), SIZE_MAX_MB, "MB"),
        ("first loading, libraries loaded", _loading_ms(folder), LOADING_MAX_MS, "ms"),
        ("one prediction, median", _median_ms(predictions), PREDICTION_MAX_MS, "ms"),
    ):
        verdict = "ok" if value <= limit else "TOO MUCH"
        print(f"{name.ljust(36)}{value:8.2f} {unit}   limit {limit:g} {unit}   {verdict}")
    print(f"{'the same with its reasons, median'.ljust(36)}{_median_ms(answers):8.2f} ms   no limit")


if __name__ == "__main__":
    main()
