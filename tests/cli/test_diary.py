from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from lesionvis.cli import main as cli
from lesionvis.errors import SettingsError


def _called(*arguments: object) -> Result:
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])


def test_photos_are_kept_and_followed(project: Path, tmp_path: Path) -> None:
    first, second = (project / "sample_pairs" / f"series-{number}.jpg" for number in (1, 2))
    folder = tmp_path / "leg"
    assert "Kept as" in _called("keep", second, folder, "--date", "2026-03-11T09:00").stdout
    assert "next-photo.ics" in _called("keep", first, folder, "--reminder", "daily").stdout
    assert "Nothing to do" in _called("keep", first, folder).stdout
    assert {path.name for path in folder.iterdir()} == {
        "2026-03-01T090000_series-1.jpg",
        "2026-03-11T090000_series-2.jpg",
        "next-photo.ics",
    }
    told = json.loads(_called("series", folder, "--json", "--age", 7).stdout)
    # The date in the name counts, not that of the camera, which is three days after the first.
    assert told["intervals"][0]["days"] == 10.0
    assert told["advice"]["answers"]["child"] == "yes"
    assert len(told["advice"]["circumstance_notes"]) == 1
    given = json.loads(_called("series", folder, "--json", "--dates", "2026-03-01,2026-03-02").stdout)
    assert given["intervals"][0]["days"] == 1.0


@pytest.mark.parametrize(
    ("options", "message"), [(("--date", "yesterday"), "A date is given as"), (("--reminder", "weekly"), "daily for")]
)
def test_wrong_options_are_refused_before_anything_is_written(
    project: Path, tmp_path: Path, options: tuple[str, str], message: str
) -> None:
    result = _called("keep", project / "sample_pairs" / "series-1.jpg", tmp_path / "leg", *options)
    assert isinstance(result.exception, SettingsError)
    assert message in str(result.exception)
    assert not (tmp_path / "leg").exists()
