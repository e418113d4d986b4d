"""Capture date of a photo: what its camera wrote, or else the date in the name of its file.

A date of an unset clock, of the last change or of the file system is none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, tzinfo
from typing import Any, Literal

DateSource = Literal["camera", "file name", ""]
"""Where a capture date comes from: "" without a date."""

# Outside of these the clock of a camera was not set, or a digit of the year was lost.
YEAR_MIN, YEAR_MAX = 1900, 2999
# Days at which clocks begin that nobody set: zero of Unix (the evening before, west of Greenwich), of DOS, of the
# GPS, of the Macintosh and of Apple's newer systems; and the first day that many cameras show.
_UNSET_CLOCK_DAYS = frozenset(
    date.fromisoformat(day)
    for day in (
        *("1900-01-01", "1904-01-01", "1969-12-31", "1970-01-01"),
        *("1980-01-01", "1980-01-06", "2000-01-01", "2001-01-01"),
    )
)

# Exif 3.0: tags of a date, of the offset of its clock from UTC, and of the last change with its offset.
_TIME_ORIGINAL, _OFFSET_ORIGINAL = 0x9003, 0x9011
_TIME_DIGITIZED, _OFFSET_DIGITIZED = 0x9004, 0x9012
_OFFSET_CHANGED = 0x9010
_OFFSET = re.compile(r"[+-](?:0\d|1[0-4]):[0-5]\d")

# Names begin with these words when the date is that of a copy, and with this one when the time is in UTC.
_COPIES = ("screenshot", "screen shot", "scan")
_PIXEL_PHONE = "pxl_"
_YEAR, _MONTH, _DAY = r"(?P<year>(?:19|20)\d\d)", r"(?P<month>0[1-9]|1[0-2])", r"(?P<day>0[1-9]|[12]\d|3[01])"
_HOUR, _MINUTE, _SECOND = r"(?P<hour>[01]\d|2[0-3])", r"(?P<minute>[0-5]\d)", r"(?P<second>[0-5]\d)"
_ZONE = r"(?P<zone>[+-](?:0\d|1[0-4]):?[0-5]\d|Z)?"
# 2020-01-01, 2020_01_01 or 2020.01.01, a time of the day or none: 2020-01-01 12.00.00, 2020-01-01T120000+0200.
_APART = re.compile(
    rf"(?<!\d){_YEAR}(?P<mark>[-_.]){_MONTH}(?P=mark){_DAY}"
    rf"(?:(?P<before> at |[-_ T]){_HOUR}(?P<time_mark>[-_.:]?){_MINUTE}(?P=time_mark){_SECOND}{_ZONE})?(?!\d)"
)
# IMG_20200101_120000, PXL_20200101_120000123, IMG20200101120000, WP_20200101_12_00_00. Eight digits alone may be the
# number of a patient.
_TOGETHER = re.compile(
    rf"(?<!\d){_YEAR}{_MONTH}{_DAY}[-_ T]?{_HOUR}(?P<time_mark>_?){_MINUTE}(?P=time_mark){_SECOND}(?:\d{{3}})?(?!\d)"
)
# IMG-20200101-WA0001, as WhatsApp names what it received on that day.
_WHATSAPP = re.compile(rf"(?<!\d){_YEAR}{_MONTH}{_DAY}(?=-WA\d)")


def camera_date(details: Mapping[int, Any], changed: object = None) -> datetime | None:
    """Date at which a camera took a photo, as it wrote it into the EXIF.

    Parameters
    ----------
    details : mapping of int to value
        The EXIF folder of the picture's details (0x8769): tag -> value.
    changed : object, optional
        Date of the last change (tag 0x0132). It is no date of capture, but where both are the same, the offset from
        UTC of the one (tag 0x9010) is that of the other too.

    Returns
    -------
    datetime or None
        With a time zone where the camera wrote its offset from UTC. None when there is no date, or only one that
        cannot be read or is of an unset clock.

    Examples
    --------
    >>> camera_date({0x9003: "2026:03:01 08:00:00", 0x9011: "-05:00"}).isoformat()
    '2026-03-01T08:00:00-05:00'
    >>> camera_date({0x9003: "1970:01:01 00:00:00"}) is None
    True
    """
    tags = ((_TIME_ORIGINAL, _OFFSET_ORIGINAL), (_TIME_DIGITIZED, _OFFSET_DIGITIZED))
    for time_tag, offset_tag in tags:
        text, offset = details.get(time_tag), details.get(offset_tag)
        if offset is None and text == changed:
            offset = details.get(_OFFSET_CHANGED)
        taken_at = _exif_date(text)
        if taken_at is not None and is_plausible(taken_at):
            return taken_at.replace(tzinfo=_zone(offset))
    return None


def date_in_file_name(name: str) -> datetime | None:
    """Date that the name of a photo's file holds.

    Read are year, month and day with marks between them, and what phones and messengers write: 2020-01-01-leg.jpg,
    IMG_20200101_120000.jpg, PXL_20200101_120000123.jpg (in UTC), IMG-20200101-WA0001.jpg (the day of receipt). Eight
    digits without a time of the day, days before months, names with two dates, and screenshots have none.

    Parameters
    ----------
    name : str
        Name of the file, without folders.

    Returns
    -------
    datetime or None
        At midnight where the name has no time of the day.

    Examples
    --------
    >>> date_in_file_name("2020-01-01-leg.jpg"), date_in_file_name("IMG_20200101_120000.jpg")
    (datetime.datetime(2020, 1, 1, 0, 0), datetime.datetime(2020, 1, 1, 12, 0))
    >>> date_in_file_name("20200101.jpg") is None
    True
    """
    if name.lower().startswith(_COPIES):
        return None
    found = set()
    for pattern in (_APART, _TOGETHER, _WHATSAPP):
        for match in pattern.finditer(name):
            with suppress(ValueError):  # 30 February
                found.add(_date_of_parts(match.groupdict(), is_utc=name.lower().startswith(_PIXEL_PHONE)))
    if len(found) != 1:
        return None
    taken_at = found.pop()
    return taken_at if is_plausible(taken_at) else None


def is_plausible(taken_at: datetime) -> bool:
    """Tell a date from that of a clock that nobody set.

    Parameters
    ----------
    taken_at : datetime
        Date, with or without a time zone.

    Returns
    -------
    bool
        False for years that no photo is from, and for the days at which unset clocks begin, such as 1970-01-01.
    """
    return YEAR_MIN <= taken_at.year <= YEAR_MAX and taken_at.date() not in _UNSET_CLOCK_DAYS


def _exif_date(text: object) -> datetime | None:
    with suppress(ValueError):  # cameras with an unset clock write blanks or zeros
        return datetime.strptime(str(text).strip("\0 "), "%Y:%m:%d %H:%M:%S")
    return None


def _zone(offset: object) -> tzinfo | None:
    text = str(offset).strip("\0 ")
    return datetime.strptime(text, "%z").tzinfo if text == "Z" or _OFFSET.fullmatch(text) else None


def _date_of_parts(parts: Mapping[str, str | None], *, is_utc: bool) -> datetime:
    """Date of the named groups of a pattern."""
    numbers = [int(parts.get(name) or 0) for name in ("year", "month", "day", "hour", "minute", "second")]
    year, month, day, hour, minute, second = numbers
    zone: tzinfo | None = UTC if is_utc else None
    if parts.get("zone") and parts["before"] == "T":  # after other marks it may be a running number
        zone = datetime.strptime(str(parts["zone"]), "%z").tzinfo
    return datetime(year, month, day, hour, minute, second, tzinfo=zone)
