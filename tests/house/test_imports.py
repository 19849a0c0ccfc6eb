"""No two files of the house import one another, not even for types, inside functions or by a string; and nothing
imports MLflow before `registry.connection` has set its switches."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

import pytest

Graph = dict[str, set[str]]


def module_name(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def imported_modules(tree: ast.Module, known: frozenset[str]) -> Iterator[str]:
    """Every module of the house that a file imports anywhere, or names in a string as `module` or `module:object`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                if full in known:
                    yield full
                elif node.module in known:
                    yield node.module
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and "." in node.value:
            module = node.value.partition(":")[0]
            if module in known:
                yield module


def import_graph(modules: Mapping[str, ast.Module]) -> Graph:
    known = frozenset(module_name(path) for path in modules)
    return {
        module_name(path): set(imported_modules(tree, known)) - {module_name(path)} for path, tree in modules.items()
    }


def packages_at_the_top(tree: ast.Module) -> set[str]:
    """The packages that a file imports when it is imported itself."""
    imported = [alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names]
    imported += [node.module or "" for node in tree.body if isinstance(node, ast.ImportFrom)]
    return {name.partition(".")[0] for name in imported}


def circle_of(graph: Graph) -> list[str]:
    """One circle of imports, the first module again at its end; empty where there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []


def test_there_is_no_circle_of_imports_in_the_house(product: Mapping[str, ast.Module]) -> None:
    circle = circle_of(import_graph(product))
    assert not circle, "a circle of imports: " + " -> ".join(circle)


def test_no_file_imports_mlflow_when_it_is_imported(
    product: Mapping[str, ast.Module], tests: Mapping[str, ast.Module]
) -> None:
    """It takes seconds and keeps the log level of its first import: one test file set it for all the others."""
    assert {path for path, tree in (product | tests).items() if "mlflow" in packages_at_the_top(tree)} == {
        "registry/scoring_model.py"  # MLflow runs it; we never import it
    }


@pytest.mark.parametrize(
    "text",
    [
        "from house.b import name",
        "import house.b",
        "from house import b",
        "def later():\n    from house.b import name",
        "if TYPE_CHECKING:\n    from house.b import name",
        "import_module('house.b')",
        "SERVICE = 'house.b:name'",
    ],
)
def test_every_way_to_import_counts(text: str) -> None:
    modules = {
        "house/__init__.py": ast.parse(""),
        "house/a.py": ast.parse(text),
        "house/b.py": ast.parse("from house.a import name"),
    }
    assert circle_of(import_graph(modules)) in (["house.a", "house.b", "house.a"], ["house.b", "house.a", "house.b"])
