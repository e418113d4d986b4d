from __future__ import annotations

import numpy as np

from lesionvis.lab.evaluate.matching import BLOOD_KINDS, RED_MARKS, Match, match_spots
from lesionvis.lab.evaluate.sources import SpotsOfPhoto, sources_report
from lesionvis.lab.truth import MarkedSpots


def _match(n_true: int, n_hit: int, n_false: int) -> Match:
    return Match(n_true, n_hit, n_false, np.zeros(n_hit), np.arange(n_hit), ("blood",) * n_hit)


def _photo(source: str, match: Match, group: str = "a", tone: str = "light", side: int = 640) -> SpotsOfPhoto:
    return SpotsOfPhoto("p.jpg", source, group, tone, side, match, match, match.n_hit, match.n_hit)


def test_home_and_abroad_stand_beside_each_other() -> None:
    perfect, half = _match(10, 10, 0), _match(10, 5, 5)
    report = sources_report(
        [
            _photo("dermnet", perfect),
            _photo("web01", half, "b", "dark", 200),
            _photo("web01", half, "c", "dark", 200),
            _photo("web02", perfect, "d", "light", 2000),
        ]
    )
    rows = {
        line.split("|")[1].strip(): [cell.strip() for cell in line.split("|")[2:-1]] for line in report.splitlines()
    }
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
