"""Customers without dates: left out of the past, kept at the present."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features.as_of import AsOf
from features.customer_vector import build_vectors
from features.joining.population import attribute_notices
from features.joining.table_customers import TableCustomers
from features.settings import FeatureSettings, Sources
from features.vector_table import CustomerVectors
from segment_model.errors import SettingsError, SourceError

ABOUT = {"attributes": {"age": {"kind": "number"}}}
ORDERS = pd.DataFrame(
    {
        "customer_id": ["early", "late", "refunded"],
        "ordered_at": [datetime(2024, 1, 5), datetime(2024, 3, 9, 15), datetime(2024, 1, 7)],
        "amount": [5.0, 7.0, -7.0],
    }
)
CUSTOMERS = pd.DataFrame({"customer_id": ["early", "late", "never", "refunded"], "age": [30.0, 40.0, 50.0, 60.0]})
TABLES = {"orders": ORDERS, "customers": CUSTOMERS}


def ids(build: Any, as_of: date | datetime, rule: str = "automatic", tables: Any = None) -> list[str]:
    vectors: CustomerVectors = build(tables or TABLES, as_of, customers={**ABOUT, "without_rows": rule})
    return [str(name) for name in vectors.frame.index]


def test_before_the_newest_row_those_without_a_row_are_left_out_and_counted(build: Any) -> None:
    vectors = build(TABLES, date(2024, 2, 1), customers=ABOUT)
    assert vectors.frame.index.tolist() == ["early"]
    assert vectors.report["customers"] == {"rows": 4, "without_customer": 0, "left_out_without_rows": 3}
    issued, attributes = [notice.line for notice in vectors.notices if notice.table == "customers"]
    assert attributes == (
        "customers: no known_at dates the attributes: they are as the table has them, not as of 2024-02-01"
    )
    assert issued == (
        "customers: 3 customers without a row in orders before 2024-02-01 are left out: without known_at they may "
        "have come later, as rows go on to 2024-03-09; `sources: {customers: {without_rows: keep}}` keeps them"
    )


def test_own_vectors_without_dates_are_told_where_the_moment_lies_in_the_past() -> None:
    customers = pd.Index(["a", "b"])
    orders = TableCustomers("orders", customers, oldest=datetime(2024, 1, 1), newest=datetime(2024, 3, 9))
    tables = [orders, TableCustomers("vectors", customers)]
    (notice,) = attribute_notices(tables, AsOf.at(date(2024, 2, 1), "UTC"))
    assert notice.line == (
        "warning: vectors: no row has a date: the columns are as the table has them, not as of 2024-02-01, and may "
        "tell what came after"
    )
    assert attribute_notices(tables, AsOf.at(date(2024, 3, 9), "UTC")) == []


@pytest.mark.parametrize("as_of", [datetime(2024, 3, 9, 15), date(2024, 3, 10), date(2030, 1, 1)])
def test_at_the_present_everyone_stays(build: Any, as_of: date) -> None:
    vectors = build(TABLES, as_of, customers=ABOUT)
    assert {"never", "refunded"} <= set(vectors.frame.index)
    assert "left_out_without_rows" not in vectors.report["customers"]
    assert not [notice for notice in vectors.notices if notice.table == "customers"]
    assert vectors.frame.loc["never", ["frequency", "age"]].tolist() == [0, 50]


def test_the_setting_overrides(build: Any) -> None:
    assert ids(build, date(2024, 2, 1), "keep") == ["early", "late", "never", "refunded"]
    assert ids(build, date(2024, 3, 10), "leave_out") == ["early", "late"]


def test_customers_with_a_date_of_their_own_stay_unless_asked(build: Any) -> None:
    known = CUSTOMERS.assign(known_at=pd.to_datetime(["2024-01-01", "2024-03-01", "2024-01-15", None]))
    tables = {"orders": ORDERS, "customers": known}
    assert ids(build, date(2024, 2, 1), tables=tables) == ["early", "never"]
    assert ids(build, date(2024, 2, 1), "leave_out", tables) == ["early"]


def test_a_row_in_any_other_table_is_enough(build: Any) -> None:
    events = pd.DataFrame({"customer_id": ["never", "early"], "occurred_at": datetime(2024, 1, 1), "name": "visit"})
    assert ids(build, date(2024, 2, 1), tables={**TABLES, "events": events}) == ["early", "never"]


def test_rows_of_nobody_still_date_the_other_tables(build: Any) -> None:
    """A row without a customer is dated all the same: the table goes on."""
    nobody = ORDERS.assign(customer_id=["early", None, "refunded"])
    assert ids(build, date(2024, 2, 1), tables={"orders": nobody, "customers": CUSTOMERS}) == ["early"]


def test_without_dated_tables_everyone_stays(build: Any) -> None:
    assert ids(build, date(1999, 1, 1), tables={"customers": CUSTOMERS}) == CUSTOMERS.customer_id.tolist()
    with pytest.raises(SettingsError, match="leave_out needs orders, events or subscriptions"):
        ids(build, date(2024, 2, 1), "leave_out", {"customers": CUSTOMERS})


def test_before_the_oldest_row_nobody_is_a_customer(build: Any) -> None:
    with pytest.raises(SourceError, match=r"no customer has a usable row before 2023-01-01.*4 left out without rows"):
        ids(build, date(2023, 1, 1))
    assert len(ids(build, date(2023, 1, 1), "keep")) == 4


def test_everyone_of_online_retail_in_april(external_data: Path, tmp_path: Path) -> None:
    folder = external_data / "online_retail"
    names = {"customer_id": "CustomerID", "order_id": "InvoiceNo", "ordered_at": "InvoiceDate"}
    orders = {
        "file": str(folder / "online_retail.parquet"),
        "columns": {**names, "quantity": "Quantity", "price": "UnitPrice"},
    }
    about = {
        "file": "customers.parquet",
        "columns": {"customer_id": "CustomerID"},
        "attributes": {"country": {"kind": "category", "column": "Country"}},
    }
    lines = pd.read_parquet(folder / "online_retail.parquet")
    lines[["CustomerID", "Country"]].dropna().drop_duplicates("CustomerID").to_parquet(tmp_path / "customers.parquet")
    bought = lines[(lines.Quantity > 0) & (lines.InvoiceDate < "2011-04-01")].CustomerID.nunique()

    def built(as_of: date, rule: str = "automatic") -> CustomerVectors:
        sources = Sources.model_validate({"orders": orders, "customers": {**about, "without_rows": rule}})
        return build_vectors(sources, FeatureSettings(), as_of, tmp_path)

    then, kept, now = built(date(2011, 4, 1)), built(date(2011, 4, 1), "keep"), built(date(2011, 12, 10))
    assert len(then.frame) == bought
    assert then.report["customers"]["left_out_without_rows"] == len(kept.frame) - bought == 2_238
    assert len(kept.frame) == len(now.frame) == 4_372
    assert "orders: of its 4,339 ids, 4,339 are in customers (4,372 ids)" in [notice.line for notice in now.notices]
