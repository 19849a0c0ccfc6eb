from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pandas as pd

from analytics.month_ends import MonthEnds
from analytics.record import FIGURES, SIZES, AnalystRecord
from jobs.run_content.insights import insights_json
from reporting.content.of_discovery import content_of_discovery
from serving.model.finished_pages import INSIGHTS, FinishedPages
from training.discovery.discovery import Discovery


def record_of(segment: str) -> AnalystRecord:
    sizes = [
        ("2017-12", segment, 42.0, 900.0, 0, 3, 1, 0, 0, 0, False),
        ("2017-11", segment, 40.0, 850.0, 0, 0, 0, 0, 0, 0, True),
        ("2017-12", "unassigned", 5.0, 0.0, 0, 0, 0, 0, 0, 0, False),
    ]
    figures = [("churn_rate", "segment", segment, "2017-11/2017-12", 0.02, 0.01, 0.03, 82, "", "")]
    return AnalystRecord(
        MonthEnds.before(datetime(2018, 1, 1), 2),
        "USD",
        "MRR",
        (),
        10,
        figures=pd.DataFrame(figures, columns=list(FIGURES)),
        sizes=pd.DataFrame(sizes, columns=list(SIZES)),
    )


def test_the_service_reads_what_the_job_writes(kmeans_discovery: Discovery) -> None:
    content = content_of_discovery(kmeans_discovery)
    own = kmeans_discovery.model.ids[0]
    text = insights_json(content, record_of(own))
    insights = FinishedPages.of({INSIGHTS: text.encode()}).insights
    assert set(insights) == set(kmeans_discovery.model.ids)
    assert [(point.month, point.customers, point.short_history) for point in insights[own].trend] == [
        ("2017-11", 40, True),
        ("2017-12", 42, False),
    ]
    assert insights[own].churn_rate == 0.02
    spend = kmeans_discovery.frame["monetary_value"]
    first = kmeans_discovery.labels == 0
    assert insights[own].money[0].amount == spend[first].sum()
    members = kmeans_discovery.frame.index[first]
    assert {example.customer for example in insights[own].examples} <= set(members)
    assert insights[own].examples[-1].why == "border"


def test_without_a_record_there_is_neither_trend_nor_churn(kmeans_discovery: Discovery) -> None:
    insights = FinishedPages.of({INSIGHTS: insights_json(content_of_discovery(kmeans_discovery)).encode()}).insights
    assert {insight.churn_rate for insight in insights.values()} == {None}
    assert all(insight.trend == [] and insight.examples for insight in insights.values())


def test_a_size_that_is_not_known_is_no_point(kmeans_discovery: Discovery) -> None:
    own = kmeans_discovery.model.ids[0]
    record = record_of(own)
    record = replace(record, sizes=record.sizes.assign(customers=[None, 40.0, None]))
    insights = FinishedPages.of(
        {INSIGHTS: insights_json(content_of_discovery(kmeans_discovery), record).encode()}
    ).insights
    assert [point.month for point in insights[own].trend] == ["2017-11"]
