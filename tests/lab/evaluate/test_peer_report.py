"""Peers get the threshold that is best for them at home, and are judged elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from lesionvis.lab.evaluate.peer_report import PEERS, PRODUCT, Scored, best_thresholds, peer_report


def test_the_named_peers_are_there() -> None:
    assert len(PEERS) == 3


def test_each_peer_gets_the_threshold_with_the_best_mean() -> None:
    tried = [
        Scored("a", "home", "g1", 0.9, 1.0),
        Scored("a", "home", "g2", 0.1, 1.0),
        Scored("a", "home", "g1", 0.6, 2.0),
        Scored("a", "home", "g2", 0.6, 2.0),
        Scored("b", "home", "g1", 0.3, 5.0),
        Scored("b", "home", "g1", 0.2, 6.0),
    ]
    assert best_thresholds(tried) == {"a": 2.0, "b": 5.0}


def test_methods_stand_beside_each_other_with_the_number_of_pictures() -> None:
    rows = [
        Scored(PRODUCT, "home", "g1", 1.0),
        Scored(PRODUCT, "abroad", "web01", 0.5),
        Scored(PRODUCT, "abroad", "web02", 0.7),
        Scored("a", "abroad", "web01", 0.1, 2.0),
        Scored("a", "abroad", "web02", 0.3, 2.0),
    ]
    head, _, *lines = peer_report(rows).splitlines()
    assert [part for part in head.split("|") if "all red" in part] == [
        " home: all red (1) ",
        " other sources: all red (2) ",
    ]
    cells = {line.split("|")[1].strip(): [cell.strip() for cell in line.split("|")[2:-1]] for line in lines}
    assert cells[PRODUCT][3] == "0.60 (0.50 to 0.70)"
    assert cells["a"][0] == "2"
    assert cells["a"][1] == ""
    assert float(cells["a"][3].split(" ")[0]) == pytest.approx(0.2)


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_peers_find_a_red_dot(peer: object) -> None:
    rgb = np.full((120, 160, 3), (220, 180, 160), np.uint8)
    y, x = np.indices((120, 160))
    rgb[np.hypot(y - 60, x - 90) <= 5] = (190, 60, 60)
    best = max(len(peer.find(rgb, value)[0]) for value in peer.thresholds)  # type: ignore[attr-defined]
    assert best == 1
