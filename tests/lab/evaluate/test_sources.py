from __future__ import annotations

import numpy as np

from lesionvis.lab.evaluate.matching import BLOOD_KINDS, RED_MARKS, Match, match_spots
from lesionvis.lab.evaluate.sources import CROWD_SPOTS_MIN, SpotsOfPhoto, asks_blood, crowd_lines, sources_report
from lesionvis.lab.train.pattern_training import PatternTable
from lesionvis.lab.truth import Label, MarkedSpots
from lesionvis.pattern.features import FEATURE_NAMES


def _match(n_true: int, n_hit: int, n_false: int) -> Match:
    return Match(n_true, n_hit, n_false, np.zeros(n_hit), np.arange(n_hit), ("blood",) * n_hit)


def _photo(source: str, match: Match, group: str = "a", tone: str = "light", side: int = 640) -> SpotsOfPhoto:
    return SpotsOfPhoto("p.jpg", source, group, tone, side, match, match, match.n_hit, match.n_hit)


def _table(*rows: tuple[str, str, str, int]) -> PatternTable:
    """Rows of (source, pattern, true number of spots, number of spots found)."""
    labels = tuple(
        Label("", "0" * 64, source, "", pattern, "clear", (pattern,), n_spots, f"g{number}", "")
        for number, (source, pattern, n_spots, _) in enumerate(rows)
    )
    features = np.zeros((len(rows), len(FEATURE_NAMES)), np.float32)
    features[:, FEATURE_NAMES.index("spot_count")] = [found for *_, found in rows]
    return PatternTable(labels, np.zeros(len(rows), np.int64), features)


def test_crowds_are_counted_on_photos_of_one_lesion_alone() -> None:
    crowd, few = CROWD_SPOTS_MIN, CROWD_SPOTS_MIN - 1
    table = _table(
        ("dermnet", "single_lesion", "1", crowd),
        ("pad", "single_lesion", "0", few),
        ("pad", "single_lesion", "6-20", crowd),
        ("dermnet", "petechial_shower", "1", crowd),
        ("web01", "single_lesion", "1", few),
    )
    rows = {line.split("|")[1].strip(): [cell.strip() for cell in line.split("|")[2:-1]] for line in crowd_lines(table)}
    assert rows["home, clear"][0] == "2"
    assert rows["home, clear"][2].startswith("0.500 (")
    assert rows["abroad, all"][2].startswith("0.000 (")


def test_only_inflamed_marks_say_nothing_on_blood() -> None:
    def marked(*kinds: str) -> MarkedSpots:
        places = np.zeros(len(kinds))
        return MarkedSpots("a", (0, 0, 9, 9), places, places, places, kinds)

    assert not asks_blood(marked("inflamed", "pigment"))
    assert asks_blood(marked("inflamed", "vascular"))
    assert asks_blood(marked("none"))


def test_home_and_abroad_stand_beside_each_other() -> None:
    perfect, half = _match(10, 10, 0), _match(10, 5, 5)
    report = sources_report(
        [
            _photo("dermnet", perfect),
            _photo("web01", half, "b", "dark", 200),
            _photo("web01", half, "c", "dark", 200),
            _photo("web02", perfect, "d", "light", 2000),
        ],
        _table(("dermnet", "single_lesion", "1", 1), ("web01", "single_lesion", "1", 1)),
    )
    lines = [line.split("|") for line in report.splitlines() if line]
    rows = {line[1].strip(): [cell.strip() for cell in line[2:-1]] for line in lines}
    assert rows["home, folds by patient"][:3] == ["1", "1.00", "1.00"]
    # Pooled over photos, and each source alike.
    assert rows["abroad, pooled"][2].startswith("0.67 (")
    assert rows["abroad, mean over sources"][2] == "0.75"
    assert rows["- web01"][2] == "0.50"
    assert rows["abroad, dark skin"][0] == "2"
    assert rows["abroad, up to 320 px"][0] == "2"
    assert rows["abroad, over 700 px"][2] == "1.00"
    assert "home, dark skin" not in rows


def test_inflamed_spots_are_asked_for_only_among_red_ones() -> None:
    truth = MarkedSpots(
        "a",
        (0, 0, 99, 99),
        np.array([20.0, 60.0, 80.0]),
        np.array([20.0, 60.0, 20.0]),
        np.full(3, 10.0),
        ("blood", "inflamed", "pigment"),
    )
    found = np.array([[20.0, 20.0], [60.0, 60.0], [80.0, 20.0], [20.0, 80.0]])
    blood = match_spots(found, np.full(4, 10.0), truth, BLOOD_KINDS)
    red = match_spots(found, np.full(4, 10.0), truth, RED_MARKS)
    assert (blood.n_true, blood.n_hit, blood.n_false) == (1, 1, 1)
    assert (red.n_true, red.n_hit, red.n_false) == (2, 2, 1)
    assert red.hit_kinds == ("blood", "inflamed")
    assert red.hits.tolist() == [0, 1]


def test_a_mark_of_nothing_excuses_nothing() -> None:
    truth = MarkedSpots("a", (0, 0, 99, 99), np.array([20.0]), np.array([20.0]), np.array([10.0]), ("none",))
    match = match_spots(np.array([[20.0, 20.0]]), np.array([10.0]), truth, RED_MARKS)
    assert (match.n_true, match.n_false, match.f1) == (0, 1, 0.0)
