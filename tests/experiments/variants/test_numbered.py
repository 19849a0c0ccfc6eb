"""The numbered experiments are answered, and two of them, on the retailer of the demo, still say what is decided."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from cli import main
from experiments.variants.experiment_file import FOLDER, NUMBERED, all_experiments, experiment_named
from experiments.variants.public_tables import TABLES
from segment_model.errors import SettingsError

MOST = 8


def test_there_are_at_most_eight_and_each_is_answered() -> None:
    experiments = all_experiments()
    assert 1 <= len(experiments) <= MOST
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    for numbered in experiments:
        assert numbered.content.question.endswith("?")
        assert set(numbered.content.tables) <= set(TABLES)
        assert f"({numbered.name}.yaml)" in readme


def test_three_reuse_other_commands() -> None:
    commands = [numbered.content.command for numbered in all_experiments()]
    assert {"ablate", "odds", "history"} <= set(commands)


def test_an_experiment_is_named_by_number_or_words() -> None:
    files = sorted(FOLDER.glob(NUMBERED))
    for name in ("1", "01", "kinds_of_data", "01_kinds_of_data", "01_kinds_of_data.yaml"):
        assert experiment_named(name).name == files[0].stem
    with pytest.raises(SettingsError, match=r"no experiment '99'\. .*There are 01_kinds_of_data"):
        experiment_named("99")


def ran(name: str, folder: Path) -> pd.DataFrame:
    """The table that `segments experiment run` writes, one row a variant."""
    out = folder / "variants.csv"
    registry = f"sqlite:///{folder / 'mlflow.db'}"
    done = CliRunner().invoke(main, ["experiment", "run", name, "--out", str(out), "--tracking-uri", registry])
    assert done.exit_code == 0, done.output
    assert "logged to MLflow" in done.output
    compared = CliRunner().invoke(main, ["experiment", "compare", name, "--tracking-uri", registry])
    assert compared.exit_code == 0, compared.output
    assert "(+0." in compared.output or "(-0." in compared.output
    return pd.read_csv(out).set_index("variant")


def test_behaviour_and_value_together_are_steadier_than_either(tmp_path: Path) -> None:
    table = ran("01", tmp_path)
    assert table["stability"].idxmax() == "all groups"
    assert (table["predicts"] > 0.4).all()


def test_more_customers_show_more_segments(tmp_path: Path) -> None:
    table = ran("05", tmp_path)
    assert table["segments"].is_monotonic_decreasing  # from 1,000 customers to 100
    assert table["segments"].iloc[0] > table["segments"].iloc[-1]
    assert (table["predicts"] > 0.35).all()
