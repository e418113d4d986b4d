"""The lab's commands: `python -m lesionvis.lab --help`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lesionvis.lab.train.candidate_examples import CandidateExample
    from lesionvis.lab.train.pattern_training import PatternTable
    from lesionvis.spots.classifier import SpotClassifier

PROJECT = Path(__file__).resolve().parents[2]
MODELS = PROJECT / "models"
SPOT_TABLE = MODELS / "spots-v2" / "training.npz"
# The same with rings around each candidate, for the networks.
RING_TABLE = SPOT_TABLE.parent / "ring_training.npz"
# Places of spots that were marked for training on photos of dev/.
MARKED_SPOTS = SPOT_TABLE.parent / "marked_spots.csv"
REGION_TABLE = MODELS / "regions-v1" / "training.npz"
OUTLINED_LESIONS = REGION_TABLE.parent / "outlined_lesions.jsonl"
PATTERN_TABLE = MODELS / "pattern-v2" / "training.csv"
# Dermoscopic photos: measured, judged, never trained on.
OTHER_SOURCE_TABLE = MODELS / "pattern-v2" / "other_source.csv"
LIKENESS_TABLE = MODELS / "likeness-v1" / "training.csv"
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
    tables.add_argument("--photos", type=Path, nargs="+", required=True, help="folders with labels.csv and photos/")
    tables.add_argument("--only", choices=("spots", "pattern", "other"), help="make one of the tables")
    tables.set_defaults(run=_tables)
    regions = commands.add_parser("regions", help="measure photos whose lesion is known: makes the table of regions")
    regions.add_argument("--photos", type=Path, nargs="+", required=True, help="folders with labels.csv and photos/")
    regions.set_defaults(run=_regions)
    likeness = commands.add_parser("likeness", help="measure skin and what is none: makes the table of likeness")
    likeness.add_argument("--photos", type=Path, nargs="+", required=True, help="folders with labels.csv and photos/")
    likeness.add_argument("--others", type=Path, required=True, help="folder of pictures that show no skin")
    likeness.set_defaults(run=_likeness)
    train = commands.add_parser("train", help="train the models from the committed tables")
    train.set_defaults(run=_train)
    card = commands.add_parser("card", help="write MODEL_CARD.md of the pattern model from its tables; train does too")
    card.set_defaults(run=_card)
    evaluate = commands.add_parser("evaluate", help="figures on photos left out of training")
    evaluate.add_argument("--repeats", type=int, default=N_REPEATS)
    evaluate.set_defaults(run=_evaluate)
    _add_stages(evaluate.add_subparsers(metavar="STAGE"))
    arguments = parser.parse_args()
    arguments.run(arguments)


def _add_stages(stages: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """What can be evaluated, each with its arguments."""
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
    sources = stages.add_parser("sources", help="photos of sources that were left out of training, beside the others")
    sources.add_argument("--photos", type=Path, required=True, help="folder that holds dev/, more/ and web/")
    sources.set_defaults(run=_evaluate_sources)
    peers = stages.add_parser("peers", help="spots beside usual detectors that are tuned at home, on other sources")
    peers.add_argument("--photos", type=Path, required=True, help="folder that holds dev/, more/ and web/")
    peers.set_defaults(run=_evaluate_peers)
    composites = stages.add_parser("composites", help="spots of blood laid onto bare skin of sources left out")
    composites.add_argument("--photos", type=Path, required=True, help="folder with labels.csv and photos/")
    composites.set_defaults(run=_evaluate_composites)
    seen = stages.add_parser("seen", help="what is said to be seen in photos against their labels")
    seen.add_argument("--photos", type=Path, required=True, help="folder that holds dev/, more/ and web/")
    seen.set_defaults(run=_evaluate_seen)
    calibration = stages.add_parser("calibration", help="probabilities and prediction sets of the pattern, by source")
    calibration.set_defaults(run=_evaluate_calibration)
    lookalikes = stages.add_parser(
        "lookalikes", help="pictures that show no skin, and wounds: they must get no pattern"
    )
    lookalikes.set_defaults(run=_evaluate_lookalikes)
    errors = stages.add_parser("errors", help="shares of truths within one and two stated errors of sizes")
    errors.add_argument("--photos", type=Path, required=True, help="folder that holds dev/, more/, web/ and rulers/")
    errors.set_defaults(run=_evaluate_errors)
    flips = stages.add_parser("flips", help="answers that change when a photo is cropped, turned, recoloured, blurred")
    flips.add_argument("--photos", type=Path, required=True, help="folder with the truth and photos/")
    flips.set_defaults(run=_evaluate_flips)


def _samples(arguments: argparse.Namespace) -> None:
    from lesionvis.lab.render.sample_pairs import render_sample_pairs
    from lesionvis.lab.render.samples import render_samples

    render_samples(arguments.out)
    render_sample_pairs(arguments.pairs)


def _tables(arguments: argparse.Namespace) -> None:
    from lesionvis.lab.train import candidate_training, folds, laid_on, pattern_training, rendered_training
    from lesionvis.lab.truth import read_labels
    from lesionvis.spots.classifier import packaged_classifier

    if arguments.only == "other":
        classifiers = [packaged_classifier()] * folds.N_FOLDS
        pattern_training.write_pattern_table(OTHER_SOURCE_TABLE, _pattern_table(arguments.photos, classifiers, 0))
        return
    if arguments.only != "pattern":
        candidates = [example for folder in arguments.photos for example in _candidate_examples(folder)]
        candidates += rendered_training.rendered_candidate_examples()
        for path, table in zip((SPOT_TABLE, RING_TABLE), candidate_training.make_tables(candidates), strict=True):
            candidate_training.write_table(path, table)
    if arguments.only != "spots":
        classifiers = _fold_classifiers()
        tables = [_pattern_table(arguments.photos, classifiers, 0)]
        tables += [laid_on.make_laid_on_table(f / "photos", read_labels(f), classifiers) for f in arguments.photos]
        pattern_training.write_pattern_table(PATTERN_TABLE, pattern_training.joined(tables))


def _candidate_examples(folder: Path) -> list[CandidateExample]:
    """Candidates of a set of photos with what is known about each."""
    from lesionvis.lab.train.candidate_examples import collect_candidates
    from lesionvis.lab.train.region_examples import read_lesion_truth
    from lesionvis.lab.truth import read_labels, read_spot_truth
    from lesionvis.spots.classifier import packaged_classifier

    labels = read_labels(folder)
    names = {label.photo for label in labels}
    marked = [truth for truth in read_spot_truth(folder / "spots.csv", MARKED_SPOTS) if truth.photo in names]
    lesions = read_lesion_truth(folder, OUTLINED_LESIONS)
    return collect_candidates(folder / "photos", labels, marked, lesions, packaged_classifier().region)


def _pattern_table(folders: Sequence[Path], classifiers: Sequence[SpotClassifier], n_copies: int) -> PatternTable:
    """Features of all photos of some sets."""
    from lesionvis.lab.train.pattern_training import joined, make_pattern_table
    from lesionvis.lab.truth import read_labels

    return joined([make_pattern_table(f / "photos", read_labels(f), classifiers, n_copies) for f in folders])


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


def _likeness(arguments: argparse.Namespace) -> None:
    from lesionvis.lab.train.likeness_examples import make_likeness_table
    from lesionvis.lab.train.likeness_training import write_likeness_table

    write_likeness_table(LIKENESS_TABLE, make_likeness_table(arguments.photos, arguments.others))


def _fold_classifiers() -> list[SpotClassifier]:
    """One classifier per fold, which never saw the photos of that fold."""
    from lesionvis.lab.train import candidate_training, region_training

    regions = region_training.fold_region_predictors(region_training.read_region_table(REGION_TABLE))
    forests, networks = (candidate_training.read_table(path) for path in (SPOT_TABLE, RING_TABLE))
    return candidate_training.fold_classifiers(forests, networks, regions)


def _train(arguments: argparse.Namespace) -> None:
    from lesionvis.lab.build import train_bare, train_likeness, train_pattern, train_regions, train_spots

    train_spots(SPOT_TABLE, RING_TABLE, SPOT_TABLE.parent)
    train_regions(REGION_TABLE, REGION_TABLE.parent)
    train_pattern(PATTERN_TABLE, PATTERN_TABLE.parent, repeats=N_REPEATS)
    train_bare(PATTERN_TABLE, MODELS / "bare-v1")
    train_likeness(LIKENESS_TABLE, LIKENESS_TABLE.parent)
    _card(arguments)


def _card(arguments: argparse.Namespace) -> None:
    from lesionvis.lab.evaluate.cross_validation import cross_validate
    from lesionvis.lab.evaluate.model_card import PACKAGED_DATA, write_model_card
    from lesionvis.lab.train.pattern_training import read_pattern_table

    del arguments
    others = read_pattern_table(OTHER_SOURCE_TABLE)
    table = read_pattern_table(PATTERN_TABLE)
    results = list(cross_validate(table, N_REPEATS))
    write_model_card(PATTERN_TABLE.parent, table, results, others, PACKAGED_DATA)


def _evaluate(arguments: argparse.Namespace) -> None:
    from lesionvis.lab.evaluate.cross_validation import cross_validate
    from lesionvis.lab.evaluate.pattern_report import pattern_report
    from lesionvis.lab.train.pattern_training import read_pattern_table

    others = read_pattern_table(OTHER_SOURCE_TABLE)
    table = read_pattern_table(PATTERN_TABLE)
    print(pattern_report(table, list(cross_validate(table, arguments.repeats)), others))


def _evaluate_spots(arguments: argparse.Namespace) -> None:
    from lesionvis.lab.evaluate.spot_report import spot_report
    from lesionvis.lab.train.region_examples import read_lesion_truth
    from lesionvis.lab.truth import read_labels, read_spot_truth

    print(
        spot_report(
            arguments.photos / "photos",
            read_labels(arguments.photos),
            read_spot_truth(arguments.photos / "spots.csv"),
            read_spot_truth(MARKED_SPOTS),
            read_lesion_truth(arguments.photos, OUTLINED_LESIONS),
            _fold_classifiers(),
        )
    )


def _evaluate_lesions(arguments: argparse.Namespace) -> None:
    from lesionvis.lab.evaluate.lesion_report import judge_lesions, lesion_report
    from lesionvis.lab.train.region_training import fold_region_predictors, read_region_table

    predictors = fold_region_predictors(read_region_table(REGION_TABLE))
    print(lesion_report([one for folder in arguments.photos for one in judge_lesions(folder, predictors)]))


def _evaluate_sources(arguments: argparse.Namespace) -> None:
    from lesionvis.lab.evaluate.sources import measure_sources, sources_report
    from lesionvis.lab.train.pattern_training import read_pattern_table

    photos = measure_sources(arguments.photos, _fold_classifiers())
    print(sources_report(photos, read_pattern_table(PATTERN_TABLE)))


def _evaluate_peers(arguments: argparse.Namespace) -> None:
    from lesionvis.lab.evaluate.peer_report import compare_with_peers, peer_report

    print(peer_report(compare_with_peers(arguments.photos, _fold_classifiers())))


def _evaluate_composites(arguments: argparse.Namespace) -> None:
    from lesionvis.lab.evaluate.composite_report import (
        LeftOutModels,
        composite_report,
        measure_composites,
        measure_listed,
    )
    from lesionvis.lab.evaluate.flip_report import left_out_models
    from lesionvis.lab.train.bare_training import left_out_bare_models
    from lesionvis.lab.train.pattern_training import read_pattern_table
    from lesionvis.pattern import load_pattern_model

    table, classifiers = read_pattern_table(PATTERN_TABLE), _fold_classifiers()
    patterns = left_out_models(table, load_pattern_model(PATTERN_TABLE.parent))
    of_folds = zip(classifiers, patterns, left_out_bare_models(table), strict=True)
    rows = measure_composites(arguments.photos, classifiers)
    rows += measure_listed(arguments.photos, [LeftOutModels(*models) for models in of_folds])
    print(composite_report(rows))


def _evaluate_seen(arguments: argparse.Namespace) -> None:
    from lesionvis.lab.evaluate.seen_report import measure_seen, seen_report
    from lesionvis.lab.train.likeness_training import is_unlike_out_of_fold, read_likeness_table
    from lesionvis.lab.train.pattern_training import read_pattern_table

    is_unlike = is_unlike_out_of_fold(read_likeness_table(LIKENESS_TABLE))
    print(seen_report(measure_seen(arguments.photos, read_pattern_table(PATTERN_TABLE), is_unlike)))


def _evaluate_calibration(arguments: argparse.Namespace) -> None:
    from lesionvis.lab.evaluate.calibration_report import calibration_report
    from lesionvis.lab.evaluate.cross_validation import cross_validate
    from lesionvis.lab.train.pattern_training import read_pattern_table

    table = read_pattern_table(PATTERN_TABLE)
    print(calibration_report(table, list(cross_validate(table, arguments.repeats))))


def _evaluate_lookalikes(arguments: argparse.Namespace) -> None:
    from lesionvis.lab.evaluate.lookalike_report import answered, lookalike_report, not_skin_pictures, wound_pictures
    from lesionvis.lab.train.likeness_training import is_unlike_out_of_fold, read_likeness_table

    del arguments
    is_unlike = is_unlike_out_of_fold(read_likeness_table(LIKENESS_TABLE))
    print(lookalike_report(answered(list(not_skin_pictures()), is_unlike), answered(list(wound_pictures()), is_unlike)))


def _evaluate_errors(arguments: argparse.Namespace) -> None:
    from lesionvis.lab.evaluate.error_report import compare_photos, error_report
    from lesionvis.lab.evaluate.rendered_errors import compare_rendered

    print(error_report([*compare_photos(arguments.photos, _fold_classifiers()), *compare_rendered()]))


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
