"""The page holds the numbers of the run, as text and never as markup; `test_report_browser` looks at it."""

from __future__ import annotations

import base64
import hashlib
import html
import re

import pytest
from drawn import drawn_skin
from hypothesis import given, settings
from hypothesis import strategies as st
from pages import details_of, rows_of

from lesionvis.analysis import Analyzer
from lesionvis.batch.rows import SPOT_COLUMNS, Value, failed_row, photo_row, reason_rows, spot_rows
from lesionvis.pattern.features import FEATURES
from lesionvis.report.page import LEVELS, N_SPOTS_MAX, ReportPhoto, page_html, steps, urgency, why_a_person
from lesionvis.triage.wording import PATTERN_MEANINGS

FACTS = {"min_score": "0.55", "model": "pattern-v2", "version": "0"}
ANALYSIS = Analyzer(px_per_mm=5.0)(drawn_skin(1))


def report_photo(photo: str, **changes: Value) -> ReportPhoto:
    extra = {"photo": photo, "sha256": "abc", "duplicate_of": None, "model": "m", "version": "0", "settings_hash": "h"}
    extra["taken_at_source"] = ""
    row = photo_row(ANALYSIS) | extra | changes
    spots = [dict(zip(SPOT_COLUMNS, spot, strict=True)) for spot in spot_rows(ANALYSIS)]
    return ReportPhoto(row, spots, reason_rows(ANALYSIS), [0.2, 0.31], "thumbnails/a.jpg", "")


def failed(photo: str) -> ReportPhoto:
    extra = {"photo": photo, "sha256": None, "duplicate_of": None, "model": "m", "version": "0", "settings_hash": "h"}
    extra["taken_at_source"] = ""
    return ReportPhoto(failed_row("This file is empty.") | extra, [], [], [], "", "")


def text_of(*photos: ReportPhoto, name: str = "run", n_left_out: int = 0) -> str:
    return "".join(page_html(name, FACTS, photos, n_left_out))


def test_the_curve_counts_spots_and_candidates_and_marks_the_threshold() -> None:
    text = text_of(report_photo("a.jpg"), failed("b.jpg"))
    scores = [*ANALYSIS.table["score"].tolist(), 0.2, 0.31]
    for low in (0.1, 0.3, 0.55, 0.9):
        assert f"From {low}: {sum(score > low for score in scores)}. " in text
    assert "min_score 0.55" in text


def test_every_photo_has_a_row_and_its_details() -> None:
    text = text_of(report_photo("a.jpg"), failed("b.jpg"))
    first, second = rows_of(text)
    assert (first["photo"], first["spot_count"], first["pattern"]) == (
        "a.jpg",
        len(ANALYSIS.table),
        ANALYSIS.pattern.label,
    )
    assert (second["status"], second["why"], second["thumbnail"]) == ("failed", "This file is empty.", "")
    details, none = details_of(text)
    assert len(details["spots"]) == len(ANALYSIS.table)
    assert len(details["features"]) == len(FEATURES)
    assert details["reasons"] == str(photo_row(ANALYSIS)["triage_reasons"]).split(" | ")
    assert "nobody was asked" in details["facts"]
    expected = dict(ANALYSIS.pattern.probabilities)
    expected["something_else"] = expected.pop("other")
    assert details["probabilities"] == pytest.approx(expected, abs=1e-3)
    assert (none["spots"], none["reasons"], none["probabilities"]) == ([], [], {})


def test_the_page_says_what_to_do_at_each_level_and_what_the_patterns_mean() -> None:
    text = html.unescape(text_of(report_photo("a.jpg")))
    for sentence in (*steps().values(), *PATTERN_MEANINGS.values()):
        assert f"<dd>{sentence}</dd>" in text
    assert list(steps()) == list(LEVELS)
    assert all(number in steps()["emergency"] for number in ("999", "112", "911"))
    assert steps()["none"].startswith("Nothing found. This is not an all-clear.")


def test_the_page_says_of_how_many_photos_nobody_was_asked() -> None:
    asked = report_photo("b.jpg", triage_basis="answers")
    text = html.unescape(text_of(report_photo("a.jpg"), asked, failed("c")))
    assert "Nobody was asked about 1 of these photos" in text
    assert "Nobody was asked about" not in text_of(asked)
    assert "in a child" not in text


def test_the_same_photos_give_the_same_page() -> None:
    assert text_of(report_photo("a.jpg"), failed("b")) == text_of(report_photo("a.jpg"), failed("b"))


def test_the_page_allows_only_its_own_script_and_style_and_no_connection() -> None:
    text = text_of(report_photo("a.jpg"))
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', text)
    rules = {part.split()[0]: part.split()[1:] for part in policy.split(";")}
    assert rules["default-src"] == ["'none'"]
    for tag in ("style", "script"):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert rules[f"{tag}-src"] == [f"'sha256-{digest}'"]
    assert "connect-src" not in rules
    assert not re.findall(r"https?://", text)


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1).map(lambda text: f"<{text}"))
def test_no_name_becomes_markup(name: str) -> None:
    text = text_of(report_photo(name, problem=name, taken_at=name), name=name)
    assert rows_of(text)[0]["photo"] == name
    plain = text_of(report_photo("x", problem="x", taken_at="x"), name="x")
    assert text.count("<") == plain.count("<")


@pytest.mark.parametrize(
    "name", ["</script><script>alert(1)</script>", "<!--<script>", "\u2028", "&lt;", '"><img src=x>']
)
def test_names_that_could_end_their_element_do_not(name: str) -> None:
    assert rows_of(text_of(report_photo(name)))[0]["photo"] == name


def test_only_the_largest_spots_are_listed() -> None:
    photo = report_photo("a.jpg")
    many = ReportPhoto(photo.row, [*photo.spots] * 100, [], [], "", "")
    (details,) = details_of(text_of(many))
    assert len(details["spots"]) == N_SPOTS_MAX
    assert details["spots_left_out"] == len(many.spots) - N_SPOTS_MAX > 0


def test_counts_are_by_pattern_and_level() -> None:
    photos = [report_photo(f"{index}", pattern="angioma", triage_level="watch") for index in range(3)]
    text = text_of(*photos, failed("b"), n_left_out=7)
    assert 'aria-label="3 photos, pattern angioma, level watch">3</button>' in text
    assert 'aria-label="1 photo, pattern not judged, level not judged">1</button>' in text
    assert "Where nobody was asked, a level rests on the photo alone" in text
    assert "7 further photos, less urgent than these, are in photos.csv only." in text
    assert "<li><b>4</b> photos</li>" in text


def judged(status: str, pattern: str, level: str, p_shower: float | None = None) -> dict[str, Value]:
    return {
        "status": status,
        "pattern": pattern,
        "triage_level": level,
        "problem": "No.",
        "p_petechial_shower": p_shower,
    }


def test_who_needs_a_person_comes_first() -> None:
    order = [
        judged("ok", "angioma", "emergency"),
        judged("unusable", "uncertain", "same_day"),
        judged("ok", "uncertain", "prompt"),
        judged("ok", "single_lesion", "within_2_weeks"),
        judged("failed", "", ""),
        judged("ok", "uncertain", "none"),
        judged("ok", "angioma", "routine_dermatology"),
        judged("ok", "angioma", "watch"),
        judged("ok", "no_spots", "none"),
    ]
    ranks = [urgency(row) for row in order]
    assert ranks == sorted(ranks)
    assert len(set(ranks)) == len(ranks)
    reasons = [why_a_person(row, [("P1", "So. | Q"), ("P2", "No.")]) for row in order]
    assert reasons == ["So. | Q", "No.", "So. | Q", "So. | Q", "No.", "The pattern is uncertain.", "", "", ""]


def test_of_photos_of_one_level_the_likeliest_shower_comes_first() -> None:
    order = [
        judged("ok", "uncertain", "emergency", 0.0),
        judged("ok", "petechial_shower", "same_day", 0.97),
        judged("ok", "uncertain", "same_day", 0.4),
        judged("ok", "single_lesion", "same_day", 0.0),
        judged("ok", "petechial_shower", "prompt", 1.0),
    ]
    ranks = [urgency(row) for row in order]
    assert ranks == sorted(ranks)
    assert len(set(ranks)) == len(ranks)
