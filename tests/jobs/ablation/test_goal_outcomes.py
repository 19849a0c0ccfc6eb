"""Who reached the goals that an ablation looks at, against SQL on the tables; and what the segments say of them."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from experiments.simulated_company.company_history import CompanyHistory, simulate_history, write_history
from jobs.ablation.goal_outcomes import GoalOutcome, goal_outcomes
from jobs.ablation.shown_table import figured, shown_table
from jobs.customer_vectors import vectors_of
from training.settings import Settings, read_settings

START = datetime(2026, 6, 1)
CHURNED = """SELECT account_id, NOT EXISTS (SELECT 1 FROM terms AS later WHERE NOT later.is_trial
        AND later.account_id = terms.account_id AND later.started_at < TIMESTAMP '2026-07-01'
        AND (later.ended_at IS NULL OR later.ended_at >= TIMESTAMP '2026-07-01')) AS reached
    FROM terms WHERE NOT is_trial AND started_at < TIMESTAMP '2026-06-01'
        AND (ended_at IS NULL OR ended_at >= TIMESTAMP '2026-06-01')"""


@pytest.fixture(scope="module")
def history() -> CompanyHistory:
    return simulate_history(250, 6, date(2026, 7, 1), 9)


@pytest.fixture(scope="module")
def asked(history: CompanyHistory, tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Path]:
    folder = tmp_path_factory.mktemp("history")
    write_history(history, folder)
    return read_settings(folder / "segments.yaml")[0], folder


@pytest.fixture(scope="module")
def known(asked: tuple[Settings, Path]) -> dict[str, GoalOutcome]:
    settings, folder = asked
    outcomes, unknown = goal_outcomes(settings, folder, vectors_of(settings, folder).learned)
    assert unknown == []
    return {each.goal.name: each for each in outcomes}


def test_who_left_is_who_left_by_sql(known: dict[str, GoalOutcome], history: CompanyHistory) -> None:
    with duckdb.connect() as connection:
        connection.register("terms", history.terms)
        rows = connection.execute(CHURNED).fetchall()
    assert known["churned"].starts_at == START
    assert known["churned"].reached.to_dict() == dict(rows)
    assert known["churned"].reached.any()


def test_every_customer_at_the_start_may_order(known: dict[str, GoalOutcome], history: CompanyHistory) -> None:
    orders = history.orders[history.orders["product"] == "add-on"]
    within = orders[(orders["ordered_at"] >= START) & (orders["ordered_at"] < pd.Timestamp("2026-06-29"))]
    reached = known["add_on_bought"].reached
    assert set(reached.index) == set(known["add_on_bought"].vectors.index)
    assert set(reached.index[reached]) == set(within["account_id"])


def test_a_goal_whose_window_is_not_over_is_told(asked: tuple[Settings, Path]) -> None:
    settings, folder = asked
    goals = {"churned": settings.goals["churned"].model_copy(update={"within_days": 3000})}
    later = settings.model_copy(update={"goals": goals})
    outcomes, unknown = goal_outcomes(later, folder, vectors_of(later, folder).learned)
    assert outcomes == []
    assert [goal.name for goal in unknown] == ["churned"]


def test_without_goals_no_table_is_read(asked: tuple[Settings, Path], tmp_path: Path) -> None:
    settings, folder = asked
    learned = vectors_of(settings, folder).learned
    assert goal_outcomes(settings.model_copy(update={"goals": {}}), tmp_path, learned) == ([], [])


def test_the_shown_table_has_words_for_what_is_missing() -> None:
    table = pd.DataFrame(
        {
            "fit": ["all groups", "value alone"],
            "groups": ["behavioural, value", "value"],
            "columns": [5, 1],
            "verdict": ["distinct groups", ""],
            "agreement": [1.0, np.nan],
            "auc_churned": [0.64, np.nan],
            "r2_churned": [0.03, np.nan],
            "auc_upgraded": [np.nan, np.nan],
            "refused": ["", "too few"],
        }
    )
    shown = shown_table(table)
    assert list(shown.columns) == ["fit", "columns", "verdict", "agreement", "churned"]
    assert [goal for goal in ("churned", "upgraded") if figured(table, goal)] == ["churned"]
    titled = shown_table(table, {"churned": "left us", "upgraded": "pays more"})
    assert list(titled.columns) == ["fit", "columns", "verdict", "agreement", "left us"]
    assert titled["left us"].to_list() == shown["churned"].to_list()
    assert list(shown_table(table, {"churned": "agreement"}).columns)[-2:] == ["agreement", "agreement (churned)"]
    assert shown.iloc[0].to_list() == ["all groups", "5", "distinct groups", "1.00", "0.64"]
    assert shown.iloc[1].to_list() == ["value alone", "1", "refused: too few", "", ""]
