"""The table of docs/torture.md names tests that exist, and says what they found."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from experiments.torture import DEMANDS, page, read_results

TESTS = Path(__file__).resolve().parent.parent
REPORT = """<testsuites><testsuite>
<testcase classname="tests.torture.test_soak" name="test_memory_does_not_grow">
<properties><property name="requests" value="1200"/></properties></testcase>
<testcase classname="tests.serving.wire.test_fuzz" name="test_a[x]"/>
<testcase classname="tests.serving.wire.test_fuzz" name="test_a[y]"/>
<testcase classname="tests.torture.test_secrets" name="test_c"/>
<testcase classname="tests.torture.test_secrets" name="test_d[x]"><skipped message="no"/></testcase>
<testcase classname="tests.torture.test_secrets" name="test_d[y]"><skipped message="no"/></testcase>
<testcase classname="tests.serving.test_workers" name="test_two_workers_from_their_start_to_their_end">
<skipped message="no"/></testcase>
<testcase classname="tests.serving.wire.test_refusals" name="test_b"><failure message="no"/></testcase>
</testsuite></testsuites>"""


@pytest.mark.parametrize("named", sorted({test for demand in DEMANDS for test in demand.tests}))
def test_every_test_that_is_named_is_there(named: str) -> None:
    module, _, name = named.partition("::")
    tree = ast.parse((TESTS / module).read_text(encoding="utf-8"))
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert not name or name in functions


def test_the_table_says_what_was_found() -> None:
    text = page(read_results(REPORT), "2 cores", "2026-11-22", full=True)
    rows = {line.split(" | ")[0]: line for line in text.splitlines() if line.startswith("| ")}
    assert len(rows) == len(DEMANDS) + 1
    assert "| passed | requests: 1200 |" in rows["| 2"]
    assert "| **failed** (1 of 3) |" in rows["| 12"]
    assert "| passed, 2 skipped |" in rows["| 19"], "what was skipped is not hidden behind what passed"
    assert "| not run, 1 skipped |" in rows["| 8"]
    assert "| not run |" in rows["| 20"]
    assert "2 cores, at full size" in text


def test_the_marker_is_on_what_is_named_and_on_nothing_else(request: pytest.FixtureRequest) -> None:
    """Of all that was collected: so `-m torture` runs every demand."""
    named = {test for demand in DEMANDS for test in demand.tests}
    for item in request.session.items:
        module = item.path.relative_to(TESTS).as_posix()
        wanted = not named.isdisjoint({module, f"{module}::{item.name.partition('[')[0]}"})
        assert (item.get_closest_marker("torture") is not None) == wanted, item.nodeid
