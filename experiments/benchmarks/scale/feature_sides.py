"""The same customer vectors three ways, each in a process of its own: ours, pandas, and DuckDB SQL by hand.

`python -m experiments.benchmarks.scale.feature_sides SIDE FOLDER` leaves SIDE.parquet in the folder and prints what it
took. Each side first makes the vectors of a shop of a few rows, so that imports do not count.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd

from experiments.benchmarks.scale.measured_process import measure
from experiments.benchmarks.scale.shop import AS_OF, write_shop

ZEROS = (
    "frequency",
    "monetary_value",
    "events",
    "active_days_7",
    "active_days_30",
    "active_days_90",
    "features_used",
    "sessions_30",
)
SQL = f"""
    WITH orders AS (
        SELECT customer_id, order_id, CAST(ordered_at AS DATE) AS day, CAST(round(amount * 10000) AS BIGINT) AS money
        FROM read_parquet('{{folder}}/orders.parquet') WHERE ordered_at < TIMESTAMP '{AS_OF}'
    ), events AS (
        SELECT customer_id, occurred_at, feature, DATE '{AS_OF}' - 1 - CAST(occurred_at AS DATE) AS ago
        FROM read_parquet('{{folder}}/events.parquet') WHERE occurred_at < TIMESTAMP '{AS_OF}'
    ), bought AS (
        SELECT customer_id, DATE '{AS_OF}' - max(day) AS recency_days, count(DISTINCT order_id) AS frequency,
               DATE '{AS_OF}' - min(day) AS tenure_days, max(day) - min(day) AS span, sum(money) / 10000.0 AS money
        FROM orders GROUP BY customer_id
    ), used AS (
        SELECT customer_id, count(*) AS events, min(ago) + 1 AS days_since_last_event,
               count(DISTINCT ago) FILTER (ago < 7) AS active_days_7,
               count(DISTINCT ago) FILTER (ago < 30) AS active_days_30,
               count(DISTINCT ago) FILTER (ago < 90) AS active_days_90,
               count(*) FILTER (ago < 90) AS lately,
               CAST(count(*) FILTER (ago < 30) AS DOUBLE) AS last_30,
               CAST(count(*) FILTER (ago >= 30 AND ago < 60) AS DOUBLE) AS before_30,
               count(DISTINCT feature) FILTER (ago < 90) AS features_used
        FROM events GROUP BY customer_id
    ), visits AS (
        SELECT customer_id, count(*) FILTER (silence IS NULL OR silence > 1800) AS sessions_30
        FROM (SELECT customer_id, epoch(occurred_at) - lag(epoch(occurred_at)) OVER
                         (PARTITION BY customer_id ORDER BY occurred_at) AS silence
              FROM events WHERE ago < 30)
        GROUP BY customer_id
    ), top AS (
        SELECT customer_id, max(times) / CAST(sum(times) AS DOUBLE) AS top_feature_share
        FROM (SELECT customer_id, feature, count(*) AS times FROM events WHERE ago < 90 GROUP BY customer_id, feature)
        GROUP BY customer_id
    )
    SELECT CAST(customer_id AS VARCHAR) AS customer_id, CAST(recency_days AS DOUBLE) AS recency_days,
           CAST(coalesce(frequency, 0) AS DOUBLE) AS frequency, coalesce(money, 0) AS monetary_value,
           money / frequency AS average_order_value,
           CAST(tenure_days AS DOUBLE) AS tenure_days,
           CAST(span AS DOUBLE) / nullif(frequency - 1, 0) AS days_between_orders,
           CAST(coalesce(events, 0) AS DOUBLE) AS events,
           CAST(coalesce(active_days_7, 0) AS DOUBLE) AS active_days_7,
           CAST(coalesce(active_days_30, 0) AS DOUBLE) AS active_days_30,
           CAST(coalesce(active_days_90, 0) AS DOUBLE) AS active_days_90,
           CAST(days_since_last_event AS DOUBLE) AS days_since_last_event,
           coalesce(lately / CAST(nullif(active_days_90, 0) AS DOUBLE), 0) AS events_per_active_day,
           coalesce((last_30 - before_30) / nullif(last_30 + before_30, 0), 0) AS usage_trend,
           CAST(coalesce(features_used, 0) AS DOUBLE) AS features_used,
           CAST(coalesce(sessions_30, 0) AS DOUBLE) AS sessions_30, top_feature_share
    FROM bought FULL JOIN used USING (customer_id)
    LEFT JOIN visits USING (customer_id) LEFT JOIN top USING (customer_id)
    ORDER BY 1
"""  # noqa: S608


def segments_side(folder: Path) -> pd.DataFrame:
    """Ours, checked against their schema."""
    from features.customer_vector import build_vectors
    from features.settings import FeatureSettings, Sources

    sources = Sources.model_validate({name: {"file": f"{name}.parquet"} for name in ("orders", "events")})
    settings = FeatureSettings.model_validate({"rfm": {"scores": False}})
    return build_vectors(sources, settings, AS_OF, folder).frame


def sql_side(folder: Path) -> pd.DataFrame:
    """One statement by hand."""
    import duckdb

    with duckdb.connect() as connection:
        return connection.execute(SQL.format(folder=folder)).df().set_index("customer_id")


def pandas_side(folder: Path) -> pd.DataFrame:
    """As a data scientist writes it: one group-by a table, and further ones where a window or a level asks for them."""
    midnight = pd.Timestamp(AS_OF)
    orders = pd.read_parquet(folder / "orders.parquet")
    orders = orders[orders.ordered_at < midnight]
    bought = orders.assign(day=orders.ordered_at.dt.normalize()).groupby("customer_id").agg(
        first=("day", "min"), last=("day", "max"), frequency=("order_id", "nunique"), monetary_value=("amount", "sum")
    )  # fmt: skip
    vectors = bought[["frequency", "monetary_value"]].assign(
        recency_days=(midnight - bought["last"]).dt.days,
        average_order_value=bought.monetary_value / bought.frequency,
        tenure_days=(midnight - bought["first"]).dt.days,
        days_between_orders=(bought["last"] - bought["first"]).dt.days
        / (bought.frequency - 1).where(bought.frequency > 1),
    )
    del orders
    events = pd.read_parquet(folder / "events.parquet")
    events = events[events.occurred_at < midnight]
    events["ago"] = (midnight - pd.Timedelta(days=1) - events.occurred_at.dt.normalize()).dt.days
    by_customer = events.groupby("customer_id")
    used = by_customer.agg(events=("ago", "size"), days_since_last_event=("ago", "min"))
    used["days_since_last_event"] += 1
    windows = {days: events[events.ago < days] for days in (7, 30, 90)}
    for days, rows in windows.items():
        used[f"active_days_{days}"] = rows.groupby("customer_id").ago.nunique()
    last_90 = windows[90].groupby("customer_id")
    used["events_per_active_day"] = (last_90.size() / used.active_days_90).reindex(used.index)
    last_30 = windows[30].groupby("customer_id").size().reindex(used.index, fill_value=0)
    both = events[events.ago < 60].groupby("customer_id").size().reindex(used.index, fill_value=0)
    used["usage_trend"] = (2 * last_30 - both) / both.where(both > 0)
    used["features_used"] = last_90.feature.nunique()
    times = windows[90].groupby(["customer_id", "feature"]).size().groupby("customer_id")
    used["top_feature_share"] = times.max() / times.sum()
    moments = windows[30].sort_values(["customer_id", "occurred_at"])
    silence = moments.groupby("customer_id").occurred_at.diff()
    starts = silence.isna() | (silence > pd.Timedelta(minutes=30))
    used["sessions_30"] = starts.groupby(moments.customer_id).sum()
    vectors = vectors.join(used, how="outer")
    filled = [*ZEROS, "events_per_active_day", "usage_trend"]
    vectors[filled] = vectors[filled].fillna(0)
    return vectors.set_axis(vectors.index.astype(str)).sort_index()


SIDES: Mapping[str, Callable[[Path], pd.DataFrame]] = {
    "segments": segments_side,
    "pandas": pandas_side,
    "sql": sql_side,
}


def measure_side(side: str, folder: Path) -> dict[str, float]:
    """Processor seconds without imports and peak memory in GB of one side, in a process of its own."""
    command = [sys.executable, "-m", "experiments.benchmarks.scale.feature_sides", side, str(folder)]
    figures: dict[str, float] = json.loads(measure(command).output.splitlines()[-1])
    return figures


def require_equal(folder: Path) -> None:
    """All sides made the same columns: SQL's are ours to the bit, pandas' to 1e-9, as its sums of money are of floats.

    Raises
    ------
    AssertionError
        With the first column that differs.
    """
    ours, sql, peer = (pd.read_parquet(folder / f"{side}.parquet") for side in ("segments", "sql", "pandas"))
    pd.testing.assert_frame_equal(ours, sql[ours.columns], check_exact=True, check_dtype=False, check_index_type=False)
    pd.testing.assert_frame_equal(
        ours, peer[ours.columns], rtol=1e-9, check_dtype=False, check_names=False, check_index_type=False
    )


def _processor_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _report(side: str, folder: Path) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as small:
        write_shop(Path(small), 4, 40, 40)
        SIDES[side](Path(small))
    before = _processor_seconds()
    frame = SIDES[side](folder)
    seconds = _processor_seconds() - before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    frame.to_parquet(folder / f"{side}.parquet")
    return {"seconds": seconds, "peak_gb": peak}


if __name__ == "__main__":
    print(json.dumps(_report(sys.argv[1], Path(sys.argv[2]))))
