from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lesionvis.cli.photo_diary import (
    RHYTHMS,
    Kept,
    _photos_in,
    _stamped_name,
    date_in_name,
    keep_photo,
    photos_of,
    reminder_text,
    write_reminder,
)
from lesionvis.errors import SettingsError, UnreadablePhoto
from lesionvis.triage.wording import EMERGENCY_NUMBER, HEADER, RED_FLAGS, REMINDER_TITLE

EVENING = datetime(2026, 11, 26, 20, 30)


def _photo(path: Path, grey: int = 180, taken: str | None = "2026:11:26 20:30:00") -> Path:
    exif = Image.Exif()
    if taken is not None:
        exif.get_ifd(0x8769)[0x9003] = taken
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((40, 60, 3), grey, np.uint8)).save(path, exif=exif)
    return path


def _properties(text: str) -> list[tuple[str, str]]:
    """Names and values of a calendar's lines, unfolded and unescaped as RFC 5545 says."""
    assert text.endswith("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    assert max(len(line.encode()) for line in text.split("\r\n")) <= 75
    lines = text.replace("\r\n ", "").removesuffix("\r\n").split("\r\n")
    pairs = [(name, value) for name, _, value in (line.partition(":") for line in lines)]
    return [(name, re.sub(r"\\(.)", lambda found: found[1].replace("n", "\n"), value)) for name, value in pairs]


def test_a_photo_is_kept_byte_for_byte_under_its_date(tmp_path: Path) -> None:
    photo = _photo(tmp_path / "füß 1.jpg")
    kept = keep_photo(photo, tmp_path / "new" / "folder")
    assert kept == Kept(tmp_path / "new" / "folder" / "2026-11-26T203000_füß 1.jpg", EVENING, True, "camera")
    assert kept.path.read_bytes() == photo.read_bytes()
    assert list(kept.path.parent.iterdir()) == [kept.path]


def test_keeping_twice_does_nothing(tmp_path: Path) -> None:
    photo = _photo(tmp_path / "a.jpg")
    first = keep_photo(photo, tmp_path / "f")
    written = first.path.stat().st_mtime_ns
    renamed = _photo(tmp_path / "b.jpg")
    for again in (photo, first.path, renamed):
        source = "file name" if again == first.path else "camera"
        assert keep_photo(again, tmp_path / "f") == Kept(first.path, EVENING, False, source)
    assert _photos_in(tmp_path / "f") == [first.path]
    assert first.path.stat().st_mtime_ns == written


def test_another_photo_is_never_overwritten(tmp_path: Path) -> None:
    kept = keep_photo(_photo(tmp_path / "a" / "a.jpg"), tmp_path / "f")
    content = kept.path.read_bytes()
    with pytest.raises(SettingsError, match="exists and is another file"):
        keep_photo(_photo(tmp_path / "b" / "a.jpg", grey=90), tmp_path / "f")
    assert kept.path.read_bytes() == content


def test_one_photo_has_one_date_in_a_folder(tmp_path: Path) -> None:
    photo = _photo(tmp_path / "a.jpg")
    keep_photo(photo, tmp_path / "f")
    with pytest.raises(SettingsError, match="with another date or none"):
        keep_photo(photo, tmp_path / "f", datetime(2026, 11, 27))
    with pytest.raises(SettingsError, match="with another date or none"):
        keep_photo(photo, tmp_path)


def test_the_date_given_counts_most_then_the_name_then_the_camera(tmp_path: Path) -> None:
    stamped = _photo(tmp_path / "2026-01-02T030405_a.jpg")
    assert keep_photo(stamped, tmp_path / "f").path.name == stamped.name
    given = datetime.fromisoformat("2026-05-06T07:08:09.5+02:00")
    kept = keep_photo(stamped, tmp_path / "g", given)
    assert (kept.path.name, kept.taken_at) == ("2026-05-06T070809+0200_a.jpg", given.replace(microsecond=0))
    assert keep_photo(kept.path, tmp_path / "g") == Kept(kept.path, kept.taken_at, False, "file name")
    assert keep_photo(stamped, tmp_path / "h", datetime(2026, 1, 1, tzinfo=UTC)).path.name.startswith(
        "2026-01-01T000000+0000_"
    )


def test_other_dates_in_names_count_after_the_camera(tmp_path: Path) -> None:
    dated = _photo(tmp_path / "IMG_20200102_030405.jpg")
    assert keep_photo(dated, tmp_path / "f").taken_at == EVENING
    undated = _photo(tmp_path / "IMG_20200102_030406.jpg", taken=None)
    kept = keep_photo(undated, tmp_path / "f")
    assert (kept.taken_at, kept.date_source) == (datetime(2020, 1, 2, 3, 4, 6), "file name")


def test_without_a_date_one_is_asked_for(tmp_path: Path) -> None:
    photo = _photo(tmp_path / "a.jpg", taken=None)
    with pytest.raises(SettingsError, match="give --date"):
        keep_photo(photo, tmp_path / "f")
    with pytest.raises(SettingsError, match="in the year 226"):
        keep_photo(photo, tmp_path / "f", datetime(226, 1, 1))
    assert not (tmp_path / "f").exists()


def test_what_is_no_whole_photo_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "a.jpg"
    text.write_text("Dear doctor,")
    cut = tmp_path / "b.jpg"
    cut.write_bytes(_photo(tmp_path / "whole.jpg").read_bytes()[:400])
    for photo in (text, cut, tmp_path / "none.jpg"):
        with pytest.raises(UnreadablePhoto, match=photo.name):
            keep_photo(photo, tmp_path / "f")
    assert not (tmp_path / "f").exists()


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    photo = _photo(tmp_path / "a.jpg")
    with pytest.raises(SettingsError, match="is a file"):
        keep_photo(photo, photo)


def test_a_disk_without_hard_links_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refused)
    kept = keep_photo(_photo(tmp_path / "a.jpg"), tmp_path / "f")
    assert list((tmp_path / "f").iterdir()) == [kept.path]


@pytest.mark.parametrize("name", ["2026-13-01T000000_a.jpg", "2026-11-26T203000_", "2026-11-26_a.jpg", "a.jpg"])
def test_names_without_a_date_have_none(name: str) -> None:
    assert date_in_name(name) is None
    assert date_in_name(_stamped_name(name, EVENING)) == EVENING


def test_a_folder_stands_for_the_photos_in_it(tmp_path: Path) -> None:
    later, earlier = (
        keep_photo(_photo(tmp_path / f"{grey}.jpg", grey), tmp_path / "f", datetime(2026, 1, day)).path
        for grey, day in ((90, 9), (180, 2))
    )
    other = _photo(tmp_path / "f" / "other.PNG", 40)
    _photo(tmp_path / "f" / "below" / "deep.jpg", 50)
    for no_photo in (".hidden.jpg", "next-photo.ics", "notes.txt"):
        (tmp_path / "f" / no_photo).write_text("")
    assert _photos_in(tmp_path / "f") == [earlier, later, other]
    assert photos_of([tmp_path / "90.jpg", tmp_path / "f"]) == [tmp_path / "90.jpg", earlier, later, other]


def test_folders_with_too_few_photos_say_so(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="holds no photos"):
        photos_of([tmp_path])
    _photo(tmp_path / "only.jpg")
    with pytest.raises(SettingsError, match=r"at least two .*only\.jpg"):
        photos_of([tmp_path])
    with pytest.raises(SettingsError, match="no photo or folder"):
        photos_of([tmp_path / "only.jpg", tmp_path / "none"])
    with pytest.raises(SettingsError, match="cannot be listed"):
        _photos_in(tmp_path / "none")


def test_the_reminder_is_a_calendar_that_says_what_counts() -> None:
    name = "füße; \\ Ünïcödé, " + 9 * "皮膚" + ".jpg"  # letters of two and three octets where lines break
    properties = _properties(reminder_text(EVENING, "daily", name))
    opened = [value for name, value in properties if name == "BEGIN"]
    assert opened == ["VCALENDAR", "VEVENT", "VALARM"]
    assert [value for name, value in properties if name == "END"] == opened[::-1]
    event = dict(reversed(properties))  # of two of a name the first, which is the event's
    assert event["VERSION"] == "2.0"
    assert event["SUMMARY"] == REMINDER_TITLE
    assert event["DTSTART"] == "20261127T203000"
    assert re.fullmatch(r"\d{8}T\d{6}Z", event["DTSTAMP"])
    assert event["RRULE"] == "FREQ=DAILY;COUNT=7"
    assert event["DESCRIPTION"].startswith(HEADER)
    for words in (RED_FLAGS, EMERGENCY_NUMBER, name):
        assert words in event["DESCRIPTION"]


def test_a_name_cannot_break_the_calendar() -> None:
    text = reminder_text(EVENING, "daily", "a\r\nEND:VEVENT\udcff.jpg")
    assert [value for name, value in _properties(text) if name == "END"] == ["VALARM", "VEVENT", "VCALENDAR"]


@pytest.mark.parametrize(
    ("taken_at", "rhythm", "first"),
    [
        ("2026-12-31T23:59:58", "daily", "20270101T235958"),
        ("2026-12-31T08:00", "monthly", "20270128T080000"),
        ("2026-11-15T08:00", "monthly", "20261215T080000"),
        ("2026-01-30T08:00", "monthly", "20260228T080000"),
        ("2026-01-30", "daily", "20260131T090000"),
    ],
)
def test_the_first_reminder_is_a_day_or_a_month_later(taken_at: str, rhythm: str, first: str) -> None:
    event = dict(_properties(reminder_text(datetime.fromisoformat(taken_at), rhythm, "a.jpg")))
    assert event["DTSTART"] == first
    assert event["RRULE"] == f"FREQ={rhythm.upper()};COUNT={RHYTHMS[rhythm]}"


def test_the_same_photo_gives_the_same_reminder(tmp_path: Path) -> None:
    kept = keep_photo(_photo(tmp_path / "a.jpg"), tmp_path / "f")
    path = write_reminder(tmp_path / "f", kept, "daily")
    first = path.read_bytes()
    write_reminder(tmp_path / "f", kept, "monthly")
    assert path.read_bytes() != first
    write_reminder(tmp_path / "f", kept, "daily")
    assert path.read_bytes() == first
    with pytest.raises(SettingsError, match="daily for a crop"):
        write_reminder(tmp_path / "f", kept, "weekly")
