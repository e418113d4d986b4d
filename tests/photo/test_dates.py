"""Capture dates by the camera and by the name of the file; dates of changes, copies and unset clocks are none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from lesionvis.photo.dates import camera_date, date_in_file_name, is_plausible

ORIGINAL, OFFSET_ORIGINAL, DIGITIZED, OFFSET_DIGITIZED, OFFSET_CHANGED = 0x9003, 0x9011, 0x9004, 0x9012, 0x9010
NOON = datetime(2020, 1, 2, 12, 0, 0)


def test_the_offset_of_the_clock_makes_dates_comparable() -> None:
    new_york = camera_date({ORIGINAL: "2026:03:01 08:00:00", OFFSET_ORIGINAL: "-05:00"})
    london = camera_date({ORIGINAL: "2026:03:02 10:00:00", OFFSET_ORIGINAL: "+00:00"})
    assert new_york is not None
    assert london is not None
    assert (london - new_york) / timedelta(hours=1) == 21.0


def test_twenty_minutes_over_the_end_of_summer_time_are_twenty_minutes() -> None:
    summer = camera_date({ORIGINAL: "2026:10:25 02:50:00", OFFSET_ORIGINAL: "+02:00"})
    winter = camera_date({ORIGINAL: "2026:10:25 02:10:00", OFFSET_ORIGINAL: "+01:00"})
    assert summer is not None
    assert winter is not None
    assert winter - summer == timedelta(minutes=20)


@pytest.mark.parametrize("offset", ["", "   :  ", "05:00", "+25:00", "+5", None, 7, "\0"])
def test_an_offset_that_cannot_be_read_is_none(offset: object) -> None:
    assert camera_date({ORIGINAL: "2020:01:02 12:00:00", OFFSET_ORIGINAL: offset}) == NOON


@pytest.mark.parametrize(("offset", "hours"), [("+14:00", 14), ("-09:30", -9.5), ("Z", 0), ("+05:45\0", 5.75)])
def test_every_offset_of_the_world_is_read(offset: str, hours: float) -> None:
    taken_at = camera_date({ORIGINAL: "2020:01:02 12:00:00", OFFSET_ORIGINAL: offset})
    assert taken_at == NOON.replace(tzinfo=timezone(timedelta(hours=hours)))


def test_each_date_has_the_offset_of_its_own() -> None:
    details = {DIGITIZED: "2020:01:02 12:00:00", OFFSET_ORIGINAL: "+09:00"}
    assert camera_date(details) == NOON
    assert camera_date({**details, OFFSET_DIGITIZED: "+00:00"}) == NOON.replace(tzinfo=UTC)


def test_the_offset_of_the_last_change_counts_only_where_that_is_the_capture() -> None:
    details = {ORIGINAL: "2020:01:02 12:00:00", OFFSET_CHANGED: "+00:00"}
    assert camera_date(details, "2020:01:02 12:00:00") == NOON.replace(tzinfo=UTC)
    assert camera_date(details, "2026:03:09 18:00:00") == NOON
    assert camera_date(details) == NOON


def test_the_last_change_is_no_capture() -> None:
    assert camera_date({}, "2026:03:09 18:00:00") is None
    assert camera_date({ORIGINAL: "2026-03-01 09:00:00"}, "2026:03:20 12:00:00") is None


@pytest.mark.parametrize(
    "text",
    [
        *("0001:01:01 00:00:00", "1970:01:01 00:00:00", "1969:12:31 19:00:00", "1980:01:01 00:02:00"),
        *("2000:01:01 00:00:10", "2001:01:01 08:00:00", "9999:12:31 23:59:59", "0000:00:00 00:00:00"),
        *("    :  :     :  :  ", "2025:13:01 00:00:00", "yesterday", "", None),
    ],
)
def test_dates_of_unset_clocks_and_malformed_ones_are_none(text: object) -> None:
    assert camera_date({ORIGINAL: text}) is None
    assert camera_date({ORIGINAL: text, DIGITIZED: "2020:01:02 12:00:00"}) == NOON


def test_days_beside_those_of_unset_clocks_are_dates() -> None:
    for day in (datetime(1970, 1, 2), datetime(2000, 1, 2), datetime(1999, 12, 31), datetime(2020, 1, 1)):
        assert is_plausible(day)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("2020-01-02-leg.jpg", "2020-01-02T00:00:00"),
        ("left leg 2020_01_02.png", "2020-01-02T00:00:00"),
        ("2020-01-02 12.00.00.jpg", "2020-01-02T12:00:00"),
        ("2020-01-02T120000_leg.jpg", "2020-01-02T12:00:00"),
        ("2020-01-02T120000-0500_leg.jpg", "2020-01-02T12:00:00-05:00"),
        ("2020-01-02 12.00.00-0001.jpg", "2020-01-02T12:00:00"),
        ("IMG_20200102_120000.jpg", "2020-01-02T12:00:00"),
        ("IMG_20200102_120000_HDR~2 (1).jpg", "2020-01-02T12:00:00"),
        ("IMG20200102120000.jpg", "2020-01-02T12:00:00"),
        ("20200102_120000.jpg", "2020-01-02T12:00:00"),
        ("PXL_20200102_120000123.MP.jpg", "2020-01-02T12:00:00+00:00"),
        ("WP_20200102_12_00_00_Pro.jpg", "2020-01-02T12:00:00"),
        ("IMG-20200102-WA0001.jpg", "2020-01-02T00:00:00"),
        ("WhatsApp Image 2020-01-02 at 12.00.00 (1).jpeg", "2020-01-02T12:00:00"),
        ("signal-2020-01-02-12-00-00-000.jpg", "2020-01-02T12:00:00"),
        ("photo_1_2020-01-02_12-00-00.jpg", "2020-01-02T12:00:00"),
    ],
)
def test_names_that_people_and_phones_give(name: str, expected: str) -> None:
    assert date_in_file_name(name) == datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    "name",
    [
        *("leg.jpg", "DSC_0001.jpg", "20200102.jpg", "02-01-2020.jpg", "2020-02-30.jpg", "2020-13-01.jpg"),
        *("120200102_120000.jpg", "IMG_20200102_250000.jpg", "2020-01-02 or 2020-01-03.jpg", "1970-01-01.jpg"),
        *("Screenshot_20200102-120000.png", "Scan 2020-01-02.png", "3020-01-02.jpg", "12020-01-02.jpg"),
    ],
)
def test_names_that_do_not_surely_hold_a_date_of_capture_have_none(name: str) -> None:
    assert date_in_file_name(name) is None
