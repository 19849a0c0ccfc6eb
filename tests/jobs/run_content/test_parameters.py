from __future__ import annotations

from typing import Any

import pytest

from jobs.run_content.parameters import parameters_of
from training.settings import Settings, parse_settings

SHOP: dict[str, Any] = {"as_of": "2026-06-01", "sources": {"orders": {"file": "orders.parquet"}}}
SHOWN = {"as_of": "2026-06-01", "sources.orders.file": "orders.parquet"}


def settings(**blocks: Any) -> Settings:
    return parse_settings({**SHOP, **blocks})


def test_only_what_a_person_set_is_a_parameter() -> None:
    assert parameters_of(settings()) == SHOWN


def test_what_was_set_to_the_default_was_set() -> None:
    assert parameters_of(settings(discovery={"seed": 0})) == {**SHOWN, "discovery.seed": 0}


def test_names_of_things_are_no_parameters() -> None:
    registry = {"tracking_uri": "http://ana:s3cret@mlflow:5000", "model_name": "shop"}
    assert parameters_of(settings(title="A shop", registry=registry)) == SHOWN


def test_blocks_are_dotted_and_mappings_are_one_value() -> None:
    words = {"recency_days": {"low": "seen recently"}}
    parameters = parameters_of(settings(features={"words": words, "rfm": {"frequency": "orders"}}))
    assert parameters == {**SHOWN, "features.rfm.frequency": "orders", "features.words": words}


def test_a_change_by_the_command_is_one_too() -> None:
    base = settings()
    discovery = base.discovery.model_copy(update={"force": True})
    assert parameters_of(base.model_copy(update={"discovery": discovery})) == {**SHOWN, "discovery.force": True}


@pytest.mark.parametrize("algorithms", [{}, {"algorithms": [{"algorithm": "kmeans"}]}])
def test_an_algorithm_is_named_with_what_was_changed_of_it(algorithms: dict[str, Any]) -> None:
    base = settings(discovery=algorithms)
    changed = base.model_copy(update={"discovery": base.discovery.with_segments(3, 5)})
    shown = parameters_of(changed)["discovery.algorithms"]
    assert shown[0] == {"algorithm": "kmeans", "segments": [3, 5]}
    assert all("algorithm" in entry for entry in shown)
