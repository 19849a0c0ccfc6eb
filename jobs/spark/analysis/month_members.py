"""Who was in which segment at each month end, computed in Spark: a row a customer and month end, which stays there."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

from analytics.history import condition_column
from analytics.month_ends import MonthEnds
from features.as_of import AsOf
from features.conditions.on_vectors.named_conditions import NamedConditions
from features.history.table_history import TableHistory
from features.reading.spark_tables import SparkTables
from features.spark.spark_vectors import past_vectors
from jobs.membership.compared_columns import texts
from jobs.membership.met_conditions import condition_texts
from jobs.membership.month_members import SEGMENT, assigned
from segment_model.arrow_batches import CUSTOMER, SavedModel, load_once
from segment_model.contract import VectorContract
from segment_model.model import SegmentModel
from segment_model.scoring.scoring import CHUNK
from segment_model.sql_text import quoted_name

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

POSITION = "position"
PREVIOUS = "segment before"  # with a blank, so that no column of a vector has such a name


@dataclass(frozen=True)
class MembersOfMonth:
    """Maps record batches of vectors to record batches of members, of at most `CHUNK` rows each.

    The batches have `customer_id`, the columns of the contract and, where customers on a border stay where they were,
    the segment of the month end before. compared : the columns that stand beside the segment, as text. conditions : who
    meets them stands beside, too.
    """

    saved: SavedModel
    contract: VectorContract
    compared: tuple[str, ...]
    conditions: NamedConditions
    position: int

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        model = load_once(self.saved)
        for batch in batches:
            for start in range(0, batch.num_rows, CHUNK):
                yield self._members(model, batch.slice(start, CHUNK))

    @property
    def schema(self) -> str:
        """The columns of the members, as Spark writes types."""
        names = (*self.compared, *map(condition_column, self.conditions))
        beside = "".join(f", {quoted_name(name, '`')} string" for name in names)
        return f"{CUSTOMER} string, {POSITION} bigint, {SEGMENT} string{beside}"

    def _members(self, model: SegmentModel, part: pa.RecordBatch) -> pa.RecordBatch:
        import pyarrow as pa

        frame = part.to_pandas().set_index(CUSTOMER)
        before = frame.pop(PREVIOUS).dropna().astype("str") if PREVIOUS in frame else None
        segments = assigned(model, frame, before)
        beside = {**texts(frame, self.compared, self.contract), **condition_texts(frame, self.conditions)}
        arrays = [pa.Array.from_pandas(column, type=pa.string()) for column in (segments, *(beside[n] for n in beside))]
        positions = pa.array([self.position] * part.num_rows, pa.int64())
        return pa.RecordBatch.from_arrays([part[CUSTOMER], positions, *arrays], [CUSTOMER, POSITION, SEGMENT, *beside])


def vectors_as_of(tables: SparkTables, history: TableHistory, as_of: AsOf) -> Any:
    """The vectors of a history as of a moment, as a Spark DataFrame; customers are text."""
    groups = history.groups_as_of(as_of)
    return past_vectors(tables, groups, history.read, history.sources, history.settings, as_of, history.learned)


def members_in_spark(
    tables: SparkTables,
    history: TableHistory,
    model: SegmentModel,
    ends: MonthEnds,
    compared: Sequence[str],
    conditions: NamedConditions,
    without_previous: Collection[int],
) -> ir.Table:
    """The members of all month ends as one table, each month end held by the workers; see `DatedRows.members`.

    without_previous : positions at which nobody stays in the segment of the month end before.
    """
    saved, months = SavedModel.of(model), []
    previous: Any = None
    for position, day in enumerate(ends.dates):
        vectors = vectors_as_of(tables, history, AsOf.at(day, history.settings.time_zone))
        if previous is not None and position not in without_previous:
            vectors = vectors.join(previous.select(CUSTOMER, previous[SEGMENT].alias(PREVIOUS)), CUSTOMER, "left")
        month = MembersOfMonth(saved, history.contract, tuple(compared), conditions, position)
        previous = tables.frame(tables.hold_frame(vectors.mapInArrow(month, month.schema)))
        months.append(previous)
    return tables.hold_frame(reduce(lambda left, right: left.unionByName(right), months))
