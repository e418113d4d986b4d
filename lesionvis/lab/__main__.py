"""The lab's commands: `python -m lesionvis.lab --help`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lesionvis.spots.classifier import SpotClassifier

PROJECT = Path(__file__).resolve().parents[2]
MODELS = PROJECT / "models"
SPOT_TABLES = MODELS / "spots-v1" / "training.npz"
REGION_TABLE = MODELS / "regions-v1" / "training.npz"
OUTLINED_LESIONS = MODELS / "spots-v1" / "outlined_lesions.jsonl"
PATTERN_TABLE = MODELS / "pattern-v1" / "training.csv"
# Dermoscopic photos: measured, judged, never trained on.
OTHER_SOURCE_TABLE = MODELS / "pattern-v1" / "other_source.csv"
N_COPIES = 4
# Repeats of the cross-validation, each with other folds.
N_REPEATS = 3


def main() -> None:
    """Parse the arguments and run one command."""
    parser = argparse.ArgumentParser(prog="python -m lesionvis.lab", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    samples = commands.add_parser("samples", help="render the sample photos")
    samples.add_argument("--out", type=Path, default=PROJECT / "sample_images")
    samples.add_argument("--pairs", type=Path, default=PROJECT / "sample_pairs", help="for those of pairs and series")
    samples.set_defaults(run=_samples)
    tables = commands.add_parser("tables", help="measure photos with truth: makes the training tables")
    tables.add_argument("--photos", type=Path, required=True, help="folder with labels.csv and photos/")
    tables.add_argument("--only", choices=("spots", "pattern", "other"), help="make one of the tables")
    tables.set_defaults(run=_tables)
    regions = commands.add_parser("regions", help="measure photos whose lesion is known: makes the table of regions")
    regions.add_argument("--photos", type=Path, nargs="+", required=True, help="folders with labels.csv and photos/")
    regions.set_defaults(run=_regions)
    train = commands.add_parser("train", help="train the models from the committed tables")
    train.set_defaults(run=_train)
    card = commands.add_parser("card", help="write MODEL_CARD.md of the pattern model from its tables; train does too")
    card.set_defaults(run=_card)
    evaluate = commands.add_parser("evaluate", help="figures on photos left out of training")
    stages = evaluate.add_subparsers(metavar="STAGE")
    evaluate.add_argument("--repeats", type=int, default=N_REPEATS)
    evaluate.set_defaults(run=_evaluate)
    spots = stages.add_parser("spots", help="spots and lesions beside the usual detectors; else the pattern")
    spots.add_argument("--photos", type=Path, required=True, help="folder with the truth and photos/")
    spots.set_defaults(run=_evaluate_spots)
    lesions = stages.add_parser("lesions", help="border and length of the dominant lesion")
    lesions.add_argument("--photos", type=Path, nargs="+", required=True, help="folders with the truth and photos/")
    lesions.set_defaults(run=_evaluate_lesions)
    abcde = stages.add_parser("abcde", help="melanomas against naevi by the ABCDE")
    abcde.add_argument("--photos", type=Path, required=True, help="folder with the truth and photos/")
    abcde.set_defaults(run=_evaluate_abcde)
    raised = stages.add_parser("raisedness", help="numbers that might show a raised spot against touch")
    raised.add_argument("--photos", type=Path, required=True, help="folder with the truth and photos/")
    raised.set_defaults(run=_evaluate_raised)
    flips = stages.add_parser("flips", help="answers that change when a photo is cropped, turned, recoloured, blurred")
    flips.add_argument("--photos", type=Path, required=True, help="folder with the truth and photos/")
    flips.set_defaults(run=_evaluate_flips)
    arguments = parser.parse_args()
    arguments.run(arguments)


def _samples(arguments: argparse.Namespace) -> None:
    from lesionvis.lab.render.sample_pairs import render_sample_pairs
    from lesionvis.lab.render.samples import render_samples

    render_samples(arguments.out)
    render_sample_pairs(arguments.pairs)


def _tables(arguments: argparse.Namespace) -> None:
    from lesionvis.lab.train import pattern_training, rendered_training, spot_examples, spot_training
    from lesionvis.lab.train.region_examples import read_lesion_truth
    from lesionvis.lab.truth import read_labels, read_spot_truth
    from lesionvis.spots.classifier import packaged_classifier

    labels = read_labels(arguments.photos)
    if arguments.only == "other":
        classifiers = [packaged_classifier()] * spot_training.N_FOLDS
        table = pattern_training.make_pattern_table(arguments.photos / "photos", labels, classifiers, n_copies=0)
        pattern_training.write_pattern_table(OTHER_SOURCE_TABLE, table)
        return
    if arguments.only != "pattern":
        marked = read_spot_truth(arguments.photos / "spots.csv", SPOT_TABLES.parent / "marked_spots.csv")
        lesions = read_lesion_truth(arguments.photos, OUTLINED_LESIONS)
        examples = spot_examples.collect(arguments.photos / "photos", labels, marked, lesions)
        examples += rendered_training.rendered_examples()
        spot_training.write_tables(SPOT_TABLES, spot_training.make_tables(examples))
    if arguments.only != "spots":
        classifiers = _fold_classifiers()
        table = pattern_training.make_pattern_table(arguments.photos / "photos", labels, classifiers, N_COPIES)
        pattern_training.write_pattern_table(PATTERN_TABLE, table)


def _regions(arguments: argparse.Namespace) -> None:
    from lesionvis.lab.train.region_examples import collect_regions, read_lesion_truth
    from lesionvis.lab.train.region_training import make_region_table, write_region_table
    from lesionvis.lab.train.rendered_training import rendered_region_examples
    from lesionvis.lab.truth import read_labels

    examples = rendered_region_examples()
    for folder in arguments.photos:
        lesions = read_lesion_truth(folder, OUTLINED_LESIONS)
        examples += collect_regions(folder / "photos", read_labels(folder), lesions)
    write_region_table(REGION_TABLE, make_region_table(examples))


def _fold_classifiers() -> list[SpotClassifier]:
    """One classifier per fold, which never saw the photos of that fold."""
    from lesionvis.lab.train import region_training, spot_training

    regions = region_training.fold_region_predictors(region_training.read_region_table(REGION_TABLE))
    return spot_training.fold_classifiers(spot_training.read_tables(SPOT_TABLES), regions)


def _train(arguments: argparse.Namespace) -> None:
    from lesionvis.lab.build import train_pattern, train_regions, train_spots

    train_spots(SPOT_TABLES, MODELS / "spots-v1")
    train_regions(REGION_TABLE, REGION_TABLE.parent)
    train_pattern(PATTERN_TABLE, PATTERN_TABLE.parent, repeats=N_REPEATS)
    _card(arguments)


def _card(arguments: argparse.Namespace) -> None:
    from lesionvis.lab.evaluate.model_card import PACKAGED_DATA, write_model_card
    from lesionvis.lab.train.pattern_training import read_pattern_table

    del arguments
    others = read_pattern_table(OTHER_SOURCE_TABLE)
    write_model_card(PATTERN_TABLE.parent, read_pattern_table(PATTERN_TABLE), N_REPEATS, others, PACKAGED_DATA)


def _evaluate(arguments: argparse.Namespace) -> None:
    from lesionvis.lab.evaluate.pattern_report import pattern_report
    from lesionvis.lab.train.pattern_training import read_pattern_table

    others = read_pattern_table(OTHER_SOURCE_TABLE)
    print(pattern_report(read_pattern_table(PATTERN_TABLE), arguments.repeats, others))


def _evaluate_spots(arguments: argparse.Namespace) -> None:
    from lesionvis.lab.evaluate.spot_report import spot_report
    from lesionvis.lab.train.region_examples import read_lesion_truth
    from lesionvis.lab.truth import read_labels, read_spot_truth

    print(
        spot_report(
            arguments.photos / "photos",
            read_labels(arguments.photos),
            read_spot_truth(arguments.photos / "spots.csv"),
            read_spot_truth(SPOT_TABLES.parent / "marked_spots.csv"),
            read_lesion_truth(arguments.photos, OUTLINED_LESIONS),
            _fold_classifiers(),
        )
    )


def _evaluate_lesions(arguments: argparse.Namespace) -> None:
    from lesionvis.lab.evaluate.lesion_report import judge_lesions, lesion_report
    from lesionvis.lab.train.region_training import fold_region_predictors, read_region_table

    predictors = fold_region_predictors(read_region_table(REGION_TABLE))
    print(lesion_report([one for folder in arguments.photos for one in judge_lesions(folder, predictors)]))


def _evaluate_abcde(arguments: argparse.Namespace) -> None:
    from lesionvis.lab.evaluate.abcde_report import abcde_report, examine
    from lesionvis.lab.truth import read_labels

    classifiers = _fold_classifiers()
    print(abcde_report(examine(arguments.photos / "photos", read_labels(arguments.photos), classifiers)))


def _evaluate_raised(arguments: argparse.Namespace) -> None:
    from lesionvis.lab.evaluate.raised_report import measure_touched, raised_report
    from lesionvis.lab.truth import read_labels

    classifiers = _fold_classifiers()
    print(raised_report(measure_touched(arguments.photos / "photos", read_labels(arguments.photos), classifiers)))


def _evaluate_flips(arguments: argparse.Namespace) -> None:
    from lesionvis.lab.evaluate.flip_report import change_photos, flip_report, left_out_models
    from lesionvis.lab.train.pattern_training import read_pattern_table
    from lesionvis.lab.truth import read_labels
    from lesionvis.pattern import load_pattern_model

    classifiers = _fold_classifiers()
    models = left_out_models(read_pattern_table(PATTERN_TABLE), load_pattern_model(PATTERN_TABLE.parent))
    print(flip_report(change_photos(arguments.photos / "photos", read_labels(arguments.photos), classifiers, models)))


if __name__ == "__main__":
    main()
