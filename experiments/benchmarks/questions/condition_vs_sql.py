"""Selecting customers by a condition in the engine, against the SQL that a person would write for it."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from statistics import median

import duckdb
import ibis
import ibis.expr.types as ir
import pyarrow as pa

from features.conditions.on_vectors.vector_condition import VectorCondition
from features.sources import fetch, plain_errors
from segment_model.contract import Column, Kind, VectorContract
from segment_model.errors import SegmentsError

ROUNDS = 9
CONTRACT = VectorContract(
    (
        Column("mrr", Kind.NUMBER),
        Column("days_since_last_event", Kind.COUNT, nullable=True),
        Column("limit_use", Kind.NUMBER, nullable=True),
        Column("plan", Kind.CATEGORY, nullable=True),
        Column("churned", Kind.FLAG),
    )
)
ASKED = "plan in ('entry', 'team') and (days_since_last_event >= 30 or limit_use >= 0.8) and not churned and mrr > 0"
BY_HAND = """
SELECT customer_id FROM vectors
WHERE plan IN ('entry', 'team') AND (days_since_last_event >= 30 OR limit_use >= 0.8) AND churned = 0 AND mrr > 0
"""
MADE = """
COPY (SELECT 'C' || n AS customer_id, (hash(n) % 90)::DOUBLE AS mrr,
    CASE WHEN hash(n + 1) % 10 > 0 THEN (hash(n + 2) % 60)::DOUBLE END AS days_since_last_event,
    CASE WHEN hash(n + 3) % 4 > 0 THEN (hash(n + 4) % 100) / 100.0::DOUBLE END AS limit_use,
    CASE hash(n + 5) % 5 WHEN 0 THEN 'entry' WHEN 1 THEN 'team' WHEN 2 THEN 'scale' WHEN 3 THEN 'free' END AS plan,
    (hash(n + 6) % 2)::DOUBLE AS churned
FROM range({customers}) AS t(n)) TO '{file}'
"""


def condition_vs_sql(customers: int = 1_000_000) -> float:
    """The processor time of our query over that of the SQL, on one Parquet file of vectors: the median of rounds.

    Ours includes reading the condition and compiling it.

    Raises
    ------
    SegmentsError
        If the two do not select the same customers.
    """
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "vectors.parquet"
        duckdb.connect().execute(MADE.format(customers=customers, file=file))
        backend = ibis.duckdb.connect()
        backend.con.execute(f"CREATE VIEW vectors AS SELECT * FROM '{file}'")  # noqa: S608
        with plain_errors("reading the vectors"):
            vectors = backend.table("vectors")
        ratios = []
        for _ in range(ROUNDS):
            ours_begun = time.process_time()
            ours = _selected(vectors)
            hand_begun = time.process_time()
            by_hand = backend.con.sql(BY_HAND).to_arrow_table()
            ratios.append((hand_begun - ours_begun) / max(time.process_time() - hand_begun, 1e-9))
        if sorted(ours["customer_id"].to_pylist()) != sorted(by_hand["customer_id"].to_pylist()):
            raise SegmentsError("the condition and the SQL select different customers")
        return round(median(ratios), 3)


def _selected(vectors: ir.Table) -> pa.Table:
    condition = VectorCondition.read(ASKED, CONTRACT)
    return fetch(condition.selected_from(vectors).select("customer_id"), "selecting by a condition")
