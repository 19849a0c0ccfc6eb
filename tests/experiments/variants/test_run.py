"""An experiment judges every variant by the same figures, says what it could not do, and is logged and compared."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiments.variants.compare import chosen_variants, shown_differences, shown_variants
from experiments.variants.experiment_file import Experiment, NumberedExperiment
from experiments.variants.judged_variant import JudgedVariant
from experiments.variants.log import MLFLOW_EXPERIMENT, log_experiment, logged_variants
from experiments.variants.public_tables import PublicTable, public_table
from experiments.variants.run import ExperimentOutcome, run_experiment
from segment_model.errors import RegistryError, SettingsError, SourceError
from tests.registries import registry_in
from training.settings import parse_as, parse_settings

CONTENT = {
    "question": "Do visits belong beside spend?",
    "tables": {"absent": {}, "shop": {}},
    "settings": {"discovery.algorithms": [{"algorithm": "kmeans", "segments": 2, "starts": 1}]},
    "matrix": {
        "basis": {
            "both": {},
            "a sample": {"customers": 80},
            "spend alone": {"sources.vectors.roles": {"visits": "descriptor"}},
            "nothing": {"sources.vectors.roles": {"spend": "descriptor", "visits": "descriptor"}},
        }
    },
    "answered": "2026-11-30",
    "result": "Spend parts the customers.",
    "decision": "Both.",
}
HALF = np.repeat([0, 1], 60)
SILENT: Any = lambda *_: None  # noqa: E731


def experiment(**changes: Any) -> NumberedExperiment:
    return NumberedExperiment("90_test", parse_as(Experiment, {**CONTENT, **changes}, "90_test.yaml"))


@contextmanager
def opened(name: str, folder: Path) -> Iterator[PublicTable]:
    """The table `shop`: spend and visits part its halves, which decide the outcome; no other table is there."""
    if name != "shop":
        raise SourceError(f"{name} is not on this machine")
    rng = np.random.default_rng(2)
    names = [f"c{number}" for number in range(120)]
    spend, visits = np.where(HALF, 900.0, 20.0) + rng.normal(0, 3, 120), rng.poisson(np.where(HALF, 60, 5))
    pd.DataFrame({"customer_id": names, "spend": spend, "visits": visits}).to_parquet(folder / "shop.parquet")
    outcome = pd.Series(np.where(HALF, np.expm1(2.0), 0.0), names)
    settings = parse_settings({"sources": {"vectors": {"file": "shop.parquet"}}})
    yield PublicTable("shop", folder, settings, "what a half pays", outcome.reindex)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shop")


@pytest.fixture(scope="module")
def outcome(folder: Path) -> ExperimentOutcome:
    return run_experiment(experiment(), SILENT, SILENT, lambda name: opened(name, folder))


def test_variants_combine_one_choice_of_every_axis() -> None:
    axes = {"a": {"x": {"p": 1}, "y": {"p": 2}}, "b": {"u": {"q": 1}, "v": {"p": 3}}}
    variants = list(experiment(matrix=axes, settings={"q": 0}).content.variants())
    assert variants == [
        ("x, u", {"q": 1, "p": 1}),
        ("x, v", {"q": 0, "p": 3}),
        ("y, u", {"q": 1, "p": 2}),
        ("y, v", {"q": 0, "p": 3}),
    ]
    assert list(experiment(matrix={}, settings={"q": 0}).content.variants()) == [("as it is", {"q": 0})]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"matrx": {}}, "matrix"),
        ({"matrix": {"basis": {}}}, "an axis needs a choice: basis"),
        ({"tables": {}}, "tables"),
        ({"question": ""}, "question"),
        ({"command": "guess"}, "command"),
    ],
)
def test_a_file_that_is_not_valid_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        experiment(**changes)


def test_every_variant_is_judged_by_the_same_customers(outcome: ExperimentOutcome) -> None:
    table = outcome.table.set_index("variant")
    made = table.loc[["both", "a sample", "spend alone"]]
    assert made["segments"].tolist() == [2, 2, 2]
    assert made["predicts"].to_numpy() == pytest.approx(1.0)  # the halves are the segments, and decide the outcome
    assert made["agreement"].dropna().tolist() == [1.0, 1.0]
    assert set(made["verdict"]) == {"distinct groups"}


def test_a_variant_without_a_model_says_why(outcome: ExperimentOutcome) -> None:
    refused = outcome.table.set_index("variant").loc["nothing"]
    assert "basis" in refused["refused"]
    assert refused["verdict"] == ""
    assert shown_variants(outcome.rows)["verdict"].iloc[3].startswith("refused: ")


def test_an_absent_table_is_one_line(outcome: ExperimentOutcome, folder: Path) -> None:
    assert outcome.absent == ("absent is not on this machine",)
    assert set(outcome.table["table"]) == {"shop"}
    with pytest.raises(SourceError, match=r"90_test has none of its tables here\. absent is not on this machine"):
        run_experiment(experiment(tables={"absent": {}}), SILENT, SILENT, lambda name: opened(name, folder))
    with pytest.raises(SourceError, match=r"no table 'telko'\. Did you mean 'telco'"), public_table("telko"):
        pass


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"discovery.sed": 1}, "bad: .*discovery.sed.*seed"),
        ({"customers": 0}, "bad: customers is a whole number from 1 on; got 0"),
        ({"discovery.seed": -1}, "bad: .*seed"),
    ],
)
def test_a_wrong_override_is_refused_before_any_discovery(overrides: dict[str, Any], words: str, folder: Path) -> None:
    steps: list[object] = []
    wrong = experiment(matrix={"axis": {"good": {}, "bad": overrides}})
    with pytest.raises(SettingsError, match=words):
        run_experiment(wrong, SILENT, lambda *step: steps.append(step), lambda name: opened(name, folder))
    assert steps == []


def test_groups_of_columns_are_left_out_one_by_one(folder: Path) -> None:
    groups = {"sources.vectors.groups": {"spend": "money", "visits": "use"}}
    ablated = experiment(command="ablate", matrix={}, settings={**CONTENT["settings"], **groups})
    outcome = run_experiment(ablated, SILENT, SILENT, lambda name: opened(name, folder))
    assert outcome.table["variant"].tolist() == ["all groups", "without money = use alone", "without use = money alone"]
    assert outcome.table["predicts"].iloc[2] == pytest.approx(1.0)


def test_a_run_is_logged_once_and_read_back(outcome: ExperimentOutcome, tmp_path: Path) -> None:
    location = registry_in(tmp_path, experiment=MLFLOW_EXPERIMENT)
    numbered = experiment()
    run_id = log_experiment(location, numbered, outcome)
    assert log_experiment(location, numbered, outcome) == run_id
    logged = logged_variants(location, "90_test")
    assert [(row.variant, row.verdict, row.refused) for row in logged] == [
        (row.variant, row.verdict, row.refused) for row in outcome.rows
    ]
    assert logged[0].figures == pytest.approx(outcome.rows[0].figures)
    with pytest.raises(RegistryError, match="no run of 91_other; run it: segments experiment run 91_other"):
        logged_variants(location, "91_other")


def test_a_comparison_shows_settings_that_differ_and_differences_of_figures() -> None:
    rows = [
        JudgedVariant(
            "telco", "KMeans", {"discovery.seed": 0, "customers": 9}, "slices", {"segments": 4, "predicts": 0.5}
        ),
        JudgedVariant(
            "telco", "HDBSCAN", {"discovery.seed": 1, "customers": 9}, "slices", {"segments": 2, "predicts": 0.75}
        ),
        JudgedVariant("retail", "HDBSCAN", {"discovery.seed": 1, "customers": 9}, refused="too few customers"),
    ]
    shown = shown_differences(rows)
    assert shown.columns.tolist() == ["table", "variant", "discovery.seed", "verdict", "segments", "predicts"]
    assert shown["segments"].tolist() == ["4", "2 (-2)", ""]
    assert shown["predicts"].tolist() == ["0.50", "0.75 (+0.25)", ""]
    assert shown["verdict"].iloc[2] == "refused: too few customers"
    assert chosen_variants(rows, "telco/HDBSCAN") == rows[1:2]
    assert chosen_variants(rows, "telco") == rows[:2]
    with pytest.raises(SettingsError, match=r"the run has no 'telko'\. Did you mean 'telco'"):
        chosen_variants(rows, "telko")
    with pytest.raises(SettingsError, match="needs two variants"):
        shown_differences(rows[:1])
