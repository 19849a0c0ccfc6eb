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
from reporting.record_tables import chosen_figures, figures_in_words, sizes_in_words


def test_counts_of_figures_are_not_rounded(
    make_content: Callable[..., DiscoveryContent], make_record: Callable[..., AnalystRecord]
) -> None:
    content = make_content()
    plain = make_record(content)
    record = replace(plain, definitions=tuple(replace(each, unit=Unit.COUNT) for each in plain.definitions))
    rows = chosen_figures(record, {segment.id: segment.name for segment in content.segments})
    rows = rows[~rows["figure"].isin(["nrr", "grr"])]  # ratios that are written in percent
    words = figures_in_words(record, rows.assign(value=5977.0), every_period=True)
    assert set(words["value"]) == {"5,977"}


def test_the_console_writes_shares_of_money_and_small_money_as_the_page_does(
    make_content: Callable[..., DiscoveryContent], make_record: Callable[..., AnalystRecord]
) -> None:
    record = make_record(make_content())
    rows = chosen_figures(record, {})
    nrr = figures_in_words(record, rows[rows["figure"] == "nrr"].assign(value=1.043, low=0.98, high=1.1))
    assert set(nrr["value"]) == {"104.3 %"}
    mrr = figures_in_words(record, rows[rows["figure"] == "mrr"].assign(value=0.00125))
    assert set(mrr["value"]) == {"0.00125"}
    whole = record.sizes.assign(money=0.0)
    for money, words in ((0.00125, "0.00125"), (72.5, "72.50"), (1234.5, "1,234")):
        sizes = replace(record, sizes=whole.assign(money=[money, *whole["money"].iloc[1:]]))
        assert sizes_in_words(sizes, {})[record.money_title].iloc[0] == words


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
