"""The lab's commands: `python -m lesionvis.lab --help`."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

PROJECT = Path(__file__).resolve().parents[2]
MODELS = PROJECT / "models"
SPOT_TABLES = MODELS / "spots-v1" / "training.npz"
PATTERN_TABLE = MODELS / "pattern-v1" / "training.csv"
N_COPIES = 4


def main() -> None:
    """Parse the arguments and run one command."""
    parser = argparse.ArgumentParser(prog="python -m lesionvis.lab", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    samples = commands.add_parser("samples", help="render the sample photos")
    samples.add_argument("--out", type=Path, default=PROJECT / "sample_images")
    samples.set_defaults(run=_samples)
    tables = commands.add_parser("tables", help="measure photos with truth: makes the training tables")
    tables.add_argument("--photos", type=Path, required=True, help="folder with labels.csv and photos/")
    tables.add_argument("--only", choices=("spots", "pattern"), help="make one of the tables")
    tables.set_defaults(run=_tables)
    train = commands.add_parser("train", help="train the models from the committed tables")
    train.set_defaults(run=_train)
    evaluate = commands.add_parser("evaluate", help="cross-validated figures of the pattern model")
    evaluate.add_argument("--repeats", type=int, default=3)
    evaluate.set_defaults(run=_evaluate)
    arguments = parser.parse_args()
    arguments.run(arguments)


def _samples(arguments: argparse.Namespace) -> None:
    from lesionvis.lab.samples import render_samples

    render_samples(arguments.out)


def _tables(arguments: argparse.Namespace) -> None:
    from lesionvis.lab import pattern_training, rendered_training, spot_training
    from lesionvis.lab.truth import read_labels, read_spot_truth

    labels = read_labels(arguments.photos)
    if arguments.only != "pattern":
        marked = read_spot_truth(arguments.photos / "spots.csv", SPOT_TABLES.parent / "marked_spots.csv")
        lesions = spot_training.read_lesion_truth(
            arguments.photos / "masks", SPOT_TABLES.parent / "outlined_lesions.jsonl"
        )
        examples = spot_training.collect(arguments.photos / "photos", labels, marked, lesions)
        examples += rendered_training.rendered_examples()
        spot_training.write_tables(SPOT_TABLES, spot_training.make_tables(examples))
    if arguments.only != "spots":
        judges = spot_training.fold_judges(spot_training.read_tables(SPOT_TABLES))
        table = pattern_training.make_pattern_table(arguments.photos / "photos", labels, judges, N_COPIES)
        pattern_training.write_pattern_table(PATTERN_TABLE, table)


def _train(arguments: argparse.Namespace) -> None:
    from lesionvis.lab.train import train_pattern, train_spots

    del arguments
    train_spots(SPOT_TABLES, MODELS / "spots-v1")
    train_pattern(PATTERN_TABLE, MODELS / "pattern-v1")


def _evaluate(arguments: argparse.Namespace) -> None:
    from lesionvis.lab import evaluate, pattern_training
    from lesionvis.lab.train import THRESHOLDS

    table = pattern_training.read_pattern_table(PATTERN_TABLE)
    labels = [table.labels[i] for i in np.flatnonzero(table.copy == 0)]
    runs = [
        evaluate.pattern_figures(labels, probabilities, THRESHOLDS)
        for probabilities in evaluate.cross_validate(table, arguments.repeats)
    ]
    print(f"grouped {evaluate.N_FOLDS}-fold cross-validation, {len(runs)} repeats, {len(labels)} photos")
    for name in runs[0]:
        values = [run[name] for run in runs]
        print(f"  {name:28s} {np.mean(values):.3f}  ({min(values):.3f} to {max(values):.3f})")
    for source, probabilities in evaluate.across_sources(table).items():
        chosen = [label for label in labels if label.source == source]
        figures = evaluate.pattern_figures(chosen, probabilities, THRESHOLDS)
        print(f"trained on the other sources, judged on {source} ({len(chosen)} photos)")
        for name, value in figures.items():
            print(f"  {name:28s} {value:.3f}")


if __name__ == "__main__":
    main()
