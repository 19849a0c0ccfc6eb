"""A sweep's paths and values: what is not valid is refused before anything starts, naming it."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from segment_model.errors import SettingsError
from segments import Column, Kind, VectorContract
from training.settings import DiscoverySettings, Settings, parse_as, parse_settings
from training.sweep_settings import SweepSettings
from training.tuning.search_space import (
    changed,
    changed_content,
    check_columns,
    check_space,
    combinations,
    every_combination,
)

CONTENT = {"as_of": "2026-06-01", "sources": {"orders": {"file": "orders.parquet"}}}
SETTINGS = parse_settings(CONTENT)


def space(variations: dict[str, Any]) -> dict[str, Any]:
    return dict(parse_as(SweepSettings, {"space": variations}, "sweep").space)


def test_no_change_changes_nothing() -> None:
    assert changed(SETTINGS, {}) == SETTINGS
    assert changed(DiscoverySettings(), {}) == DiscoverySettings()


def test_a_path_leads_through_blocks_names_and_entries_of_lists() -> None:
    values = {
        "discovery.encoding.scale": False,
        "discovery.encoding.weights.spend": 2.5,
        "discovery.algorithms.kmeans.segments": [3, 5],
        "discovery.algorithms.1.embedding.dimensions": 3,
        "discovery.algorithms.gaussian_mixture.covariances": ["full", "diagonal"],
        "features.rfm.frequency": "active_days",
    }
    settings = changed(SETTINGS, values)
    assert settings.discovery.encoding.scale is False
    assert settings.discovery.encoding.weights == {"spend": 2.5}
    kmeans, hdbscan, mixture = settings.discovery.algorithms
    assert kmeans.algorithm == "kmeans"
    assert kmeans.segments == (3, 5)
    assert hdbscan.algorithm == "hdbscan"
    assert hdbscan.embedding is not None
    assert hdbscan.embedding.dimensions == 3
    assert mixture.algorithm == "gaussian_mixture"
    assert mixture.covariances == ("full", "diagonal")
    assert settings.features.rfm.frequency == "active_days"
    assert SETTINGS.discovery.encoding.scale is True


@pytest.mark.parametrize(
    ("variations", "message"),
    [
        ({"discovery.encodng.scale": [True]}, r"'discovery.encodng.scale' cannot be true.*Did you mean 'encoding'\?"),
        ({"discovery.encoding.scal": [True]}, r"unknown key 'discovery.encoding.scal'. Did you mean 'scale'\?"),
        ({"discovery.algorithms.².starts": [2]}, "no entry '²'"),
        (
            {"discovery.algorithms.kmean.starts": [2]},
            r"no entry 'kmean'. Did you mean 'kmeans'\? Known here: kmeans, hdbscan, gaussian_mixture",
        ),
        ({"discovery.algorithms.7.starts": [2]}, r"'discovery.algorithms' has no entry '7'"),
        ({"discovery.seed.x": [2]}, r"'discovery.seed' is one value \(0\) and holds no key 'x'"),
        (
            {"discovery.encoding.transform": ["auto", "log"]},
            r"cannot be \"log\": 'discovery.encoding.transform' must be",
        ),
        ({"discovery.min_share": {"low": 0.1, "high": 0.6}}, r"'discovery.min_share' cannot be 0.6"),
        ({"discovery.seed": {"low": 1.0, "high": 9.0}}, r"'discovery.seed' cannot be 4.05"),
        ({"registry.model_name": ["a", "b"]}, "'registry.model_name' does not change segments"),
        ({"title": ["a"]}, "'title' does not change segments"),
        ({"sweep.seed": [1]}, "'sweep.seed' does not change segments"),
        ({"": [1]}, "unknown key ''"),
    ],
)
def test_a_bad_path_or_value_is_refused_by_name(variations: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        check_space(SETTINGS, space(variations))


@pytest.mark.parametrize(
    ("variations", "message"),
    [
        (
            {},
            r"each with a list of choices, or a range such as \{low: 2, high: 8\}, at least one of them \(found \{\}\)",
        ),
        ({"a": 3}, r"'sweep.space.a' must be a list of choices, or a range such as \{low: 2, high: 8\} \(found 3\)"),
        ({"a": []}, r"'sweep.space.a' must be a list that is not empty \(found \[\]\)"),
        ({"a": {"low": 1, "hihg": 3}}, r"unknown key 'sweep.space.a.hihg'. Did you mean 'high'\?"),
        ({"a": {"low": 3, "high": 3}}, r"low \(3\) must be less than high \(3\)"),
        ({"a": {"low": 0, "high": 3, "log": True}}, r"with log, low \(0\) must be more than 0"),
        ({"a": {"low": 1, "high": 3, "log": True, "step": 1}}, "log and step do not go together"),
        ({"a": [1, 2, 1]}, "'a' has a choice twice: 1"),
    ],
)
def test_a_bad_variation_is_refused(variations: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        parse_settings({**CONTENT, "sweep": {"space": variations}})


def test_values_that_are_valid_only_together_are_valid() -> None:
    check_space(SETTINGS, space({"discovery.min_segments": [2, 70], "discovery.max_segments": [70, 80]}))
    with pytest.raises(SettingsError, match=r"'discovery.min_segments' cannot be 70"):
        check_space(SETTINGS, space({"discovery.min_segments": [2, 70]}))


def test_settings_by_column_name_a_column_that_shapes_segments() -> None:
    contract = VectorContract((Column("spend", Kind.NUMBER, group="rfm"), Column("plan", Kind.CATEGORY, group="crm")))
    good = ["encoding.weights.plan", "encoding.transforms.spend", "encoding.group_weights.crm"]
    check_columns(space({f"discovery.{path}": [1] for path in good} | {path: [1] for path in good}), contract)
    with pytest.raises(SettingsError, match=r"no column or group that weights could be of. Did you mean 'spend'\? "):
        check_columns(space({"discovery.encoding.weights.spent": [1]}), contract)
    with pytest.raises(SettingsError, match=r"Did you mean 'plan'\? Known here: spend, plan$"):
        check_columns(space({"features.roles.plann": ["basis"]}), contract)
    with pytest.raises(SettingsError, match=r"Known here: spend$"):
        check_columns(space({"discovery.encoding.transforms.plan": ["none"]}), contract)


def test_true_is_not_one_and_blocks_may_be_choices() -> None:
    variations = space({"a": [1, True, "1", None, {"x": 1}]})
    assert combinations(variations) == 5
    assert list(every_combination(variations)) == [{"a": 1}, {"a": True}, {"a": "1"}, {"a": None}, {"a": {"x": 1}}]


@given(low=st.integers(-50, 50), width=st.integers(1, 60), step=st.integers(1, 70))
def test_a_range_of_whole_numbers_is_pythons_with_its_end(low: int, width: int, step: int) -> None:
    variations = space({"a": {"low": low, "high": low + width, "step": step}})
    expected = list(range(low, low + width + 1, step))
    assert [values["a"] for values in every_combination(variations)] == expected
    assert combinations(variations) == len(expected)


def test_what_is_between_any_two_values_is_not_counted() -> None:
    assert combinations(space({"a": [1, 2], "b": {"low": 0.5, "high": 1}})) is None
    assert combinations(space({"a": [1, 2], "b": {"low": 0.1, "high": 0.7, "step": 0.2}})) == 8


@pytest.mark.parametrize(
    ("variations", "message"),
    [
        ({"low": 1, "high": float("inf")}, r"high' must be a finite number \(found Infinity\)"),
        ({"low": 1, "high": float("inf"), "step": 1}, r"high' must be a finite number \(found Infinity\)"),
        ({"low": float("nan"), "high": 1}, r"low' must be a finite number \(found NaN\)"),
        ({"low": 0, "high": 10**400}, "low, high and step must be at most"),
        ([{1: 2, "a": 3}, 2], "a choice that is no plain value"),
        ([b"bytes"], "a choice that is no plain value"),
    ],
)
def test_what_no_trial_could_hold_is_refused(variations: Any, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        space({"discovery.seed": variations})


def test_a_date_is_a_choice_as_yaml_writes_it() -> None:
    dates = space(yaml.safe_load("as_of: [2026-05-01, 2026-06-01]"))
    assert dates["as_of"] == ("2026-05-01", "2026-06-01")
    check_space(SETTINGS, dates)
    assert changed(SETTINGS, {"as_of": dates["as_of"][0]}).as_of == date(2026, 5, 1)
    with pytest.raises(SettingsError, match="a choice twice"):
        space({"as_of": [date(2026, 5, 1), "2026-05-01"]})


def test_a_range_of_a_thousand_million_is_checked_at_its_ends() -> None:
    check_space(SETTINGS, space({"discovery.seed": {"low": 0, "high": 10**9}}))


def test_a_path_into_what_another_one_gives_is_the_later_in_either_order() -> None:
    inner, outer = ("discovery.encoding.scale", False), ("discovery.encoding", {"clip_share": 0.2})
    for values in ([inner, outer], [outer, inner]):
        encoding = changed(SETTINGS, dict(values)).discovery.encoding
        assert (encoding.scale, encoding.clip_share) == (False, 0.2)
    assert outer[1] == {"clip_share": 0.2}, "the choice itself is as it was"


@given(st.integers(0, 50), st.sampled_from([0.1, 0.05, 0.001, 0.3, 0.7]), st.integers(1, 40))
def test_steps_are_the_decimal_numbers_that_they_look_like(first: int, step: float, more: int) -> None:
    low, high = first / 10, float(Fraction(first, 10) + more * Fraction(str(step)))
    (variation,) = space({"a": {"low": low, "high": high, "step": step}}).values()
    expected = [float(Fraction(str(low)) + number * Fraction(str(step))) for number in range(more + 1)]
    assert [values["a"] for values in every_combination({"a": variation})] == expected


def test_the_written_file_says_the_same_as_the_trial() -> None:
    content = {**CONTENT, "title": "Läden", "discovery": None, "registry": {"model_name": "ours"}}
    settings = parse_settings({name: block for name, block in content.items() if block is not None})
    values = {
        "discovery.algorithms.kmeans.starts": 3,
        "discovery.encoding.weights": {"spend": 2.0},
        "features.roles.frequency": "basis",
    }
    text = yaml.safe_dump(changed_content(content, settings, values), allow_unicode=True)
    assert parse_settings(yaml.safe_load(text)) == changed(settings, values)
    assert content["discovery"] is None
    assert changed_content({}, settings, {"discovery.seed": 4}) == {"discovery": {"seed": 4}}
    assert Settings.model_fields.keys() > changed_content({}, settings, values).keys()
