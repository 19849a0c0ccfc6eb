"""Shares and quartiles as they are printed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from analytics.month_ends import MonthEnds
from analytics.record import QUARTILES, SHARES, AnalystRecord
from reporting.distribution_tables import COLUMNS, distribution_rows, distributions_in_words
from segment_model.errors import SettingsError

NAMES = {"s1": "Neue <b>", "s2": "Regulars"}


@pytest.fixture
def record() -> AnalystRecord:
    shares = [
        ("plan", "everyone", "pro", 100, 90, 45, 0.5, 0.4, 0.6, ""),
        ("plan", "s1", "pro", 92, 84, 42, 0.5, 0.39, 0.61, "above"),
        ("plan", "s2", "pro", 8, 6, 3, np.nan, np.nan, np.nan, ""),
    ]
    quartiles = [
        ("seats", "everyone", 100, 90, 2.0, 5.0, 9.5, ""),
        ("seats", "s1", 92, 84, 1.0, 4.0, 8.0, "below"),
        ("seats", "s2", 8, 6, np.nan, np.nan, np.nan, ""),
        ("age", "everyone", 100, 100, 30.0, 40.0, 50.0, ""),
    ]
    return AnalystRecord(
        MonthEnds((), datetime.min),
        "",
        "MRR",
        (),
        10,
        shares=pd.DataFrame(shares, columns=list(SHARES)),
        quartiles=pd.DataFrame(quartiles, columns=list(QUARTILES)),
    )


def test_a_number_a_row_with_its_interval_and_the_name_of_the_group(record: AnalystRecord) -> None:
    rows = distribution_rows(record, NAMES)
    assert tuple(rows.columns) == COLUMNS
    own = rows[rows["name"] == "Neue <b>"].set_index("statistic")
    assert own["value"].to_dict() == {"share": 0.5, "lower": 1.0, "median": 4.0, "upper": 8.0}
    assert own.loc["share", ["level", "low", "high", "n", "answered", "mark"]].tolist() == [
        "pro", 0.39, 0.61, 92, 84, "above",
    ]  # fmt: skip
    assert list(dict.fromkeys(rows["column"])) == ["plan", "seats", "age"]


def test_people_read_a_level_or_a_number_a_row(record: AnalystRecord) -> None:
    words = distributions_in_words(distribution_rows(record, NAMES))
    assert list(words.columns) == ["column", "level", "everyone", "Neue <b>", "Regulars"]
    assert words.to_numpy().tolist() == [
        ["plan", "pro", "50.0 %", "50.0 % ▲", "-"],
        ["seats", "", "5 (2 to 9.5)", "4 (1 to 8) ▼", "-"],
        ["age", "", "40 (30 to 50)", "-", "-"],
    ]


def test_two_segments_of_one_name_keep_their_columns(record: AnalystRecord) -> None:
    words = distributions_in_words(distribution_rows(record, {"s1": "same", "s2": "same"}))
    assert words.iloc[0].tolist() == ["plan", "pro", "50.0 %", "50.0 % ▲", "-"]


def test_a_single_column(record: AnalystRecord) -> None:
    assert set(distribution_rows(record, NAMES, "seats")["column"]) == {"seats"}
    with pytest.raises(
        SettingsError, match=r"no distribution of 'seat'. Did you mean 'seats'\? It has plan, seats, age"
    ):
        distribution_rows(record, NAMES, "seat")


def test_a_record_of_numbers_alone_has_no_levels(record: AnalystRecord) -> None:
    rows = distribution_rows(replace(record, shares=record.shares.iloc[:0]), NAMES)
    assert set(rows["level"]) == {""}
    assert set(rows["column"]) == {"seats", "age"}
    assert distributions_in_words(rows).iloc[0].tolist() == ["seats", "", "5 (2 to 9.5)", "4 (1 to 8) ▼", "-"]


def test_a_record_without_distributions() -> None:
    empty = AnalystRecord(MonthEnds((), datetime.min), "", "MRR", (), 10)
    rows = distribution_rows(empty, {})
    assert rows.empty
    assert distributions_in_words(rows).empty
