"""`segments figures` where the customers stay in Spark: the record that the embedded engine computes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from cli import main
from jobs.record import record_of
from jobs.spark.record import record_in_spark
from training.settings import read_settings

pytestmark = [
    pytest.mark.spark,
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),  # of py4j's gateway
]
TABLES = ("figures", "sizes", "flows", "cohorts", "retention", "survival", "odds")
HERE = """
as_of: 2026-07-01
sources:
  orders: {file: orders.parquet}
  subscriptions: {file: subscriptions.parquet}
  customers:
    file: customers.parquet
    attributes: {city: {kind: category}}
features: {time_zone: Europe/Berlin, rfm: {scores: false}}
discovery: {algorithms: [{algorithm: kmeans, segments: 3, starts: 1}], force: true, min_share: 0}
analytics: {compare: [city], floor: 2, months: 2}
goals:
  buys_again: {table: orders, within_days: 30}
"""


@pytest.fixture(scope="module")
def discovered(
    tmp_path_factory: pytest.TempPathFactory, quick_discovery: Callable[[], AbstractContextManager[None]]
) -> Path:
    """Ninety customers, of whom ten have no order before June and some never one; settings with and without Spark.

    The registry has a champion, and no test changes it.
    """
    folder = tmp_path_factory.mktemp("company")
    random, names = np.random.default_rng(5), np.array([f"c{n:02}" for n in range(90)])
    start = np.datetime64("2026-01-20", "us")
    who = names[random.integers(0, 80, 700) ** 2 // 80]
    orders = pd.DataFrame(
        {
            "customer_id": who,
            "order_id": [f"o{n // 2}" for n in range(700)],
            "ordered_at": start + random.integers(0, 161 * 86_400, 700).astype("timedelta64[s]"),
            "amount": np.round(random.lognormal(3, 1, 700), 2),
        }
    )
    begun = start + random.integers(0, 150, 60).astype("timedelta64[D]")
    terms = pd.DataFrame(
        {
            "customer_id": names[:60],
            "started_at": begun,
            "ended_at": pd.Series(begun + random.integers(10, 90, 60).astype("timedelta64[D]")).where(
                random.random(60) < 0.5
            ),
            "mrr": np.round(random.lognormal(2, 1, 60), 2),
        }
    )
    people = pd.DataFrame(
        {
            "customer_id": names,
            "city": np.array(["Ulm", "Köln", None], dtype=object)[random.integers(0, 3, 90)],
        }
    )
    for name, table in {"orders": orders, "subscriptions": terms, "customers": people}.items():
        table.to_parquet(folder / f"{name}.parquet", index=False)
    (folder / "here.yaml").write_text(HERE)
    (folder / "spark.yaml").write_text(f'engine: {{spark: "local[2]"}}\n{HERE}')
    with quick_discovery():
        done = CliRunner().invoke(main, ["discover", str(folder / "here.yaml"), "--promote"])
    assert done.exit_code == 0, done.output
    return folder


@pytest.fixture
def company(discovered: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(discovered)
    return discovered


def test_the_record_is_that_of_the_embedded_engine(spark: Any, company: Path) -> None:
    assert spark is not None
    announced: list[str] = []
    ours, theirs = (
        of(read_settings(company / name)[0], company, "champion", None, announced.append)
        for of, name in ((record_of, "here.yaml"), (record_in_spark, "spark.yaml"))
    )
    assert ours.names == theirs.names
    for name in TABLES:
        own, other = getattr(ours.record, name), getattr(theirs.record, name)
        assert len(own), name
        keys = [column for column in own if not pd.api.types.is_float_dtype(own[column])]
        pd.testing.assert_frame_equal(
            own.sort_values(keys, ignore_index=True),
            other.sort_values(keys, ignore_index=True),
            check_dtype=False,
            rtol=1e-9,
        )
    assert len(ours.record.shares)
    assert not len(theirs.record.shares)
    *notes, last = theirs.record.notes
    assert set(notes) == set(ours.record.notes)
    assert last.startswith("with `engine: spark` the record has no shares of levels")


def test_what_a_record_in_spark_cannot_do_is_one_line(spark: Any, company: Path) -> None:
    assert spark is not None
    written = HERE.replace("months: 2}", "months: 2, written: {postgres: RESULTS_URL}}")
    (company / "written.yaml").write_text(f'engine: {{spark: "local[2]"}}\n{written}')
    done = CliRunner().invoke(main, ["figures", "--config", "written.yaml"])
    assert done.exit_code == 2
    assert "analytics.written reads the members of all months into memory" in done.output
    done = CliRunner().invoke(main, ["figures", "--distributions", "--config", "spark.yaml"])
    assert done.exit_code == 2
    assert "--distributions describes customers in memory" in done.output
