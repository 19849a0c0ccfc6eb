"""The exported rules of a model's segments: a table, a JSON file and a SQL file."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pandas as pd

from segment_model.contract import VectorContract
from segment_model.errors import counted
from segment_model.rules import RuleSet

TABLE = "customer_vectors"


def rule_table(rule_sets: Sequence[RuleSet], contract: VectorContract) -> pd.DataFrame:
    """One row a segment: the rule in words and in SQL, its precision and coverage, and their counts."""
    rows = [
        {
            "segment_id": rules.segment_id,
            "name": rules.segment_name,
            "rule": rules.words(contract),
            "sql": rules.sql(),
            "precision": float("nan") if rules.precision is None else rules.precision,
            "coverage": float("nan") if rules.coverage is None else rules.coverage,
            "matched": rules.matched,
            "hits": rules.hits,
            "size": rules.size,
        }
        for rules in rule_sets
    ]
    return pd.DataFrame(rows)


def rules_json(rule_sets: Sequence[RuleSet]) -> str:
    """The rules as a JSON list; `RuleSet.from_json` reads each of them."""
    return json.dumps([rules.to_json() for rules in rule_sets], indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def rules_sql(rule_sets: Sequence[RuleSet], contract: VectorContract) -> str:
    """One query a segment, for DuckDB and PostgreSQL."""
    lines = [
        f"-- Whom each segment's rule matches in {TABLE}, the table of customer vectors; a missing value is NULL.",
        "-- Precision: the share of those matched who are in the segment. Coverage: the share of the segment matched.",
    ]
    for rules in rule_sets:
        figures = (
            f"precision {rules.hits} of {counted(rules.matched, 'customer')}, coverage {rules.hits} of {rules.size}"
        )
        lines += [
            "",
            _comment(f"{rules.segment_name} ({rules.segment_id}): {rules.words(contract)}"),
            _comment(figures),
        ]
        lines += ['SELECT "customer_id"', f"FROM {TABLE}", f"WHERE {rules.sql()};"]
    return "\n".join(lines) + "\n"


def _comment(text: str) -> str:
    """A SQL comment in one line: a line break in a name or a level must not end it."""
    return f"-- {' '.join(text.split())}"
