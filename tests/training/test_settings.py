"""Settings are checked whole, and a slip of the pen is answered with the word that was meant."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from segment_model.errors import SettingsError, shown
from training.candidates.gaussian_mixture_settings import GaussianMixtureSettings
from training.candidates.hdbscan_settings import HdbscanSettings
from training.candidates.kmeans_settings import KMeansSettings
from training.settings import DiscoverySettings, Settings, parse_settings, read_settings

LEAST: dict[str, Any] = {"as_of": "2026-07-01", "sources": {"orders": {"file": "orders.parquet"}}}


def test_the_least_settings_have_sensible_defaults() -> None:
    settings = parse_settings(LEAST)
    algorithms = [type(algorithm) for algorithm in settings.discovery.algorithms]
    assert algorithms == [KMeansSettings, HdbscanSettings, GaussianMixtureSettings]
    assert list(KMeansSettings().counts) == list(range(2, 11))
    assert settings.registry.tracking_uri == "sqlite:///mlflow.db"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"as_off": "x"}, "unknown key 'as_off'. Did you mean 'as_of'?"),
        ({"discovery": {"sed": 1}}, "unknown key 'discovery.sed'. Did you mean 'seed'?"),
        ({"discovery": {"encoding": {"transfrom": "none"}}}, "Did you mean 'transform'?"),
        (
            {"discovery": {"algorithms": [{"algorithm": "hdbscan", "min_cluster_size": [5]}]}},
            "Did you mean 'min_cluster_sizes'?",
        ),
        ({"discovery": {"algorithms": [{"algorithm": "kmeens"}]}}, "kmeens"),
        ({"discovery": {"min_segments": 5, "max_segments": 3}}, "min_segments (5) is more than max_segments (3)"),
        (
            {"discovery": {"algorithms": [{"algorithm": "kmeans", "segments": [5, 2]}]}},
            "the least no more than the most",
        ),
        (
            {"discovery": {"seed": -1}},
            "'discovery.seed' must be a whole number of at least 0 and of at most 4000000000 (found -1)",
        ),
        ({"sources": {}}, "at least one of orders, events, customers, subscriptions or vectors is needed"),
        ({"registry": {"model_name": "a/b"}}, "'registry.model_name'"),
    ],
)
def test_refusals_say_where_what_and_how_to_mend(change: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_settings({**LEAST, **change})
    assert message in str(caught.value)


def test_as_of_is_required() -> None:
    for absent in ({}, {"as_of": None}):
        with pytest.raises(SettingsError, match=r"^settings: 'as_of' is needed: a date such as 2026-07-01 or a time"):
            parse_settings({"sources": LEAST["sources"], **absent})


def test_as_of_may_be_left_out_where_no_table_has_dates() -> None:
    own = {"vectors": {"file": "mine.csv"}}
    settings = parse_settings({"sources": own})
    assert settings.as_of is None
    assert parse_settings(settings.model_dump(mode="json")) == settings
    assert parse_settings({"as_of": "2026-07-01", "sources": own}).as_of == date(2026, 7, 1)
    with pytest.raises(SettingsError, match="'as_of' is needed"):
        parse_settings({"sources": {**own, **LEAST["sources"]}})


@pytest.mark.parametrize(
    "moment", ["tomorrow", "2026-13-01", "2026", "20260701", " 1.5", 2026, 20260701, 1.5, True, ["2026-07-01"]]
)
def test_a_moment_that_cannot_be_read_is_answered_in_one_sentence(moment: Any) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_settings({**LEAST, "as_of": moment})
    must = "must be a date such as 2026-07-01 or a time such as 2026-07-01T12:00"
    assert str(caught.value) == f"settings: 'as_of' {must} (found {shown(moment)})"


def test_a_moment_is_a_date_or_a_time_as_it_was_written() -> None:
    assert parse_settings({**LEAST, "as_of": "2026-07-01"}).as_of == date(2026, 7, 1)
    assert parse_settings({**LEAST, "as_of": "2026-07-01T12:00"}).as_of == datetime(2026, 7, 1, 12)
    assert parse_settings({**LEAST, "as_of": datetime(2026, 7, 1, 12)}).as_of == datetime(2026, 7, 1, 12)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a: [", "not valid YAML at line 1, column 5"),
        ("title: My shop: the best", r"line 1, column 15: .*put text that holds a colon in quotes"),
        ("as_of: 2026-02-30", "not valid YAML: day"),
        ("- 1", "must hold keys"),
        ("", "must hold keys"),
        ("!!python/object:os.x {}", "write the value without a tag that begins with !"),
        (
            "title: x\nas_of: 2026-07-01\ntitle: y",
            "the key 'title' stands twice in one block, at lines 1 and 3: keep one",
        ),
        ("discovery: {seed: 1, seed: 2}", "the key 'seed' stands twice in one block, at lines 1 and 1"),
        ("a:\n\t- 1", "cannot start any token; indent by spaces"),
        ("[" * 3000, "nest blocks and lists less deeply"),
    ],
)
def test_files_that_are_not_settings(tmp_path: Path, content: str, message: str) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text(content)
    with pytest.raises(SettingsError, match=message):
        read_settings(file)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"there is no settings file .*nothing\.yaml"):
        read_settings(tmp_path / "nothing.yaml")


def test_the_shipped_settings_are_valid() -> None:
    folder = Path(__file__).parents[2] / "experiments"
    files = [folder / "complete_journey.yaml", *sorted(folder.glob("simulated_company/*.yaml"))]
    for file in files:
        settings, _ = read_settings(file)
        assert parse_settings(yaml.safe_load(settings.model_dump_json())) == settings


def test_settings_are_frozen() -> None:
    settings = parse_settings(LEAST)
    with pytest.raises(Exception, match="frozen"):
        settings.title = "other"  # type: ignore[misc]


def test_the_schema_describes_every_key() -> None:
    schema = Settings.model_json_schema()
    undescribed = [
        f"{model}.{name}"
        for model, body in {"Settings": schema, **schema["$defs"]}.items()
        for name, field in body.get("properties", {}).items()  # an enumeration has none
        if not field.get("description")
    ]
    assert undescribed == []


def test_asking_for_numbers_of_segments_changes_limits_and_every_algorithm_that_has_a_number() -> None:
    algorithms = (KMeansSettings(), HdbscanSettings(), GaussianMixtureSettings(segments=3))
    asked = DiscoverySettings(algorithms=algorithms).with_segments(13, 15)
    assert (asked.min_segments, asked.max_segments) == (13, 15)
    kmeans, hdbscan, mixture = asked.algorithms
    assert kmeans == KMeansSettings(segments=(13, 15))
    assert hdbscan == HdbscanSettings()
    assert mixture == GaussianMixtureSettings(segments=(13, 15))
    assert DiscoverySettings.model_validate(asked.model_dump(mode="json")) == asked
