"""Weights by feature group, and groups that never shape the segments."""

from __future__ import annotations

import pandas as pd
import pytest

from segment_model.contract import Column, Kind, Role, VectorContract
from segment_model.errors import DiscoveryError, SettingsError
from training.discovery.discovery import discover
from training.discovery.trained_contract import trained_contract
from training.settings import DiscoverySettings, EncodingSettings, parse_settings
from training.variation import held_out_columns

CONTRACT = VectorContract(
    (
        Column("mrr", Kind.NUMBER, group="subscriptions"),
        Column("seat_use", Kind.NUMBER, group="subscriptions"),
        Column("age", Kind.NUMBER, group="demographic", sensitive=True),
        Column("country", Kind.CATEGORY, Role.DESCRIPTOR, group="geographic"),
    )
)
FRAME = pd.DataFrame(
    {
        "mrr": [float(number) for number in range(30)],
        "seat_use": [number % 7 / 7 for number in range(30)],
        "age": [20.0 + number % 11 for number in range(30)],
        "country": ["DE", "FR"] * 15,
    },
    index=pd.Index([f"c{number}" for number in range(30)], name="customer_id"),
)


def test_weights_of_groups_multiply() -> None:
    settings = EncodingSettings(group_weights={"subscriptions": 2.0, "value": 3.0}, weights={"mrr": 0.5})
    assert settings.weight_of(CONTRACT["mrr"]) == 0.5 * 2 * 3
    assert settings.weight_of(CONTRACT["seat_use"]) == 2
    assert settings.weight_of(CONTRACT["age"]) == 1
    own_name = Column("worth", Kind.NUMBER, group="value")
    assert settings.weight_of(own_name) == 3  # once, though both its names are "value"


def test_a_held_out_group_only_describes() -> None:
    settings = DiscoverySettings(hold_out_groups=("demographic",))
    trained = trained_contract(FRAME, CONTRACT, settings)
    assert [column.name for column in trained.basis] == ["mrr", "seat_use"]
    assert trained["age"].role is Role.DESCRIPTOR
    with pytest.raises(DiscoveryError, match="age is marked sensitive"):
        trained_contract(FRAME, CONTRACT, DiscoverySettings())


def test_the_part_of_the_features_can_be_named_too() -> None:
    assert list(held_out_columns(CONTRACT, ["value"])) == ["mrr"]
    assert list(held_out_columns(CONTRACT, ["subscriptions"])) == ["mrr", "seat_use"]
    assert held_out_columns(CONTRACT, ["geographic"]) == {}  # describes already
    assert held_out_columns(CONTRACT, []) == {}


def test_an_unknown_group_is_answered_with_the_nearest_name() -> None:
    with pytest.raises(SettingsError, match=r"hold_out_groups: there is no 'demografic'.*demographic"):
        held_out_columns(CONTRACT, ["demografic"])


def test_nothing_is_left_when_every_group_is_held_out() -> None:
    settings = DiscoverySettings(hold_out_groups=("subscriptions", "demographic"))
    with pytest.raises(DiscoveryError, match="no column is a basis"):
        discover(FRAME, CONTRACT, settings, {})


def test_the_settings_file_names_groups() -> None:
    content = {
        "as_of": "2026-07-01",
        "sources": {"orders": {"file": "orders.csv"}},
        "discovery": {"hold_out_groups": ["demographic"], "encoding": {"group_weights": {"rfm": 2, "value": 0.5}}},
    }
    settings = parse_settings(content)
    assert settings.discovery.hold_out_groups == ("demographic",)
    assert settings.discovery.encoding.weight_of(Column("frequency", Kind.COUNT, group="rfm")) == 2.0
    assert settings.discovery.encoding.weight_of(Column("monetary_value", Kind.NUMBER, group="rfm")) == 1.0
