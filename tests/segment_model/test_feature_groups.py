"""Each column has one kind of data, named as the field does; the names by which settings knew it go on."""

from __future__ import annotations

import pytest

from features.catalogue import every_column
from segment_model.contract import Column, Kind
from segment_model.feature_groups import COMPUTED, VALUE_COLUMNS, FeatureGroup, feature_group, groups_of, known_groups

COLUMNS = {column.name: column for column in every_column()}


def test_computed_columns_are_behaviour_or_value() -> None:
    kinds = {name: feature_group(column) for name, column in COLUMNS.items()}
    assert set(kinds.values()) == {FeatureGroup.BEHAVIOURAL, FeatureGroup.VALUE}
    assert {column.group for column in COLUMNS.values()} == set(COMPUTED)
    assert {name for name, kind in kinds.items() if kind == FeatureGroup.VALUE} == VALUE_COLUMNS
    for name in ("recency_days", "frequency", "active_days_30", "churned", "seat_use", "f_score"):
        assert kinds[name] == "behavioural", name
    for name in ("monetary_value", "mrr", "plan", "upgrades"):
        assert kinds[name] == "value", name


@pytest.mark.parametrize("group", [*FeatureGroup, "vectors", "own", "attributes", "our loyalty club"])
def test_an_attribute_has_the_group_that_the_settings_name(group: str) -> None:
    column = Column("size", Kind.NUMBER, group=group)
    assert feature_group(column) == group
    assert groups_of(column) == (group,)


def test_a_name_of_a_value_column_makes_no_attribute_one() -> None:
    assert feature_group(Column("plan", Kind.CATEGORY, group="needs")) == "needs"


def test_settings_may_name_the_part_or_the_kind() -> None:
    assert groups_of(COLUMNS["mrr"]) == ("subscriptions", "value")
    assert known_groups((COLUMNS["mrr"], COLUMNS["events"], Column("free", Kind.NUMBER))) == [
        "behavioural", "subscriptions", "usage", "value",
    ]  # fmt: skip
