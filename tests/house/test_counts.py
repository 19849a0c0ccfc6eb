"""A message never says "1 customers": a number before a plural noun comes from `counted`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

import pytest

NOUNS = (
    *("customers", "rows", "segments", "columns", "values", "trials", "versions", "candidates", "models", "levels"),
    *("features", "components", "runs", "requests", "orders", "events", "characters", "files", "tables", "ids"),
    *("exemplars", "cards", "packages", "assignments", "groups", "entries", "keys", "pairs", "moments", "sheets"),
)
BEFORE_PLURAL = re.compile(rf"^ (?:(?:basis|[a-z]*[a-rt-z]) )?(?:{'|'.join(NOUNS)})\b")
# numbers that are more than 1 wherever they are written
NEVER_ONE = frozenset(
    {
        "KMeans, {self.segments} segments",
        "KMeans allowing for correlation, {self.segments} segments",
        "{least} components",
        "{least} to {most} components",
        "{components} components, {covariance} covariance: {error}",
        "a gap separates {gaps} of {pairs} pairs of neighbouring segments, the others pass into each other",
        "{number} customers of this id",
        "1 to {most} customers",
        "a request carries 1 to {most} customers, this one {len(customers)}",
        "fewer than {self.segments} different customers",
        "fewer than {self.segments[0]} different customers",
        "{self.method} {self.path} runs on the lane IMMEDIATE, which reads no request",
    }
)
PRINTED_BY_BENCHMARKS = ("experiments/benchmarks/", "experiments/generated_tables/", "experiments/load/")


def plurals_after_numbers(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The f-strings in which a value stands before a plural noun; a constant such as `MOST_ROWS` is no value."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.JoinedStr):
            continue
        for number, text in zip(node.values, node.values[1:], strict=False):
            if not isinstance(number, ast.FormattedValue) or not isinstance(text, ast.Constant):
                continue
            is_constant = isinstance(number.value, ast.Name) and number.value.id.isupper()
            if not is_constant and not is_share(number) and BEFORE_PLURAL.match(str(text.value)):
                yield node.lineno, ast.unparse(node)[2:-1]


def plurals_by_hand(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """An "s" that depends on whether a number is 1, or a text that begins with 1 where it is."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.IfExp) or not isinstance(node.test, ast.Compare):
            continue
        texts = [str(branch.value) for branch in (node.body, node.orelse) if isinstance(branch, ast.Constant)]
        with_one = isinstance(node.test.ops[0], ast.Eq) and ast.unparse(node.test.comparators[0]) == "1"
        if with_one and (sorted(texts) == ["", "s"] or any(text.startswith("1 ") for text in texts)):
            yield node.lineno, ast.unparse(node)


def is_share(number: ast.FormattedValue) -> bool:
    """Whether a number is written as a percentage: "0.5% of the customers" is right of any number."""
    return number.format_spec is not None and ast.unparse(number.format_spec).rstrip("'\"").endswith("%")


def test_no_number_stands_before_a_plural(product: Mapping[str, ast.Module]) -> None:
    places = [
        f"{path}:{line} {text}"
        for path, tree in product.items()
        if not path.startswith(PRINTED_BY_BENCHMARKS)
        for line, text in (*plurals_after_numbers(tree), *plurals_by_hand(tree))
        if text not in NEVER_ONE
    ]
    assert not places, "write `counted(number, noun)`:\n" + "\n".join(places)


@pytest.mark.parametrize(
    "text",
    ['f"{n} customers"', 'f"left out {len(rows):,} rows"', 'f"{a}: {n} other levels"', 'f"{n} " "customers are few"'],
)
def test_every_way_to_write_a_plural_is_seen(text: str) -> None:
    assert list(plurals_after_numbers(ast.parse(text)))


@pytest.mark.parametrize(
    "text", ['f"{MOST_ROWS} rows"', 'f"{name} holds rows"', 'f"{share:.0%} customers"', '"2 rows"']
)
def test_what_is_no_count_is_left_alone(text: str) -> None:
    assert not list(plurals_after_numbers(ast.parse(text)))


def test_a_plural_by_hand_is_seen_too() -> None:
    assert list(plurals_by_hand(ast.parse("f\"{n} row{'' if n == 1 else 's'}\"")))
    assert list(plurals_by_hand(ast.parse("words = '1 row is' if len(rows) == 1 else f'{len(rows)} rows are'")))
    assert not list(plurals_by_hand(ast.parse("verb = 'is' if len(rows) == 1 else 'are'")))
