"""The file `insights.json` of a run: figures and example customers of each segment, which the explorer's cards show."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from analytics.record import AnalystRecord
from jobs.run_content.metrics import record_metrics
from reporting.content.report_content import DiscoveryContent, SegmentContent
from serving.contracts.insights import ExampleInsight, ExampleValue, Insights, MoneyInsight, SegmentInsight, TrendPoint

FORMAT = 1
FILE_NAME = "insights.json"


def insights_json(content: DiscoveryContent, record: AnalystRecord | None = None) -> str:
    """The insights of a discovery as JSON text; without a record they have no trend and no churn rate."""
    insights = Insights(format=FORMAT, segments={segment.id: _insight(segment, record) for segment in content.segments})
    return json.dumps(insights.model_dump(), ensure_ascii=False, allow_nan=False) + "\n"


def _insight(segment: SegmentContent, record: AnalystRecord | None) -> SegmentInsight:
    return SegmentInsight(
        money=[
            MoneyInsight(title=money.title, unit=money.unit, amount=money.total, share=money.share)
            for money in segment.money
        ],
        churn_rate=None if record is None else record_metrics(record).get(f"churn_rate/{segment.id}"),
        trend=[] if record is None else _trend(record, segment.id),
        examples=[
            ExampleInsight(
                customer=example.customer,
                why="border" if example.why == "border" else "typical",
                values=[
                    ExampleValue(title=title, value=words)
                    for title, words in zip(segment.columns, example.values, strict=True)
                ],
            )
            for example in segment.examples
        ],
    )


def _trend(record: AnalystRecord, segment_id: str) -> list[TrendPoint]:
    sizes = record.sizes[record.sizes["segment"] == segment_id].sort_values("month")
    return [_point(row) for row in sizes.to_dict(orient="records") if not pd.isna(row["customers"])]


def _point(row: dict[Any, Any]) -> TrendPoint:
    return TrendPoint(
        month=str(row["month"]), customers=int(row["customers"]), short_history=bool(row["short_history"])
    )
