"""Worker process that analyses the photos of a run, so that no file can harm the run itself.

It reads requests from its standard input and answers on its standard output, one line of JSON each: data, never code.
Whoever asks (`lesionvis.batch.supervisor`) may lose it at any time and start another.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lesionvis.batch.masks import mask_png
from lesionvis.batch.names import content_key, escape_control_characters, file_key
from lesionvis.errors import LesionvisError, SettingsError

if TYPE_CHECKING:
    from lesionvis.analysis import Analysis, Analyzer
    from lesionvis.batch.given import Given
    from lesionvis.findings import Findings
    from lesionvis.photo.mask import MaskSource

OVERLAY_JPEG_QUALITY = 90
# The report shows thumbnails about 220 px wide, on screens with up to two pixels for one.
THUMBNAIL_LONG_SIDE_PX = 360
THUMBNAIL_JPEG_QUALITY = 80
_BYTES_PER_GB = 10**9
SHEET, EVIDENCE = "sheets", "evidence"
"""Kinds of pictures that no run folder holds: the sheet for the doctor, and what the questions need."""


@dataclass(frozen=True, slots=True)
class Job:
    """Settings that a worker needs before its first photo; plain values that can be sent to other machines.

    Attributes
    ----------
    settings : mapping of str to plain values
        `lesionvis.settings.settings_values` of the analyzer.
    provenance : mapping of str to str
        What the results are to depend on; a worker with other models or versions is refused.
    pictures : tuple of str
        Kinds of pictures that are wanted: "masks", "overlays", "thumbnails".
    max_seconds : float
        Longest time for one photo, seconds; a photo that takes longer fails.
    max_memory_gb : float
        Largest address space of the worker, GB (10**9 bytes); a photo that needs more fails. Not on Windows.
    keeps_last : bool
        Keep what was found in the last photo, for somebody who asks about one photo again and again.
    """

    settings: Mapping[str, Any]
    provenance: Mapping[str, str]
    pictures: tuple[str, ...]
    max_seconds: float = 120.0
    max_memory_gb: float = 4.0
    keeps_last: bool = False


def main() -> None:
    """Answer requests until there are no more."""
    # What a library prints must not mix with the answers.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="ascii")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the asking process decides when to stop
    job = Job(**json.loads(sys.stdin.readline()))
    with suppress(BrokenPipeError):  # whoever asked is gone
        try:
            limit_resources(job.max_memory_gb)
            analyzer, provenance = _prepared(job)
        except LesionvisError as error:
            _send(answers, {"problem": str(error)})
            return
        _send(answers, {"provenance": provenance})
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
        for line in sys.stdin:
            _send(answers, analyse_file(analyzer, job, **json.loads(line)))


def analyse_file(
    analyzer: Analyzer,
    job: Job,
    path: str,
    sha256: str,
    mask: str | None = None,
    given: Mapping[str, Any] | None = None,
    pictures: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Analyse one file.

    Parameters
    ----------
    analyzer : Analyzer
    job : Job
    path : str
        The file.
    sha256 : str
        What it held when it was listed, with its mask: `lesionvis.batch.names.content_key`.
    mask : str, optional
        File with the places to leave out.
    given : mapping, optional
        What a person gave for it, `lesionvis.batch.given.Given.to_dict`.
    pictures : sequence of str, optional
        Kinds of pictures that are wanted, in the place of those of the job.

    Returns
    -------
    dict
        "row", "spots", "reasons", "candidates" and "pictures" (by kind, base64); "row" alone when it failed; or
        "unread", a sentence, when the file is gone or has changed.
    """
    from lesionvis.batch.given import Given
    from lesionvis.batch.rows import candidate_rows, failed_row, photo_row, reason_rows, spot_rows

    try:
        left_out = None if mask is None else Path(mask).read_bytes()
        told = Given() if given is None else Given.from_dict(given)
        if told.problem:
            raise SettingsError(told.problem)
        analysis = _analyzed(analyzer, job, path, file_key(sha256), told, left_out)
        if content_key(analysis.photo.sha256, _digest(left_out), told.digest) != sha256:
            return {"unread": _CHANGED}
        kinds = job.pictures if pictures is None else pictures
        return {
            "row": photo_row(analysis),
            "spots": spot_rows(analysis),
            "reasons": reason_rows(analysis),
            "candidates": candidate_rows(analysis),
            "pictures": {kind: base64.b64encode(_picture(kind, analysis, told)).decode("ascii") for kind in kinds},
        }
    except LesionvisError as error:
        problem = _about_this_file(str(error), path)
    except OSError:  # of the mask: whatever a photo meets has its sentence
        return {"unread": _CHANGED}
    except MemoryError:
        problem = f"This file needs more than the {job.max_memory_gb:g} GB that a photo may take; make it smaller."
    except Exception as error:  # one photo never stops a run
        problem = f"This file met a fault of lesionvis ({type(error).__name__}: {error}); please report it."
    if not _still_holds(path, mask, file_key(sha256)):
        return {"unread": _CHANGED}
    return {"row": failed_row(escape_control_characters(problem))}


# What a worker that keeps its last photo found in it, and its last analysis, each with what it is of.
_found: dict[tuple[str, ...], Findings] = {}
_last: dict[tuple[str, ...], Analysis] = {}


def _analyzed(
    analyzer: Analyzer, job: Job, path: str, content: str, told: Given, left_out: MaskSource | None
) -> Analysis:
    """Analysis of a file; where somebody is asked about it, other spots or answers take no second search."""
    if not job.keeps_last:
        return told.analyze(analyzer, path, left_out)
    photo = (path, content, replace(told.without_answers(), drawn=None).digest or "")
    if photo not in _found:
        _found.clear()
        _found[photo] = told.find(analyzer, path, left_out)
    measured = (*photo, told.without_answers().digest or "")
    if measured not in _last:
        _last.clear()
        _last[measured] = told.conclude(analyzer, _found[photo])
    return told.answered(_last[measured])


def _about_this_file(sentence: str, path: str) -> str:
    """Rephrase a sentence on a file so that it no longer names the file, and holds wherever the content is found.

    >>> _about_this_file("leg.jpg is empty (0 bytes); copy it again.", "photos/leg.jpg")
    'This file is empty (0 bytes); copy it again.'
    """
    for name in (path, Path(path).name):
        if sentence.startswith(f"{name} "):
            return f"This file{sentence.removeprefix(name)}"
    return sentence


def _overlay_jpeg(analysis: Analysis) -> bytes:
    """Annotated picture as a JPEG."""
    from lesionvis.report.overlay import draw_overlay, jpeg

    return jpeg(draw_overlay(analysis), OVERLAY_JPEG_QUALITY)


def _thumbnail_jpeg(analysis: Analysis) -> bytes:
    """Small annotated picture, without the band of text, as a JPEG."""
    import cv2
    import numpy as np

    from lesionvis.report.overlay import BAND_HEIGHT_PX, draw_overlay, jpeg

    drawn = draw_overlay(analysis)[:-BAND_HEIGHT_PX]
    height, width = drawn.shape[:2]
    shrink = THUMBNAIL_LONG_SIDE_PX / max(height, width)
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    small = np.asarray(cv2.resize(drawn, size, interpolation=cv2.INTER_AREA), np.uint8)
    return jpeg(small, THUMBNAIL_JPEG_QUALITY)


def _sheet_page(analysis: Analysis, told: Given) -> bytes:
    """Page to print for the doctor, of today."""
    from datetime import date

    from lesionvis.report.sheet import sheet_html

    return sheet_html(analysis, circumstances=told.circumstances, made_on=date.today()).encode()


def _evidence_json(analysis: Analysis) -> bytes:
    """What the questions about a photo need of its analysis (`lesionvis.batch.asked.AskedPhoto`)."""
    from lesionvis.batch.asked import AskedPhoto

    return AskedPhoto.of(analysis).to_json()


_PAINTERS: dict[str, Callable[[Analysis], bytes]] = {
    "masks": mask_png,
    "overlays": _overlay_jpeg,
    "thumbnails": _thumbnail_jpeg,
    EVIDENCE: _evidence_json,
}


def _picture(kind: str, analysis: Analysis, told: Given) -> bytes:
    """Picture or file of annotations of one photo."""
    if kind == SHEET:
        return _sheet_page(analysis, told)
    if kind in _PAINTERS:
        return _PAINTERS[kind](analysis)
    # Loads NumPy and OpenCV, which is to wait until the limits are set and what they print goes elsewhere.
    from lesionvis.annotations.files import write_annotations

    return write_annotations(analysis, kind)


_CHANGED = "This file changed while the run was going on; run the same command again."


def limit_resources(max_memory_gb: float) -> None:
    """Limit the memory of this process, and let no crash write a file; no effect on Windows.

    Parameters
    ----------
    max_memory_gb : float
        Largest address space, GB.
    """
    try:
        import resource
    except ImportError:  # Windows
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = int(max_memory_gb * _BYTES_PER_GB)
    resource.setrlimit(resource.RLIMIT_AS, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _prepared(job: Job) -> tuple[Analyzer, dict[str, str]]:
    """Analyzer with its models loaded, and what its results depend on."""
    import cv2

    from lesionvis.settings import analyzer_of, provenance
    from lesionvis.spots.classifier import packaged_classifier

    cv2.setNumThreads(1)  # runs use processes
    analyzer = analyzer_of(job.settings)
    packaged_classifier()
    return analyzer, provenance(analyzer)


def _still_holds(path: str, mask: str | None, sha256: str) -> bool:
    try:
        return file_content(path, mask) == sha256
    except OSError:
        return False


def file_content(path: str, mask: str | None) -> str:
    """Key of the content of a photo's file and of its mask (`content_key`).

    Parameters
    ----------
    path : str
        Path of the photo.
    mask : str or None
        Path of its mask.

    Returns
    -------
    str
        One or two digests.

    Raises
    ------
    OSError
        If one of them cannot be read.
    """
    digests = []
    for name in (path, mask):
        if name is not None:
            with open(name, "rb") as file:  # noqa: PTH123
                digests.append(hashlib.file_digest(file, "sha256").hexdigest())
    return content_key(digests[0], digests[1] if mask is not None else None)


def _digest(content: bytes | None) -> str | None:
    return None if content is None else hashlib.sha256(content).hexdigest()


def _send(answers: Any, content: dict[str, Any]) -> None:
    answers.write(json.dumps(content) + "\n")
    answers.flush()
