"""Output files: an ending that a command cannot write is refused before it does anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

from cli import main
from commands.results import AnyFile, TableFile, is_csv, write_table
from segment_model.errors import SettingsError

TABLE = pd.DataFrame({"spend": [0.1, None]}, index=pd.Index(["0042", "ü"], name="customer_id"))


@pytest.mark.parametrize(
    ("arguments", "endings"),
    [
        (["features", "absent.yaml", "--out", "w.xlsx"], ".parquet or .csv"),
        (["assign", "absent.parquet", "--out", "w"], ".parquet or .csv"),
        (["init", "orders.csv", "--force", "--out", "orders.csv"], ".yaml or .yml"),
        (["compare", "1", "2", "--vectors", "absent.parquet", "--out", "flow.svg"], ".png"),
    ],
)
def test_another_ending_is_refused_before_any_work(arguments: list[str], endings: str, tmp_path: Path) -> None:
    *rest, name = arguments
    refused = CliRunner().invoke(main, [*rest, str(tmp_path / name)])
    assert refused.exit_code == 2
    assert refused.stderr == f"segments: {tmp_path / name} must end in {endings}\n"


@pytest.mark.parametrize("kind", [TableFile, AnyFile])
def test_a_folder_that_is_not_there_is_refused_before_any_work(kind: Any, tmp_path: Path) -> None:
    out = tmp_path / "absent" / "w.csv"
    with pytest.raises(SettingsError, match=r"w\.csv cannot be written: there is no folder .*absent$"):
        kind.convert(str(out), None, None)
    assert kind.convert(str(tmp_path / "w.csv"), None, None) == tmp_path / "w.csv"


@pytest.mark.parametrize("name", ["w.csv", "w.CSV", "w.parquet"])
def test_a_table_reads_back_as_it_was_written(name: str, tmp_path: Path) -> None:
    out = tmp_path / name
    write_table(TABLE, out)
    back = (
        pd.read_csv(out, dtype={"customer_id": "str"}, index_col="customer_id") if is_csv(out) else pd.read_parquet(out)
    )
    pd.testing.assert_frame_equal(back, TABLE, check_index_type=False)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["features", "s.yaml", "--out", "orders.csv"], "belongs to the raw table orders (orders.csv)"),
        (["features", "s.yaml", "--out", "./events/2026/new.csv"], "belongs to the raw table events (events)"),
        (["features", "s.yaml", "--out", "plan-3.csv"], "belongs to the raw table subscriptions (plan-*.csv)"),
        (["features", "s.yaml", "--out", "kept.parquet"], "is a folder"),
        (["select", "mrr > 0", "-c", "s.yaml", "--out", "link.csv"], "belongs to the raw table orders"),
        (["rank", "--by", "mrr", "-c", "s.yaml", "--out", "orders.csv"], "belongs to the raw table orders"),
        (
            ["split", "a", "--experiment", "e", "--arms", "a=0.5,b=0.5", "-c", "s.yaml", "--out", "orders.csv"],
            "belongs to the raw table orders",
        ),
        (["ablate", "-c", "s.yaml", "--out", "orders.csv"], "belongs to the raw table orders"),
        (["discover", "s.yaml", "--report", "s.yaml"], "is what the command reads"),
        (["discover", "s.yaml", "--report", "orders.csv"], "belongs to the raw table orders"),
        (["assign", "v.parquet", "-c", "s.yaml", "--out", "v.parquet"], "is what the command reads"),
        (["assign", "v.parquet", "-c", "s.yaml", "--out", "orders.csv"], "belongs to the raw table orders"),
    ],
)
def test_what_a_command_reads_is_not_what_it_writes(
    arguments: list[str], why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    sources = "{orders: {file: orders.csv}, events: {file: events}, subscriptions: {file: 'plan-*.csv'}}"
    Path("s.yaml").write_text(f"sources: {sources}\nas_of: 2026-03-01\n")
    for name in ("orders.csv", "v.parquet"):
        Path(name).write_text("as it was")
    for name in ("events/2026", "kept.parquet"):
        Path(name).mkdir(parents=True)
    Path("link.csv").symlink_to("orders.csv")
    refused = CliRunner().invoke(main, arguments)
    assert refused.exit_code == 2
    assert refused.stderr.startswith(f"segments: {Path(arguments[-1])} {why}")
    assert {Path(name).read_text() for name in ("orders.csv", "v.parquet")} == {"as it was"}
