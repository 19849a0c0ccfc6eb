"""Ids that are equal but for their writing, sought among all customers in Spark; of each table two come to Python."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass
from itertools import combinations, product
from typing import TYPE_CHECKING

import ibis.expr.types as ir

from features.joining.alike_ids import AlikeIds, AlikeInTables
from features.joining.id_rules import rewritten
from features.reading.spark_tables import SparkTables
from features.spark.joined_parts import CUSTOMER, ROWS_IN

if TYPE_CHECKING:
    import pyarrow as pa

KEY, HELD_BY, ALIKE = "key", "held_by", "alike"
COLUMNS = "first_table int, second_table int, count bigint, first string, second string, " + ", ".join(
    f"{name} boolean" for name in ("in_case", "in_zeros", "in_sight")
)
Place = tuple[int, int]  # of two tables among all; twice the same for a table by itself
Member = tuple[str, int]  # an id, and the tables that hold it, a bit each


def alike_in_spark(tables: SparkTables, everyone: ir.Table, names: Sequence[str]) -> AlikeInTables:
    """The alike ids that `features.joining.id_overlap` finds in memory.

    everyone : `joined_parts` of the raw tables `names`.
    """
    from pyspark.sql import functions as spark

    bits = [(everyone[f"{ROWS_IN}{name}"] > 0).ifelse(1 << place, 0) for place, name in enumerate(names)]
    held_by = sum(bits[1:], bits[0]).cast("int32")
    ids = tables.frame(everyone.select(everyone[CUSTOMER], held_by.name(HELD_BY)))
    keyed = ids.mapInArrow(write_keys, f"{KEY} string, {CUSTOMER} string, {HELD_BY} int")
    of_keys = keyed.groupBy(KEY).agg(spark.collect_list(spark.struct(CUSTOMER, HELD_BY)).alias(ALIKE))
    rows = of_keys.where(spark.size(ALIKE) > 1).select(ALIKE).mapInArrow(AlikeCounter(len(names)), COLUMNS).collect()
    sums: dict[Place, AlikeIds] = {}
    for first_table, second_table, *fields in rows:
        place = first_table, second_table
        sums[place] = AlikeIds(*fields).with_more(sums.get(place))
    within = {names[first]: alike for (first, second), alike in sums.items() if first == second}
    between = {(names[first], names[second]): alike for (first, second), alike in sums.items() if first != second}
    return AlikeInTables(within, between)


def write_keys(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Put before each id its key, which alike ids have in common."""
    import pandas as pd
    import pyarrow as pa

    for batch in batches:
        keys = rewritten(pd.Index(batch[CUSTOMER].to_pandas()))
        arrays = [pa.array(keys, pa.string()), *batch.columns]
        yield pa.RecordBatch.from_arrays(arrays, [KEY, *batch.schema.names])


@dataclass(frozen=True)
class AlikeCounter:
    """Maps groups of ids, each with one key, to a row for each table and pair of tables that have alike ids."""

    tables: int

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        sums: dict[Place, AlikeIds] = {}
        for batch in batches:
            groups = ([(own[CUSTOMER], own[HELD_BY]) for own in group] for group in batch[ALIKE].to_pylist())
            for place, alike in self._alike_of(groups):
                sums[place] = alike.with_more(sums.get(place))
        rows = [(*place, *astuple(alike)) for place, alike in sums.items()]
        kinds = [pa.int32(), pa.int32(), pa.int64(), pa.string(), pa.string(), pa.bool_(), pa.bool_(), pa.bool_()]
        columns = zip(*rows, strict=True) if rows else ([] for _ in kinds)
        arrays = [pa.array(column, kind) for column, kind in zip(columns, kinds, strict=True)]
        yield pa.RecordBatch.from_arrays(arrays, [column.split()[0] for column in COLUMNS.split(", ")])

    def _alike_of(self, groups: Iterable[Sequence[Member]]) -> Iterator[tuple[Place, AlikeIds]]:
        import pandas as pd

        pairs: dict[Place, list[tuple[str, str]]] = defaultdict(list)
        for members in groups:
            for place, pair in pairs_of(members, self.tables):
                pairs[place].append(pair)
        for place, own in pairs.items():
            first, second = (pd.Index(column, dtype="str") for column in zip(*own, strict=True))
            if (alike := AlikeIds.of(first, second)) is not None:
                yield place, alike


def pairs_of(members: Sequence[Member], tables: int) -> Iterator[tuple[Place, tuple[str, str]]]:
    """The pairs of alike ids: of a table each beside the least, of two tables all of which one is not in both."""
    held_by = [sorted(name for name, bits in members if bits >> table & 1) for table in range(tables)]
    for table, own in enumerate(held_by):
        yield from (((table, table), (own[0], other)) for other in own[1:])
    for (first, here), (second, beside) in combinations(enumerate(held_by), 2):
        shared = {*here} & {*beside}
        for pair in product(here, beside):
            if pair[0] != pair[1] and not shared.issuperset(pair):
                yield (first, second), pair
