from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pandas as pd
import pytest

from analytics.month_ends import MonthEnds
from analytics.record import FIGURES, AnalystRecord
from features.learned import LearnedFeatures
from features.notices import Notice
from features.vector_table import CustomerVectors
from jobs.run_content.description import description_of, markdown_table
from registry.limits import DESCRIPTION_LIMIT
from training.discovery.discovery import Discovery


def vectors_of(discovery: Discovery) -> CustomerVectors:
    return CustomerVectors(discovery.frame, discovery.contract, LearnedFeatures(), date(2018, 1, 1), "sha256:x", {})


def test_it_begins_with_a_row_a_segment(kmeans_discovery: Discovery) -> None:
    text = description_of("Shop", vectors_of(kmeans_discovery), kmeans_discovery)
    lines = text.splitlines()
    assert lines[0] == "| segment | customers | share | monetary value, USD | typically | id |"
    for line, card in zip(lines[2:6], kmeans_discovery.model.cards, strict=True):
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        assert cells[0] == card.name
        assert cells[1] == f"{card.size:,}"
        assert cells[-1] == f"`{card.id}`"
    assert kmeans_discovery.verdict.sentence in text
    assert "Shop: 400 customers as of 2018-01-01" in text


def test_every_row_has_a_cell_for_its_churn_though_a_segment_had_nobody_to_lose(kmeans_discovery: Discovery) -> None:
    ids = kmeans_discovery.model.ids
    figures = [("churn_rate", "segment", ids[0], "2017-01/2017-12", 0.0364, 0.01, 0.05, 90, "", "")]
    months = MonthEnds.before(datetime(2018, 1, 1), 12)
    record = AnalystRecord(months, "USD", "MRR", (), 10, figures=pd.DataFrame(figures, columns=list(FIGURES)))
    rows = description_of("Shop", vectors_of(kmeans_discovery), kmeans_discovery, record).splitlines()[:6]
    cells = [[cell.strip() for cell in row.split(" | ")] for row in rows]
    assert {len(row) for row in cells} == {7}
    place = cells[0].index("churn a month")
    assert [row[place] for row in cells[2:]] == ["3.64 %", "–", "–", "–"]


def test_it_says_what_may_be_wrong_with_the_tables(kmeans_discovery: Discovery) -> None:
    notices = (Notice("orders", "read"), Notice("orders", "'OrderID' is not read", warning=True))
    vectors = replace(vectors_of(kmeans_discovery), notices=notices)
    text = description_of("Shop", vectors, kmeans_discovery)
    assert "**Check the tables.** orders: 'OrderID' is not read.\n" in text
    assert "Check the tables" not in description_of("Shop", vectors_of(kmeans_discovery), kmeans_discovery)


def test_a_name_is_text_and_never_markup(kmeans_discovery: Discovery) -> None:
    hostile = "a|b **c** <img src=x onerror=alert(1)>\n# d `e` [f](javascript:g)"
    cards = tuple(replace(card, name=hostile) for card in kmeans_discovery.model.cards)
    discovery = replace(kmeans_discovery, model=replace(kmeans_discovery.model, discovered_cards=cards))
    row = description_of("Shop", vectors_of(discovery), discovery).splitlines()[2]
    expected = r"a&#124;b \*\*c\*\* &lt;img src=x onerror=alert(1)&gt; \# d \`e\` \[f\](javascript:g)"
    assert expected in row


@pytest.mark.parametrize("segments", [1, 7, 60, 500])
@pytest.mark.parametrize("words", ["", "x" * 60, "x" * 5000])
def test_no_table_is_longer_than_mlflow_keeps(segments: int, words: str) -> None:
    rows = [{"segment": f"segment {number}", "typically": words, "id": f"`seg-{number}`"} for number in range(segments)]
    text = markdown_table(rows, DESCRIPTION_LIMIT)
    assert len(text) <= DESCRIPTION_LIMIT
    kept = text.count("| segment ") - 1
    assert kept == segments or f"and {segments - kept} more segments" in text


def test_no_segments_are_no_table() -> None:
    assert markdown_table([], 100) == "|  |\n|  |"
