from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

from lesionvis import errors
from lesionvis.errors import LesionvisError

KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]
FILES = sorted((Path(__file__).resolve().parent.parent / "lesionvis").rglob("*.py"))


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_can_be_caught_as_one(kind: type[Exception]) -> None:
    assert issubclass(kind, LesionvisError)
    assert str(kind("The photo is empty.")) == "The photo is empty."
    assert (kind.__doc__ or "").endswith(".")


def _text(node: ast.expr) -> str:
    """Literal text of a message, with X for what is filled in."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(value) for value in node.values)
    if isinstance(node, ast.BinOp):
        return _text(node.left) + _text(node.right)
    return "X"


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)
def test_messages_are_one_sentence(file: Path) -> None:
    names = {kind.__name__ for kind in KINDS}
    raised = [node.exc for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, ast.Raise)]
    for call in raised:
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in names:
            message = _text(call.args[0])
            assert "\n" not in message
            assert message.endswith((".", "X")), message
