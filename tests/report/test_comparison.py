"""The page on two runs shows what it is given, and texts of files never become markup."""

from __future__ import annotations

from pathlib import Path

from chromium import chromium

from lesionvis.report.comparison import comparison_html

HOSTILE = "<script>alert(1)</script>.jpg"


def _page(facts: dict[str, tuple[str, str]]) -> str:
    rows = [(HOSTILE, "changed", [("3", "4"), ("ok", "ok"), ("", "12")])]
    moves = [("pattern", "uncertain", "", 2)]
    columns = ("spot_count", "status", "mm")
    return comparison_html(("<b>", "two"), facts, {"changed": 1, "same": 5}, moves, columns, rows)


def test_texts_of_files_stay_texts() -> None:
    text = _page({"version": ("<i>", "2")})
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;.jpg" in text
    assert "<i>" not in text
    assert "<b>" not in text


def test_what_moved_is_marked_and_what_is_missing_is_a_dash() -> None:
    text = _page({})
    assert "Settings, models and versions are the same." in text
    assert '<td class="moved">3 → 4</td>' in text
    assert "<td>ok</td>" in text
    assert '<td class="moved">- → 12</td>' in text
    assert "Photos: changed 1, same 5." in text
    assert "<td>uncertain</td><td>not judged</td><td>2</td>" in text


def test_words_of_a_wide_table_stay_whole_on_the_screen_of_a_phone(tmp_path: Path) -> None:
    columns = ("spots_from", "spot_count", "median_diameter_mm", "px_per_mm", "pattern", "triage_level", "photo_flags")
    rows = [("shower-brown-arm.jpg", "changed", [(name, name) for name in columns])]
    page = tmp_path / "changes.html"
    page.write_text(comparison_html(("a", "b"), {}, {"changed": 1}, [], columns, rows), encoding="utf-8")
    with chromium() as browser:
        opened = browser.new_page(viewport={"width": 390, "height": 900})
        opened.goto(page.as_uri())
        assert opened.evaluate("document.documentElement.scrollWidth") <= 390
        lines = opened.evaluate(
            "[...document.querySelectorAll('.scroll thead th')].map(cell => cell.getClientRects().length && "
            "Math.round((cell.clientHeight - 8) / parseFloat(getComputedStyle(cell).lineHeight)))"
        )
    assert lines == [1] * (len(columns) + 2)
