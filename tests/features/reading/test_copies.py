"""An export that was saved twice is told of, since each of its rows counts twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features.reading.copies import same_files

ROWS = pd.DataFrame({"customer_id": [1, 2], "amount": [5.5, 7.5]})
WRITE: Mapping[str, Callable[[pd.DataFrame, Path], None]] = {
    ".csv": lambda rows, path: rows.to_csv(path, index=False),
    ".parquet": lambda rows, path: rows.to_parquet(path, index=False),
    ".jsonl": lambda rows, path: rows.to_json(path, orient="records", lines=True),
}


@pytest.mark.parametrize("ending", WRITE)
def test_a_copy_is_told_of(ending: str, read: Any, tmp_path: Path) -> None:
    for name in ("orders", "orders (1)"):
        WRITE[ending](ROWS, tmp_path / f"{name}{ending}")
    WRITE[ending](ROWS.assign(amount=[5.5, 7.6]), tmp_path / f"march{ending}")
    rows, notices = read(f"*{ending}")
    assert len(rows) == 6
    assert [notice.line for notice in notices] == [
        f"warning: orders: 'orders (1){ending}' and 'orders{ending}' hold the same bytes, so each of their rows counts "
        "twice: where one is a copy, delete it, or name the others by a pattern"
    ]


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_months_without_data_are_no_copies(ending: str, read: Any, tmp_path: Path) -> None:
    for month, rows in ((1, ROWS.head(0)), (2, ROWS.head(0)), (3, ROWS)):
        WRITE[ending](rows, tmp_path / f"2026-{month}{ending}")
    rows_of_all, notices = read(f"*{ending}")
    assert (len(rows_of_all), notices) == (2, ())


def test_files_of_one_size_are_compared_by_their_bytes(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in "abcdef"]
    for path, content in zip(paths, ["xy", "yx", "xy", "z", "yx", "xy"], strict=True):
        path.write_text(content)
    a, b, c, _, e, f = paths
    assert same_files(paths) == [[a, c, f], [b, e]]
    assert same_files(paths[:2]) == same_files([]) == []
