"""HTML stands in templates and files, which escape texts; no string of the code holds a tag."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

import pytest

TAG = re.compile(r"</|<!doctype|(?<!\?P)<[a-z][a-z0-9]*[ >/]", re.IGNORECASE)  # no comment, no named group
NO_HTML = {"Bearer <key>", "sha256:<hex>"}  # placeholders in descriptions


def strings_with_tags(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The string constants with a tag, by line; docstrings are no output."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and ast.get_docstring(node) and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            text = node.value
            for placeholder in NO_HTML:
                text = text.replace(placeholder, "")
            if TAG.search(text):
                yield node.lineno, node.value


def test_no_string_holds_a_tag(product: Mapping[str, ast.Module]) -> None:
    places = [
        f"{path}:{line} {text[:60]!r}" for path, tree in product.items() for line, text in strings_with_tags(tree)
    ]
    assert not places, "write a template:\n" + "\n".join(places)


@pytest.mark.parametrize("text", ["a = '<p>'", "a = f'<td class=\"x\">{cell}'", "a = 'x</b>'", "b = '<!doctype html>'"])
def test_every_kind_of_tag_is_seen(text: str) -> None:
    assert list(strings_with_tags(ast.parse(text)))


def test_a_comparison_and_a_docstring_are_no_tags() -> None:
    assert not list(strings_with_tags(ast.parse("def f():\n    '''Writes <name>.csv.'''\n    return 'a < b'")))
