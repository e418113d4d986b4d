"""Mutation testing: a sample of small faults in the lines that measure and compare, and how many the tests notice.

Cosmic Ray makes the mutants (operators swapped, numbers one higher or lower, comparisons and conditions changed). Each
is written into a copy of the checkout and meets the tests of its module, the fastest first, until one fails.

Run: pip install cosmic-ray; python benchmarks/mutation.py [--mutants 8] [--seed 1] [--results results.jsonl]

Once survivors of a sample got tests, another seed tells what tests notice that were not written for the sample. With a
file of results a stopped run goes on; take lines of survivors out of it to let them meet new tests. Which of
the survivors change nothing that can be seen, and why, was found by reading and stands in mutation_equivalent.csv.
"""

from __future__ import annotations

import argparse
import ast
import compileall
import contextlib
import csv
import json
import math
import os
import py_compile
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

PROJECT = Path(__file__).resolve().parent.parent
EQUIVALENT = Path(__file__).with_name("mutation_equivalent.csv")
# A mutant whose tests take this many times the time of the processor that they take without it, and some seconds,
# runs in circles, and counts as killed.
TIME_FACTOR, TIME_EXTRA_S = 3, 20
# Modules, each with the files of tests that it meets; other tests may notice more.
MODULES = {
    "spots/table.py": ("spots/test_table.py",),
    "spots/shape.py": ("spots/test_shape.py",),
    "spots/outlines.py": ("spots/test_outlines.py",),
    "scale/base.py": ("scale/test_base.py", "scale/test_given.py"),
    "scale/given.py": ("scale/test_given.py",),
    "scale/coin.py": ("scale/test_coin.py",),
    "scale/card/marker.py": ("scale/card/test_marker.py",),
    "scale/ruler/finder.py": ("scale/test_ruler.py", "scale/ruler/test_ticks.py"),
    "scale/ruler/units.py": ("scale/test_ruler.py", "scale/ruler/test_ticks.py"),
    "scale/ruler/ticks.py": ("scale/test_ruler.py", "scale/ruler/test_ticks.py"),
    "abcde/criteria.py": ("abcde/test_criteria.py", "abcde/test_numbers.py"),
    "abcde/numbers.py": ("abcde/test_numbers.py", "abcde/test_criteria.py"),
    "abcde/patch.py": ("abcde/test_patch.py",),
    "abcde/seven_points.py": ("abcde/test_seven_points.py",),
    "compare/contrast.py": ("compare/test_contrast.py",),
    "compare/registration.py": ("compare/test_registration.py",),
    "compare/blanch.py": ("compare/test_blanch.py",),
    "compare/series.py": ("compare/test_series.py",),
    "triage/conditions.py": ("triage/test_conditions.py", "triage/test_engine.py"),
    "triage/rules.py": ("triage/test_rules.py", "triage/test_rules_held.py"),
    "triage/engine.py": ("triage/test_engine.py",),
}
# What a fault in the declaration of a type meets too.
TYPES = (
    "tests/test_architecture.py::test_types_are_frozen_and_have_slots",
    "tests/test_architecture.py::test_types_that_hold_arrays_are_compared_by_identity",
)
# Libraries that are loaded once, before the processes that meet the mutants part from this one. ONNX Runtime starts
# threads, without which such a process would wait forever.
LOADED_ONCE = ("cv2", "hypothesis.strategies", "pandas", "PIL.Image", "scipy.optimize", "scipy.stats")
# Operators that turn arithmetic into operations on bits, or comparisons into questions of identity: nearly all of them
# crash at once, and would only make the share look better. Two kinds of operators need arguments or fail.
CRASHING = re.compile("_(Add|Sub|Mul|Div|FloorDiv|Mod|Pow)_(Bit|LShift|RShift)|_Is$|_IsNot$|^core/(Variable|Exception)")


class _WithoutAnnotations(ast.NodeTransformer):
    """Drops what is never evaluated, so that a fault there is none."""

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self.generic_visit(node)
        node.returns = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AnnAssign:
        self.generic_visit(node)
        node.annotation = ast.Constant(None)
        return node

    def visit_If(self, node: ast.If) -> ast.AST | None:
        if ast.unparse(node.test) == "TYPE_CHECKING":
            return None
        return self.generic_visit(node)


def _meaning(code: str) -> str:
    return ast.dump(_WithoutAnnotations().visit(ast.parse(code)))


def copied(folder: Path) -> None:
    """Copy the checkout, with bytecode that is checked against its source by content."""
    listed = ["git", "ls-files", "-co", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=PROJECT, capture_output=True, check=True).stdout.decode().split("\0")
    for name in filter(None, names):
        if (PROJECT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT / name, folder / name)
    mode = py_compile.PycInvalidationMode.CHECKED_HASH
    compileall.compile_dir(folder / "lesionvis", quiet=1, invalidation_mode=mode)


def sample(module: str, count: int, seed: int) -> list[dict[str, Any]]:
    """Mutants of a module, each at another place: its name, its line before and after, and the code of the module."""
    source = (Path("lesionvis") / module).read_text(encoding="utf-8")
    nodes = list(ast_nodes(get_ast(source)))
    places: dict[tuple[int, int], list[tuple[str, int]]] = {}
    for name in sorted(operator_names()):
        if not CRASHING.search(name):
            found = (start for node in nodes for start, _ in get_operator(name)().mutation_positions(node))
            for occurrence, start in enumerate(found):
                places.setdefault(start, []).append((name, occurrence))
    # Always the same ones, and those of a smaller sample are the first of a larger one.
    generator = np.random.default_rng([seed, zlib.crc32(module.encode())])
    in_order = sorted(places)
    chosen: list[dict[str, Any]] = []
    for index in generator.permutation(len(in_order)):
        row, column = in_order[index]
        faults = places[row, column]
        name, occurrence = faults[int(generator.integers(len(faults)))]
        code = mutate_code(source, get_operator(name)(), occurrence)
        with contextlib.suppress(SyntaxError):
            if code is not None and _meaning(code) != _meaning(source):
                before, after = (text.splitlines()[row - 1].strip() for text in (source, code))
                title = f"{module}:{row}:{column} {name.removeprefix('core/')}"
                chosen.append({"mutant": title, "before": before, "after": after, "code": code})
        if len(chosen) == count:
            break
    return chosen


class _FastestFirst:
    """Sorts tests by the time of the processor that they took before, and takes the time that they take now."""

    def __init__(self, seconds: dict[str, float]) -> None:
        self.before = seconds
        self.now: dict[str, float] = {}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """New tests come first."""
        items.sort(key=lambda item: self.before.get(item.nodeid, 0.0))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Take the time of a test and of what it sets up."""
        start = time.process_time()
        result = yield
        self.now[item.nodeid] = time.process_time() - start
        return result


def tests_fail(module: str, *others: str, seconds: dict[str, float]) -> tuple[bool, dict[str, float]]:
    """Run a module's tests, and others, in a process of their own until one fails, and take the time of each.

    Without known times there is no limit.
    """
    # Rewriting the asserts of tests and of Hypothesis for better messages takes longer than most tests.
    arguments = ["-x", "-q", "--assert=plain", "-p", "no:cacheprovider", "-p", "no:anyio", f"lesionvis/{module}"]
    arguments += [*(f"tests/{name}" for name in MODULES[module]), *others]
    plugin = _FastestFirst(seconds)
    with tempfile.NamedTemporaryFile() as times:
        process = os.fork()
        if process == 0:
            if seconds:
                limit = math.ceil(TIME_FACTOR * sum(seconds.values()) + TIME_EXTRA_S)
                resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
            for stream in (1, 2):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
            failed = True
            try:
                failed = pytest.main(arguments, plugins=[plugin]) != pytest.ExitCode.OK
                Path(times.name).write_text(json.dumps(plugin.now))
            finally:
                os._exit(failed)
        failed = os.waitpid(process, 0)[1] != 0
        return failed, json.loads(Path(times.name).read_text() or "{}")


def is_killed(module: str, before: str, code: str, seconds: dict[str, float]) -> bool:
    """Whether a test fails with a line of a module, and with it the module's code, replaced."""
    path = Path("lesionvis") / module
    original = path.read_text(encoding="utf-8")
    path.write_text(code, encoding="utf-8")
    try:
        return tests_fail(module, *(TYPES if "dataclass(" in before else ()), seconds=seconds)[0]
    finally:
        path.write_text(original, encoding="utf-8")


def tested(module: str, count: int, seed: int, results: Path) -> Iterator[dict[str, Any]]:
    """Mutants of a module with their results, known or new."""
    lines = results.read_text(encoding="utf-8").splitlines() if results.exists() else []
    known = {(result["mutant"], result["before"], result["after"]): result for result in map(json.loads, lines)}
    seconds: dict[str, float] = {}
    for mutant in sample(module, count, seed):
        code = mutant.pop("code")
        key = (mutant["mutant"], mutant["before"], mutant["after"])
        if key not in known:
            if not seconds:
                failed, seconds = tests_fail(module, *TYPES, seconds={})
                if failed:
                    raise SystemExit(f"Tests of {module} fail without any fault.")
            known[key] = mutant | {"killed": is_killed(module, mutant["before"], code, seconds)}
            with results.open("a", encoding="utf-8") as file:
                file.write(json.dumps(known[key]) + "\n")
        yield known[key]


def reasons_why_equivalent() -> dict[tuple[str, str, str], str]:
    """Module, line before and line after -> why no test could tell them apart."""
    with EQUIVALENT.open(encoding="utf-8", newline="") as file:
        return {(row["module"], row["before"], row["after"]): row["reason"] for row in csv.DictReader(file)}


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mutants", type=int, default=8, help="of each module")
    parser.add_argument("--seed", type=int, default=1, help="of the sample")
    parser.add_argument("--results", type=Path, help="file to go on with")
    options = parser.parse_args()
    reasons = reasons_why_equivalent()
    for library in LOADED_ONCE:
        import_module(library)
    print("| module | mutants | killed | equivalent | open | killed of those not equivalent |")
    print("|---|---|---|---|---|---|")
    counts, same, others = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        results = options.results.resolve() if options.results else Path(folder) / "results.jsonl"
        checkout = Path(folder) / "checkout"
        copied(checkout)
        os.chdir(checkout)
        # The copy is what is tested, whatever is installed.
        sys.path.insert(0, str(checkout))
        os.environ["PYTHONPATH"] = str(checkout)
        # Tests on photos that are no part of the project are skipped, as anywhere else.
        os.environ["LESIONVIS_REAL_PHOTOS"] = folder
        for module in MODULES:
            found = list(tested(module, options.mutants, options.seed, results))
            lived = [(module, mutant["before"], mutant["after"]) for mutant in found if not mutant["killed"]]
            same += [mutant for mutant in lived if mutant in reasons]
            others += [mutant for mutant in lived if mutant not in reasons]
            n_same = sum(mutant in reasons for mutant in lived)
            counts.append((len(found), len(found) - len(lived), n_same))
            print(_row(f"`{module}`", *counts[-1]), flush=True)
    print(_row("all", *(sum(column) for column in zip(*counts, strict=True))))
    print("\nEquivalent:\n\n| module | line | mutant | why no test could notice it |\n|---|---|---|---|")
    for mutant in same:
        print(_cells(*mutant) + f" {reasons[mutant]} |")
    print("\nOpen:\n\n| module | line | mutant |\n|---|---|---|")
    for mutant in others:
        print(_cells(*mutant))


def _row(name: str, n_mutants: int, n_killed: int, n_equivalent: int) -> str:
    share = n_killed / (n_mutants - n_equivalent)
    n_open = n_mutants - n_killed - n_equivalent
    return f"| {name} | {n_mutants} | {n_killed} | {n_equivalent} | {n_open} | {share:.2f} |"


def _cells(*texts: str) -> str:
    escaped = (text.replace("|", "\\|") for text in texts)
    return "| " + " | ".join(f"`{text}`" for text in escaped) + " |"


if __name__ == "__main__":
    main()
