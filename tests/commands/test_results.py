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
