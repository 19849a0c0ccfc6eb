"""Counts and money of the tables that commands print are written in full, so that a person can compare them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from analytics.record import AnalystRecord, Unit
from reporting.account_words import accounts_in_words
from reporting.content.report_content import DiscoveryContent
from reporting.record_tables import chosen_figures, figures_in_words


def test_counts_of_figures_are_not_rounded(
    make_content: Callable[..., DiscoveryContent], make_record: Callable[..., AnalystRecord]
) -> None:
    content = make_content()
    plain = make_record(content)
    record = replace(plain, definitions=tuple(replace(each, unit=Unit.COUNT) for each in plain.definitions))
    rows = chosen_figures(record, {segment.id: segment.name for segment in content.segments})
    words = figures_in_words(record, rows.assign(value=5977.0), every_period=True)
    assert set(words["value"]) == {"5,977"}


@pytest.mark.parametrize(
    ("money", "words"),
    [(12345.0, "12,345"), (12345.678, "12,345.68"), (365.35, "365.35"), (0.0, "0"), (0.01234, "0.0123")],
)
def test_values_of_ranked_accounts_are_not_rounded(money: float, words: str) -> None:
    account: dict[str, Any] = {
        "rank": 1, "customer_id": "A", "value": money, "change": money, "segment_name": "x", "strength": 0.5,
        "representative": False, "reasons": "",
    }  # fmt: skip
    shown = accounts_in_words(pd.DataFrame([account]), "USD").iloc[0]
    assert shown["value (USD)"] == words
    assert shown["change"] == (f"+{words}" if money > 0 else words)


def test_a_state_is_that_of_the_last_month_end_and_says_so(
    make_content: Callable[..., DiscoveryContent], make_record: Callable[..., AnalystRecord]
) -> None:
    """As of the middle of May, MRR of the figures is that of the end of April: it is not "now"."""
    record = make_record(make_content())
    rows = chosen_figures(record, {}).assign(period="")
    assert set(figures_in_words(record, rows)["period"]) == {f"end of {record.month_ends.months[-1]}"}
