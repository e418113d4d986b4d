"""Mutation testing: a sample of small faults in the lines that measure and compare, and how many the tests notice.

Cosmic Ray makes the mutants (operators swapped, numbers one higher or lower, comparisons and conditions changed). Each
is written into a copy of the checkout and meets the tests of its room, those of its own file first, until one fails.

Run: pip install cosmic-ray; python benchmarks/mutation.py [mutants per module] [results.jsonl]

With a file of results a stopped run goes on, and the survivors can be read there. Take their lines out of it to let
them meet new tests.
"""

from __future__ import annotations

import ast
import compileall
import contextlib
import json
import os
import py_compile
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

PROJECT = Path(__file__).resolve().parent.parent
SEED = 1
# A mutant whose tests need more time of the processor than this runs in circles, and counts as killed.
CPU_LIMIT_S = 400
# Modules, each with the tests that it meets first; those of its whole room come after.
MODULES = {
    "spots/table.py": "tests/spots/test_table.py",
    "spots/shape.py": "tests/spots/test_shape.py",
    "spots/outlines.py": "tests/spots/test_outlines.py",
    "scale/base.py": "tests/scale/test_base.py",
    "scale/given.py": "tests/scale/test_given.py",
    "scale/coin.py": "tests/scale/test_coin.py",
    "scale/card/marker.py": "tests/scale/card/test_marker.py",
    "scale/ruler/finder.py": "tests/scale/test_ruler.py",
    "scale/ruler/units.py": "tests/scale/ruler/test_ticks.py",
    "scale/ruler/ticks.py": "tests/scale/ruler/test_ticks.py",
    "abcde/criteria.py": "tests/abcde/test_criteria.py",
    "abcde/numbers.py": "tests/abcde/test_numbers.py",
    "abcde/patch.py": "tests/abcde/test_patch.py",
    "abcde/seven_points.py": "tests/abcde/test_seven_points.py",
    "compare/contrast.py": "tests/compare/test_contrast.py",
    "compare/registration.py": "tests/compare/test_registration.py",
    "compare/blanch.py": "tests/compare/test_blanch.py",
    "compare/series.py": "tests/compare/test_series.py",
}
# What holds of the types of every module.
TYPES = "tests/test_architecture.py::test_types_are_frozen_and_have_slots"
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


def sample(module: str, count: int) -> list[dict[str, Any]]:
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
    generator = np.random.default_rng([SEED, zlib.crc32(module.encode())])
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


def is_killed(module: str, code: str) -> bool:
    """Whether a test fails with a module's code replaced."""
    path = Path("lesionvis") / module
    original = path.read_text(encoding="utf-8")
    path.write_text(code, encoding="utf-8")
    try:
        return tests_fail(module)
    finally:
        path.write_text(original, encoding="utf-8")


def tests_fail(module: str) -> bool:
    """Run a module's own tests until one fails, then those of its room."""
    own, room = MODULES[module], f"tests/{module.split('/')[0]}"
    return _fails(own, TYPES) or _fails(room, f"--ignore={own}")


def _fails(*arguments: str) -> bool:
    """Run tests in a process of their own until one fails."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *arguments]
    limit = partial(resource.setrlimit, resource.RLIMIT_CPU, (CPU_LIMIT_S, CPU_LIMIT_S))
    return (
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=limit).returncode != 0
    )


def tested(module: str, count: int, results: Path) -> Iterator[dict[str, Any]]:
    """Mutants of a module with their results, known or new."""
    lines = results.read_text(encoding="utf-8").splitlines() if results.exists() else []
    known = {(result["mutant"], result["before"]): result for result in map(json.loads, lines)}
    for mutant in sample(module, count):
        key, code = (mutant["mutant"], mutant["before"]), mutant.pop("code")
        if key not in known:
            known[key] = mutant | {"killed": is_killed(module, code)}
            with results.open("a", encoding="utf-8") as file:
                file.write(json.dumps(known[key]) + "\n")
        yield known[key]


def main() -> None:
    """Print the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 25
    with tempfile.TemporaryDirectory() as folder:
        results = Path(sys.argv[2]).resolve() if len(sys.argv) > 2 else Path(folder) / "results.jsonl"
        checkout = Path(folder) / "checkout"
        copied(checkout)
        os.chdir(checkout)
        # The copy is what is tested, whatever is installed.
        os.environ["PYTHONPATH"] = str(checkout)
        rooms = {f"tests/{module.split('/')[0]}" for module in MODULES}
        if not results.exists() and any(_fails(tests) for tests in sorted({TYPES} | rooms | set(MODULES.values()))):
            raise SystemExit("Tests fail without any fault.")
        print("| module | mutants | killed | share |\n|---|---|---|---|")
        killed, total = 0, 0
        for module in MODULES:
            found = list(tested(module, count, results))
            n_killed = sum(mutant["killed"] for mutant in found)
            print(f"| `{module}` | {len(found)} | {n_killed} | {n_killed / len(found):.2f} |", flush=True)
            killed, total = killed + n_killed, total + len(found)
        print(f"| all | {total} | {killed} | {killed / total:.2f} |")


if __name__ == "__main__":
    main()
