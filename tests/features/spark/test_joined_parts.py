"""The engine's own joining and checks, on DuckDB: they are of no engine, and Spark is slow to start."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa
import pytest

from features.groups.all_groups import Part, joined
from features.joining.alike_ids import AlikeInTables
from features.settings import IdSettings
from features.sources import fetch
from features.spark.between_tables import overlap_notices_of, overlap_sums, tables_of
from features.spark.contract_checks import fault_sums, refuse_faults
from features.spark.joined_parts import joined_parts
from segment_model.contract import Column, Kind, VectorContract
from segment_model.errors import SourceError

FREQUENCY = Column("frequency", Kind.COUNT)
RECENCY = Column("recency_days", Kind.COUNT, nullable=True)
SHARE = Column("share", Kind.SHARE, nullable=True)
PLAN = Column("plan", Kind.CATEGORY, nullable=True)
CONTRACT = VectorContract((FREQUENCY, RECENCY, SHARE, PLAN))


def in_memory(table: ir.Table) -> pd.DataFrame:
    return fetch(table, "a table").to_pandas()


def part(table: str, columns: tuple[Column, ...], **values: list[object]) -> Part:
    return Part(ibis.memtable(pa.table(values)), columns, table)


def parts(ids: list[object]) -> list[Part]:
    """Orders of two customers; events of the second and a third, whose ids are numbers or text."""
    first, second, third = ids
    return [
        part("orders", (FREQUENCY, RECENCY), customer_id=[first, second], frequency=[2.0, 1.0], recency_days=[3, 9]),
        part("events", (SHARE,), customer_id=[second, third], share=[0.5, None]),
        part("subscriptions", (PLAN,), customer_id=[third], plan=["pro"]),
    ]


@pytest.mark.parametrize("ids", [["A", "B", "ß"], [1, 2, 30]])
def test_parts_join_as_in_memory(ids: list[object]) -> None:
    own = parts(ids)
    frames = [in_memory(each.table).set_index("customer_id") for each in own]
    for frame in frames:
        frame.index = frame.index.astype("str")
    expected = joined(frames, CONTRACT)
    table = in_memory(joined_parts(own, CONTRACT)).set_index("customer_id").sort_index()
    pd.testing.assert_frame_equal(
        table[list(CONTRACT.names)].astype(expected.dtypes.to_dict()), expected, check_index_type=False
    )
    assert table.loc[str(ids[1]), ["rows in orders", "rows in events", "rows in subscriptions"]].tolist() == [1, 1, 0]


def test_a_single_part_without_rows() -> None:
    own = [part("orders", (FREQUENCY,), customer_id=["A"], frequency=[1.0])]
    own = [Part(own[0].table.filter(False), own[0].columns, "orders")]
    assert in_memory(joined_parts(own, VectorContract((FREQUENCY,)))).empty


def totals_of(own: list[Part]) -> tuple[list[str], dict[str, object]]:
    table = joined_parts(own, CONTRACT)
    return tables_of(table), fetch(table.aggregate(**overlap_sums(table)), "sums").to_pylist()[0]


def test_shared_ids_are_counted() -> None:
    names, totals = totals_of(parts(["A", "B", "C"]))
    assert names == ["orders", "events", "subscriptions"]
    lines = [notice.line for notice in overlap_notices_of(names, totals, AlikeInTables(), IdSettings())]
    assert lines[:2] == [
        "orders: of its 2 ids, 1 is in events (2 ids) and 0 are in subscriptions (1 id)",
        "events: of its 2 ids, 1 is in subscriptions (1 id)",
    ]
    assert "'A' only in orders, 'C' only in subscriptions" in lines[2]


def test_tables_without_a_shared_id_are_refused_unless_allowed() -> None:
    own = [
        part("orders", (FREQUENCY,), customer_id=["A"], frequency=[1.0]),
        part("events", (SHARE,), customer_id=["B"], share=[0.5]),
    ]
    names, totals = totals_of(own)
    with pytest.raises(SourceError, match=r"orders \(1 id\) and events \(1 id\) share no customer id: 'A' only in"):
        overlap_notices_of(names, totals, AlikeInTables(), IdSettings())
    assert len(overlap_notices_of(names, totals, AlikeInTables(), IdSettings(allow_disjoint=True))) == 1


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (Kind.NUMBER, [1.0, -1e300, None], [float("inf"), float("-inf")]),
        (Kind.COUNT, [0.0, 2.5, None], [-1.0, float("inf")]),
        (Kind.SHARE, [0.0, 1.0, None], [1.5, -0.1]),
        (Kind.FLAG, [0.0, 1.0, None], [0.5, 2.0]),
    ],
)
def test_values_that_break_the_contract_are_counted(kind: Kind, good: list[float], bad: list[float]) -> None:
    contract = VectorContract((Column("it", kind, nullable=True),))

    def check(values: list[float]) -> None:
        table = ibis.memtable(pa.table({"it": pa.array(values, pa.float64())}))
        refuse_faults(fetch(table.aggregate(**fault_sums(table, contract)), "sums").to_pylist()[0], contract)

    check(good)
    with pytest.raises(SourceError, match=r"^it: expected .* it holds 2 other values, such as"):
        check([*good, *bad])
