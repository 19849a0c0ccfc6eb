"""`segments assign --to` writes what `--out` writes, and says what it wrote."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import psycopg
import pytest
from click.testing import CliRunner, Result

from cli import main
from features.learned import LearnedFeatures
from features.vector_file import write_vectors
from features.vector_table import CustomerVectors, digest
from jobs import score
from segments import SegmentModel


@pytest.fixture
def assign(
    tmp_path: Path, planted: Any, hdbscan_model: SegmentModel, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> Any:
    """Run the command on the planted customers as of a moment, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RESULTS_URL", postgres_url)
    monkeypatch.setattr(score, "fetch", lambda *_: SimpleNamespace(model=hdbscan_model, version="3"))
    Path("segments.yaml").write_text(
        "sources:\n  orders: {file: orders.csv}\nas_of: 2026-03-01\n"
        "features: {time_zone: Asia/Tokyo}\nregistry: {model_name: planted}\n"
    )

    def run(*arguments: str, as_of: date | None = None, code: int = 0) -> Result:
        vectors = CustomerVectors(
            planted.frame, hdbscan_model.contract, LearnedFeatures(), as_of, digest(planted.frame), {}
        )
        write_vectors(vectors, "vectors.parquet")
        outcome = CliRunner().invoke(main, ["assign", "vectors.parquet", *arguments], catch_exceptions=False)
        assert outcome.exit_code == code, outcome.output
        return outcome

    return run


def test_the_table_holds_what_the_file_holds(assign: Any, postgres_url: str) -> None:
    to = ("--to", "postgres:RESULTS_URL", "--table", "who_was_where")
    moment = datetime.fromisoformat("2026-02-28T15:00:00+00:00")  # the midnight of 1 March in Tokyo
    shown = assign("--out", "assigned.parquet", *to, as_of=moment).output
    assert "wrote 400 assignments to assigned.parquet (version 3;" in shown
    assert "wrote 400 assignments to who_was_where, 400 of them new or changed (version 3;" in shown
    assert "400 assignments to who_was_where, 0 of them new" in assign(*to, as_of=date(2026, 3, 1)).output
    with psycopg.connect(postgres_url) as connection:
        cursor = connection.execute("SELECT * FROM who_was_where ORDER BY customer_id")
        held = pd.DataFrame(cursor.fetchall(), columns=[column.name for column in cursor.description or ()])
        connection.execute("DROP TABLE who_was_where")
    assert set(held.as_of) == {pd.Timestamp("2026-03-01")}
    assert set(held.model_name) == {"planted"}
    assert set(held.model_version) == {3}
    written = pd.read_parquet("assigned.parquet").drop(columns="model_version").sort_index()
    pd.testing.assert_frame_equal(
        held.set_index("customer_id")[written.columns], written, check_dtype=False, check_index_type=False
    )
    assert written.unassigned.any()


def test_vectors_without_a_moment_have_no_place_in_a_history(assign: Any, postgres_url: str) -> None:
    refused = assign("--to", "postgres:RESULTS_URL", code=2)
    assert (
        "customer_segments keeps the segments of each as-of moment, and these vectors have none: set as_of"
        in refused.output
    )
    with psycopg.connect(postgres_url) as connection:
        assert connection.execute("SELECT to_regclass('customer_segments')").fetchone() == (None,)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "name where the assignments go: --out FILE, --to postgres:VARIABLE, or both"),
        (("--out", "a.csv", "--table", "t"), "--table goes with --to"),
        (("--to", "postgres:RESULTS_URL", "--explain"), "--explain goes with --out FILE"),
    ],
)
def test_options_that_do_not_go_together(arguments: tuple[str, ...], says: str, assign: Any) -> None:
    assert says in assign(*arguments, code=2).output
