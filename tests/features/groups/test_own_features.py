"""Own features: one case table on every engine and in requests, and random expressions against plain Python."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.conditions.aggregate_parse import parse_aggregate
from features.conditions.aggregates import (
    Aggregate,
    AggregateFunction,
    AllOf,
    Arithmetic,
    Call,
    Choice,
    Compared,
    Expression,
    Function,
    Missing,
    OneOf,
    Opposite,
    Sign,
)
from features.conditions.tree import ColumnName, NumberLiteral, TextLiteral
from features.customer_vector import build_vectors
from features.feature_spec import FeatureSpec
from features.request.compiled import VectorCompiler
from features.settings import FeatureSettings, Sources
from features.vector_table import CustomerVectors
from segment_model.errors import SegmentsError, SettingsError, SourceError

AS_OF = date(2024, 7, 1)
ZONE = "Europe/Berlin"
ORDERS = {
    "rows": "count(*)",
    "discounted": "count(discount)",
    "baskets": "count(distinct order_id)",
    "spent": "sum(amount)",
    "mean": "avg(amount)",
    "middle": "median(amount)",
    "range_of_amounts": "max(amount) - min(amount)",
    "weekend_share": "avg(case when dayofweek(ordered_at) in (0, 6) then 1.0 else 0.0 end)",
    "sunday_share": "avg(case dayofweek(ordered_at) when 0 then 1 else 0 end)",
    "evening_share": "avg(case when hour(ordered_at) >= 18 then 1 else 0 end)",
    "summer": "sum(case when month(ordered_at) between 6 and 8 then amount end)",
    "silence": "days_between(max(ordered_at), as_of)",
    "span": "days_between(min(ordered_at), max(ordered_at))",
    "lately": "sum(case when days_between(ordered_at, as_of) <= 30 then 1 else 0 end) / count(*)",
    "of_nothing": "sum(amount) / sum(0)",
    "relief": "sum(coalesce(discount, 0)) / sum(abs(amount))",
    "capped": "avg(least(greatest(amount, 5), 50))",
    "is_loyal": "count(*) > 10 and min(ordered_at) < TIMESTAMP '2024-03-01 00:00:00'",
    "tens": "count(case when order_id like 'O1%' and not order_id = 'O1' then 1 end)",
    "without_relief": "sum(case when discount is null then 1 else 0 end)",
}
EVENTS = {
    "exports": "count(case when feature in ('export', 'Ärger') then 1 end)",
    "most_units": "max(quantity)",
    "phone_share": "avg(case when device = 'phone' then 1 else 0 end)",
}
TERMS = {
    "longest_known": "max(days_between(started_at, coalesce(ended_at, as_of)))",
    "ended": "count(ended_at)",
    "per_seat": "sum(mrr) / sum(seats)",
}


def own(features: Mapping[str, str], table: str, kind: str = "number") -> dict[str, Any]:
    return {name: {"table": table, "expression": text, "kind": kind} for name, text in features.items()}


ALL = own(ORDERS, "orders") | own(EVENTS, "events") | own(TERMS, "subscriptions")
SETTINGS = FeatureSettings.model_validate({"time_zone": ZONE, "rfm": {"refunds": "netted"}, "own": ALL})
TABLES = ("orders", "events", "subscriptions")


def vectors_of(folder: Path, chosen: FeatureSettings = SETTINGS, **place: str) -> CustomerVectors:
    sources = {name: {key: text.format(name=name) for key, text in place.items()} for name in TABLES}
    return build_vectors(Sources.model_validate(sources), chosen, AS_OF, folder)


def test_every_engine_computes_the_same_figures_to_the_bit(
    case_folder: Path, case_postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_URL", case_postgres)
    parquet = vectors_of(case_folder, file="{name}.parquet")
    for place in (
        {"file": "{name}.csv"},
        {"duckdb": "shop.duckdb", "table": "{name}"},
        {"postgres": "SHOP_URL", "table": "shop.{name}"},
    ):
        other = vectors_of(case_folder, **place)
        differing = parquet.frame.compare(other.frame)
        assert differing.empty, f"{place}: {differing.head()}"
        assert other.digest == parquet.digest


def test_the_figures_are_those_of_pandas(case_folder: Path) -> None:
    """Independently of the tree and of the engines."""
    frame = vectors_of(case_folder, file="{name}.parquet").frame
    orders = pd.read_parquet(case_folder / "orders.parquet")
    orders = orders[orders.customer_id.notna() & (orders.ordered_at < pd.Timestamp(AS_OF))]
    grouped = orders.assign(
        sunday=orders.ordered_at.dt.day_of_week == 6,
        weekend=orders.ordered_at.dt.day_of_week >= 5,
        evening=orders.ordered_at.dt.hour >= 18,
        ago=(pd.Timestamp(AS_OF) - orders.ordered_at.dt.normalize()).dt.days,
    ).groupby("customer_id")
    expected = {
        "rows": grouped.size(),
        "discounted": grouped.discount.count(),
        "baskets": grouped.order_id.nunique(),
        "spent": grouped.amount.sum(),
        "mean": grouped.amount.mean(),
        "middle": grouped.amount.median(),
        "weekend_share": grouped.weekend.mean(),
        "sunday_share": grouped.sunday.mean(),
        "evening_share": grouped.evening.mean(),
        "silence": grouped.ago.min(),
        "span": grouped.ago.max() - grouped.ago.min(),
        "without_relief": grouped.size() - grouped.discount.count(),
    }
    for name, column in expected.items():
        pd.testing.assert_series_equal(
            frame[name].dropna(), column.astype(float), check_names=False, check_index_type=False, rtol=1e-9
        )
    assert frame.of_nothing.isna().all()
    assert set(frame.is_loyal.dropna()) == {0.0, 1.0}


def made(vectors: CustomerVectors, sources: dict[str, Any], chosen: FeatureSettings) -> VectorCompiler:
    provenance = {
        "learned_features": vectors.learned.to_json(),
        "raw_columns": {name: list(columns) for name, columns in vectors.columns.items()},
        "settings": {
            "sources": Sources.model_validate(sources).model_dump(mode="json"),
            "features": chosen.model_dump(mode="json"),
        },
    }
    return VectorCompiler(FeatureSpec.of(json.loads(json.dumps(provenance))), vectors.contract)


def plain(cell: Any) -> Any:
    return cell.to_pydatetime() if isinstance(cell, pd.Timestamp) else cell


class Rows:
    """The rows of one customer in a request."""

    def __init__(self, frame: pd.DataFrame, columns: Sequence[str]) -> None:
        self.customer = [0] * len(frame)
        self.columns = {
            name: [
                None if pd.isna(cell) else getattr(cell, "to_pydatetime", lambda c=cell: c)() for cell in frame[name]
            ]
            for name in columns
            if name != "customer_id"
        }


def test_a_request_computes_the_same_figures_to_the_bit(case_folder: Path) -> None:
    vectors = vectors_of(case_folder, file="{name}.parquet")
    compiler = made(vectors, {name: {"file": f"{name}.parquet"} for name in TABLES}, SETTINGS)
    tables = {name: pd.read_parquet(case_folder / f"{name}.parquet") for name in TABLES}
    for customer in ("C003", "C017", "Zoë"):
        rows = {
            name: Rows(frame[frame.customer_id == customer], vectors.columns[name]) for name, frame in tables.items()
        }
        (record,) = compiler.vectors(rows, 1, AS_OF, False, 60).records
        assert record is not None
        for name in ALL:
            expected = vectors.frame.loc[customer, name]
            assert record[name] == expected or (record[name] is None and math.isnan(expected)), (customer, name)


def shop(
    folder: Path, features: Mapping[str, Any], rows: Mapping[str, Any] | None = None, **more: Any
) -> CustomerVectors:
    orders = {
        "customer_id": ["a", "a", "b"],
        "ordered_at": ["2024-06-29", "2024-06-30", "2024-06-28"],
        "amount": [1, 2, 3],
    }
    pd.DataFrame(rows or orders).to_csv(folder / "orders.csv", index=False)
    chosen = FeatureSettings.model_validate({"own": features, "rfm": {"scores": False}, **more})
    return build_vectors(Sources.model_validate({"orders": {"file": "orders.csv"}}), chosen, AS_OF, folder)


def test_a_count_of_nothing_is_0_and_any_other_figure_is_missing(tmp_path: Path) -> None:
    """Without anything to aggregate, and for a customer without a row in the table."""
    features = {
        "many": {"table": "orders", "expression": "sum(case when amount > 2 then 1 end)", "kind": "count"},
        "large": {"table": "orders", "expression": "max(case when amount > 2 then amount end)", "kind": "number"},
    }
    (tmp_path / "events.csv").write_text("customer_id,occurred_at\na,2024-06-01\nc,2024-06-01\n")
    pd.DataFrame({"customer_id": ["a", "b"], "ordered_at": "2024-06-29", "amount": [1, 3]}).to_csv(
        tmp_path / "orders.csv"
    )
    sources = Sources.model_validate({"orders": {"file": "orders.csv"}, "events": {"file": "events.csv"}})
    frame = build_vectors(sources, FeatureSettings.model_validate({"own": features}), AS_OF, tmp_path).frame
    assert frame.many.to_dict() == {"a": 0, "b": 1, "c": 0}
    assert frame.large.dropna().to_dict() == {"b": 3}


def test_the_column_carries_its_words(tmp_path: Path) -> None:
    feature = {
        "table": "orders", "expression": "avg(amount)", "kind": "number", "role": "basis", "unit": "EUR",
        "low": "small", "high": "large", "label": "usual amount", "description": "mean of the amounts",
    }  # fmt: skip
    column = shop(tmp_path, {"usual": feature}).contract["usual"]
    assert (column.role, column.unit, column.low, column.high) == ("basis", "EUR", "small", "large")
    assert (column.title, column.description, column.group, column.nullable) == (
        "usual amount", "mean of the amounts", "own", True,
    )  # fmt: skip


def test_a_share_above_1_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="big"):
        shop(tmp_path, own({"big": "sum(amount)"}, "orders", "share"))


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            "sum(amuont)",
            "features.own.x: no column 'amuont'. Did you mean 'amount'? Columns are ordered_at, amount,",
        ),
        ("sum(discount)", "features.own.x: no column 'discount'."),
        ("sum(customer_id)", "features.own.x: no column 'customer_id'."),
        ("sum(ordered_at)", "features.own.x: sum takes a number, and gets a moment"),
        (
            "max(ordered_at)",
            "features.own.x: the expression gives a moment, and a feature is a number or",
        ),
        ("max(amount) + max(ordered_at)", "features.own.x: + takes a number, and gets a moment"),
        ("sum(dayofweek(amount))", "features.own.x: dayofweek takes a moment, and gets a number"),
        ("sum(case when amount then 1 end)", "features.own.x: when takes true or false, and gets a number"),
        ("sum(case when amount = 'x' then 1 end)", "features.own.x: = gets a number and text; all must be of one kind"),
        ("sum(case when amount > 1 then 1 else 'x' end)", "features.own.x: case gets a number and text"),
        ("sum(case when amount like 'x' then 1 end)", "features.own.x: like takes text, and gets a number"),
        ("count(case when ordered_at then 1 end)", "features.own.x: when takes true or false, and gets a moment"),
    ],
)
def test_kinds_that_do_not_meet_are_refused(expression: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        shop(tmp_path, own({"x": expression}, "orders"))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_feature_of_a_table_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"features\.own\.x is made of events, and `sources` has no events"):
        shop(tmp_path, own({"x": "count(*)"}, "events"))
    with pytest.raises(SettingsError, match=r"features\.usage\.counts is made of events"):
        shop(tmp_path, {}, usage={"counts": ["purchase"]})


def test_a_name_that_is_taken(tmp_path: Path) -> None:
    with pytest.raises(SegmentsError, match="frequency"):
        shop(tmp_path, own({"frequency": "count(*)"}, "orders"))


@pytest.mark.parametrize("feature", [{"expression": "sum(x"}, {"kind": "category"}, {"table": "customers"}])
def test_the_settings_refuse_what_is_no_feature(feature: dict[str, Any]) -> None:
    whole = {"table": "orders", "expression": "sum(amount)", "kind": "number", **feature}
    with pytest.raises(ValueError, match="own"):
        FeatureSettings.model_validate({"own": {"x": whole}})


def test_what_is_not_known_yet_is_missing(tmp_path: Path) -> None:
    """The end of a subscription after the as-of moment, and orders after it."""
    features = own({"ends": "count(ended_at)", "days": "max(days_between(started_at, ended_at))"}, "subscriptions")
    chosen = FeatureSettings.model_validate({"own": features})

    def built(ends: Sequence[str | None]) -> pd.DataFrame:
        terms = {"customer_id": ["a", "a"], "started_at": "2024-01-01", "mrr": 1.0, "ended_at": ends}
        pd.DataFrame(terms).to_csv(tmp_path / "terms.csv", index=False)
        sources = Sources.model_validate({"subscriptions": {"file": "terms.csv"}})
        return build_vectors(sources, chosen, AS_OF, tmp_path).frame

    frame = built(["2024-01-31", "2024-07-01"])
    assert (frame.ends["a"], frame.days["a"]) == (1, 30)
    pd.testing.assert_frame_equal(frame, built(["2024-01-31", None]))


def test_named_events_are_counted(tmp_path: Path) -> None:
    rows = ["a,purchase", "a,purchase", "a,invite sent", "b,login", "b,", "a,purchase"]
    lines = [f"{row},2024-06-{number + 1:02}" for number, row in enumerate(rows[:5])] + ["a,purchase,2024-07-01"]
    (tmp_path / "events.csv").write_text("customer_id,name,occurred_at\n" + "\n".join(lines))
    chosen = FeatureSettings.model_validate({"usage": {"counts": ["purchase", "invite sent", "log-in"]}})
    vectors = build_vectors(Sources.model_validate({"events": {"file": "events.csv"}}), chosen, AS_OF, tmp_path)
    columns = ["purchase_count", "invite_sent_count", "log_in_count"]
    assert vectors.frame[columns].to_dict("index") == {
        "a": dict(zip(columns, (2, 1, 0), strict=True)),
        "b": dict(zip(columns, (0, 0, 0), strict=True)),
    }
    assert "warning: events: no event is called 'log-in'. Did you mean 'login'?" in [n.line for n in vectors.notices]


@pytest.mark.parametrize("names", [["a", "A"], ["  ", "b"]])
def test_named_events_have_columns_of_their_own(names: list[str], tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text("customer_id,name,occurred_at\na,b,2024-06-01\n")
    chosen = FeatureSettings.model_validate({"usage": {"counts": names}})
    with pytest.raises(SettingsError, match="gives no column name of its own"):
        build_vectors(Sources.model_validate({"events": {"file": "events.csv"}}), chosen, AS_OF, tmp_path)


def test_counts_of_events_need_their_names(tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text("customer_id,feature,occurred_at\na,b,2024-06-01\n")
    chosen = FeatureSettings.model_validate({"usage": {"counts": ["b"]}})
    with pytest.raises(SettingsError, match="needs the column `name` of events"):
        build_vectors(Sources.model_validate({"events": {"file": "events.csv"}}), chosen, AS_OF, tmp_path)


Row = Mapping[str, Any]


def evaluated(expression: Expression, rows: Sequence[Row], row: Row | None = None) -> Any:
    """The meaning of an expression in plain Python: numbers, text, moments, true and false, None for missing."""

    def of(part: Expression) -> Any:
        return evaluated(part, rows, row)

    match expression:
        case ColumnName(name):
            assert row is not None
            return row[name]
        case NumberLiteral(number):
            return float(number)
        case TextLiteral(text):
            return text
        case Aggregate():
            return aggregated(expression, rows)
        case Arithmetic(left, sign, right):
            return arithmetic(of(left), sign, of(right))
        case Call(function, arguments):
            return called(function, [of(argument) for argument in arguments])
        case Choice(branches, otherwise):
            outcomes = (branch.outcome for branch in branches if of(branch.condition))
            outcome = next(outcomes, otherwise)
            return None if outcome is None else of(outcome)
        case Compared(left, operator, right):
            ours, theirs = of(left), of(right)
            signs = {"=": "__eq__", "<>": "__ne__", "<": "__lt__", "<=": "__le__", ">": "__gt__", ">=": "__ge__"}
            return None if ours is None or theirs is None else getattr(ours, signs[operator])(theirs)
        case OneOf(operand, options):
            return None if of(operand) is None else of(operand) in [of(option) for option in options]
        case Missing(operand):
            return of(operand) is None
        case Opposite(part):
            return None if of(part) is None else not of(part)
        case AllOf(parts):
            truths = [of(part) for part in parts]
            return False if False in truths else None if None in truths else True
        case _:
            raise NotImplementedError(expression)


def arithmetic(left: float | None, sign: Sign, right: float | None) -> float | None:
    if left is None or right is None or (sign is Sign.BY and right == 0):
        return None
    return {"+": left + right, "-": left - right, "*": left * right, "/": left / (right or 1)}[sign]


def called(function: Function, arguments: list[Any]) -> Any:
    known = [argument for argument in arguments if argument is not None]
    match function:
        case Function.COALESCE:
            return known[0] if known else None
        case Function.LEAST:
            return min(known, default=None)
        case Function.GREATEST:
            return max(known, default=None)
    if len(known) < len(arguments):
        return None
    match function:
        case Function.ABS:
            return abs(known[0])
        case Function.DAYOFWEEK:
            return float((known[0].weekday() + 1) % 7)
        case Function.HOUR:
            return float(known[0].hour)
        case Function.MONTH:
            return float(known[0].month)
        case _:
            return float((known[1].date() - known[0].date()).days)


def aggregated(aggregate: Aggregate, rows: Sequence[Row]) -> Any:
    if aggregate.argument is None:
        return float(len(rows))
    known = [v for v in (evaluated(aggregate.argument, rows, row) for row in rows) if v is not None]
    match aggregate.function:
        case AggregateFunction.COUNT:
            return float(len(set(known)) if aggregate.distinct else len(known))
        case AggregateFunction.MIN:
            return min(known, default=None)
        case AggregateFunction.MAX:
            return max(known, default=None)
        case AggregateFunction.MEDIAN:
            return statistics.median(known) if known else None
    total = sum(round(number * 10_000) for number in known) / 10_000
    if not known:
        return None
    return total / len(known) if aggregate.function is AggregateFunction.AVG else total


NUMBERS = st.sampled_from(
    [
        *("amount", "discount", "amount + 1", "discount * 2", "amount - discount", "amount / discount", "-amount", "2"),
        *("abs(amount)", "coalesce(discount, 0.5)", "least(amount, discount, 3)", "greatest(amount, discount)"),
        *("dayofweek(ordered_at)", "hour(ordered_at)", "month(ordered_at)"),
    ]
)
CHECKS = st.sampled_from(
    [
        *("amount > 1", "discount is null", "not amount = 2", "order_id = 'x'", "order_id in ('x', 'y')"),
        *("amount between 0 and 2", "dayofweek(ordered_at) in (0, 6)", "discount < amount and amount <> 2"),
    ]
)
ARGUMENTS = st.one_of(
    NUMBERS,
    st.builds(lambda check, number: f"case when {check} then {number} end", CHECKS, NUMBERS),
    st.builds(lambda check, then, other: f"case when {check} then {then} else {other} end", CHECKS, NUMBERS, NUMBERS),
)
AGGREGATES = st.one_of(
    st.just("count(*)"),
    st.sampled_from(["count(distinct order_id)", "count(order_id)", "days_between(min(ordered_at), max(ordered_at))"]),
    st.builds(lambda name, argument: f"{name}({argument})", st.sampled_from(list(AggregateFunction)), ARGUMENTS),
)
FIGURES = st.one_of(
    AGGREGATES,
    st.builds(lambda a, sign, b: f"{a} {sign} ({b})", AGGREGATES, st.sampled_from("+-*/"), AGGREGATES),
    st.builds(lambda a, b: f"case when {a} > {b} then {a} else coalesce({b}, 0) end", AGGREGATES, AGGREGATES),
)
CELLS = st.none() | st.sampled_from([-2.0, 0.0, 0.25, 1.0, 2.0, 3.5])
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "customer_id": st.sampled_from("ab"),
            "ordered_at": st.integers(0, 400).map(lambda hours: datetime(2024, 5, 30) + timedelta(hours=hours)),
            "order_id": st.sampled_from(["x", "y", None]),
            "amount": st.sampled_from([-2.0, 0.0, 0.25, 1.0, 2.0, 3.5]),
            "discount": CELLS,
        }
    ),
    min_size=1,
    max_size=10,
)


@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(rows=ROWS, figures=st.lists(FIGURES, min_size=8, max_size=8))
def test_random_expressions_agree_with_plain_python(
    rows: list[Row], figures: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("own")
    types = {"ordered_at": "datetime64[us]", "discount": "float64", "order_id": "str"}
    pd.DataFrame(rows).astype(types).to_parquet(folder / "orders.parquet", index=False)
    features = own({f"own_{number}": text for number, text in enumerate(figures)}, "orders")
    chosen = FeatureSettings.model_validate({"own": features, "rfm": {"refunds": "kept", "scores": False}})
    frame = build_vectors(Sources.model_validate({"orders": {"file": "orders.parquet"}}), chosen, AS_OF, folder).frame
    for customer in frame.index:
        own_rows = [row for row in rows if row["customer_id"] == customer]
        for number, text in enumerate(figures):
            expected, computed = evaluated(parse_aggregate(text), own_rows), frame.loc[customer, f"own_{number}"]
            assert (math.isnan(computed) and expected is None) or computed == expected, (text, expected, computed)
