"""The kinds of data that features are made of, as the field names them.

A column's `group` says which part of the features computes it (`rfm`, `usage`, ...) or, of an attribute, what the
settings call it. Its feature group is the kind of data: behavioural for what customers do, value for the money and the
contract that they bring, and for an attribute the group that the settings name.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from segment_model.contract import Column


class FeatureGroup(StrEnum):
    """The kinds of data that the field of segmentation knows."""

    BEHAVIOURAL = "behavioural"
    FIRMOGRAPHIC = "firmographic"
    GEOGRAPHIC = "geographic"
    DEMOGRAPHIC = "demographic"
    TECHNOGRAPHIC = "technographic"
    PSYCHOGRAPHIC = "psychographic"
    VALUE = "value"
    NEEDS = "needs"


COMPUTED = ("rfm", "usage", "subscriptions")  # the groups of what is computed from dated rows
VALUE_COLUMNS = frozenset(
    {
        "monetary_value", "average_order_value", "discount_share", "cdnow_repeat_value", "m_score",
        "mrr", "mrr_change_90_days", "upgrades", "downgrades", "seats", "plan",
    }
)  # fmt: skip


def feature_group(column: Column) -> str:
    """The kind of data of a column: a `FeatureGroup`, or its own group where that is another name."""
    if column.group not in COMPUTED:
        return column.group
    return FeatureGroup.VALUE if column.name in VALUE_COLUMNS else FeatureGroup.BEHAVIOURAL


def groups_of(column: Column) -> tuple[str, ...]:
    """Every name by which settings may mean the column's group: its own, and that of its kind of data."""
    return tuple(dict.fromkeys((column.group, feature_group(column))))


def known_groups(columns: Iterable[Column]) -> list[str]:
    """The names of all groups of the columns, sorted; columns without a group have none."""
    return sorted({name for column in columns for name in groups_of(column) if name})
