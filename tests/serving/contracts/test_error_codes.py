"""The declared error codes are exactly those that the service's source raises."""

from __future__ import annotations

import ast
from pathlib import Path

import serving
from serving.contracts.errors import CODES


def raised() -> set[tuple[int, str]]:
    """Status and code of every refusal that the service's source can raise."""
    refusals = set()
    for path in sorted(Path(serving.__path__[0]).rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        named = {
            target.id: texts(node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            if called == "Refusal" and isinstance(call.args[0], ast.Constant):
                refusals |= {(int(str(call.args[0].value)), code) for code in texts(call.args[1])}
            elif called == "raise_any":
                first = call.args[0]
                codes = named[first.id] if isinstance(first, ast.Name) else texts(first)
                refusals |= {(422, code) for code in codes}
    return refusals


def texts(node: ast.AST) -> set[str]:
    return {part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)}


def test_every_code_that_is_raised_is_declared_and_no_other() -> None:
    assert {(status, code) for status, codes in CODES.items() for code in codes} == raised()
