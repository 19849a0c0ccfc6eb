"""The vectors of a settings file in Python come with what the command `segments features` says of the tables."""

from __future__ import annotations

from pathlib import Path

import pytest

import segments

SETTINGS = "as_of: 2026-04-01\nsources:\n  orders: {file: orders.csv}\n"
HEADER = "customer_id,ordered_at,amount"
DOUBT = r"orders: column 'amount': '1\.500' was read with a decimal point, but every number of the first rows"


def written(folder: Path, *lines: str) -> Path:
    (folder / "orders.csv").write_text("\n".join([HEADER, *lines]) + "\n")
    (folder / "segments.yaml").write_text(SETTINGS)
    return folder / "segments.yaml"


def test_a_doubt_is_a_warning_and_all_is_in_the_notes(tmp_path: Path) -> None:
    config = written(tmp_path, "A,2026-03-30,1.500", "B,2026-03-31,2.250", ",2026-03-31,3.750")
    with pytest.warns(segments.TableWarning, match=DOUBT) as caught:
        frame = segments.features(config)
    assert [warning.filename for warning in caught] == [__file__]
    assert list(frame.index) == ["A", "B"]
    of_rows, doubt = frame.attrs["notes"]
    assert of_rows == "orders: of 3 rows, 1 without customer"
    assert doubt.startswith("warning: orders: column 'amount'")


def test_a_table_without_a_doubt_leaves_none(tmp_path: Path) -> None:
    frame = segments.features(written(tmp_path, "A,2026-03-30,1.5", "B,2026-03-31,2.25"))
    assert frame.attrs["notes"] == ()
