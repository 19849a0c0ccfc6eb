"""The rows of named conditions: figures of who meets each, the segments that they are in, and what is left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import pytest

from analytics.record import CONDITION_SIZES, OVERLAP, REPRESENTATIVES, AnalystRecord, ConditionText
from reporting.content.report_content import DiscoveryContent, ReportContent
from reporting.page import html_report
from reporting.record_tables import chosen_figures, condition_sizes_in_words
from reporting.sections.figure_book import FigureBook
from reporting.sections.keys import Keys
from reporting.sections.named_conditions import MOST_CONDITIONS, named_conditions

NAMES = ("at_risk", *(f"more_{number}" for number in range(MOST_CONDITIONS)))


@pytest.fixture(scope="module")
def content(make_content: Callable[..., DiscoveryContent]) -> DiscoveryContent:
    return make_content()


@pytest.fixture(scope="module")
def record(content: DiscoveryContent, make_record: Callable[..., AnalystRecord]) -> AnalystRecord:
    """Nine conditions; who meets one has the figures of everyone."""
    plain = make_record(content)
    everyone = plain.figures[plain.figures["grouping"] == "everyone"]
    groups = [everyone.assign(grouping=name, group=group) for name in NAMES for group in ("meets", "rest")]
    overlap = [
        (name, group, 50, 20 + place, 0.4, 0.28, 0.54, "above" if place == 1 else "")
        for name in NAMES
        for place, group in enumerate(("everyone", *(segment.id for segment in content.segments)))
    ]
    sizes = plain.sizes[plain.sizes["segment"] == content.segments[0].id].drop(columns="segment")
    examples = [("at_risk", "<b>C1</b>", content.segments[1].id, 0.5), ("at_risk", "C2", "unassigned", 0.0)]
    return replace(
        plain,
        figures=pd.concat([plain.figures, *groups], ignore_index=True),
        conditions={name: ConditionText("mrr < 5 and plan = '<i>'", "pays little") for name in NAMES},
        overlap=pd.DataFrame(overlap, columns=list(OVERLAP)),
        condition_sizes=sizes.assign(condition="at_risk").loc[:, list(CONDITION_SIZES)],
        representatives=pd.DataFrame(examples, columns=list(REPRESENTATIVES)),
    )


def test_a_row_has_size_figures_trend_overlap_and_examples(content: DiscoveryContent, record: AnalystRecord) -> None:
    shown = named_conditions(FigureBook(record), Keys(content.segments))
    assert shown is not None
    row = shown.rows[0]
    assert (row.name, row.words, row.text) == ("at_risk", "pays little", "mrr < 5 and plan = '<i>'")
    assert (row.cells[0].words, row.cells[0].note) == ("20", "40.0 %")
    book = FigureBook(record)
    assert row.cells[1].words == book.cell("mrr", "everyone").words
    assert [key.id for key, _ in row.overlap] == [segment.id for segment in content.segments]
    first = row.overlap[0][1]
    assert (first.words, first.interval, first.n, first.mark) == ("40.0 %", "28.0–54.0 %", "n 50", "above others")
    assert [(customer, key.name) for customer, key in row.examples] == [
        ("<b>C1</b>", content.segments[1].name),
        ("C2", "in no segment"),
    ]
    assert shown.has_trends
    assert not shown.rows[1].trends


def test_a_condition_that_reads_what_shapes_the_segments_says_why_it_has_no_mark(
    content: DiscoveryContent, record: AnalystRecord
) -> None:
    marks = record.overlap["mark"].where(record.overlap["condition"] != "at_risk", "defines the segment")
    page = html_report(ReportContent("t", content, record=replace(record, overlap=record.overlap.assign(mark=marks))))
    assert "Without a mark, because a column that they read shapes the segments: at_risk." in page
    assert "a column that they read" not in html_report(ReportContent("t", content, record=record))


def test_a_share_of_few_customers_says_why_it_is_missing(content: DiscoveryContent, record: AnalystRecord) -> None:
    few = record.overlap.assign(**dict.fromkeys(("share", "low", "high"), float("nan")), n=8)
    shown = named_conditions(FigureBook(replace(record, overlap=few)), Keys(content.segments))
    assert shown is not None
    assert {cell.note for row in shown.rows for _, cell in row.overlap} == {"fewer than 10 customers"}


def test_eight_are_shown_and_the_others_named(content: DiscoveryContent, record: AnalystRecord) -> None:
    shown = named_conditions(FigureBook(record), Keys(content.segments))
    assert shown is not None
    assert [row.name for row in shown.rows] == list(NAMES[:MOST_CONDITIONS])
    assert shown.left_out == NAMES[MOST_CONDITIONS:]
    assert set(chosen_figures(record, {}, by="at_risk")["group"]) == {"everyone", "meets", "rest"}


def test_conditions_are_no_attributes(record: AnalystRecord) -> None:
    assert not set(FigureBook(record).attributes) & set(NAMES)


def test_the_page_escapes_them_and_leaves_the_section_out_without_any(
    content: DiscoveryContent, record: AnalystRecord
) -> None:
    page = html_report(ReportContent("A company", content, record=record))
    assert "Named conditions" in page
    assert "&lt;b&gt;C1&lt;/b&gt;" in page
    assert "<b>C1</b>" not in page
    assert "plan = &#39;&lt;i&gt;&#39;" in page
    assert f"In the file of figures only: {NAMES[-1]}." in page
    without = html_report(ReportContent("A company", content, record=replace(record, conditions={})))
    assert "Named conditions" not in without


def test_a_company_without_dates_has_sizes_and_overlap(content: DiscoveryContent, record: AnalystRecord) -> None:
    undated = replace(
        record,
        definitions=(),
        figures=record.figures.iloc[:0],
        condition_sizes=record.condition_sizes.iloc[:0],
    )
    shown = named_conditions(FigureBook(undated), Keys(content.segments))
    assert shown is not None
    assert [len(row.cells) for row in shown.rows] == [1] * MOST_CONDITIONS
    assert not shown.has_trends


def test_sizes_of_conditions_for_people(record: AnalystRecord) -> None:
    table = condition_sizes_in_words(record)
    assert list(table.columns[:4]) == ["month", "condition", "customers", record.money_title]
    assert len(table) == len(record.condition_sizes)
    assert table["joined"].iloc[0] == "-"
