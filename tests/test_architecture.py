"""The house rules that a reader can rely on: who may import whom, what loads when, how long things get."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

# Modules and folders of the package, earlier to later: each imports only from itself and from what stands before it.
ORDER = (
    "errors",
    "json_ready",
    "checks",
    "labels",
    "icc",
    "guards",
    "decode",
    "noise",
    "photo",
    "color",
    "models",
    "scale",
    "skin",
    "spots",
    "shape",
    "measure",
    "features",
    "flags",
    "reasons",
    "pattern",
    "conditions",
    "answers",
    "abcde",
    "rules",
    "wording",
    "circumstances",
    "photo_evidence",
    "advice",
    "triage",
    "analysis",
    "landmarks",
    "register",
    "contrast",
    "pallor",
    "stretch",
    "blanch",
    "matching",
    "interval",
    "series",
    "report",
    "settings",
    "batch",
    "diary",
    "doctor",
    "cli_parts",
    "cli_pairs",
    "cli_diary",
    "cli",
    "lab",
)
# Two imports run against the order, inside the functions that use them: a notebook asks the analysis itself for its
# picture, and one command lets people train a model of their own in the lab.
AGAINST_THE_ORDER = {("analysis.py", "report"), ("cli.py", "lab")}

TOP_LEVEL = {
    ".ci",
    ".gitignore",
    ".pre-commit-config.yaml",
    "CHANGELOG.md",
    "CITATION.cff",
    "CONTRIBUTING.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "benchmarks",
    "docs",
    "lesionvis",
    "models",
    "notebooks",
    "pyproject.toml",
    "sample_images",
    "sample_pairs",
    "tests",
}

# What takes long to load, or is only there for those who train models.
HEAVY = ("sklearn", "scipy", "skimage", "pandas", "matplotlib", "onnxruntime")

MAX_FILE_LINES = 400
# Without the docstring. The two named are tables written as code.
MAX_FUNCTION_LINES = 60
LONG_TABLES = {("lab/samples.py", "samples"), ("spots/evidence.py", "_evidence")}

WINDOWS = {"imshow", "waitKey", "namedWindow", "destroyAllWindows", "destroyWindow", "selectROI", "createTrackbar"}

PACKAGE = Path(__file__).resolve().parent.parent / "lesionvis"
FILES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))


@cache
def _tree(file: str) -> ast.Module:
    return ast.parse((PACKAGE / file).read_text(encoding="utf-8"), file)


def _part(file: str) -> str:
    """Module or folder of the package that a file belongs to."""
    return file.split("/")[0].removesuffix(".py")


def _module(file: str) -> str:
    """Dotted name of a file."""
    name = "lesionvis." + file.removesuffix(".py").replace("/", ".")
    return name.removesuffix(".__init__")


def _imported(tree: ast.AST) -> Iterator[str]:
    """Dotted names of lesionvis that a tree imports, anywhere in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("lesionvis."))
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports name the package in full"
            if node.module == "lesionvis":
                yield from (f"lesionvis.{alias.name}" for alias in node.names if not alias.name.startswith("__"))
            elif node.module and node.module.startswith("lesionvis."):
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _known_module(name: str) -> str | None:
    """The file's module that an imported name belongs to: itself, or the module that it is taken from."""
    modules = {_module(file) for file in FILES}
    while name not in modules and "." in name:
        name = name.rpartition(".")[0]
    return name if name in modules and name != "lesionvis" else None


@pytest.mark.parametrize("file", [file for file in FILES if file != "__init__.py"])
def test_imports_go_one_way(file: str) -> None:
    part = _part(file)
    assert part in ORDER, f"{part} has no place in ORDER yet: after what it imports, before what imports it"
    for name in _imported(_tree(file)):
        other = name.split(".")[1]
        if (file, other) not in AGAINST_THE_ORDER:
            assert ORDER.index(other) <= ORDER.index(part), f"{file} imports {name}"


def test_nobody_but_the_lab_and_one_command_imports_the_lab() -> None:
    importers = {_part(file) for file in FILES for name in _imported(_tree(file)) if name.split(".")[1] == "lab"}
    assert importers == {"lab", "cli"}
    in_cli = [
        (function.name, name)
        for function in ast.walk(_tree("cli.py"))
        if isinstance(function, ast.FunctionDef)
        for name in _imported(function)
        if name.split(".")[1] == "lab"
    ]
    assert in_cli == [("train", "lesionvis.lab.own_training.train_own")]


def test_files_do_not_import_in_circles() -> None:
    graph = {
        _module(file): {module for name in _imported(_tree(file)) if (module := _known_module(name)) is not None}
        for file in FILES
        if not file.endswith("__init__.py") and file != "analysis.py"
    }
    # A folder's __init__ only passes names on.
    graph = {module: {other for other in others if other in graph} - {module} for module, others in graph.items()}
    assert len(list(TopologicalSorter(graph).static_order())) == len(graph)


def test_the_order_has_no_forgotten_names() -> None:
    assert len(set(ORDER)) == len(ORDER)
    assert set(ORDER) == {_part(file) for file in FILES} - {"__init__"}


def _loaded_after(code: str) -> set[str]:
    """Top-level modules that a new Python has loaded after running some code."""
    program = f"import sys\n{code}\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(result.stdout.split())


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert not _loaded_after("import lesionvis") & {*HEAVY, "numpy", "cv2", "PIL"}


@pytest.mark.parametrize("module", ["analysis", "cli", "batch"])
def test_importing_the_program_loads_nothing_heavy(module: str) -> None:
    assert not _loaded_after(f"import lesionvis.{module}") & {*HEAVY, "PIL", "pi_heif"}


def test_analysing_needs_no_training_libraries(project: Path) -> None:
    photo = project / "sample_images" / "angioma.jpg"
    loaded = _loaded_after(f"import lesionvis; lesionvis.analyze({str(photo)!r}).to_json()")
    assert "onnxruntime" in loaded
    assert not loaded & {"sklearn", "scipy", "skimage", "pandas", "matplotlib", "joblib", "skl2onnx"}


@pytest.mark.parametrize("file", FILES)
def test_no_file_opens_a_window(file: str) -> None:
    called = {node.attr for node in ast.walk(_tree(file)) if isinstance(node, ast.Attribute)}
    assert not called & WINDOWS


@pytest.mark.parametrize("file", FILES)
def test_files_and_functions_stay_short(file: str) -> None:
    assert len((PACKAGE / file).read_text(encoding="utf-8").splitlines()) <= MAX_FILE_LINES
    for node in ast.walk(_tree(file)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (file, node.name) not in LONG_TABLES:
            has_docstring = ast.get_docstring(node) is not None
            first = node.body[1] if has_docstring and len(node.body) > 1 else node.body[0]
            assert (node.end_lineno or 0) - first.lineno + 2 <= MAX_FUNCTION_LINES, node.name


def test_every_module_has_its_test(project: Path) -> None:
    tests = {path.stem: ast.parse(path.read_text(encoding="utf-8")) for path in (project / "tests").glob("test_*.py")}
    imported = {name for tree in tests.values() for name in _imported(tree)}
    missing = []
    for file in FILES:
        *folders, stem = file.removesuffix(".py").split("/")
        if stem.startswith("__"):
            continue
        names = {f"test_{stem}", "_".join(["test", *folders, stem])}
        by_name = names & set(tests) or any(f"{test}_".startswith(f"test_{(folders or [stem])[0]}_") for test in tests)
        by_import = any(name.startswith(_module(file) + ".") or name == _module(file) for name in imported)
        if not (by_import if folders == ["lab"] else by_name):
            missing.append(file)
    assert missing == []


def test_the_checkout_holds_what_it_should(project: Path) -> None:
    ignored = [line.strip("/") for line in (project / ".gitignore").read_text(encoding="utf-8").split()]
    found = {path.name for path in project.iterdir() if not any(fnmatch(path.name, pattern) for pattern in ignored)}
    assert found - {".git"} == TOP_LEVEL


def test_data_files_lie_beside_the_code_that_reads_them() -> None:
    data = [path for path in PACKAGE.rglob("*") if path.suffix in {".csv", ".json", ".html", ".j2", ".toml"}]
    source = "\n".join((PACKAGE / file).read_text(encoding="utf-8") for file in FILES)
    assert data
    assert [path.name for path in data if path.name not in source] == []
