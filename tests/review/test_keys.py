"""The keys that the page lists are those that the docs tell."""

from __future__ import annotations

import re
from pathlib import Path


def test_the_docs_tell_the_keys_of_the_page(project: Path) -> None:
    script = (project / "lesionvis" / "review" / "keys.js").read_text(encoding="utf-8")
    listed = dict(re.findall(r'^  \["([^"]+)", "([^"]+)"\],$', script, re.MULTILINE))
    assert len(listed) > 15
    page = (project / "docs" / "review.md").read_text(encoding="utf-8").replace("`", "")
    told = {line.split(" | ")[1].strip(" |") for line in page.splitlines() if line.startswith("| ")}
    missing = [text for text in listed.values() if text not in told and text not in ("say the pattern", "write a note")]
    assert missing == []
