"""JSON lines and Parquet: types, missing keys, nested values, moments with nanoseconds; what is refused says why."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features.customer_vector import build_vectors
from features.settings import FeatureSettings, Sources
from segment_model.errors import SourceError


def refusal(read: Any, file: str, **source: Any) -> str:
    with pytest.raises(SourceError) as caught:
        read(file, **source)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_json_lines_keep_their_types(read: Any, tmp_path: Path) -> None:
    lines = [
        '{"id": 1234567890123456789, "total": 9.99, "ok": true, "wide": 123456789012345678901}',
        "",
        '{"total": 1, "id": 7, "extra": "x", "wide": null}',
        '{"id": null, "total": NaN, "mixed": 5}',
        '{"mixed": "five"}',
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    rows, notices = read("a.jsonl")
    names = ["id", "total", "ok", "wide", "extra", "mixed"]
    assert rows == [
        dict(zip(names, [1234567890123456789, 9.99, True, "123456789012345678901", None, None], strict=True)),
        dict(zip(names, [7, 1.0, None, None, "x", None], strict=True)),
        dict(zip(names, [None, None, None, None, None, "5"], strict=True)),
        dict(zip(names, [None, None, None, None, None, "five"], strict=True)),
    ]
    assert notices == ()


def test_nested_values_are_left_out_by_name_and_refused_where_they_are_wanted(read: Any, tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_text('{"id": 1, "items": [1], "who": {"name": "x"}}\n{"id": 2, "items": null}\n')
    rows, notices = read("a.ndjson")
    assert [row["id"] for row in rows] == [1, 2]
    assert notices[0].line == (
        "orders: a.ndjson: items, who hold objects or lists, and are not read: write what you need of them as columns"
    )
    refused = refusal(read, "a.ndjson", columns={"customer_id": "who"})
    assert refused.startswith("orders: a.ndjson, line 1: the key 'who' holds an object or a list")


@pytest.mark.parametrize("key", ["customer_id", "ordered_at", "amount"])
def test_a_nested_value_that_the_table_needs_is_named(key: str, read: Any, tmp_path: Path) -> None:
    row = {"customer_id": 7, "ordered_at": "2026-06-29", "amount": 9, "items": [1], key: {"value": 5}}
    (tmp_path / "a.jsonl").write_text(f"{json.dumps(row)}\n")
    assert refusal(read, "a.jsonl").startswith(f"orders: a.jsonl, line 1: the key {key!r} holds an object or a list")
    assert read("a.jsonl", columns={key: "other"})[1][0].text.startswith("a.jsonl: ")
    if key == "amount":
        (tmp_path / "a.jsonl").write_text(f"{json.dumps({**row, 'price': 5, 'quantity': 1})}\n")
        assert len(read("a.jsonl")[0]) == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"id": 1}\n{"id": 2', "a.jsonl, line 2: no JSON object ("),
        ('{"id": 1}\n[1, 2]\n', "a.jsonl, line 2 holds a list, not an object; write one object a line"),
        ('[{"id": 1}]', "a.jsonl, line 1 holds a list"),
        ('{"id": 1, "id": 2}', "a.jsonl, line 1: the key 'id' comes twice in one object"),
        ('{"id": 1}{"id": 2}', "a.jsonl, line 1: no JSON object"),
        ('{"id": ' + "[" * 100_000, "a.jsonl, line 1: no JSON object"),
        ('{"id": ' + "9" * 5000 + "}", "a.jsonl, line 1: no JSON object"),
        ("", "a.jsonl is empty (0 bytes)"),
        ("\n \n", "a.jsonl holds no row"),
        ('{"id": 1}\0\n', "a.jsonl, line 1, holds a NUL byte"),
    ],
)
def test_lines_that_are_no_flat_object(content: str, message: str, read: Any, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(content)
    refused = refusal(read, "a.jsonl")
    assert message in refused
    assert refused.startswith("orders: a.jsonl")


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin"])
def test_moments_of_pandas(unit: str, zone: str | None, tmp_path: Path) -> None:
    """22:30 in UTC is half past midnight of the next day in Berlin."""
    moments = pd.Series(pd.to_datetime(["2026-06-28 22:30:00", "2026-06-29 21:30:00"])).dt.tz_localize("UTC")
    moments = moments.dt.tz_convert(zone or "Europe/Berlin")
    moments = (moments if zone else moments.dt.tz_localize(None)).dt.as_unit(unit)
    frame = pd.DataFrame({"customer_id": ["a", "b"], "ordered_at": moments, "amount": [1.0, 2.0]})
    frame.to_parquet(tmp_path / "orders.parquet", version="2.6")
    sources = Sources.model_validate({"orders": {"file": "orders.parquet"}})
    settings = FeatureSettings(time_zone="Europe/Berlin")
    vectors = build_vectors(sources, settings, date(2026, 7, 1), tmp_path)
    assert vectors.frame.recency_days.to_dict() == {"a": 2, "b": 2}
    as_of = datetime(2026, 6, 29, 21, 30, tzinfo=UTC)
    assert build_vectors(sources, settings, as_of, tmp_path).frame.index.tolist() == ["a"]


def test_nanoseconds_are_cut_not_rounded_into_the_next_day(read: Any, tmp_path: Path) -> None:
    last = pd.Series(pd.to_datetime(["2026-06-30 23:59:59.999999999"])).dt.as_unit("ns")
    pd.DataFrame({"clock": last, "instant": last.dt.tz_localize("UTC")}).to_parquet(tmp_path / "a.parquet", index=False)
    (row,) = read("a.parquet")[0]
    assert row["clock"] == datetime(2026, 6, 30, 23, 59, 59, 999999)
    assert row["instant"] == datetime(2026, 6, 30, 23, 59, 59, 999999, tzinfo=UTC)


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ({"id": [1]}, "b.parquet: it lacks the columns 'total', unlike a.parquet"),
        ({"id": [1], "total": [1.0], "day": [1]}, "b.parquet: it has the columns 'day' beside the others"),
        ({"id": [1], "total": ["1"]}, "b.parquet: the column 'total' holds"),
        (
            {"id": [1], "Total": [1.0], "total": [1.0]},
            "b.parquet: the columns 2 ('Total') and 3 ('total') have one name",
        ),
    ],
)
def test_a_later_parquet_file_that_differs_is_named(
    second: dict[str, list[Any]], message: str, read: Any, tmp_path: Path
) -> None:
    pd.DataFrame({"id": [1], "total": [1.0]}).to_parquet(tmp_path / "a.parquet")
    pd.DataFrame(second).to_parquet(tmp_path / "b.parquet")
    assert message in refusal(read, "*.parquet")


def test_parquet_files_whose_numbers_differ_in_width_meet(read: Any, tmp_path: Path) -> None:
    pd.DataFrame({"id": [1], "total": [1]}).to_parquet(tmp_path / "a.parquet", index=False)
    pd.DataFrame({"total": [2.5], "id": [2]}).to_parquet(tmp_path / "b.parquet", index=False)
    pd.DataFrame({"total": [None], "id": [3]}).to_parquet(tmp_path / "c.parquet", index=False)
    assert read("*.parquet")[0] == [{"id": 1, "total": 1.0}, {"id": 2, "total": 2.5}, {"id": 3, "total": None}]


def test_files_that_are_no_parquet(read: Any, tmp_path: Path) -> None:
    pd.DataFrame({"id": [1]}).to_parquet(tmp_path / "whole.parquet")
    content = (tmp_path / "whole.parquet").read_bytes()
    for damaged, message in [
        (b"", "a.parquet is empty (0 bytes)"),
        (b"id,total\n1,2\n", "a.parquet is no Parquet file"),
        (content[:-10], "a.parquet is cut off"),
        (content[:-30] + b"\xff" * 20 + content[-10:], "a.parquet is damaged"),
    ]:
        (tmp_path / "a.parquet").write_bytes(damaged)
        assert message in refusal(read, "a.parquet")
