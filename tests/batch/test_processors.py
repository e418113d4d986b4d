"""The number of processes follows the machine, the affinity and the quota of control groups."""

from __future__ import annotations

from pathlib import Path

import joblib
import pytest

from lesionvis.batch.processors import processor_count


@pytest.fixture(autouse=True)
def sixteen_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joblib, "cpu_count", lambda: 16)


def system(root: Path, groups: str, **files: str) -> Path:
    """Root of a file system with the control groups of a process and the files of these."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(groups)
    for name, content in files.items():
        path = root / "sys/fs/cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


@pytest.mark.parametrize(
    ("groups", "files", "count"),
    [
        ("0::/\n", {"cpu.max": "200000 100000\n"}, 2),
        ("0::/job/step\n", {"job/cpu.max": "350000 100000", "job/step/cpu.max": "max 100000"}, 4),
        ("0::/job/step\n", {"job/cpu.max": "800000 100000", "job/step/cpu.max": "50000 100000"}, 1),
        ("0::/job\n", {"job/cpu.max": "max 100000\n"}, 16),
        ("0::/job\n", {"job/cpu.max": "9900000 100000\n"}, 16),
        ("0::/\n", {}, 16),
        (
            "5:memory:/a\n4:cpu,cpuacct:/a\n",
            {"cpu/a/cpu.cfs_quota_us": "300000\n", "cpu/a/cpu.cfs_period_us": "100000\n"},
            3,
        ),
        ("4:cpu:/a\n", {"cpu/a/cpu.cfs_quota_us": "-1\n", "cpu/a/cpu.cfs_period_us": "100000\n"}, 16),
        ("0::/../job\n", {}, 16),
        ("", {}, 16),
    ],
)
def test_the_quota_of_the_own_group_and_of_those_around_it_holds(
    tmp_path: Path, groups: str, files: dict[str, str], count: int
) -> None:
    assert processor_count(system(tmp_path, groups, **files)) == count


def test_a_system_without_control_groups_has_all_its_processors(tmp_path: Path) -> None:
    assert processor_count(tmp_path) == 16
