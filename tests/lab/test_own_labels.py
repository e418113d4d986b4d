"""Labels come from tables of any make and from what persons said of a run; what cannot be one is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from drawn import write_photo

from lesionvis.batch.journal import Journal
from lesionvis.batch.names import photo_digest
from lesionvis.batch.reviews import Review, enter_review, prepare_reviews
from lesionvis.batch.run import BatchRunner
from lesionvis.errors import SettingsError
from lesionvis.lab.own_labels import OwnPhoto, labels_of_run, labels_of_table, own_photos
from lesionvis.lab.truth import OWN_SOURCE

TABLE = "photo,pattern,patient,room\na.png,Petechial shower,P1,7\nleg/b.png,no_spots,P1,\nleg/c.png,uncertain,P2,\n"


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    for seed, name in enumerate(("a.png", "leg/b.png", "leg/c.png")):
        write_photo(folder / name, seed)
    return folder


def _table(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "labels.csv"
    path.write_text(text, encoding=encoding)
    return path


def _told(found: list[OwnPhoto]) -> list[tuple[str, str, tuple[str, ...], str]]:
    return [(Path(one.label.photo).name, one.label.pattern, one.label.accept, one.label.group) for one in found]


EXPECTED = [
    ("a.png", "petechial_shower", ("petechial_shower",), "own:P1"),
    ("b.png", "other", ("uncertain", "no_spots"), "own:P1"),
]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [(TABLE, "utf-8"), (TABLE.replace(",", ";"), "utf-8-sig"), (TABLE.replace(",", "\t"), "utf-16")],
)
def test_a_table_with_other_columns_and_of_any_make_is_read(
    photos: Path, tmp_path: Path, text: str, encoding: str
) -> None:
    found = labels_of_table(photos, _table(tmp_path, text, encoding))
    assert _told(found) == EXPECTED
    assert found[0].label.source == OWN_SOURCE
    assert Path(found[0].label.photo).is_absolute()


def test_groups_are_named_by_the_column_group_or_are_the_file(photos: Path, tmp_path: Path) -> None:
    found = labels_of_table(photos, _table(tmp_path, "photo,pattern,Group\na.png,other,G\nleg/b.png,other,\n"))
    assert [one.label.group for one in found] == ["own:G", f"own:{found[1].label.sha256}"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("photo,pattern\na.png,rash\n", r'Line 2 of .*labels\.csv: the pattern "rash" is none of petechial_shower'),
        ("photo,pattern\nnowhere.png,other\n", r'Line 2 of .*: there is no photo "nowhere\.png" in '),
        ("photo,pattern\n,other\n", 'there is no photo ""'),
        ("photo,class\na.png,other\n", 'says nothing in a column "pattern"'),
        ("", 'has no column "photo"'),
    ],
)
def test_what_is_wrong_with_a_table_is_one_sentence(photos: Path, tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(SettingsError, match=reason):
        labels_of_table(photos, _table(tmp_path, text))


def test_a_run_tells_what_persons_said_with_their_spots_and_masks(photos: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    BatchRunner(metadata=_table(tmp_path, TABLE))(photos, run)
    assert _told(labels_of_run(run)) == EXPECTED
    assert [(one.mask, one.drawn) for one in labels_of_run(run)] == [(None, None)] * 2
    (tmp_path / "none.json").write_text(
        '{"images": [{"id": 1, "file_name": "a.png", "width": 128, "height": 96}], "annotations": []}', encoding="utf-8"
    )
    BatchRunner(corrections=tmp_path / "none.json")(photos, run)
    first = labels_of_run(run)[0]
    assert first.drawn is not None
    assert first.drawn.outlines_px == ()
    # What was said on the review page counts before the table.
    with Journal.resume(run, _facts(run)) as journal:
        prepare_reviews(journal)
        for photo, pattern in (("a.png", "uncertain"), ("leg/c.png", "angioma")):
            content = photo_digest(journal.known_files()[photo][1])
            enter_review(journal, content, photo, Review(made_by="Eva", action="pattern", pattern=pattern), None)
    assert _told(labels_of_run(run)) == [EXPECTED[1], ("c.png", "angioma", ("angioma",), "own:P2")]


def _facts(run: Path) -> dict[str, str]:
    with Journal.read(run) as journal:
        return {name: value for name, value in journal.provenance().items() if name != "table_layout"}


def test_a_run_of_which_nobody_said_anything_or_whose_photo_changed_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    write_photo(folder / "a.png", 1)
    BatchRunner()(folder, tmp_path / "run")
    with pytest.raises(SettingsError, match=r"nobody said what its photos show; do so by lesionvis review"):
        labels_of_run(tmp_path / "run")
    BatchRunner(metadata=_table(tmp_path, "photo,pattern\na.png,other\n"))(folder, tmp_path / "run")
    write_photo(folder / "a.png", 2)
    with pytest.raises(SettingsError, match=r"a\.png is gone or was changed; run lesionvis batch again"):
        labels_of_run(tmp_path / "run")


def test_the_same_photo_is_taken_once_and_refused_with_two_labels(photos: Path, tmp_path: Path) -> None:
    twice = "photo,pattern\na.png,other\na.png,{}\n"
    assert len(own_photos([photos], _table(tmp_path, twice.format("other")))) == 1
    with pytest.raises(SettingsError, match="are the same photo with different labels; leave one"):
        own_photos([photos], _table(tmp_path, twice.format("angioma")))


def test_folders_need_labels_and_labels_a_folder(photos: Path, tmp_path: Path) -> None:
    labels = _table(tmp_path, TABLE)
    for places, file, reason in (
        ([photos], None, "is no run folder; say by --labels"),
        ([photos, tmp_path], labels, "is no run folder; give one folder of photos"),
        ([], labels, "are of no folder"),
    ):
        with pytest.raises(SettingsError, match=reason):
            own_photos(places, file)
