"""Only assigners and candidates know which algorithm they are: everything else asks them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

import pytest

from segment_model.assigners.all_assigners import ASSIGNERS
from training.candidates.all_candidates import ALGORITHMS

HOMES = ("segment_model/assigners/", "training/candidates/")
NAMES = frozenset(
    {assigner.KIND for assigner in ASSIGNERS}
    | {assigner.ALGORITHM for assigner in ASSIGNERS}
    | {settings.algorithm_name() for settings in ALGORITHMS}
)
CLASSES = frozenset({assigner.__name__ for assigner in ASSIGNERS} | {settings.__name__ for settings in ALGORITHMS})


def classes_at_home(product: Mapping[str, ast.Module]) -> frozenset[str]:
    """The registered classes, and every other class that a file of an algorithm defines beside them."""
    defined = {
        node.name
        for path, tree in product.items()
        if path.startswith(HOMES) and CLASSES & {n.name for n in ast.walk(tree) if isinstance(n, ast.ClassDef)}
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    return frozenset(defined) | CLASSES


def questions(tree: ast.Module, classes: frozenset[str]) -> Iterator[tuple[int, str]]:
    """Where a module asks which algorithm it has: by class, by `type(...)`, by a pattern or by a name."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="isinstance"), args=[_, kinds]):
                names = {n.id for n in ast.walk(kinds) if isinstance(n, ast.Name)}
                if names & classes:
                    yield node.lineno, f"isinstance of {', '.join(sorted(names & classes))}"
            case ast.Compare():
                sides = [node.left, *node.comparators]
                texts = {n.value for side in sides for n in ast.walk(side) if isinstance(n, ast.Constant)}
                if texts & NAMES:
                    yield node.lineno, f"a comparison with {', '.join(sorted(map(str, texts & NAMES)))}"
                if {n.id for side in sides for n in ast.walk(side) if isinstance(n, ast.Name)} & classes:
                    yield node.lineno, "a comparison with a class"
            case ast.Match(cases=cases):
                patterns = [part for case in cases for part in ast.walk(case.pattern)]
                texts = {p.value.value for p in patterns if isinstance(p, ast.MatchValue) and hasattr(p.value, "value")}
                kinds_matched = {n.id for p in patterns for n in ast.walk(p) if isinstance(n, ast.Name)}
                if texts & NAMES or kinds_matched & classes:
                    yield node.lineno, "a pattern"
            case ast.Subscript(value=ast.Dict(keys=keys)):
                if {k.value for k in keys if isinstance(k, ast.Constant)} & NAMES:
                    yield node.lineno, "a table by algorithm"


def test_nothing_else_asks_which_algorithm_it_has(product: Mapping[str, ast.Module]) -> None:
    classes = classes_at_home(product)
    places = [
        f"{path}:{line} {what}"
        for path, tree in product.items()
        if not path.startswith(HOMES)
        for line, what in questions(tree, classes)
    ]
    assert not places, "ask the assigner or the candidate:\n" + "\n".join(places)


@pytest.mark.parametrize(
    "text",
    [
        "isinstance(model.assigner, NearestCentroid)",
        "isinstance(entry, (KMeansSettings, str))",
        "type(model.assigner) is NearestCore",
        "model.assigner.KIND == 'nearest_core'",
        "'hdbscan' in algorithms",
        "match kind:\n    case 'kmeans':\n        pass",
        "match assigner:\n    case NearestCentroid():\n        pass",
        "{'nearest_core': 'hdbscan'}[kind]",
    ],
)
def test_every_way_to_ask_is_seen(text: str) -> None:
    assert list(questions(ast.parse(text), CLASSES))
