"""Dated photos of the same skin in a folder, and a reminder of the next one.

A photo is kept byte for byte, with the date of its taking in front of its name: copying, sending and cloud drives
change what a file system says of a file, and programs that edit a photo may drop what the camera wrote in it.
"""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from lesionvis.batch.file_kinds import reason_to_skip
from lesionvis.batch.names import escape_control_characters
from lesionvis.errors import SettingsError
from lesionvis.photo import read_photo
from lesionvis.photo.dates import YEAR_MAX, YEAR_MIN
from lesionvis.triage.wording import REMINDER_TEXT, REMINDER_TITLE

REMINDER_NAME = "next-photo.ics"
# How often and how many times. The advice says every day for a crop of spots and every month for a single spot; the
# guide lets petechiae fade "over days", and rule P06 asks for a doctor after seven. Six months are ours.
RHYTHMS = {"daily": 7, "monthly": 6}

_STAMP = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{6}(?:[+-]\d{4})?)_(?=.)")
# A date without a time of day is midnight, when nobody wants to be reminded.
_HOUR_WITHOUT_TIME = 9
# Every month has this day.
_DAY_OF_EVERY_MONTH = 28
# RFC 5545, section 3.1: the longest line without its end, in octets of UTF-8.
_LINE_MAX_OCTETS = 75


@dataclass(frozen=True, slots=True)
class Kept:
    """A photo in the folder.

    Attributes
    ----------
    path : Path
        Where it lies.
    taken_at : datetime
        The date in its name, with a time zone where one is known.
    is_new : bool
        False when the same photo was there already.
    date_source : {"given", "file name", "camera"}
        Where the date comes from.
    """

    path: Path
    taken_at: datetime
    is_new: bool
    date_source: str


def date_in_name(name: str) -> datetime | None:
    """Date in front of the name of a kept photo.

    Parameters
    ----------
    name : str
        Name of a file.

    Returns
    -------
    datetime or None
        With a time zone where the name holds one; None when there is no date.

    Examples
    --------
    >>> date_in_name("2026-11-26T203000_left leg.jpg")
    datetime.datetime(2026, 11, 26, 20, 30)
    >>> date_in_name("2026-11-26T203000+0100_left leg.jpg").isoformat()
    '2026-11-26T20:30:00+01:00'
    >>> date_in_name("IMG_20261126.jpg") is None
    True
    """
    found = _STAMP.match(name)
    with suppress(ValueError):  # digits that are no date
        return datetime.fromisoformat(found[1]) if found else None
    return None


def _stamped_name(name: str, taken_at: datetime) -> str:
    """Name of a file with a date in front, in the place of an earlier one.

    >>> _stamped_name("left leg.jpg", datetime(2026, 11, 26, 20, 30))
    '2026-11-26T203000_left leg.jpg'
    """
    bare = name if date_in_name(name) is None else _STAMP.sub("", name, count=1)
    return f"{_stamp(taken_at)}_{bare}"


def _photos_in(folder: Path) -> list[Path]:
    """Photos that lie in a folder, not in its sub-folders, by name: kept ones come in the order of time."""
    try:
        paths = sorted(path for path in folder.iterdir() if path.is_file())
    except OSError as error:
        raise SettingsError(f"The folder {folder} cannot be listed ({error.strerror}); check the path.") from error
    return [path for path in paths if not reason_to_skip(path) or date_in_name(path.name)]


def photos_of(paths: Iterable[Path]) -> list[Path]:
    """Photos of a series, each folder replaced by the photos in it.

    Parameters
    ----------
    paths : iterable of Path
        Photos and folders.

    Returns
    -------
    list of Path
        At least two photos.

    Raises
    ------
    SettingsError
        If a folder holds no photo, or there are fewer than two in all.
    """
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise SettingsError(f"There is no photo or folder {path}; look at its name.")
        inside = _photos_in(path) if path.is_dir() else [path]
        if not inside:
            raise SettingsError(f"The folder {path} holds no photos; put some there with: lesionvis keep PHOTO FOLDER.")
        found += inside
    if len(found) < 2:
        raise SettingsError(f"A series needs at least two photos of the same skin; there is only {found[0]}.")
    return found


def keep_photo(photo: Path, folder: Path, taken_at: datetime | None = None) -> Kept:
    """Copy a photo into a folder under its name with the date in front; nothing is ever overwritten.

    Parameters
    ----------
    photo : Path
        Any photo that can be analysed; it is decoded once, so that a damaged one is noticed while there still is skin
        to photograph.
    folder : Path
        Made if it does not exist.
    taken_at : datetime, optional
        When it was taken; unless given, the date that an earlier call put in front of its name, or else the one that
        the camera wrote, or else another in its name. When the file was changed says nothing, and is never used.

    Returns
    -------
    Kept

    Raises
    ------
    UnreadablePhoto
        If it cannot be read as a photo.
    SettingsError
        If nothing says when it was taken, the date is impossible, another photo has the name, the same photo is there
        with another date, or the folder cannot be written.
    """
    read = read_photo(photo)
    stamped = date_in_name(photo.name)
    when = taken_at or stamped or read.taken_at
    if when is None:
        raise SettingsError(f"{photo} does not say when it was taken; give --date, such as --date 2026-03-01T14:30.")
    if not YEAR_MIN <= when.year <= YEAR_MAX:
        raise SettingsError(f"{photo} cannot have been taken in the year {when.year}; give the right --date.")
    when = when.replace(microsecond=0)
    source = "given" if taken_at else "file name" if stamped else read.taken_at_source
    target = folder / _stamped_name(photo.name, when)
    if folder.exists() and not folder.is_dir():
        raise SettingsError(f"{folder} is a file; give a folder to keep the photos in.")
    try:
        content = photo.read_bytes()
        folder.mkdir(parents=True, exist_ok=True)
        for other in _photos_in(folder):
            if other.stat().st_size == len(content) and other.read_bytes() == content:
                if date_in_name(other.name) == when:
                    return Kept(other, when, is_new=False, date_source=source)
                raise SettingsError(
                    f"{folder} holds this photo as {other.name}, with another date or none; rename or remove that."
                )
        _place_new(target, content)
    except FileExistsError as error:
        raise SettingsError(f"{target} exists and is another file; rename the photo or give another --date.") from error
    except OSError as error:
        raise SettingsError(f"{target} cannot be written ({error.strerror}); check the folder and the disk.") from error
    return Kept(target, when, is_new=True, date_source=source)


def write_reminder(folder: Path, kept: Kept, rhythm: str) -> Path:
    """Write the reminder of the next photo into the folder, in the place of an earlier one.

    Parameters
    ----------
    folder : Path
    kept : Kept
        The last photo.
    rhythm : str
        "daily" or "monthly".

    Returns
    -------
    Path
        The calendar file.

    Raises
    ------
    SettingsError
        If the rhythm is not a known one or the file cannot be written.
    """
    path = folder / REMINDER_NAME
    text = reminder_text(kept.taken_at, rhythm, kept.path.name)
    try:
        _unfinished(folder, text.encode()).replace(path)
    except OSError as error:
        raise SettingsError(f"{path} cannot be written ({error.strerror}); check the folder and the disk.") from error
    return path


def reminder_text(taken_at: datetime, rhythm: str, photo: str) -> str:
    r"""Calendar file (iCalendar) with a repeating event that asks for the next photo.

    It follows from the arguments alone, so that the same photo gives the same bytes and a calendar that reads it twice
    has one event.

    Parameters
    ----------
    taken_at : datetime
        When the last photo was taken.
    rhythm : str
        "daily", for a crop of spots: seven times. "monthly", for a single spot: six times.
    photo : str
        Name of the last photo.

    Returns
    -------
    str
        RFC 5545; lines end in CRLF. Times are those of the place where the calendar is looked at.

    Raises
    ------
    SettingsError
        If the rhythm is not a known one.

    Examples
    --------
    >>> lines = reminder_text(datetime(2026, 11, 26, 20, 30), "daily", "leg.jpg").split("\r\n")
    >>> [line for line in lines if line.startswith(("DTSTART", "RRULE"))]
    ['DTSTART:20261127T203000', 'RRULE:FREQ=DAILY;COUNT=7']
    """
    check_rhythm(rhythm)
    taken = f"{taken_at:%Y%m%dT%H%M%S}"
    description = _escaped(REMINDER_TEXT.format(photo=escape_control_characters(photo)))
    lines = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//lesionvis//keep//EN",
        "BEGIN:VEVENT",
        f"UID:{taken}-{rhythm}@lesionvis",
        f"DTSTAMP:{taken}Z",  # must be in UTC; that of the photo, as a clock would make every file another
        f"DTSTART:{_first(taken_at, rhythm):%Y%m%dT%H%M%S}",
        "DURATION:PT15M",
        f"RRULE:FREQ={rhythm.upper()};COUNT={RHYTHMS[rhythm]}",
        f"SUMMARY:{_escaped(REMINDER_TITLE)}",
        f"DESCRIPTION:{description}",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        f"DESCRIPTION:{_escaped(REMINDER_TITLE)}",
        "TRIGGER:PT0S",
        "END:VALARM",
        "END:VEVENT",
        "END:VCALENDAR",
    )
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def check_rhythm(rhythm: str) -> None:
    """Refuse a rhythm of reminders that is not known.

    Parameters
    ----------
    rhythm : str
        "daily" or "monthly".

    Raises
    ------
    SettingsError
        If it is neither.
    """
    if rhythm not in RHYTHMS:
        raise SettingsError(
            f'A reminder is not "{rhythm}"; give daily for a crop of spots or monthly for a single spot.'
        )


def _stamp(taken_at: datetime) -> str:
    # To the minute, as the ISO form of an offset may hold seconds.
    offset = f"{taken_at:%z}"[:5]
    return f"{taken_at.replace(tzinfo=None).isoformat(timespec='seconds').replace(':', '')}{offset}"


def _first(taken_at: datetime, rhythm: str) -> datetime:
    """First reminder: a day or a month later, at the hour of the photo, when the light is the same."""
    if taken_at.time() == datetime.min.time():
        taken_at = taken_at.replace(hour=_HOUR_WITHOUT_TIME)
    if rhythm == "daily":
        return taken_at + timedelta(days=1)
    year, month = taken_at.year + taken_at.month // 12, taken_at.month % 12 + 1
    return taken_at.replace(year=year, month=month, day=min(taken_at.day, _DAY_OF_EVERY_MONTH))


def _escaped(text: str) -> str:
    """Text of a property (RFC 5545, section 3.3.11)."""
    return re.sub(r"([\\;,])", r"\\\1", text).replace("\n", "\\n")


def _folded(line: str) -> str:
    """Line broken so that none is longer than 75 octets; no letter is broken."""
    parts, octets = [""], 0
    for letter in line:
        length = len(letter.encode())
        if octets + length > _LINE_MAX_OCTETS:
            parts.append("")
            octets = 1  # the space that every further line begins with
        parts[-1] += letter
        octets += length
    return "\r\n ".join(parts)


def _place_new(target: Path, content: bytes) -> None:
    """Write a file whole or not at all; FileExistsError when there is one."""
    if target.exists():
        raise FileExistsError
    unfinished = _unfinished(target.parent, content)
    try:
        target.hardlink_to(unfinished)  # unlike a move it overwrites nothing, whoever was faster
    except FileExistsError:
        raise
    except OSError:  # a memory card or a network drive without hard links
        unfinished.rename(target)
    finally:
        unfinished.unlink(missing_ok=True)


def _unfinished(folder: Path, content: bytes) -> Path:
    """New hidden file, safe on the disk, that is to get its proper name."""
    path = folder / f".{uuid.uuid4().hex}"
    try:
        with path.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return path
