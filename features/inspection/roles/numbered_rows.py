"""A table without ids and dates, each row of which may be one customer: its rows are numbered."""

from __future__ import annotations

from features.inspection.looks.column_profile import ColumnProfile
from features.inspection.looks.table_look import TableLook
from features.inspection.roles.attribute_columns import attributes_of
from features.inspection.roles.table_proposal import TableProposal, is_moment
from features.inspection.shared_keys import BY_VALUES, key_score

NUMBERED = "number_rows"
EACH_A_CUSTOMER = (
    "no column says whose row it is, such as customer_id or email, so each row counts as one customer; where customers "
    "have several rows, add their ids"
)


def propose_numbered(look: TableLook) -> TableProposal | None:
    """The table as vectors of numbered customers.

    None where it has dates, since then its rows may be what customers did, or where a column could say whose row it is:
    any but numbers with a fraction, or that repeat, under a name that says nothing of ids.
    """
    if any(is_moment(column) or _may_be_ids(column, look.stem) for column in look.columns):
        return None
    attributes, left_out = attributes_of(look, ())
    if not attributes:
        return None
    return TableProposal(
        "vectors",
        look,
        {},
        1.0,
        options={NUMBERED: True},
        checks={NUMBERED: EACH_A_CUSTOMER},
        attributes=attributes,
        left_out=left_out,
    )


def _may_be_ids(column: ColumnProfile, stem: str) -> bool:
    score = key_score(column, stem)
    numbers_each_row = column.is_whole and column.distinct == column.rows
    return score > BY_VALUES / 2 or (score > 0 and numbers_each_row)
