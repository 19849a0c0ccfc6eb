"""Names say what a thing is: words that name nothing are no names of variables, parameters or functions."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping

import pytest

NAME_NOTHING = frozenset({"found", "told", "there", "one", "said", "some", "given"})
# what the words above must not be replaced by: no more of each than when they were still in use
MOST_OF_PRODUCT = {"result": 37, "item": 3, "value": 150, "data": 4, "obj": 0, "thing": 0, "x": 4}
MOST_OF_TESTS = {"result": 25, "item": 2, "value": 81, "data": 17, "obj": 0, "thing": 0, "x": 8}


def bound_names(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Each name that a module gives to a variable, parameter, function or class, and its line.

    Fields of pydantic models are left out where they are the keys of JSON bodies, which clients rely on.
    """
    keys = {id(node) for node in json_keys(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and id(node) not in keys:
            yield node.id, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, node.lineno


def json_keys(tree: ast.Module) -> Iterator[ast.expr]:
    """The annotated fields of the models of request and response bodies."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and any(isinstance(b, ast.Name) and b.id == "WireModel" for b in node.bases):
            yield from (field.target for field in node.body if isinstance(field, ast.AnnAssign))


@pytest.mark.parametrize("side", ["product", "tests"])
def test_no_name_names_nothing(side: str, request: pytest.FixtureRequest) -> None:
    modules: Mapping[str, ast.Module] = request.getfixturevalue(side)
    places = [
        f"{path}:{line} {name}"
        for path, tree in modules.items()
        for name, line in bound_names(tree)
        if name in NAME_NOTHING
    ]
    assert not places, "what is it really?\n" + "\n".join(places)


@pytest.mark.parametrize(("side", "most"), [("product", MOST_OF_PRODUCT), ("tests", MOST_OF_TESTS)])
def test_vague_names_do_not_grow(side: str, most: Mapping[str, int], request: pytest.FixtureRequest) -> None:
    modules: Mapping[str, ast.Module] = request.getfixturevalue(side)
    counts = Counter(name for tree in modules.values() for name, _ in bound_names(tree))
    grown = {name: counts[name] for name, limit in most.items() if counts[name] > limit}
    assert not grown, f"more than {most}: {grown}"
