"""Recency, frequency and monetary value against numbers that others published."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pydantic import ValidationError

from features.customer_vector import build_vectors
from features.settings import FeatureSettings, Sources
from features.vector_table import CustomerVectors
from segment_model.errors import SourceError


def orders_vectors(
    folder: Path, file: str, columns: dict[str, str], as_of: date | datetime, **rfm: Any
) -> CustomerVectors:
    sources = Sources.model_validate({"orders": {"file": file, "columns": columns}})
    return build_vectors(sources, FeatureSettings.model_validate({"rfm": rfm}), as_of, folder)


def test_the_published_rfm_of_995_customers(external_data: Path) -> None:
    folder = external_data / "rfm_r_orders"
    columns = {"ordered_at": "order_date", "amount": "revenue"}
    ours = orders_vectors(
        folder, "rfm_r_orders_input.parquet", columns, date(2006, 12, 31), score_edges="quantile_plus_one"
    ).frame
    published = pd.read_parquet(folder / "rfm_r_orders_result.parquet")
    published = published.set_index(published.customer_id.astype("str")).loc[ours.index]
    same = pd.DataFrame(
        {
            "recency": ours.recency_days == published.recency_days,
            "orders": ours.frequency == published.orders,
            "amount": ours.monetary_value == published.amount,
            "r": ours.r_score == published.r,
            "f": ours.f_score == published.f,
            "m": ours.m_score == published.m,
            "rfm": 100 * ours.r_score + 10 * ours.f_score + ours.m_score == published.rfm_score,
        }
    )
    assert len(same) == 995
    assert same.all(axis=1).sum() == 995


RETAIL = {
    "customer_id": "CustomerID",
    "order_id": "InvoiceNo",
    "ordered_at": "InvoiceDate",
    "quantity": "Quantity",
    "price": "UnitPrice",
}


@pytest.mark.parametrize(
    ("duplicates", "used", "revenue"), [("kept", 397_884, 8_911_407.90), ("dropped", 392_692, 8_887_208.89)]
)
def test_the_known_counts_of_online_retail(external_data: Path, duplicates: str, used: int, revenue: float) -> None:
    vectors = orders_vectors(
        external_data / "online_retail",
        "online_retail.parquet",
        RETAIL,
        date(2011, 12, 10),
        zero_amounts="dropped",
        duplicates=duplicates,
    )
    report = vectors.report["orders"]
    assert report["rows"] == 541_909
    assert report["used"] == used
    left_out = ("without_customer", "refunds_dropped", "zero_amounts_dropped")
    assert report["rows"] - report.get("duplicates", 0) - sum(report[name] for name in left_out) == used
    if duplicates == "kept":
        assert report["rows"] - report["without_customer"] == 406_829
    else:
        assert report["duplicates"] == 5_268
    assert len(vectors.frame) == 4_338
    assert vectors.frame.frequency.sum() == 18_532
    assert vectors.frame.monetary_value.sum() == pytest.approx(revenue, abs=0.005)


def test_refunds_of_online_retail_are_the_cancelled_invoices(external_data: Path) -> None:
    folder = external_data / "online_retail"
    lines = pd.read_parquet(folder / "online_retail.parquet").dropna(subset=["CustomerID"])
    cancelled = lines[lines.InvoiceNo.str.startswith("C")]
    netted = orders_vectors(folder, "online_retail.parquet", RETAIL, date(2011, 12, 10), refunds="netted")
    kept = orders_vectors(folder, "online_retail.parquet", RETAIL, date(2011, 12, 10), refunds="kept")
    assert netted.report["orders"]["refunds_netted"] == len(cancelled) == 8_905
    total = (lines.Quantity * lines.UnitPrice).sum()
    assert netted.frame.monetary_value.sum() == pytest.approx(total, abs=0.01)
    assert kept.frame.monetary_value.sum() == pytest.approx(total, abs=0.01)
    # kept counts a cancellation as an order, netted does not
    assert kept.frame.frequency.sum() == lines.InvoiceNo.nunique()
    assert netted.frame.frequency.sum() == lines.InvoiceNo.nunique() - cancelled.InvoiceNo.nunique()


def test_the_cdnow_summary(external_data: Path) -> None:
    """The first rows as printed in the documentation of lifetimes and the BTYD vignette."""
    vectors = orders_vectors(
        external_data / "cdnow",
        "cdnow_sample.parquet",
        {"ordered_at": "date", "amount": "value"},
        date(1997, 10, 1),
        cdnow_summary=True,
    )
    ours = vectors.frame.filter(like="cdnow_")
    assert len(ours) == 2_357
    published = {
        "1": (2, 30.43, 38.86, 22.35),
        "2": (1, 1.71, 38.86, 11.77),
        "3": (0, 0.00, 38.86, 0.00),
        "4": (0, 0.00, 38.86, 0.00),
        "5": (0, 0.00, 38.86, 0.00),
        "6": (7, 29.43, 38.86, 73.74),
        "7": (1, 5.00, 38.86, 11.77),
        "9": (2, 35.71, 38.86, 25.55),
    }
    for customer, row in published.items():
        assert tuple(ours.loc[customer]) == pytest.approx(row, abs=0.0051)
    # the same customers' ordinary columns keep their own meaning
    assert vectors.frame.loc["1", "recency_days"] == (date(1997, 10, 1) - date(1997, 8, 2)).days
    assert vectors.frame.loc["1", "frequency"] == 3
    # 1,411 of the 2,357 made no repeat purchase in the first 39 weeks (Fader, Hardie and Lee 2005)
    assert (ours.cdnow_frequency == 0).sum() == 1_411


def test_the_conventions_on_one_customer(build: Any) -> None:
    def row(day: int, order: str, amount: float) -> dict[str, Any]:
        return {"customer_id": "a", "order_id": order, "ordered_at": datetime(2024, 1, day, 12), "amount": amount}

    lines = [row(1, "1", 10.0), row(1, "1", 5.5), row(1, "2", 0.0), row(5, "3", -4.0), row(11, "4", 8.5)]
    orders = pd.DataFrame([*lines, row(11, "4", 8.5)])

    def vector(**rfm: str) -> pd.Series[Any]:
        return build({"orders": orders}, date(2024, 1, 21), {"rfm": rfm}).frame.loc["a"]  # type: ignore[no-any-return]

    dropped = vector()
    assert dropped.recency_days == 10
    assert dropped.tenure_days == 20
    assert dropped.days_between_orders == 10 / 2  # three orders in ten days
    assert (dropped.frequency, dropped.monetary_value, dropped.average_order_value) == (3, 32.5, 32.5 / 3)
    assert (vector(frequency="lines").frequency, vector(frequency="active_days").frequency) == (5, 2)
    assert vector(zero_amounts="dropped").frequency == 2
    assert (vector(duplicates="dropped").monetary_value, vector(duplicates="dropped").frequency) == (24.0, 3)
    netted, kept = vector(refunds="netted"), vector(refunds="kept")
    assert (netted.monetary_value, netted.frequency, netted.days_between_orders) == (28.5, 3, 5)
    assert (kept.monetary_value, kept.frequency, kept.days_between_orders) == (28.5, 4, 10 / 3)


def test_a_customer_of_refunds_only(build: Any) -> None:
    orders = pd.DataFrame({"customer_id": ["a", "b"], "ordered_at": [datetime(2024, 1, 1)] * 2, "amount": [-4.0, 9.0]})
    assert list(build({"orders": orders}, date(2024, 2, 1)).frame.index) == ["b"]
    netted = build({"orders": orders}, date(2024, 2, 1), {"rfm": {"refunds": "netted"}}).frame.loc["a"]
    assert (netted.frequency, netted.monetary_value) == (0, -4.0)
    assert pd.isna(netted.recency_days)
    assert pd.isna(netted.average_order_value)


def test_discount_share(build: Any) -> None:
    orders = pd.DataFrame(
        {
            "customer_id": ["a", "a", "b"],
            "ordered_at": [datetime(2024, 1, 1)] * 3,
            "amount": [30.0, 45.0, 10.0],
            "discount": [25.0, None, None],
        }
    )
    assert build({"orders": orders}, date(2024, 2, 1)).frame.discount_share.to_dict() == {"a": 0.25, "b": 0.0}


def test_discounts_that_may_be_shares_of_the_price_are_told_of(build: Any) -> None:
    """A discount of 0.35 is 35 % here, and not 35 cents."""

    def warnings_of(discount: list[float | None], amount: float = 30.0) -> list[str]:
        orders = {"customer_id": ["a", "b", "c"], "ordered_at": datetime(2024, 1, 1), "amount": amount}
        vectors = build({"orders": pd.DataFrame({**orders, "discount": discount})}, date(2024, 1, 2))
        return [notice.text for notice in vectors.notices if notice.warning]

    assert warnings_of([0.35, None, -0.1]) == [
        "no discount is above 0.35, and amounts go up to 30.00: where discounts are no money, but shares of the price, "
        "write `not_read: [discount]`"
    ]
    assert warnings_of([0.35, 2.5, None]) == []
    assert warnings_of([0.0, None, 0.0]) == []
    assert warnings_of([0.35, None, 0.1], amount=0.9) == []


@pytest.mark.parametrize(
    ("amounts", "is_told_of"),
    [
        (lambda order: [20.0 + order] * 3, True),  # the total of the order
        (lambda order: [20.0 + order, 21.0 + order, 5.0], False),
        (lambda order: [20.0 + order, 0.0, 0.0], False),  # the total in the first line alone
        (lambda order: [20.0 + order] * 3 if order else [1.0, 2.0, 3.0], False),  # in four orders of five
    ],
)
def test_the_same_amount_on_each_line_of_an_order_is_told_of(amounts: Any, is_told_of: bool, build: Any) -> None:
    lines = [(f"c{order}", order, amount) for order in range(5) for amount in amounts(order)]
    orders = pd.DataFrame(lines, columns=["customer_id", "order_id", "amount"])
    single = pd.DataFrame({"customer_id": "c9", "order_id": [90 + n for n in range(40)], "amount": 7.0})
    table = pd.concat([orders, single]).assign(ordered_at=datetime(2024, 1, 1))
    notices = build({"orders": table}, date(2024, 1, 2)).notices
    expected = (
        "5 of 5 orders with several lines have the same amount on each line: where it is the total of the order, it "
        "counts once a line; keep one line of each order, or map the money of the line to amount"
    )
    assert [notice.text for notice in notices if "several lines" in notice.text] == [expected] * is_told_of


def test_sums_do_not_depend_on_the_order_of_rows(build: Any) -> None:
    amounts = [0.1, 0.2, 0.3, 1e9, 0.0001] * 20
    orders = pd.DataFrame({"customer_id": "a", "ordered_at": datetime(2024, 1, 1), "amount": amounts})
    single = build({"orders": orders}, date(2024, 2, 1))
    other = build({"orders": orders.sample(frac=1, random_state=3)}, date(2024, 2, 1))
    assert single.digest == other.digest
    assert single.frame.monetary_value["a"] == 20_000_000_012.002


AFTER_THE_LAST_INVOICE = datetime(2011, 12, 10, 12, 50)


def test_recency_in_elapsed_days_as_in_the_worked_examples_of_online_retail(external_data: Path) -> None:
    """The examples count back from a day after the last invoice; their first rows have been published many times."""
    folder = external_data / "online_retail"
    ours = orders_vectors(
        folder, "online_retail.parquet", RETAIL, AFTER_THE_LAST_INVOICE, recency="elapsed_days", frequency="lines"
    ).frame
    published = {"12346": (326, 1), "12347": (2, 182), "12348": (75, 31), "12349": (19, 73), "12350": (310, 17)}
    assert {name: tuple(ours.loc[name, ["recency_days", "frequency"]]) for name in published} == published
    lines = pd.read_parquet(folder / "online_retail.parquet").dropna(subset=["CustomerID"])
    bought = lines[lines.Quantity > 0].groupby("CustomerID").InvoiceDate
    recency = (AFTER_THE_LAST_INVOICE - bought.max()).dt.days
    assert (ours.recency_days.to_numpy() == recency.to_numpy()).all()
    assert (ours.tenure_days.to_numpy() == (AFTER_THE_LAST_INVOICE - bought.min()).dt.days.to_numpy()).all()


def test_scores_of_ranks_as_the_worked_examples_of_online_retail_have_them(external_data: Path) -> None:
    """`pd.qcut(values.rank(method="first"), 5)` of customers whom a group-by has sorted."""
    vectors = orders_vectors(
        external_data / "online_retail",
        "online_retail.parquet",
        RETAIL,
        AFTER_THE_LAST_INVOICE,
        recency="elapsed_days",
        score_edges={"ties": "first"},
    )
    ours = vectors.frame
    assert (ours.frequency == 1).mean() > 0.3, "fifths of the values themselves cannot part them"
    for column, score, labels in (
        ("recency_days", "r_score", [5, 4, 3, 2, 1]),
        ("frequency", "f_score", [1, 2, 3, 4, 5]),
        ("monetary_value", "m_score", [1, 2, 3, 4, 5]),
    ):
        expected = pd.qcut(ours[column].rank(method="first"), 5, labels=labels).astype(int)
        assert (ours[score] == expected).all()
    assert set(ours.f_score.value_counts()) == {867, 868}
    (notice,) = [notice for notice in vectors.notices if "ties: first" in notice.text]
    assert " of 4,339 customers have another score than the learned edges give" in notice.text


def test_the_published_codes_of_a_book_club(external_data: Path, build: Any) -> None:
    """R, F and M of 4,000 customers in months, books and dollars, with the codes of Shmueli and others."""
    club = pd.read_parquet(external_data / "mlba_marketing" / "CharlesBookClub.parquet")
    as_of = date(2004, 1, 1)
    last = pd.Timestamp(as_of) - pd.to_timedelta(club.R, unit="D")  # a day stands for a month
    each = pd.DataFrame({"customer_id": club["ID#"], "ordered_at": last, "amount": club.M / club.F})
    orders = each.loc[each.index.repeat(club.F)]
    edges = {"recency": [2, 6, 12], "frequency": [1, 2], "monetary": [25, 50, 100, 200]}
    ours = build({"orders": orders}, as_of, {"rfm": {"score_edges": edges}})
    published = club.set_index(club["ID#"].astype("str")).loc[ours.frame.index]
    assert (5 - ours.frame.r_score == published.Rcode).all()  # their best code of recency is 1, ours the highest
    assert (ours.frame.f_score == published.Fcode).all()
    assert (ours.frame.m_score.to_numpy() == published.Mcode.to_numpy()).mean() > 0.999, "sums of thirds of a dollar"
    assert [ours.contract[name].unit for name in ("r_score", "f_score", "m_score")] == ["of 4", "of 3", "of 5"]
    # the edges are given, so whoever scores one customer scores them alike
    alone = build({"orders": orders[orders.customer_id == 25]}, as_of, {"rfm": {"score_edges": edges}}).frame
    assert alone.loc["25"].to_dict() == ours.frame.loc["25"].to_dict()


def test_cdnow_without_money_is_recency_and_frequency_alone(external_data: Path) -> None:
    folder, columns = external_data / "cdnow", {"ordered_at": "date"}
    whole = orders_vectors(
        folder, "cdnow_sample.parquet", {**columns, "amount": "value"}, date(1997, 10, 1), cdnow_summary=True
    )
    bare = orders_vectors(
        folder, "cdnow_sample.parquet", columns, date(1997, 10, 1), monetary=False, cdnow_summary=True
    )
    assert list(bare.frame) == [
        "recency_days", "frequency", "tenure_days", "days_between_orders",
        "cdnow_frequency", "cdnow_recency_weeks", "cdnow_age_weeks", "r_score", "f_score",
    ]  # fmt: skip
    pd.testing.assert_frame_equal(bare.frame, whole.frame[list(bare.frame)], check_exact=True)
    assert bare.report["orders"]["used"] == bare.report["orders"]["rows"] - bare.report["orders"]["not_before_as_of"]


def test_orders_without_money_must_be_said_and_keep_their_refunds(build: Any) -> None:
    orders = pd.DataFrame({"customer_id": ["a", "a"], "ordered_at": [datetime(2024, 1, 1), datetime(2024, 1, 9)]})
    with pytest.raises(SourceError, match=r"missing amount .* write features: \{rfm: \{monetary: false\}\}$"):
        build({"orders": orders}, date(2024, 2, 1))
    settings = {"rfm": {"monetary": False}}
    assert build({"orders": orders}, date(2024, 2, 1), settings).frame.loc["a", "frequency"] == 2
    refunded = build({"orders": orders.assign(amount=[9.0, -9.0])}, date(2024, 2, 1), settings)
    assert refunded.frame.loc["a", "frequency"] == 1
    assert refunded.report["orders"]["refunds_dropped"] == 1
    assert not {"monetary_value", "average_order_value", "m_score"} & set(refunded.frame)
    with pytest.raises(ValidationError, match="orders without money have no M score"):
        FeatureSettings.model_validate({"rfm": {"monetary": False, "score_edges": {"monetary": [10]}}})


@pytest.mark.parametrize(
    ("as_of", "recency"),
    [
        (date(2024, 3, 31), 0),
        (datetime(2024, 3, 31, 17, 59, 59, 999_999), 0),
        (datetime(2024, 3, 31, 18), 1),
        (datetime(2024, 4, 1, 17, 59), 1),  # one day of 24 hours on the wall clock, though the clocks lost an hour
        (datetime(2024, 4, 1, 18), 2),
    ],
)
def test_a_day_has_elapsed_when_the_clock_shows_the_same_time_again(build: Any, as_of: date, recency: int) -> None:
    orders = pd.DataFrame({"customer_id": ["a"], "ordered_at": [datetime(2024, 3, 30, 18)], "amount": [1.0]})
    settings = {"rfm": {"recency": "elapsed_days"}, "time_zone": "Europe/Berlin"}
    naive = build({"orders": orders}, as_of, settings).frame.loc["a"]
    assert (naive.recency_days, naive.tenure_days) == (recency, recency)
    zoned = orders.assign(ordered_at=orders.ordered_at.dt.tz_localize("Europe/Berlin").dt.tz_convert("UTC"))
    assert build({"orders": zoned}, as_of, settings).frame.loc["a", "recency_days"] == recency


def test_the_conventions_agree_between_the_engines(
    case_folder: Path, case_postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_URL", case_postgres)
    rfm = {"recency": "elapsed_days", "score_edges": {"ties": "first", "quantiles": [0.25, 0.5, 0.75]}}
    places = [
        {"file": "orders.parquet"}, {"file": "orders.csv"}, {"duckdb": "shop.duckdb", "table": "orders"},
        {"postgres": "SHOP_URL", "table": "shop.orders"},
    ]  # fmt: skip
    for conventions in (rfm, {**rfm, "monetary": False, "cdnow_summary": True}):
        settings = FeatureSettings.model_validate({"rfm": conventions})
        vectors = [
            build_vectors(Sources.model_validate({"orders": place}), settings, datetime(2024, 7, 1, 9, 30), case_folder)
            for place in places
        ]
        assert len({built.digest for built in vectors}) == 1
        assert vectors[0].frame.r_score.max() == 4
