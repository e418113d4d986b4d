"""Checks the docstrings of everything public with numpydoc's validator, as pyproject.toml configures it.

    python .ci/docstrings.py [PACKAGE]

numpydoc's own command reads source without importing it, as this does, and takes a property for a function that must
say what it returns, a helper inside a function for a public one, and the last part of a module's name for the whole.
Only that is different here.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

from numpydoc.hooks.validate_docstrings import DocstringVisitor, parse_config

PROJECT = Path(__file__).resolve().parent.parent


class PublicDocstrings(DocstringVisitor):
    """Numpydoc's visitor, which knows properties and does not look into functions."""

    def visit(self, node: ast.AST) -> None:
        """Visit a node unless it lies in a function."""
        if not any(isinstance(outer, ast.FunctionDef) for outer in self.stack):
            super().visit(node)

    def _ignore_issue(self, node: ast.AST, check: str) -> bool:
        decorators = {ast.unparse(decorator) for decorator in getattr(node, "decorator_list", ())}
        is_property = bool(decorators & {"property", "cached_property"})
        return (check == "RT01" and is_property) or super()._ignore_issue(node, check)


def main() -> None:
    """Print what is missing and end with 1 if anything is."""
    config = parse_config(PROJECT)
    root = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else PROJECT / "lesionvis"
    findings = []
    for path in sorted(root.rglob("*.py")):
        name = path.relative_to(root.parent)
        visitor = PublicDocstrings(str(path), config)
        visitor.module_name = ".".join(name.with_suffix("").parts)
        visitor.visit(ast.parse(path.read_text(encoding="utf-8")))
        findings += visitor.findings
    for place, name, check, description in findings:
        print(f"{place.removeprefix(f'{PROJECT}/')} {name}: {check} {description}")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
