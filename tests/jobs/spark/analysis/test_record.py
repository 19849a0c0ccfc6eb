"""The record where the customers stay in Spark: that of the embedded engine."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from analytics.record import AnalystRecord
from cli import main
from jobs import conclusion
from jobs.conclusion import analyse
from jobs.record import record_of
from jobs.spark.analysis.record import OF_ALL
from training.settings import read_settings

pytestmark = [
    pytest.mark.spark,
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),  # of py4j's gateway
]
TABLES = (
    "figures", "sizes", "flows", "cohorts", "retention", "survival", "odds", "shares", "quartiles", "overlap",
    "condition_sizes", "representatives", "advice",
)  # fmt: skip
HERE = """
as_of: 2026-07-01
sources:
  orders: {file: orders.parquet}
  subscriptions: {file: subscriptions.parquet}
  customers:
    file: customers.parquet
    attributes: {city: {kind: category}, county: {kind: category}}
features: {time_zone: Europe/Berlin, rfm: {scores: false}, roles: {county: descriptor}}
discovery: {algorithms: [{algorithm: kmeans, segments: 3, starts: 1}], force: true, min_share: 0}
analytics: {compare: [city], floor: 2, months: 2}
goals:
  buys_again: {table: orders, within_days: 30}
conditions:
  best_20_percent: ready
  frequent: frequency >= 5 and city is not null
  nobody: frequency > 1000
"""


@dataclass(frozen=True)
class Discovered:
    """A folder with settings, a registry and `report.html`; record : that of the report."""

    folder: Path
    record: AnalystRecord


@pytest.fixture(scope="module")
def discovered(
    spark: Any, tmp_path_factory: pytest.TempPathFactory, quick_discovery: Callable[[], AbstractContextManager[None]]
) -> Discovered:
    """Three hundred customers, of whom some never order; settings with and without Spark.

    The registry has a champion, which was discovered in Spark, and no test changes it.
    """
    assert spark is not None
    folder = tmp_path_factory.mktemp("company")
    random, names = np.random.default_rng(5), np.array([f"c{n:03}" for n in range(300)])
    start = np.datetime64("2026-01-20", "us")
    who = names[random.integers(0, 290, 2_400) ** 2 // 290]
    orders = pd.DataFrame(
        {
            "customer_id": who,
            "order_id": [f"o{n // 2}" for n in range(2_400)],
            "ordered_at": start + random.integers(0, 161 * 86_400, 2_400).astype("timedelta64[s]"),
            "amount": np.round(random.lognormal(3, 1, 2_400), 2),
        }
    )
    begun = start + random.integers(0, 150, 200).astype("timedelta64[D]")
    terms = pd.DataFrame(
        {
            "customer_id": names[:200],
            "started_at": begun,
            "ended_at": pd.Series(begun + random.integers(10, 90, 200).astype("timedelta64[D]")).where(
                random.random(200) < 0.5
            ),
            "mrr": np.round(random.lognormal(2, 1, 200), 2),
        }
    )
    people = pd.DataFrame(
        {
            "customer_id": names,
            "city": np.array(["Ulm", "Köln", None], dtype=object)[random.integers(0, 3, 300)],
            "county": np.array([*"abcdefghijkl"], dtype=object)[random.integers(0, 12, 300)],
        }
    )
    for name, table in {"orders": orders, "subscriptions": terms, "customers": people}.items():
        table.to_parquet(folder / f"{name}.parquet", index=False)
    (folder / "here.yaml").write_text(HERE)
    (folder / "spark.yaml").write_text(f'engine: {{spark: "local[2]"}}\n{HERE}')
    computed: list[AnalystRecord] = []

    def analyse_and_keep(*arguments: Any) -> tuple[AnalystRecord | None, str]:
        record, reason = analyse(*arguments)
        assert record is not None, reason
        computed.append(record)
        return record, reason

    with quick_discovery(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(conclusion, "analyse", analyse_and_keep)
        report = str(folder / "report.html")
        done = CliRunner().invoke(main, ["discover", str(folder / "spark.yaml"), "--promote", "--report", report])
    assert done.exit_code == 0, done.output
    return Discovered(folder, *computed)


@pytest.fixture
def company(discovered: Discovered, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(discovered.folder)
    return discovered.folder


def test_the_record_of_a_discovery_is_that_of_the_embedded_engine(company: Path, discovered: Discovered) -> None:
    theirs, announced = discovered.record, list[str]()
    ours = record_of(read_settings(company / "here.yaml")[0], company, "champion", None, announced.append).record
    for name in TABLES:
        own, other = getattr(ours, name), getattr(theirs, name)
        assert len(own), name
        keys = [column for column in own if not pd.api.types.is_float_dtype(own[column])]
        pd.testing.assert_frame_equal(
            own.sort_values(keys, ignore_index=True),
            other.sort_values(keys, ignore_index=True),
            check_dtype=False,
            rtol=1e-9,
        )
    counties = ours.shares[(ours.shares.column == "county") & (ours.shares.segment == "everyone")]
    assert counties.level.tolist()[-1] == "other"  # the rest together are more than any level alone
    assert counties.customers.idxmax() == counties.index[-1]
    *notes, last = theirs.notes
    assert set(notes) == set(ours.notes)
    assert last == OF_ALL
    assert (theirs.conditions, theirs.undated) == (ours.conditions, ours.undated)
    page = unescape((company / "report.html").read_text(encoding="utf-8"))
    assert OF_ALL in page  # the report of the discovery has this record, and says of whom it is
    titles = [definition.title for definition in theirs.definitions]
    assert 2 * sum(title in page for title in titles) > len(titles) > 10


def test_what_a_record_in_spark_cannot_do_is_one_line(company: Path) -> None:
    written = HERE.replace("months: 2}", "months: 2, written: {postgres: RESULTS_URL}}")
    (company / "written.yaml").write_text(f'engine: {{spark: "local[2]"}}\n{written}')
    done = CliRunner().invoke(main, ["figures", "--config", "written.yaml"])
    assert done.exit_code == 2
    assert "analytics.written reads the members of all months into memory" in done.output
