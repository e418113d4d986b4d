"""The house rules that a reader can rely on: who may import whom, what loads when, how long things get."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

# Files and folders directly under lesionvis/ are its rooms. The listing is the architecture: no list of rooms is kept
# here; whatever rooms there are, an order must exist in which each imports only from earlier ones.
MAX_ROOMS = 27
# The package as it is imported, and as a program.
DOORS = ("__init__.py", "__main__.py")
MAX_LEVELS = 14
# A notebook asks an analysis for its picture, which the report draws; and one command trains a model in the lab.
AGAINST_THE_ORDER = {("analysis.py", "report"), ("cli/main.py", "lab")}

# What takes long to load, or is only there for those who train models.
HEAVY = ("sklearn", "scipy", "skimage", "pandas", "matplotlib", "onnxruntime")

MAX_FILE_LINES = 600
# Without the docstring. The two named are tables written as code.
MAX_FUNCTION_LINES = 60
LONG_TABLES = {("lab/render/samples.py", "samples"), ("spots/candidates.py", "_evidence")}

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


def _rooms() -> dict[str, set[str]]:
    """Each room and the rooms that it imports from."""
    rooms: dict[str, set[str]] = {_part(file): set() for file in FILES if file not in DOORS}
    for file in FILES:
        for name in _imported(_tree(file)):
            other = name.split(".")[1]
            if file not in DOORS and other != _part(file) and (file, other) not in AGAINST_THE_ORDER:
                rooms[_part(file)].add(other)
    return rooms


def test_imports_between_rooms_go_one_way() -> None:
    rooms = _rooms()
    levels: dict[str, int] = {}
    for room in TopologicalSorter(rooms).static_order():
        levels[room] = 1 + max((levels[other] for other in rooms[room]), default=0)
    assert set(levels) == set(rooms)
    assert len(rooms) <= MAX_ROOMS
    assert max(levels.values()) <= MAX_LEVELS, levels


def test_nobody_but_the_lab_and_one_command_imports_the_lab() -> None:
    importers = {_part(file) for file in FILES for name in _imported(_tree(file)) if name.split(".")[1] == "lab"}
    assert importers == {"lab", "cli"}
    in_cli = [
        (function.name, name)
        for function in ast.walk(_tree("cli/main.py"))
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


def _loaded_after(code: str) -> set[str]:
    """Top-level modules that a new Python has loaded after running some code."""
    program = f"import sys\n{code}\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(result.stdout.split())


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert not _loaded_after("import lesionvis") & {*HEAVY, "numpy", "cv2", "PIL"}


@pytest.mark.parametrize("module", ["analysis", "cli.main", "batch.run"])
def test_importing_the_program_loads_nothing_heavy(module: str) -> None:
    assert not _loaded_after(f"import lesionvis.{module}") & {*HEAVY, "PIL", "pi_heif"}


def test_analysing_needs_no_training_libraries(project: Path) -> None:
    photo = project / "sample_images" / "angioma.jpg"
    loaded = _loaded_after(f"import lesionvis; lesionvis.analyze({str(photo)!r}).to_json()")
    assert "onnxruntime" in loaded
    assert not loaded & {"sklearn", "scipy", "skimage", "pandas", "matplotlib", "joblib", "skl2onnx"}


def test_a_worker_loads_nothing_heavy_before_its_limits_are_set() -> None:
    loaded = _loaded_after("import lesionvis.batch.worker")
    assert "lesionvis" in loaded
    assert not loaded & {"numpy", "cv2", "onnxruntime", "PIL"}


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
    tests = project / "tests"
    imported = {
        name for path in tests.rglob("test_*.py") for name in _imported(ast.parse(path.read_text(encoding="utf-8")))
    }
    missing = []
    for file in FILES:
        *folders, stem = file.removesuffix(".py").split("/")
        # A room within a room may be tested as a whole.
        whole = tests.joinpath(*folders[:-1], f"test_{folders[-1]}.py") if len(folders) > 1 else None
        own = tests.joinpath(*folders, f"test_{stem}.py")
        if stem.startswith("__") or own.is_file() or (whole is not None and whole.is_file()):
            continue
        if not any(name == _module(file) or name.startswith(f"{_module(file)}.") for name in imported):
            missing.append(file)
    assert missing == []


def test_data_files_lie_beside_the_code_that_reads_them() -> None:
    data = [path for path in PACKAGE.rglob("*") if path.suffix in {".csv", ".json", ".html", ".j2", ".toml"}]
    source = "\n".join((PACKAGE / file).read_text(encoding="utf-8") for file in FILES)
    assert data
    assert [path.name for path in data if path.name not in source] == []


def test_types_are_frozen_and_have_slots() -> None:
    plain = [
        f"{file}: {node.name}"
        for file in FILES
        for node in ast.walk(_tree(file))
        if isinstance(node, ast.ClassDef) and _is_bare(node)
    ]
    # It gathers numbers while the photos pass by.
    assert plain == ["report/page.py: _Content"]


def test_types_that_hold_arrays_are_compared_by_identity() -> None:
    # Comparing them field by field would end in "the truth value of an array is ambiguous", and they could not be keys.
    compared = [
        f"{file}: {node.name}"
        for file in FILES
        for node in ast.walk(_tree(file))
        if isinstance(node, ast.ClassDef) and _holds_arrays(node) and "eq=False" not in _decorators(node)
    ]
    assert compared == []


def _holds_arrays(node: ast.ClassDef) -> bool:
    """Whether a dataclass has a field of arrays."""
    fields = (ast.unparse(line.annotation) for line in node.body if isinstance(line, ast.AnnAssign))
    return "dataclass(" in _decorators(node) and any("NDArray" in field for field in fields)


def _decorators(node: ast.ClassDef) -> str:
    return " ".join(ast.unparse(decorator) for decorator in node.decorator_list)


def _is_bare(node: ast.ClassDef) -> bool:
    """Whether a class has annotated fields without being a dataclass that is frozen and has slots."""
    has_fields = any(isinstance(line, ast.AnnAssign) for line in node.body)
    decorators = [ast.unparse(decorator) for decorator in node.decorator_list]
    return has_fields and not any(
        decorator.startswith("dataclass(") and "frozen=True" in decorator and "slots=True" in decorator
        for decorator in decorators
    )
