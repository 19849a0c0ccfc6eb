"""What users' tables get wrong, and what is made of the strange rows in them."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from features.customer_vector import build_vectors
from features.settings import FeatureSettings, Sources
from features.tables.raw_tables import RAW_TABLES
from features.vector_table import CustomerVectors
from segment_model.errors import SegmentsError, SettingsError, SourceError

AS_OF = date(2024, 7, 1)
DAY = datetime(2024, 6, 1, 12)


def orders(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"customer_id": ["a", "b"], "ordered_at": [DAY, DAY], "amount": [1.0, 2.0], **columns})


def of_csv(folder: Path, text: str, settings: dict[str, Any] | None = None, **source: Any) -> CustomerVectors:
    (folder / "orders.csv").write_text(text, encoding="utf-8")
    sources = Sources.model_validate({"orders": {"file": "orders.csv", **source}})
    return build_vectors(sources, FeatureSettings.model_validate(settings or {}), AS_OF, folder)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"columns": {"amount": "sales_valeu"}}, "no column 'sales_valeu' for amount. Did you mean 'sales_value'?"),
        ({"columns": {"ammount": "sales_value"}}, "'ammount' in `columns` is not ours. Did you mean 'amount'?"),
        ({"columns": {}}, "missing amount (or quantity and price)"),
        ({"columns": {"amount": "sales_value", "ordered_at": "amount_of_days"}}, "is int64, expected timestamp"),
        ({"columns": {"amount": "ordered_at"}}, "expected number"),
        (
            {"columns": {"amount": "is_paid"}},
            "column 'is_paid' (amount) is boolean, expected number, and true is no amount: map a column of numbers by "
            "`columns`",
        ),
    ],
)
def test_columns_that_do_not_fit_are_named(build: Any, source: dict[str, Any], message: str) -> None:
    table = orders(amount_of_days=[1, 2], is_paid=[True, False]).rename(columns={"amount": "sales_value"})
    with pytest.raises(SourceError) as caught:
        build({"orders": table}, AS_OF, orders=source)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_column_that_nearly_has_our_name_is_told_of(tmp_path: Path) -> None:
    """Without its ids, two lines of one order are two orders."""
    text = "customer_id,Order ID,ordered_at,amount,Quantity\na,1,2024-06-01,5,1\na,1,2024-06-01,5,2\n"

    def frequency_and_warnings(**source: Any) -> tuple[float, list[str]]:
        vectors = of_csv(tmp_path, text, **source)
        lines = [notice.line for notice in vectors.notices if "is not read" in notice.line]
        return float(vectors.frame.frequency["a"]), lines

    assert frequency_and_warnings() == (
        2.0,
        [
            "warning: orders: column 'Order ID' is not read, as our name is order_id: write `columns: {order_id: Order "
            "ID}`, or `not_read: [order_id]` where it is something else"
        ],
    )
    assert frequency_and_warnings(columns={"order_id": "Order ID"}) == (1.0, [])
    assert frequency_and_warnings(not_read=["order_id"]) == (2.0, [])


def test_an_absent_file_and_files_of_other_kinds(tmp_path: Path) -> None:
    (tmp_path / "text.parquet").write_text("this is not Parquet")
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "shop.duckdb").write_text("this is no database" * 300)
    (tmp_path / "sheet.xlsx").write_text("")
    (tmp_path / "folder").mkdir()
    for place, message in [
        ({"file": "absent.parquet"}, f"there is no absent.parquet in {re.escape(str(tmp_path.resolve()))}"),
        ({"file": "absent.xlsx"}, r"there is no absent.xlsx in .*; \.csv, \.tsv, .* and \.jsonl are read"),
        ({"file": "2024/absent.csv"}, r"there is no absent.csv in .*2024; paths are relative to the settings file"),
        ({"file": "text.parquet"}, "text.parquet is no Parquet file"),
        ({"file": "empty.csv"}, r"orders: empty.csv is empty \(0 bytes\)"),
        ({"file": "sheet.xlsx"}, r"sheet.xlsx is empty \(0 bytes\)"),
        ({"file": "folder"}, "the folder folder holds no file that is read"),
        ({"duckdb": "shop.duckdb", "table": "orders"}, "cannot open"),
        ({"duckdb": "absent.duckdb", "table": "orders"}, "there is no absent.duckdb in .* settings file$"),
    ]:
        with pytest.raises(SourceError, match=message) as caught:
            build_vectors(Sources.model_validate({"orders": place}), FeatureSettings(), AS_OF, tmp_path)
        assert "\n" not in str(caught.value)


def test_settings_refuse_what_is_ambiguous() -> None:
    for bad in (
        {},
        {"orders": {"file": "a.csv", "duckdb": "b.duckdb"}},
        {"orders": {"duckdb": "b.duckdb"}},
        {"orders": None},
        {"customers": {"file": "a.csv", "attributes": {"known_at": {"kind": "number"}}}},
        {"customers": {"file": "a.csv", "attributes": {}}},
        {"order": {"file": "a.csv"}},
    ):
        with pytest.raises(ValidationError):
            Sources.model_validate(bad)
    with pytest.raises(ValidationError, match="is not a time zone"):
        FeatureSettings(time_zone="Mars/Olympus")


def test_a_url_in_the_settings_is_refused_without_repeating_it() -> None:
    with pytest.raises(SettingsError, match="the NAME of an environment variable") as caught:
        Sources.model_validate({"orders": {"postgres": "postgresql://user:secret-word@host/db", "table": "orders"}})
    assert "secret-word" not in str(caught.value)


def test_a_folder_and_a_pattern_of_parquet_files(tmp_path: Path) -> None:
    (tmp_path / "orders" / "2024").mkdir(parents=True)
    orders().to_parquet(tmp_path / "orders" / "2024" / "one.parquet")
    orders(customer_id=["c", "a"]).to_parquet(tmp_path / "orders" / "2024" / "two.parquet")
    for file in ("orders", "orders/*/*.parquet"):
        vectors = build_vectors(Sources.model_validate({"orders": {"file": file}}), FeatureSettings(), AS_OF, tmp_path)
        assert vectors.frame.frequency.to_dict() == {"a": 2, "b": 1, "c": 1}


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ([7, 8], ["7", "8"]),
        ([17850.0, float("nan")], ["17850"]),
        ([Decimal("12"), Decimal("13")], ["12", "13"]),
        (["007", "7"], ["007", "7"]),
        ([" a ", ""], ["a"]),
        (["李", "o'brien; DROP"], ["o'brien; DROP", "李"]),
        ([True, False], ["no", "yes"]),
    ],
)
def test_ids_become_text_without_loss(build: Any, ids: list[Any], expected: list[str]) -> None:
    vectors = build({"orders": orders(customer_id=ids)}, AS_OF)
    assert vectors.frame.index.tolist() == expected
    assert vectors.report["orders"]["without_customer"] == 2 - len(expected)


def test_ids_that_would_lose_something_are_refused(build: Any) -> None:
    with pytest.raises(
        SourceError,
        match=r"'customer_id' \(customer_id\) holds 1 value that is no id, such as '1\.5'",
    ):
        build({"orders": orders(customer_id=[1.5, 2.0])}, AS_OF)


def test_a_csv_keeps_leading_zeros_and_reads_iso_times(tmp_path: Path) -> None:
    lines = ["007,2024-06-30T23:30:00,5", "7,2024-06-29,1e1", ",2024-06-29,4", "8,,4", "9,2024-06-29,"]
    vectors = of_csv(tmp_path, "\n".join(["customer_id,ordered_at,amount", *lines, ""]))
    assert vectors.frame.monetary_value.to_dict() == {"007": 5, "7": 10}
    assert vectors.frame.recency_days.to_dict() == {"007": 1, "7": 2}
    counts = vectors.report["orders"]
    names = ("rows", "without_customer", "without_time", "without_usable_amount", "used")
    assert [counts[name] for name in names] == [5, 1, 1, 1, 2]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "a,30/06/2024,5",
            "'ordered_at' (ordered_at) holds 1 value that is no timestamp, such as '30/06/2024'; "
            "write it as 2026-06-29 14:05:00",
        ),
        (
            "a,2024-06-30,five\nb,2024-06-30, \nc,2024-06-30,'1,5'\nd,2024-06-30,7".replace("'", '"'),
            "'amount' (amount) holds 2 values that are no number, such as '1,5'; write it as 1234.50",
        ),
        ("a,2024-06-30T10:00:00Z,5\nb,2024-06-30T10:00:00,5", "some values have a time zone and some do not"),
    ],
)
def test_text_that_cannot_be_read_is_refused(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(SourceError) as caught:
        of_csv(tmp_path, f"customer_id,ordered_at,amount\n{line}\n")
    assert message in str(caught.value)


def test_amounts_that_are_no_money_are_left_out_and_counted(build: Any) -> None:
    amounts = [5.0, np.nan, np.inf, -np.inf, 1e300]
    table = pd.DataFrame({"customer_id": "a", "ordered_at": DAY, "amount": amounts})
    vectors = build({"orders": table}, AS_OF, {"rfm": {"refunds": "kept"}})
    assert vectors.frame.loc["a", ["frequency", "monetary_value"]].tolist() == [1, 5]
    assert vectors.report["orders"]["without_usable_amount"] == 4


PLAIN: dict[str, dict[str, Any]] = {
    "orders": {"ordered_at": DAY, "amount": 1.0, "quantity": 2.0, "price": 3.0, "discount": 0.5},
    "events": {"occurred_at": DAY, "quantity": 2.0, "allowed": 50.0},
    "subscriptions": {"started_at": DAY, "mrr": 9.0, "seats": 5.0, "seats_used": 2.0, "quota": 8.0, "quota_used": 3.0},
}
TOO_LARGE = "with_too_large_a_number_as_missing"


@pytest.mark.parametrize(
    ("table", "absent", "column", "feature", "of_the_largest"),
    [
        ("orders", "", "amount", "monetary_value", 1e12),
        ("orders", "amount", "quantity", "monetary_value", 3e12),  # with price: no amount, and left out
        ("events", "", "quantity", "limit_use", 1e12 / 50),
        ("subscriptions", "", "mrr", "mrr", 1e12),
    ],
)
def test_numbers_too_large_to_be_summed_are_missing_and_counted(
    build: Any, table: str, absent: str, column: str, feature: str, of_the_largest: float
) -> None:
    """Of each column that is summed: one customer with the largest number, and two beyond it."""
    (contract,) = (raw_table for raw_table in RAW_TABLES if raw_table.name == table)
    summed = [column.name for column in contract.columns if column.largest < math.inf and column.name != absent]

    def vectors(*values: float) -> CustomerVectors:
        of_all = [(name, number, value) for name in summed for number, value in enumerate(values)]
        rows = [{**PLAIN[table], "customer_id": f"{name} {number}", name: value} for name, number, value in of_all]
        built: CustomerVectors = build({table: pd.DataFrame(rows).drop(columns=absent or [])}, AS_OF)
        return built

    built = vectors(1e12, math.nextafter(1e12, math.inf), -1e300)
    without = vectors(1e12, math.nan, math.nan)
    pd.testing.assert_frame_equal(built.frame, without.frame, check_exact=True)
    assert TOO_LARGE not in without.report[table]
    assert built.report[table] == {**without.report[table], TOO_LARGE: 2 * len(summed)}
    if absent:
        assert f"{column} 0" not in built.frame.index
        assert built.report[table]["without_usable_amount"] == 6, "4 of the missing numbers, and 2 products"
    else:
        assert built.frame.loc[f"{column} 0", feature] == of_the_largest


def test_a_number_too_large_is_counted_in_text_too_and_the_largest_add_up(tmp_path: Path) -> None:
    lines = ["a,2024-06-01,1e300", "a,2024-06-01,-1000000000001", "a,2024-06-01,7", *["b,2024-06-01,1e12"] * 2000]
    vectors = of_csv(tmp_path, "\n".join(["customer_id,ordered_at,amount", *lines, ""]))
    assert vectors.frame.monetary_value.to_dict() == {"a": 7, "b": 2e15}
    assert vectors.report["orders"][TOO_LARGE] == vectors.report["orders"]["without_usable_amount"] == 2


def test_infinite_attributes_are_missing_and_counted(build: Any) -> None:
    about = pd.DataFrame({"customer_id": ["a", "b", "c"], "size": [np.inf, np.nan, 3.0], "age": [-np.inf, 1.0, 2.0]})
    declared = {"attributes": {"size": {"kind": "number"}, "age": {"kind": "number"}}}
    vectors = build({"customers": about}, AS_OF, customers=declared)
    assert vectors.frame.isna().sum().to_dict() == {"size": 2, "age": 1}
    assert vectors.report["customers"]["with_infinity_as_missing"] == 1


def test_an_attribute_or_a_limit_is_not_summed_and_may_be_of_any_size(build: Any) -> None:
    about = pd.DataFrame({"customer_id": ["a"], "size": [1e300]})
    events = pd.DataFrame([{"customer_id": "a", **PLAIN["events"], "allowed": 1e300}])
    vectors = build(
        {"customers": about, "events": events}, AS_OF, customers={"attributes": {"size": {"kind": "count"}}}
    )
    assert vectors.frame.loc["a", ["size", "limit_use"]].tolist() == [1e300, 2 / 1e300]
    assert not any(TOO_LARGE in counts for counts in vectors.report.values())


def test_no_customer_at_all_is_an_error_that_counts(build: Any) -> None:
    for table in (orders().iloc[:0], orders(ordered_at=[datetime(2025, 1, 1)] * 2), orders(customer_id=[None, None])):
        with pytest.raises(SourceError, match=r"no customer has a usable row before 2024-07-01\. orders: "):
            build({"orders": table}, AS_OF)


def test_a_column_of_nothing(build: Any) -> None:
    for ids in ([None, None], [None, "1"]):  # a row without an id is an order by itself
        assert build({"orders": orders(order_id=ids)}, AS_OF).frame.frequency.tolist() == [1, 1]
    about = pd.DataFrame({"customer_id": ["a", "b"], "industry": [None, None], "size": [None, np.nan]})
    attributes = {"industry": {"kind": "category"}, "size": {"kind": "number"}}
    frame = build({"customers": about}, AS_OF, customers={"attributes": attributes}).frame
    assert frame.isna().all(axis=None)


def test_a_customer_of_two_rows_is_refused_by_name(build: Any) -> None:
    about = pd.DataFrame({"customer_id": ["Zoë", "b", "Zoë", "c"], "size": [1, 2, 3, 4]})
    with pytest.raises(SourceError, match="customers: 1 customer has more than one row, such as Zoë"):
        build({"customers": about}, AS_OF, customers={"attributes": {"size": {"kind": "number"}}})


@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        (
            "count",
            [1, -3],
            "size: expected a finite number of at least 0 or null; it holds 1 other value, such as -3.0",
        ),
        (
            "share",
            [0.5, 45],
            "a number from 0 to 1 or null; divide percents by 100; it holds 1 other value, such as 45.0",
        ),
        ("flag", [0, 2], "size: expected 0 or 1"),
        (
            "flag",
            ["yes", "perhaps"],
            "holds 1 value that is neither yes nor no, such as 'perhaps'; write it as yes or no",
        ),
    ],
)
def test_attributes_out_of_their_kind_are_refused(build: Any, kind: str, values: list[Any], message: str) -> None:
    about = pd.DataFrame({"customer_id": ["a", "b"], "size": values})
    with pytest.raises(SourceError) as caught:
        build({"customers": about}, AS_OF, customers={"attributes": {"size": {"kind": kind}}})
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("row", "word"), [("b,2024-06-01,-", "-"), ("b,2024-06-01,k.A.", "k.A."), ("b,0000-00-00,5", "0000-00-00")]
)
def test_a_word_that_may_mean_missing_is_refused_with_the_setting(row: str, word: str, tmp_path: Path) -> None:
    text = f"customer_id,ordered_at,amount\na,2024-06-01,5\n{row}\n"
    with pytest.raises(SourceError) as caught:
        of_csv(tmp_path, text)
    assert str(caught.value).endswith(f", or where it means missing, set `null_values: ['{word}']`")
    assert of_csv(tmp_path, text, null_values=[word]).frame.index.tolist() == ["a"]


def test_words_for_missing_hold_where_a_column_has_another_type_than_text(build: Any) -> None:
    """A guest's id 0, an unknown amount of -999 and a day that stands for none were data in Parquet."""
    days = pd.to_datetime(["2024-06-01", "1900-01-01", "2024-06-02", "2024-06-03"])
    table = pd.DataFrame({"customer_id": [7, 8, 0, 9], "ordered_at": days, "amount": [5.0, 6.0, 7.0, -999.0]})
    words = {"customer_id": ["0"], "ordered_at": ["1900-01-01"], "amount": ["-999"]}
    vectors = build({"orders": table}, AS_OF, orders={"null_values": words})
    assert vectors.frame.monetary_value.to_dict() == {"7": 5.0}


def test_attributes_carry_what_was_declared(build: Any) -> None:
    about = pd.DataFrame({"customer_id": ["a", "b"], "n_employees": [5, None], "public": [True, None]})
    declared = {
        "employees": {
            "kind": "count", "unit": "people", "column": "n_employees", "role": "basis", "sensitive": True,
            "low": "small", "high": "large", "group": "firmographic",
        },
        "public": {"kind": "flag"},
    }  # fmt: skip
    vectors = build({"customers": about}, AS_OF, customers={"attributes": declared})
    column = vectors.contract["employees"]
    assert (column.unit, column.role, column.low, column.high) == ("people", "basis", "small", "large")
    assert (column.sensitive, column.group, column.nullable) == (True, "firmographic", True)
    assert vectors.contract["public"].role == "descriptor"
    assert vectors.frame.loc["a"].tolist() == [5, 1]
    assert vectors.frame.loc["b"].isna().all()


def test_roles_change_by_name(build: Any) -> None:
    vectors = build({"orders": orders()}, AS_OF, {"roles": {"recency_days": "descriptor", "tenure_days": "basis"}})
    assert [column.name for column in vectors.contract.basis] == ["frequency", "monetary_value", "tenure_days"]
    with pytest.raises(SettingsError, match="Did you mean 'recency_days'"):
        build({"orders": orders()}, AS_OF, {"roles": {"recency_day": "basis"}})


def test_an_attribute_cannot_take_the_name_of_a_feature(build: Any) -> None:
    about = pd.DataFrame({"customer_id": ["a"], "frequency": [1.0]})
    with pytest.raises(SegmentsError, match="frequency"):
        build(
            {"orders": orders(), "customers": about}, AS_OF, customers={"attributes": {"frequency": {"kind": "number"}}}
        )


@pytest.mark.parametrize(
    ("zone", "recency"), [("UTC", [1, 2]), ("Europe/London", [1, 1]), ("America/New_York", [1, 2])]
)
def test_instants_fall_on_the_days_of_the_time_zone(build: Any, zone: str, recency: list[int]) -> None:
    # 23:30 in UTC is half past midnight of the next day in London's summer
    at = [datetime(2024, 6, 30, 20, tzinfo=UTC), datetime(2024, 6, 29, 23, 30, tzinfo=UTC)]
    frame = build({"orders": orders(ordered_at=at)}, AS_OF, {"time_zone": zone}).frame
    assert frame.recency_days.tolist() == recency


def test_the_moment_is_the_midnight_of_the_time_zone(build: Any) -> None:
    # midnight of 2024-07-01 in London is 23:00 UTC on the day before
    at = [datetime(2024, 6, 30, 22, 59, 59, tzinfo=UTC), datetime(2024, 6, 30, 23, tzinfo=UTC)]
    table = orders(ordered_at=at)
    assert build({"orders": table}, AS_OF, {"time_zone": "Europe/London"}).frame.index.tolist() == ["a"]
    assert build({"orders": table}, AS_OF).frame.index.tolist() == ["a", "b"]
    later = datetime(2024, 7, 1, 1, tzinfo=timezone(timedelta(hours=1)))
    assert build({"orders": table}, later, {"time_zone": "Asia/Tokyo"}).frame.index.tolist() == ["a", "b"]


def test_days_across_a_change_of_the_clock(build: Any) -> None:
    # the night of 2024-03-31 has 23 hours in Berlin: still whole days
    table = pd.DataFrame(
        {
            "customer_id": "a",
            "ordered_at": [datetime(2024, 3, 29, 23, tzinfo=UTC), datetime(2024, 3, 31, 22, tzinfo=UTC)],
            "amount": 1.0,
        }
    )
    a = build({"orders": table}, date(2024, 4, 2), {"time_zone": "Europe/Berlin"}).frame.loc["a"]
    assert (a.recency_days, a.tenure_days, a.days_between_orders) == (1, 3, 2)


def test_csv_times_with_a_zone(tmp_path: Path) -> None:
    text = "customer_id,ordered_at,amount\na,2024-06-30T01:00:00+02:00,5\nb,2024-06-30T23:30:00Z,5\n"
    assert of_csv(tmp_path, text).frame.recency_days.to_dict() == {"a": 2, "b": 1}
    assert of_csv(tmp_path, text, {"time_zone": "Europe/Berlin"}).frame.recency_days.to_dict() == {"a": 1}


def test_of_dated_attributes_the_latest_known_counts(build: Any) -> None:
    about = pd.DataFrame(
        {
            "customer_id": ["a", "a", "a", "b", "b"],
            "known_at": [datetime(2024, 1, 1), datetime(2024, 5, 1), datetime(2024, 8, 1), None, datetime(2024, 2, 1)],
            "size": [1, 2, 3, 4, 5],
        }
    )
    declared = {"customers": {"attributes": {"size": {"kind": "number"}}}}
    assert build({"customers": about}, AS_OF, **declared).frame["size"].to_dict() == {"a": 2, "b": 5}
    twice = about.assign(known_at=datetime(2024, 1, 1))
    with pytest.raises(SourceError, match="2 customers have more than one row, such as a, b"):
        build({"customers": twice}, AS_OF, **declared)


def test_a_csv_of_a_header_only(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no customer has a usable row"):
        of_csv(tmp_path, "customer_id,ordered_at,amount\n")


def test_a_table_of_one_column_may_have_another_delimiter(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("customer_id^ordered_at^amount\nA^2026-06-30^5\n", encoding="utf-8")
    place = {"file": "orders.csv"}
    with pytest.raises(SourceError, match=r"the delimiter may be another: `delimiter: '\^'` says it"):
        build_vectors(Sources.model_validate({"orders": place}), FeatureSettings(), date(2026, 7, 1), tmp_path)
    split = Sources.model_validate({"orders": {**place, "delimiter": "^"}})
    assert build_vectors(split, FeatureSettings(), date(2026, 7, 1), tmp_path).frame.monetary_value.tolist() == [5.0]
