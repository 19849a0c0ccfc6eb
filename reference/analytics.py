"""The figures of the analyst's record, from the catalogue that computes them."""

from __future__ import annotations

from analytics.catalogue.all_definitions import DEFINITIONS
from reference.markdown import code, table

HEADER = ("figure", "title", "unit", "better", "definition")


def blocks() -> dict[str, str]:
    """One table of all figures."""
    rows = [
        (code(each.name), each.title, each.unit.value, each.better, each.words.replace("*", "×"))
        for each in DEFINITIONS
    ]
    return {"figures": table(HEADER, rows)}
