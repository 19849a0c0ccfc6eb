"""How many ids the tables share is told; ids that would meet are named; tables that do not meet stop the run."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.customer_vector import build_vectors
from features.joining.id_overlap import overlap_notices
from features.joining.id_rules import rewritten
from features.joining.table_customers import TableCustomers
from features.notices import Notice
from features.settings import FeatureSettings, IdSettings, Sources
from segment_model.errors import SettingsError, SourceError
from training.settings import parse_settings

AS_OF = date(2024, 7, 1)
ABOUT: dict[str, Any] = {"attributes": {"age": {"kind": "number"}}}
FOLD, STRIP = {"case": "fold"}, {"leading_zeros": "strip"}


def of(name: str, ids: list[str], whole: bool = False) -> TableCustomers:
    return TableCustomers(name, pd.Index(ids, dtype="str"), whole=whole)


def notices(*tables: TableCustomers, **ids: Any) -> list[Notice]:
    return overlap_notices(tables, IdSettings.model_validate(ids))


def orders(ids: list[Any]) -> pd.DataFrame:
    return pd.DataFrame({"customer_id": ids, "ordered_at": datetime(2024, 6, 30, 12), "amount": 5.0})


def customers(ids: list[Any]) -> pd.DataFrame:
    return pd.DataFrame({"customer_id": ids, "age": [float(age) for age in range(len(ids))]})


def test_shared_ids_are_told_in_the_order_of_the_tables() -> None:
    issued = notices(
        of("customers", ["a", "b", "c"]), of("subscriptions", ["a"]), of("events", ["b", "c"]), of("orders", ["a", "b"])
    )
    assert [notice.line for notice in issued if not notice.warning] == [
        "orders: of its 2 ids, 1 is in events (2 ids), 1 is in subscriptions (1 id) and 2 are in customers (3 ids)",
        "events: of its 2 ids, 0 are in subscriptions (1 id) and 2 are in customers (3 ids)",
        "subscriptions: of its 1 id, 1 is in customers (3 ids)",
    ]
    (warning,) = [notice for notice in issued if notice.warning]
    assert warning.line == (
        "warning: events: shares only 0 ids with subscriptions, of 1 in the smaller of the two ('b' only in "
        "events, 'a' only in subscriptions): is customer_id the same id in both?"
    )


def test_one_table_has_nothing_to_tell() -> None:
    assert notices(of("orders", ["a"])) == notices(of("orders", [])) == notices() == []


@pytest.mark.parametrize(("shared", "warned"), [(4, True), (5, False), (10, False)])
def test_a_warning_under_half_of_the_smaller_table(shared: int, warned: bool) -> None:
    few = [f"k{number}" for number in range(10)]
    many = [f"k{number}" for number in range(10 - shared, 100)]
    assert any(notice.warning for notice in notices(of("orders", many), of("customers", few))) is warned


@pytest.mark.parametrize(
    ("first", "second", "difference", "setting"),
    [
        ("00123", "123", "leading zeros", "{leading_zeros: strip}"),
        ("ANNA@X.DE", "anna@x.de", "upper and lower case", "{case: fold}"),
        ("00ab", "AB", "upper and lower case and leading zeros", "{case: fold, leading_zeros: strip}"),
        ("000", "0", "leading zeros", "{leading_zeros: strip}"),
    ],
)
def test_ids_that_would_meet_are_named_with_the_setting(first: str, second: str, difference: str, setting: str) -> None:
    same = ["same", "too"]
    (issued,) = [n for n in notices(of("orders", [first, *same]), of("customers", [second, *same])) if n.warning]
    assert issued.line == (
        f"warning: orders: 1 id would meet another in customers but for {difference}, such as {first!r} here and "
        f"{second!r} there; `features: {{ids: {setting}}}` makes them one customer"
    )


@pytest.mark.parametrize(
    ("first", "second", "shown"),
    [
        ("Zoe\u0308", "Zoë", r"'Zoe\u0308' here and 'Zoë' there"),  # as a Mac writes it
        ("K-17\u200b", "K-17", r"'K-17\u200b' here and 'K-17' there"),  # copied from a page
        ("Anna\u3000李", "Anna 李", r"'Anna\u3000\u674e' here and 'Anna 李' there"),
        ("Ｋ１７", "K17", r"'\uff2b\uff11\uff17' here and 'K17' there"),
    ],
)
def test_ids_that_look_alike_are_named(first: str, second: str, shown: str) -> None:
    same = ["same", "too"]
    (issued,) = [n for n in notices(of("orders", [first, *same]), of("customers", [second, *same])) if n.warning]
    assert issued.text == (
        f"1 id would meet another in customers but for characters that look alike or are not seen, such as {shown}; "
        "one way of writing them in your tables makes them one customer"
    )


def test_ids_that_look_alike_but_for_case_need_both() -> None:
    with pytest.raises(
        SourceError, match=r"2 ids would meet under one way of writing them .* with `features: \{ids: \{case"
    ):
        notices(of("orders", ["zoe\u0308", "bo\ufeff"]), of("customers", ["ZOË", "bo"]))


def test_an_id_that_meets_may_also_meet_under_another_writing() -> None:
    issued = notices(of("orders", ["00123", "123", "7"]), of("customers", ["123", "7"]))
    assert "1 id differs from another by leading zeros alone" in issued[1].text
    assert "1 id would meet another" in issued[-1].text
    assert "'00123' here and '123' there" in issued[-1].text


def test_whole_numbers_are_not_compared_by_their_writing() -> None:
    assert len(notices(of("orders", ["1", "2"], True), of("customers", ["1", "3"], True))) == 1


def test_ids_of_one_table_that_differ_in_writing_alone_are_named() -> None:
    (notice,) = notices(of("orders", ["Anna@x.de", "anna@x.de", "ANNA@X.DE", "bo@x.de"]))
    assert notice.line == (
        "orders: 2 ids differ from another by upper and lower case alone, such as 'ANNA@X.DE' and 'Anna@x.de'; "
        "`features: {ids: {case: fold}}` makes them one customer"
    )
    (notice,) = notices(of("events", ["0", "00", "7"]))
    assert "1 id differs from another by leading zeros alone, such as '0' and '00'" in notice.text
    assert not notices(of("orders", ["1", "2"], True))


def test_tables_without_a_shared_id_stop_the_run() -> None:
    with pytest.raises(SourceError) as caught:
        notices(of("orders", ["A1", "A2"]), of("customers", ["B1"]))
    assert str(caught.value) == (
        "orders (2 ids) and customers (1 id) share no customer id: 'A1' only in orders, 'B1' only in customers. Map "
        "the same id in both by `columns: {customer_id: your_name}`, or go on without a shared customer by "
        "`features: {ids: {allow_disjoint: true}}`"
    )
    with pytest.raises(
        SourceError, match=r"; 2 ids would meet under `features: \{ids: \{leading_zeros: strip\}\}`\. Map"
    ):
        notices(of("orders", ["007", "008"]), of("customers", ["7", "8"]))
    (issued,) = notices(of("orders", ["A1"]), of("customers", ["B1"]), allow_disjoint=True)
    assert issued.line == "orders: of its 1 id, 0 are in customers (1 id)"


def test_a_third_table_may_join_two_that_share_nothing() -> None:
    issued = notices(of("orders", ["a"]), of("subscriptions", ["b"]), of("customers", ["a", "b"]))
    assert [notice.table for notice in issued if notice.warning] == ["orders"]
    with pytest.raises(SourceError, match=r"orders .* and subscriptions .* share no customer id"):
        notices(of("orders", ["a"]), of("subscriptions", ["b"]), of("customers", ["a"]))


def test_a_table_without_any_customer_is_told_and_does_not_stop() -> None:
    issued = notices(of("orders", ["a"]), of("events", []))
    assert [notice.line for notice in issued] == [
        "warning: events: no customer has a usable row before the as-of moment"
    ]


@given(st.lists(st.text("aA0Ü9", min_size=1, max_size=4), min_size=1, max_size=8, unique=True))
def test_rewriting_is_final_and_keeps_at_least_a_character(ids: list[str]) -> None:
    written = rewritten(pd.Index(ids, dtype="str"))
    assert written.tolist() == rewritten(written).tolist()
    assert written.tolist() == [name.lower().lstrip("0") or "0" for name in ids]
    assert rewritten(pd.Index(ids, dtype="str"), fold=False, strip=False).tolist() == ids


def test_ids_are_merged_only_on_request(build: Any) -> None:
    tables = {"orders": orders(["00123", "Kim", "kim", "0"]), "customers": customers(["123", "KIM", "0"])}
    apart = build(tables, AS_OF, customers=ABOUT)
    assert apart.frame.index.tolist() == ["0", "00123", "123", "KIM", "Kim", "kim"]
    assert any("{case: fold, leading_zeros: strip}" in notice.line for notice in apart.notices if notice.warning)
    merged = build(tables, AS_OF, {"ids": FOLD | STRIP}, customers=ABOUT)
    assert merged.frame.index.tolist() == ["0", "123", "kim"]
    assert merged.frame.frequency.to_dict() == {"0": 1, "123": 1, "kim": 2}
    assert merged.frame.age.to_dict() == {"0": 2, "123": 0, "kim": 1}
    assert not [notice for notice in merged.notices if notice.warning]
    assert build(tables, AS_OF, {"ids": FOLD}, customers=ABOUT).frame.index.tolist() == ["0", "00123", "123", "kim"]


def test_numbers_meet_text_under_stripped_zeros(build: Any) -> None:
    tables = {"orders": orders([7, 8]), "customers": customers(["007", "8"])}
    assert build(tables, AS_OF, {"ids": STRIP}, customers=ABOUT).frame.age.to_dict() == {"7": 0, "8": 1}


def test_customers_that_become_one_are_refused(build: Any) -> None:
    tables = {"orders": orders(["kim"]), "customers": customers(["Kim", "KIM"])}
    with pytest.raises(SourceError, match=r"more than one row"):
        build(tables, AS_OF, {"ids": FOLD}, customers=ABOUT)


def test_the_settings_know_their_words() -> None:
    minimal = {"as_of": "2024-07-01", "sources": {"orders": {"file": "orders.csv"}}}
    with pytest.raises(SettingsError, match=r"features.ids.case' must be one of keep, fold"):
        parse_settings({**minimal, "features": {"ids": {"case": "lower"}}})
    assert parse_settings(minimal).features.ids == IdSettings()


def test_every_engine_merges_alike(case_folder: Path, case_postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_URL", case_postgres)
    settings = FeatureSettings.model_validate({"ids": FOLD | STRIP})
    digests = set()
    for place in (
        {"file": "{name}.parquet"},
        {"file": "{name}.csv"},
        {"duckdb": "shop.duckdb", "table": "{name}"},
        {"postgres": "SHOP_URL", "table": "shop.{name}"},
    ):
        at = {
            name: {key: text.format(name=name) for key, text in place.items()} for name in ("orders", "subscriptions")
        }
        vectors = build_vectors(Sources.model_validate(at), settings, AS_OF, case_folder)
        assert {"42", "zoë", "李", "o'brien"} <= set(vectors.frame.index)
        digests.add(vectors.digest)
    assert len(digests) == 1
