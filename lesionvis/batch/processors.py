"""How many processors this process may use."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path, PurePosixPath


def processor_count(root: Path = Path("/")) -> int:
    """Number of processors that this process may use.

    Parameters
    ----------
    root : Path
        Root of the file system, which holds `proc` and `sys` on Linux.

    Returns
    -------
    int
        At least 1: no more than the machine has, than the process may run on (affinity), and than the quota of its
        control groups allows, as containers, batch systems and systemd set it.
    """
    from joblib import cpu_count  # knows the affinity, and the quota where the group of the process is the root

    quota = min(_quotas(root), default=math.inf)
    return int(max(1, min(cpu_count(), math.ceil(quota) if math.isfinite(quota) else math.inf)))


def _quotas(root: Path) -> Iterator[float]:
    """Quota of each control group that the process is in, in processors."""
    mounted = root / "sys/fs/cgroup"
    for hierarchy, group in _groups(root):
        # A group has no more than those that it lies in.
        for path in (group, *group.parents):
            inside = path.relative_to("/")
            if hierarchy == "":  # version 2: one hierarchy with all resources
                yield from _quota(_words(mounted / inside / "cpu.max"))
            elif "cpu" in hierarchy.split(","):
                place = mounted / "cpu" / inside
                yield from _quota(_words(place / "cpu.cfs_quota_us") + _words(place / "cpu.cfs_period_us"))


def _groups(root: Path) -> Iterator[tuple[str, PurePosixPath]]:
    """Resources and path of each control group of the process, from lines such as ``4:cpu,cpuacct:/job``."""
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, resources, path = line.split(":", maxsplit=2)
        if path.startswith("/"):
            yield resources, PurePosixPath(path)


def _quota(words: list[str]) -> Iterator[float]:
    """Microseconds of processors in a period over the period; no quota is "max" or -1."""
    if len(words) == 2 and words[0] not in ("max", "-1") and int(words[1]) > 0:
        yield int(words[0]) / int(words[1])


def _words(path: Path) -> list[str]:
    return _text(path).split()


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:  # another system, or a group that is not shown
        return ""
