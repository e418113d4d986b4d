from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from paired import NEW, mole_on_two_days, other_skin, registered, two_days

from lesionvis import follow_spots
from lesionvis.analysis import Analysis, analyze
from lesionvis.compare.comparison import Comparison
from lesionvis.compare.series import Course, _area_error, _tracks
from lesionvis.compare.spot_changes import Matches
from lesionvis.errors import SettingsError
from lesionvis.report.pairs_text import course_lines
from lesionvis.spots.table import repeat_error_px
from lesionvis.triage.rules import Level

START = datetime(2026, 3, 1, 9, 0)


@cache
def _course(days: float = 3.0) -> Course:
    return follow_spots(two_days(), [START, START + timedelta(days=days)])


def _made(
    states: list[str],
    days: float,
    *,
    contrast: float = 1.0,
    contrast_error: float = 0.05,
    area: float = 1.0,
    shift: float = 0.0,
) -> Comparison:
    """Comparison with spots of some states, numbered alike in both photos."""
    count = len(states)
    numbers = np.arange(1, count + 1)
    state = np.array(states, dtype=np.str_)
    ones = np.ones(count)
    matches = Matches(
        np.where(state == "new", 0, numbers),
        np.where(state == "gone", 0, numbers),
        state,
        area * ones,
        0.05 * ones,
        contrast * ones,
        contrast_error * ones,
        shift * ones,
    )
    return Comparison(days, registered(), matches, 1.0)


def _of(photos: tuple[Analysis, ...], *intervals: Comparison, tracks: list[list[int]] | None = None) -> Course:
    rows = np.asarray(tracks if tracks is not None else [[1, 1]], np.int64)
    first, second = _course().moments
    moments = (first, *[second] * len(intervals))
    return replace(_course(), photos=photos, moments=moments, intervals=intervals, tracks=rows)


def test_the_course_of_two_rendered_days() -> None:
    course = _course()
    (interval,) = course.intervals
    assert interval.days == 3.0
    assert interval.matches is not None
    assert interval.matches.count("new") >= len(NEW) - 1
    assert interval.median("contrast_ratio") == pytest.approx(1.0, abs=0.12)
    assert [moment.n_spots for moment in course.moments] == [len(photo.table) for photo in two_days()]
    assert course.tracks.shape[1] == 2
    assert dict(course.findings()).keys() == {"spreading"}


def test_a_course_and_its_registrations_print_as_one_line() -> None:
    course = _course()
    assert repr(course) == f"Course(2 photos, {len(course.tracks)} followed spots)"
    assert repr(course.intervals[0].registration).startswith("Registration(")
    assert "array" not in repr(course.intervals[0].registration)
    strange = replace(registered(), trusted=False, reason="They show other skin.")
    assert repr(strange) == "Registration(not trusted: They show other skin.)"


def test_photos_are_put_into_the_order_of_time() -> None:
    first, second = two_days()
    course = follow_spots([second, first], [START + timedelta(days=3), START])
    assert course.photos == (first, second)
    assert course.intervals[0].days == 3.0


def test_dates_of_several_zones_are_put_into_the_order_of_time() -> None:
    first, second = two_days()
    tokyo = timezone(timedelta(hours=9))
    course = follow_spots([first, second], [datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=tokyo)])
    assert course.photos == (second, first)
    assert course.intervals[0].days == pytest.approx(0.375)


def test_a_date_by_the_name_of_a_file_says_so() -> None:
    first, second = two_days()
    by_name = replace(first.photo, name="2026-03-01.jpg", taken_at=datetime(2026, 3, 1), taken_at_source="file name")
    by_camera = replace(second.photo, name="b.jpg", taken_at=datetime(2026, 3, 2), taken_at_source="camera")
    named, plain = replace(first, photo=by_name), replace(second, photo=by_camera)
    course = follow_spots([named, plain])
    assert [moment.taken_at_source for moment in course.moments] == ["file name", "camera"]
    assert [photo["taken_at_source"] for photo in course.to_dict()["photos"]] == ["file name", "camera"]
    lines = course_lines(course)
    assert lines[0].startswith("2026-03-01.jpg, 2026-03-01 (by the name of the file): ")
    assert lines[1].startswith("b.jpg, 2026-03-02 00:00: ")
    given = follow_spots([plain, named], [datetime(2026, 3, 1), datetime(2026, 3, 4)])
    assert [moment.taken_at_source for moment in given.moments] == ["given", "given"]
    assert follow_spots([plain, named], [None, None]).moments[0].taken_at_source == ""


def test_dates_that_contradict_the_order_given_are_refused() -> None:
    first, second = two_days()
    with pytest.raises(SettingsError, match="Photo 2 was taken before photo 1"):
        follow_spots([second, first, first], [START + timedelta(days=2), START, None])
    with pytest.raises(SettingsError, match="Photo 3 was taken before photo 1"):
        follow_spots([second, first, first], [START + timedelta(days=2), None, START])
    assert len(follow_spots([first, second, second], [START, None, START]).photos) == 3


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ("2026-03-01", "2026-03-01", "Perhaps within a day"),
        ("2026-03-01", "2026-03-02", "Perhaps within a day"),
        ("2026-03-01", "2026-03-02T22:00", "Perhaps within a day"),
        ("2026-03-01", "2026-03-03", ""),
        ("2026-03-01T20:00", "2026-03-02", "Perhaps within a day"),
        ("2026-03-01T20:00", "2026-03-02T08:00", "Within 12.0 hours"),
        ("2026-03-01T20:00", "2026-03-02T22:00", ""),
    ],
)
@pytest.mark.parametrize("source", ["file name", "given"])
def test_a_day_without_a_time_is_as_short_as_it_may_be(
    first: str, second: str, words: str, source: Literal["file name", "given"]
) -> None:
    dates = [datetime.fromisoformat(date) for date in (first, second)]
    interval = _made(["persisting"] * 10 + ["new"] * 2, (dates[1] - dates[0]) / timedelta(days=1))
    course = _of(two_days(), interval)
    moments = [
        replace(moment, taken_at=date, taken_at_source=source)
        for moment, date in zip(course.moments, dates, strict=True)
    ]
    course = replace(course, moments=tuple(moments))
    seen = dict(course.findings()).get("rapid_spread", "")
    assert seen == (f"{words} 2 new spots came up" if words else "")
    told = " ".join(course_lines(course))
    assert ("hours" in told) == ("T" in first and "T" in second)


def test_time_that_runs_backwards_is_not_rapid() -> None:
    back = _made(["persisting"] * 10 + ["new"] * 2, -2.0)
    assert dict(_of(two_days(), back).findings()).keys() == {"spreading"}


def test_without_a_date_the_order_given_stays_and_no_time_is_told() -> None:
    first, second = two_days()
    course = follow_spots([second, first])
    assert course.photos == (second, first)
    assert np.isnan(course.intervals[0].days)
    assert "rapid_spread" not in dict(course.findings())
    assert "persisting_7d" not in dict(course.findings())


def test_an_interval_that_cannot_be_trusted_compares_nothing_and_says_so() -> None:
    course = follow_spots([two_days()[0], other_skin()], [START, START + timedelta(days=1)])
    (interval,) = course.intervals
    assert interval.matches is None
    assert interval.registration.reason
    assert np.isnan(interval.median("area_ratio"))
    assert course.findings() == ()
    assert len(course.tracks) == 0
    assert course.to_dict()["intervals"][0]["compared"] is False


def test_a_last_photo_without_spots_takes_nothing_back(project: Path) -> None:
    shower, bare = (analyze(project / "sample_images" / f"{name}.jpg") for name in ("shower-light-leg", "plain-skin"))
    course = follow_spots([shower, bare], [START, START + timedelta(days=3)])
    assert bare.advice.level < shower.advice.level
    assert course.advice.level == shower.advice.level
    assert course.advice.photo_notes[0].startswith("Photo 1 (shower-light-leg.jpg) asks for more than the last one")
    later = follow_spots([bare, shower], [START, START + timedelta(days=3)])
    assert later.advice == shower.advice


def test_the_advice_on_a_course_holds_what_it_shows() -> None:
    course = _course()
    assert course.advice.answers["spreading"] == "yes"
    assert course.advice.level >= max(photo.advice.level for photo in course.photos)


def test_new_spots_are_spreading_and_within_hours_rapidly() -> None:
    assert "rapid_spread" in dict(_course(0.1).findings())
    photos = two_days()
    few = _made(["persisting"] * 10 + ["new"], 3.0)
    many = _made(["persisting"] * 10 + ["new"] * 2, 3.0)
    soon = _made(["persisting"] * 10 + ["new"] * 2, 0.2)
    assert dict(_of(photos, few).findings()) == {}
    assert dict(_of(photos, many).findings()).keys() == {"spreading"}
    assert dict(_of(photos, soon).findings()).keys() == {"spreading", "rapid_spread"}


def test_spots_that_stay_for_more_than_a_week_are_told_unless_they_fade() -> None:
    photos, tracks = two_days(), [[1, 1], [2, 2]]
    states = ["persisting", "persisting"]
    assert "persisting_7d" in dict(_of(photos, _made(states, 8.0), tracks=tracks).findings())
    assert "persisting_7d" not in dict(_of(photos, _made(states, 6.0), tracks=tracks).findings())
    assert "persisting_7d" not in dict(_of(photos, _made(states, 8.0, contrast=0.6), tracks=tracks).findings())


def test_spots_whose_colour_was_not_measured_are_not_said_to_have_stayed_or_faded() -> None:
    photos, tracks = two_days(), [[1, 1], [2, 2], [3, 3]]
    unmeasured = _made(["persisting"] * 3, 8.0, contrast=np.nan)
    assert "persisting_7d" not in dict(_of(photos, unmeasured, tracks=tracks).findings())
    matches = unmeasured.matches
    assert matches is not None
    one = replace(unmeasured, matches=replace(matches, contrast_ratio=np.array([1.0, np.nan, np.nan])))
    assert "8 days" in dict(_of(photos, one, tracks=tracks).findings())["persisting_7d"]


def test_tracks_are_of_spots_that_were_seen_twice_and_end_where_one_is_gone() -> None:
    states = ["persisting", "gone", "new", "persisting"]
    first, second = _made(states, 4.0), _made(["gone", "new", "persisting", "persisting"], 4.0)
    assert _tracks((4, 4, 4), (first, second)).tolist() == [[1, 1, 0], [4, 4, 4], [0, 3, 3]]
    # Nothing is followed over two photos that were not compared.
    apart = (first, replace(first, matches=None), second)
    assert _tracks((4, 4, 4, 4), apart).tolist() == [[1, 1, 0, 0], [4, 4, 0, 0], [0, 0, 3, 3], [0, 0, 4, 4]]


def test_time_adds_up_along_a_track() -> None:
    first, second = two_days()
    step = _made(["persisting"], 4.0)
    found = dict(_of((first, second, second), step, step, tracks=[[1, 1, 1]]).findings())
    assert "8 days" in found["persisting_7d"]
    # Not the time after the spot was gone.
    ended = _of((first, second, second), step, _made(["gone"], 8.0), tracks=[[1, 1, 0]])
    assert "persisting_7d" not in dict(ended.findings())


@pytest.mark.parametrize(
    ("area", "shift", "changed"), [(1.8, 0.0, True), (0.5, 0.0, True), (1.0, 0.3, True), (1.0, 0.0, False)]
)
def test_a_single_spot_that_changes_over_weeks_is_told(area: float, shift: float, changed: bool) -> None:
    photos = tuple(_single(analysis) for analysis in two_days())
    interval = _made(["persisting"], 30.0, area=area, shift=shift)
    assert ("changed" in dict(_of(photos, interval).findings())) is changed
    soon = replace(interval, days=5.0)
    assert "changed" not in dict(_of(photos, soon).findings())


@pytest.mark.parametrize("changed_first", [True, False])
def test_a_change_is_told_whichever_side_of_a_gap_it_lies_on(changed_first: bool) -> None:
    first, second = (_single(analysis) for analysis in two_days())
    steps = [_made(["growing"], 30.0, area=2.5), _made(["persisting"], 20.0)]
    before, after = steps if changed_first else steps[::-1]
    course = _with_a_gap((first, second, first, second), before, after)
    assert dict(course.findings())["changed"] == "The spot changed within 30 days: its area is 2.50 times what it was"


def test_of_several_tracks_without_a_change_the_last_is_told() -> None:
    moles = mole_on_two_days(1.0)
    course = _with_a_gap(moles * 2, _made(["persisting"], 20.0), _made(["persisting"], 30.0))
    assert "changed" not in dict(course.findings())
    assert course.abcde is not None
    assert course.abcde.evolution.present is False
    assert "within 30 days" in course.abcde.evolution.finding


def test_letters_are_those_of_the_last_photo_also_when_the_change_came_before() -> None:
    first, second = mole_on_two_days(1.0)
    assert second.abcde is not None
    last = replace(second, abcde=replace(second.abcde, axis_deg=12.0))
    photos = (first, second, first, last)
    course = _with_a_gap(photos, _made(["growing"], 30.0, area=2.5), _made(["persisting"], 20.0))
    assert course.abcde is not None
    assert (course.abcde.axis_deg, course.abcde.evolution.present) == (12.0, True)


def test_the_error_of_a_change_of_area_is_that_of_the_spots_of_the_track() -> None:
    course = _course()
    expected = []
    for analysis, number in zip(course.photos, (2, 3), strict=True):
        error_px = repeat_error_px(analysis.photo, analysis.table)
        expected.append(2.0 * error_px[number - 1] / analysis.table["diameter_px"][number - 1])
    assert _area_error(course, np.array([2, 3])) == pytest.approx(np.hypot(*expected))


def _with_a_gap(photos: tuple[Analysis, ...], before: Comparison, after: Comparison) -> Course:
    """Four photos of one spot, of which the second and the third could not be compared."""
    gap = replace(before, days=20.0, matches=None)
    return _of(photos, before, gap, after, tracks=[[1, 1, 0, 0], [0, 0, 1, 1]])


def test_a_spot_with_two_tracks_is_counted_once() -> None:
    step = _made(["persisting"], 8.0)
    course = _with_a_gap(two_days() * 2, step, replace(step, days=9.0))
    assert (
        dict(course.findings())["persisting_7d"]
        == "The spot that was followed is still there after 9 days and has not faded"
    )
    two = _made(["persisting"] * 2, 8.0)
    tracks = [[1, 1, 0, 0], [2, 2, 0, 0], [0, 0, 1, 1], [0, 0, 2, 2]]
    course = _of(two_days() * 2, two, replace(two, matches=None), two, tracks=tracks)
    assert dict(course.findings())["persisting_7d"].startswith("2 of 2 spots are still there after 8 days")


@pytest.mark.parametrize(("contrast", "error", "changed"), [(1.6, 0.1, True), (1.6, 0.7, False), (np.nan, 0.1, False)])
def test_a_change_of_colour_counts_beyond_its_error(contrast: float, error: float, changed: bool) -> None:
    photos = tuple(_single(analysis) for analysis in two_days())
    interval = _made(["persisting"], 30.0, contrast=contrast, contrast_error=error)
    assert ("changed" in dict(_of(photos, interval).findings())) is changed


@pytest.mark.parametrize(("growth", "changed"), [(1.0, False), (1.4, True)])
def test_the_course_tells_the_evolution_of_a_mole(growth: float, changed: bool) -> None:
    course = follow_spots(mole_on_two_days(growth), [START, START + timedelta(days=60)])
    assert course.abcde is not None
    assert course.abcde.evolution.present is changed
    assert "60 days" in course.abcde.evolution.finding
    assert ("changed" in dict(course.findings())) is changed
    content = json.loads(json.dumps(course.to_dict(), allow_nan=False))
    assert content["abcde"]["criteria"][4]["present"] is changed


@pytest.mark.parametrize(("area", "points"), [(2.57, 2), (1.0, 0)])
def test_a_mole_that_grew_has_two_points_more(area: float, points: int) -> None:
    photos = tuple(_with_points(analysis, 0) for analysis in mole_on_two_days(1.0))
    course = _of(photos, _made(["persisting"], 59.0, area=area))
    assert course.abcde is not None
    assert course.abcde.seven_points.lowest == points
    assert ("change in size" in course.abcde.seven_points.from_photo) is bool(points)
    assert "checklist7_ge3" not in dict(course.findings())


def test_growth_beside_another_point_refers_within_two_weeks() -> None:
    photos = tuple(_with_points(analysis, 1) for analysis in mole_on_two_days(1.0))
    course = _of(photos, _made(["growing"], 59.0, area=2.57))
    assert dict(course.findings())["checklist7_ge3"] == "With its change the spot has 3 points of the 7-point list"
    assert course.advice.level == Level.WITHIN_2_WEEKS
    assert "T01" in {fired.rule_id for fired in course.advice.reasons if fired.from_photo}


def test_another_colour_is_no_change_in_size() -> None:
    photos = tuple(_with_points(analysis, 1) for analysis in mole_on_two_days(1.0))
    course = _of(photos, _made(["persisting"], 59.0, shift=0.3))
    assert "changed" in dict(course.findings())
    assert course.abcde is not None
    assert course.abcde.seven_points.lowest == 1


def _with_points(analysis: Analysis, points: int) -> Analysis:
    """A mole of which nothing is irregular, and that itches or not."""
    assert analysis.abcde is not None
    even = {
        name: replace(getattr(analysis.abcde, name), present=False)
        for name in ("asymmetry", "border", "color", "diameter")
    }
    even["diameter"] = replace(even["diameter"], numbers={"length_mm": 4.0})
    told = {"itch": "yes" if points else "no"}
    return replace(analysis, abcde=replace(analysis.abcde, **even)).answered(told)


@pytest.mark.parametrize("days", [5, None])
def test_no_evolution_is_told_within_days_or_without_dates(days: int | None) -> None:
    dates = None if days is None else [START, START + timedelta(days=days)]
    course = follow_spots(mole_on_two_days(1.4), dates)
    assert course.abcde is not None
    assert course.abcde.evolution.present is None
    assert "changed" not in dict(course.findings())


def test_colours_that_a_mole_did_not_show_before_are_a_change() -> None:
    first, second = mole_on_two_days(1.0)
    assert first.abcde is not None
    assert second.abcde is not None
    shares = {name: 0.0 if name.startswith("share") else value for name, value in first.abcde.color.numbers.items()}
    color = replace(first.abcde.color, numbers=shares)
    plain = replace(first, abcde=replace(first.abcde, color=color))
    course = follow_spots([plain, second], [START, START + timedelta(days=60)])
    assert "that it did not" in dict(course.findings())["changed"]
    # Where one photo shows no lesion, nothing is said of its colours.
    for photos in ((replace(plain, abcde=None), second), (plain, replace(second, abcde=None))):
        assert "changed" not in dict(replace(course, photos=photos).findings())


def test_a_shower_has_no_abcde() -> None:
    assert _course().abcde is None
    assert _course().to_dict()["abcde"] is None


def _single(analysis: Analysis) -> Analysis:
    columns = {name: values[:1] for name, values in analysis.table.columns.items()}
    return replace(analysis, table=replace(analysis.table, columns=columns))


def test_a_crowd_of_spots_does_not_count_as_a_changed_one() -> None:
    assert "changed" not in dict(_of(two_days(), _made(["growing"], 30.0, area=2.0)).findings())


def test_one_photo_or_the_wrong_number_of_dates_is_refused() -> None:
    with pytest.raises(SettingsError, match="at least two photos"):
        follow_spots(two_days()[:1])
    with pytest.raises(SettingsError, match="one date per photo"):
        follow_spots(two_days(), [START])


def test_it_is_plain_in_json_and_read_only() -> None:
    content = json.loads(json.dumps(_course().to_dict(), allow_nan=False))
    assert content["intervals"][0]["compared"] is True
    assert content["photos"][0]["taken_at"] == "2026-03-01T09:00:00"
    assert content["photos"][0]["taken_at_source"] == "given"
    assert {entry["answer"] for entry in content["findings"]} == {"spreading"}
    json.dumps(follow_spots(two_days()).to_dict(), allow_nan=False)
    with pytest.raises(ValueError, match="read-only"):
        _course().tracks[0, 0] = 5
