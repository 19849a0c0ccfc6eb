"""Hysteresis: where a table holds the previous segments, customers on a border stay in theirs.

The rule is that of `segment_model.scoring.hysteresis`. Differing previous segments of one customer are a reason to
refuse the row.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from segment_model.encoding.any_frame import CUSTOMER
from segment_model.model import SegmentModel
from segment_model.scoring.hysteresis import MARGIN
from warehouse.customer_table import CustomerTable
from warehouse.dialects.dialect import Dialect
from warehouse.distances import NEAREST, RUNNER_UP, STRENGTH
from warehouse.expressions import both, choose, column, equal, less, number, switch, text, whole
from warehouse.steps import Step

PREVIOUS, KEPT, SEGMENT = "previous_position", "kept", "segment"
BEFORE = "previous"  # the joined table's name inside the statement


@dataclass(frozen=True)
class PreviousTable:
    """A table with `customer_id` and `segment_id`, such as the answers of the last run; a customer may be absent."""

    name: str

    def join(self, customers: CustomerTable, dialect: Dialect) -> str:
        """What follows the table of customers in the first step's FROM clause."""
        previous = dialect.table(self.name).sql(dialect.name)
        key = exp.Column(this=dialect.identifier(CUSTOMER), table=exp.to_identifier(BEFORE))
        pair = exp.EQ(this=customers.column(CUSTOMER, dialect), expression=key).sql(dialect.name)
        return (
            f" LEFT JOIN (SELECT {CUSTOMER}, MIN(segment_id) AS first_segment, MAX(segment_id) AS last_segment "  # noqa: S608
            f"FROM {previous} GROUP BY {CUSTOMER}) AS {BEFORE} ON {pair}"
        )

    def read(self, dialect: Dialect) -> dict[str, exp.Expression]:
        """The columns that the first step adds."""
        names = ("first_segment", "last_segment")
        return {name: dialect.exact_text(exp.column(name, table=BEFORE)) for name in names}

    @property
    def problem(self) -> exp.Expression:
        """The message on a customer with differing previous segments, else an empty text."""
        differ = exp.NEQ(this=column("first_segment"), expression=column("last_segment"))
        words = text(f"; {CUSTOMER}: expected one previous segment in {self.name}")
        return choose([(differ, words)], text(""))


def previous_position(model: SegmentModel, dialect: Dialect) -> exp.Expression:
    """The position of the previous segment, or of the heir of a retired one; -1 where the model knows neither."""
    known = [
        (text(segment_id + dialect.end_of_text), whole(place)) for segment_id, place in model.previous_positions.items()
    ]
    return switch(column("first_segment"), known, whole(-1))


def hysteresis_steps() -> list[Step]:
    """kept: whether a customer stays in the previous segment; segment: the position of the one they are in."""
    is_second = both(less(whole(-1), column(PREVIOUS)), equal(column(PREVIOUS), column(RUNNER_UP)))
    stays = both(is_second, less(column(STRENGTH), number(MARGIN)))
    kept = choose([(stays, exp.true())], exp.false())
    segment = choose([(column(KEPT), column(PREVIOUS))], column(NEAREST))
    return [Step("rows_kept", {KEPT: kept}), Step("rows_placed", {SEGMENT: segment})]
