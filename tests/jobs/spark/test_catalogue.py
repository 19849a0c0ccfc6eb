"""`segments features` and `segments assign` from table to table of Spark's catalogue."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

import cli
from cli import main
from jobs.spark import assigned
from segments import SegmentModel

pytestmark = [
    pytest.mark.spark,
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),  # of py4j's gateway
]
SETTINGS = """
engine: {spark: "local[2]"}
as_of: 2026-03-01
features: {rfm: {scores: false}}
sources:
  vectors: {spark_table: shop.planted}
"""


@pytest.fixture
def shop(spark: Any, planted: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A session with the planted customers in its catalogue; the working folder has their settings."""
    monkeypatch.chdir(tmp_path)
    planted.frame.reset_index().to_parquet(tmp_path / "planted.parquet", index=False)
    (tmp_path / "segments.yaml").write_text(SETTINGS)
    spark.sql("CREATE SCHEMA shop")
    spark.read.parquet((tmp_path / "planted.parquet").as_uri()).write.saveAsTable("shop.planted")
    yield spark
    spark.sql("DROP SCHEMA shop CASCADE")


def run(*arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(main, list(arguments))
    assert done.exit_code == code, done.output
    return done.output


def test_vectors_and_segments_are_tables_with_a_partition_for_each_moment(
    shop: Any, planted: Any, kmeans_model: SegmentModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assigned, "fetch", lambda *_: SimpleNamespace(model=kmeans_model, version="3"))
    for moment in ("2026-03-01", "2026-04-01T12:30"):
        output = run("features", "segments.yaml", "--as-of", moment, "--to", "spark", "--table", "shop.vectors")
        assert "wrote shop.vectors (xxhash64:400:" in output
        output = run("assign", "spark:shop.vectors", "--to", "spark", "--table", "shop.segments")
        assert "wrote 400 assignments to shop.segments (version 3;" in output
    vectors = shop.table("shop.vectors").toArrow().to_pandas()
    held = shop.table("shop.segments").toArrow().to_pandas()
    expected = kmeans_model.assign(planted.frame)
    for moment in (datetime(2026, 3, 1), datetime(2026, 4, 1, 12, 30)):
        ours = vectors[vectors.as_of == moment].set_index("customer_id").loc[planted.frame.index]
        assert ours.monetary_value.tolist() == planted.frame.monetary_value.tolist()
        segments = held[held.as_of == moment].set_index("customer_id")
        assert len(segments) == 400
        assert set(segments.model_version) == {"3"}
        for name in expected.columns:
            assert segments.loc[expected.index, name].tolist() == expected[name].tolist(), name


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("features", "segments.yaml"), "--out FILE, or with `engine: spark` --to spark"),
        (("features", "segments.yaml", "--out", "a.parquet", "--to", "spark"), "name where the vectors go"),
        (("features", "segments.yaml", "--out", "a.parquet", "--table", "t"), "--table goes with --to spark"),
        (("features", "here.yaml", "--to", "spark"), "--to spark needs `engine: spark` in the settings"),
        (("features", "segments.yaml", "--to", "spark", "--table", "a b"), "'a b' names no table of a catalogue"),
        (("assign", "spark:t", "--to", "spark", "--config", "here.yaml"), "--to spark needs `engine: spark`"),
        (("assign", "spark:t", "--to", "postgres:URL"), "with `engine: spark`, assignments go to --out FOLDER.parquet"),
    ],
)
def test_places_that_do_not_fit(
    arguments: tuple[str, ...], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("segments.yaml").write_text(SETTINGS)
    Path("here.yaml").write_text("sources:\n  vectors: {file: planted.parquet}\n")
    assert says in " ".join(run(*arguments, code=2).split())


def test_a_catalogue_that_ends_with_the_command_is_refused_before_anything_is_computed(
    spark: Any, tmp_path: Path
) -> None:
    """In a process of its own, where no session runs; the tables of the settings are not there."""
    assert spark is not None  # Java and pyspark are there
    (tmp_path / "segments.yaml").write_text(SETTINGS)
    command = [sys.executable, "-m", "cli", "features", "segments.yaml", "--to", "spark", "--table", "t"]
    here = os.pathsep.join([str(Path(cli.__file__).parent), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": here}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "this Spark's catalogue lies in memory and ends with the command" in " ".join(done.stderr.split())
    assert [path.name for path in tmp_path.iterdir()] == ["segments.yaml"]
