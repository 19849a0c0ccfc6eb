"""The rules of a model's segments as people and programs take them: a table, JSON, and a file of SQL."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pandas as pd

from segment_model.contract import VectorContract
from segment_model.rules import RuleSet

TABLE = "customer_vectors"


def rule_table(rule_sets: Sequence[RuleSet], contract: VectorContract) -> pd.DataFrame:
    """One row a segment: the rule in words and in SQL, precision, coverage and the counts that they come from."""
    rows = [
        {
            "segment_id": one.segment_id,
            "name": one.segment_name,
            "rule": one.words(contract),
            "sql": one.sql(),
            "precision": float("nan") if one.precision is None else one.precision,
            "coverage": float("nan") if one.coverage is None else one.coverage,
            "matched": one.matched,
            "hits": one.hits,
            "size": one.size,
        }
        for one in rule_sets
    ]
    return pd.DataFrame(rows)


def rules_json(rule_sets: Sequence[RuleSet]) -> str:
    """The rules as a JSON list; `RuleSet.from_json` reads each of them."""
    return json.dumps([one.to_json() for one in rule_sets], indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def rules_sql(rule_sets: Sequence[RuleSet], contract: VectorContract) -> str:
    """One query a segment, for DuckDB and PostgreSQL."""
    lines = [
        f"-- Whom each segment's rule matches in {TABLE}, the table of customer vectors; a missing value is NULL.",
        "-- Precision: the share of those matched who are in the segment. Coverage: the share of the segment matched.",
    ]
    for one in rule_sets:
        figures = f"precision {one.hits} of {one.matched} customers, coverage {one.hits} of {one.size}"
        lines += ["", _comment(f"{one.segment_name} ({one.segment_id}): {one.words(contract)}"), _comment(figures)]
        lines += ['SELECT "customer_id"', f"FROM {TABLE}", f"WHERE {one.sql()};"]
    return "\n".join(lines) + "\n"


def _comment(said: str) -> str:
    """One line whatever it holds: a name or a level with a line break must not end the comment."""
    return f"-- {' '.join(said.split())}"
