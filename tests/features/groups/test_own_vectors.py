"""A table of one row a customer as a source: what is taken, how it is read, and what is refused."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psycopg
import pytest
from pydantic import ValidationError

from features.customer_vector import build_vectors
from features.feature_spec import FeatureSpec
from features.learned import LearnedFeatures
from features.request.compiled import VectorCompiler
from features.settings import FeatureSettings, Sources
from features.vector_file import read_vectors, write_vectors
from features.vector_table import CustomerVectors
from segment_model.contract import Kind, Role
from segment_model.errors import ContractError, SettingsError, SourceError


def own_table(customers: int = 40) -> pd.DataFrame:
    """Every kind, text that becomes numbers, missing values, and columns that are no features."""
    random = np.random.default_rng(3)
    spend = np.round(random.normal(50, 20, customers), 2)
    plans = [["basic", "pro", None][n % 3] for n in range(customers)]
    return pd.DataFrame(
        {
            "client": [f"K{n:03d}" for n in range(customers)],
            "Annual Income (k$)": random.integers(1, 200, customers),
            "spend": np.where(np.arange(customers) % 7 == 0, np.nan, spend),
            "open rate": random.random(customers).round(3),
            "Churn": [["Yes", "No"][n % 2] for n in range(customers)],
            "plan": plans,
            "joined": [date(2025, 1, 1 + n % 28) for n in range(customers)],
            "remark": [f"says {n}" for n in range(customers)],
            "version": 3,
            "empty": [None] * customers,
        }
    )


def built(folder: Path, frame: pd.DataFrame, learned: LearnedFeatures | None = None, **source: Any) -> CustomerVectors:
    frame.to_parquet(folder / "own.parquet", index=False)
    place = {"file": "own.parquet", "columns": {"customer_id": "client"}, **source}
    return build_vectors(Sources.model_validate({"vectors": place}), FeatureSettings(), None, folder, learned)


KINDS = {
    "Annual_Income_k": Kind.COUNT,
    "spend": Kind.NUMBER,
    "open_rate": Kind.SHARE,
    "Churn": Kind.FLAG,
    "plan": Kind.CATEGORY,
}


def test_a_mark_beside_gaps_is_not_the_same_for_everyone(tmp_path: Path) -> None:
    """X or nothing, as programs write a box that is ticked."""
    frame = own_table().assign(vip=lambda table: np.where(table.index % 2, "X", None))
    notices = "".join(notice.text for notice in built(tmp_path, frame).notices)
    assert "'vip' (one value or none: where it marks something, write yes and no)" in notices


def test_every_column_that_says_something_is_taken_as_what_it_is(tmp_path: Path) -> None:
    table = own_table()
    vectors = built(tmp_path, table)
    assert {column.name: column.kind for column in vectors.contract.columns} == KINDS
    assert all(column.role is Role.BASIS and column.nullable for column in vectors.contract.columns)
    assert (vectors.contract["Churn"].low, vectors.contract["Churn"].high) == ("Churn: no", "Churn: yes")
    assert vectors.contract["Annual_Income_k"].title == "Annual Income (k$)"
    assert vectors.frame.index.tolist() == table.client.tolist()
    assert vectors.frame.Annual_Income_k.tolist() == table["Annual Income (k$)"].tolist()
    assert vectors.frame.Churn.tolist() == (table.Churn == "Yes").astype(float).tolist()
    assert vectors.frame.spend.isna().tolist() == table.spend.isna().tolist()
    assert vectors.frame.plan.isna().tolist() == table.plan.isna().tolist()
    assert vectors.as_of is None
    assert vectors.report == {"vectors": {"rows": 40, "without_customer": 0}}


def test_what_was_inferred_left_out_and_renamed_is_told(tmp_path: Path) -> None:
    lines = " ".join(notice.line for notice in built(tmp_path, own_table()).notices)
    assert "count: 'Annual Income (k$)'; share: 'open rate'; flag: 'Churn'; category: 'plan'" in lines
    for phrase in (
        "'joined' (a date", "'remark' (an id", "'version' (the same for everyone)", "'empty' (without a value)",
        "'Annual Income (k$)' is Annual_Income_k", "'open rate' is open_rate",
    ):  # fmt: skip
        assert phrase in lines, phrase


def test_settings_say_otherwise(tmp_path: Path) -> None:
    vectors = built(
        tmp_path,
        own_table(),
        columns={"customer_id": "client", "income": "Annual Income (k$)"},
        exclude=["spend"],
        kinds={"version": "count", "Churn": "category", "remark": "category"},
        roles={"open rate": "basis", "remark": "descriptor"},
        units={"Annual Income (k$)": "thousand USD"},
        sensitive=["plan", "open rate"],
    )
    contract = vectors.contract
    assert contract.names == ("income", "open_rate", "Churn", "plan", "remark", "version")
    assert (contract["income"].unit, contract["income"].kind) == ("thousand USD", Kind.COUNT)
    # a sensitive column may not shape segments, unless the settings ask for it
    assert (contract["plan"].role, contract["plan"].sensitive) == (Role.DESCRIPTOR, True)
    assert (contract["open_rate"].role, contract["open_rate"].sensitive) == (Role.BASIS, True)
    assert contract["remark"].role is Role.DESCRIPTOR
    assert contract["Churn"].kind is Kind.CATEGORY
    assert vectors.frame.version.unique().tolist() == [3]
    only = built(tmp_path, own_table(), include=["spend", "plan"])
    assert only.contract.names == ("spend", "plan")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"include": ["spent"]}, "vectors: include: no column 'spent'. Did you mean 'spend'? The table has 'client', "),
        ({"exclude": ["spent"]}, "vectors: exclude: no column 'spent'"),
        ({"kinds": {"spent": "number"}}, "vectors: kinds: no column 'spent'"),
        ({"include": ["version", "remark"]}, "no column can be a feature: 'remark' (an id"),
        ({"include": ["client"]}, "no column can be a feature: there is none but the ids"),
        ({"kinds": {"remark": "number"}}, "column 'remark' (remark) holds 40 values that are no number, such as 'says"),
        ({"kinds": {"Annual Income (k$)": "share"}}, "What is no share of a whole is declared as `kind: number`"),
        ({"kinds": {"version": "share"}}, "a number from 0 to 1 or null; divide percents by 100"),
        ({"columns": {}}, "no column 'customer_id'; the table has 'client', 'Annual Income (k$)'"),
        ({"columns": {}, "exclude": ["client"]}, "or number the rows of a file without ids by `number_rows: true`"),
        ({"columns": {"customer_id": "client", "income": "Income"}}, "columns: no column 'Income'"),
        ({"columns": {"customer_id": "client", "my spend": "spend"}}, "columns: 'my spend' cannot be a name: write up"),
        ({"columns": {"customer_id": "client", "Customer_Id": "spend"}}, "'Customer_Id' cannot be a name"),
        ({"columns": {"customer_id": "client", "a": "client"}}, "both customer_id and a are 'client'; name it once"),
        ({"columns": {"customer_id": "client", "a": "spend", "b": "spend"}}, "both a and b are 'spend'"),
    ],
)
def test_settings_that_do_not_fit_the_table(tmp_path: Path, source: dict[str, Any], message: str) -> None:
    with pytest.raises(SourceError) as caught:
        built(tmp_path, own_table(), **source)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "np." not in str(caught.value)


def test_a_customer_twice_is_refused_with_examples(tmp_path: Path) -> None:
    table = own_table()
    with pytest.raises(SourceError, match=r"^vectors: 2 customers have more than one row, such as K000, K001; keep"):
        built(tmp_path, pd.concat([table, table.iloc[:2]]))


def test_later_builds_use_the_kinds_of_the_training(tmp_path: Path) -> None:
    training = built(tmp_path, own_table())
    month = own_table(6).assign(spend=4.0, Churn="Yes", more=1.5)  # alone, most of it would be constant
    later = built(tmp_path, month, training.learned)
    assert later.contract == training.contract
    assert later.learned == training.learned
    assert later.frame.Churn.tolist() == [1.0] * 6
    assert any("not taken, as in training" in notice.text and "'more'" in notice.text for notice in later.notices)
    renamed = month.rename(columns={"Annual Income (k$)": "Annual_Income_k", "open rate": "open_rate"})
    assert built(tmp_path, renamed, training.learned).digest == later.digest
    with pytest.raises(SourceError, match=r"the table lacks 'spend', which training had. Did you mean 'spent'\?"):
        built(tmp_path, month.rename(columns={"spend": "spent"}), training.learned)
    assert LearnedFeatures.from_json(json.loads(json.dumps(training.learned.to_json()))) == training.learned


def test_vectors_without_a_moment_survive_their_file(tmp_path: Path) -> None:
    vectors = built(tmp_path, own_table())
    write_vectors(vectors, tmp_path / "vectors.parquet")
    again = read_vectors(tmp_path / "vectors.parquet")
    assert (again.as_of, again.learned, again.contract) == (None, vectors.learned, vectors.contract)
    pd.testing.assert_frame_equal(again.frame, vectors.frame, check_exact=True)


def test_the_same_vectors_from_every_place(tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_URL", postgres_url)
    table = own_table().drop(columns="empty")
    parquet = built(tmp_path, table)
    table.to_csv(tmp_path / "own.csv", index=False)
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        columns = ", ".join(
            f'"{name}" {kind}'
            for name, kind in zip(
                table.columns,
                ["text", "bigint", "numeric(10, 2)", "double precision", "text", "text", "date", "text", "int"],
                strict=True,
            )
        )
        connection.execute(f"CREATE TABLE own_vectors ({columns})")
        rows = table.astype(object).where(table.notna(), None).itertuples(index=False)
        with connection.cursor().copy("COPY own_vectors FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    for place in ({"file": "own.csv"}, {"file": None, "postgres": "SHOP_URL", "table": "own_vectors"}):
        other = built(tmp_path, table, **place)
        assert other.learned == parquet.learned, place
        assert other.digest == parquet.digest, place


def test_joined_with_orders_and_names_that_clash(tmp_path: Path) -> None:
    orders = pd.DataFrame({"customer_id": ["K001", "new"], "ordered_at": datetime(2026, 1, 1), "amount": 5.0})
    orders.to_parquet(tmp_path / "orders.parquet")
    own_table().rename(columns={"spend": "frequency"}).to_parquet(tmp_path / "own.parquet")
    place: dict[str, Any] = {"file": "own.parquet", "columns": {"customer_id": "client"}}
    raw = {"orders": {"file": "orders.parquet"}, "vectors": place}

    def both(as_of: date | None = date(2026, 7, 1)) -> CustomerVectors:
        return build_vectors(Sources.model_validate(raw), FeatureSettings(), as_of, tmp_path)

    with pytest.raises(ContractError, match=r"both orders and vectors have a column 'frequency'.*my_frequency: freq"):
        both()
    place["columns"] = {"customer_id": "client", "visits": "frequency"}
    frame = both().frame
    assert len(frame) == 41
    assert frame.loc["new", ["frequency"]].tolist() == [1]
    assert pd.isna(frame.loc["new", "visits"])
    assert frame.loc["K002", "frequency"] == 0
    with pytest.raises(SettingsError, match="'as_of' is needed, since a table has dates"):
        both(None)


def test_a_request_carries_own_vectors_as_one_object(tmp_path: Path) -> None:
    vectors = built(tmp_path, own_table())
    place = {"file": "own.parquet", "columns": {"customer_id": "client"}}
    provenance = {
        "learned_features": vectors.learned.to_json(),
        "raw_columns": {name: list(columns) for name, columns in vectors.columns.items()},
        "settings": {
            "sources": Sources.model_validate({"vectors": place}).model_dump(mode="json"),
            "features": FeatureSettings().model_dump(mode="json"),
        },
    }
    compiler = VectorCompiler(FeatureSpec.of(json.loads(json.dumps(provenance))), vectors.contract)
    assert [column.name for column in compiler.columns("vectors") or ()] == list(KINDS)

    class Sent:
        customer = list(range(40))  # noqa: RUF012
        columns = {  # noqa: RUF012
            name: [None if pd.isna(number) else number for number in vectors.frame[name]] for name in KINDS
        }

    answered = compiler.vectors({"vectors": Sent()}, 40, date(2026, 7, 1), False, 60)
    for customer, record in zip(vectors.frame.index, answered.records, strict=True):
        expected = vectors.frame.loc[customer].to_dict()
        assert record == {name: None if pd.isna(known) else known for name, known in expected.items()}
    nobody = compiler.vectors({}, 1, date(2026, 7, 1), False, 60)
    assert nobody.records == (None,)


@pytest.mark.parametrize(
    ("customers", "message"),
    [(0, "^vectors: the table has no rows$"), (1, "^vectors: no column can be a feature: [^\n]*$")],
)
def test_no_customer_and_a_single_one_are_refused_in_one_line(tmp_path: Path, customers: int, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        built(tmp_path, own_table().head(customers))


def test_a_condition_that_chooses_no_row_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"""^vectors: no row meets '"group" = 9'; see how the values are written$"""):
        built(tmp_path, own_table().assign(group=1), where='"group" = 9')


def test_kinds_are_those_of_the_rows_that_the_condition_chooses(tmp_path: Path) -> None:
    table = own_table().assign(
        level=[f"K{n % 2}" if n < 30 else f"text {n}" for n in range(40)], group=[0] * 30 + [1] * 10
    )
    vectors = built(tmp_path, table, where='"group" = 0')
    assert len(vectors.frame) == 30
    assert "group" not in vectors.contract.names
    assert vectors.contract["level"].kind is Kind.CATEGORY


def test_a_single_customer_is_read_by_the_kinds_of_the_training(tmp_path: Path) -> None:
    training = built(tmp_path, own_table())
    alone = built(tmp_path, own_table().head(1), training.learned)
    assert alone.frame.loc["K000"].to_dict() == training.frame.loc["K000"].to_dict() | {
        "spend": pytest.approx(np.nan, nan_ok=True)
    }
    with pytest.raises(SourceError, match=r"^no customer has a usable row\. vectors: 0 rows"):
        built(tmp_path, own_table().head(0), training.learned)


def test_names_of_every_writing(tmp_path: Path) -> None:
    names = [
        'o"brien',
        "it's; DROP TABLE x --",
        "a.b",
        "a b",
        "収入",
        "N" * 300,
        "Überschuß",
        "is_late",
        "None",
        "count",
    ]
    random = np.random.default_rng(5)
    table = pd.DataFrame({"client": [f"K{n}" for n in range(30)], **{n: random.integers(0, 90, 30) for n in names}})
    vectors = built(tmp_path, table)
    assert len(vectors.contract.names) == len(names)
    ordered = table.set_index("client").sort_index()
    assert (vectors.frame.to_numpy() == ordered.to_numpy()).all()
    table.to_csv(tmp_path / "own.csv", index=False)
    assert built(tmp_path, table, file="own.csv").digest == vectors.digest


def test_more_columns_than_an_expression_may_be_deep(tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    wide = pd.DataFrame(random.random((25, 1_100)) * 9, columns=[f"column {n}" for n in range(1_100)])
    wide.insert(0, "client", [f"K{n:02d}" for n in range(25)])
    vectors = built(tmp_path, wide)
    assert vectors.frame.shape == (25, 1_100)
    assert (vectors.frame.to_numpy() == wide.drop(columns="client").to_numpy()).all()
    assert max(len(notice.line) for notice in vectors.notices) < 1_000


def test_the_rows_of_a_file_without_ids_are_its_customers(tmp_path: Path) -> None:
    table = pd.DataFrame({"visits": np.arange(30_000) * 7 % 1_013, "spend": np.arange(30_000) % 97 / 4})
    table.to_csv(tmp_path / "own.csv", index=False)
    ids = [str(number) for number in range(1, 30_001)]
    for file in ("own.parquet", "own.csv"):
        vectors = built(tmp_path, table, file=file, columns={}, number_rows=True)
        assert vectors.frame.loc[ids, ["visits", "spend"]].to_numpy().tolist() == table.to_numpy().tolist()
    with pytest.raises(SourceError, match="the table has ids"):
        built(tmp_path, table.assign(customer_id=1), columns={}, number_rows=True)
    for place in ({"columns": {"customer_id": "visits"}}, {"file": None, "postgres": "SHOP_URL", "table": "own"}):
        with pytest.raises(ValidationError, match="for a file without ids"):
            Sources.model_validate({"vectors": {"file": "own.csv", "number_rows": True, **place}})


@pytest.mark.parametrize("file", ["own.parquet", "own.csv"])
def test_columns_named_as_the_marks_of_the_readers_are_columns(tmp_path: Path, file: str) -> None:
    random = np.random.default_rng(5)
    names = [
        "price",
        "original_price",
        "infinite_price",
        "levels_price",
        "unreadable_price",
        "is_late",
        "once",
        "filled",
    ]
    table = pd.DataFrame({"client": [f"K{n}" for n in range(30)], **{n: random.integers(0, 90, 30) for n in names}})
    table.to_csv(tmp_path / "own.csv", index=False)
    vectors = built(tmp_path, table, file=file)
    assert (vectors.frame[names].to_numpy() == table.set_index("client").sort_index().to_numpy()).all()
    assert {name: count for name, count in vectors.report["vectors"].items() if count} == {"rows": 30}


def exported(customers: int = 40) -> pd.DataFrame:
    """A table as a report exports it, without totals."""
    random = np.random.default_rng(5)
    spend, orders = np.round(random.lognormal(3, 1, customers), 2), random.integers(1, 20, customers)
    return pd.DataFrame({"client": [f"K{n:03d}" for n in range(customers)], "spend": spend, "orders": orders})


def test_a_row_of_totals_is_refused_in_whatever_words(tmp_path: Path) -> None:
    table = exported()
    for word in ("Alle Kunden", "Total"):
        total = pd.DataFrame({"client": [word], "spend": [round(table.spend.sum(), 2)], "orders": [table.orders.sum()]})
        with pytest.raises(SourceError, match="is the sum of all others in 'spend', 'orders', so a row of totals") as e:
            built(tmp_path, pd.concat([total, table]))
        condition = str(e.value).partition("`where: ")[2].rstrip("`")
        assert len(built(tmp_path, pd.concat([total, table]), where=condition).frame) == len(table)  # the remedy


def test_a_customer_who_is_called_a_total_is_told(tmp_path: Path) -> None:
    table = exported()
    table.loc[7, "client"] = "Grand Total:"
    warnings = [notice.text for notice in built(tmp_path, table).notices if notice.warning]
    assert warnings == ["'Grand Total:' is a customer here; if it is a row of totals, leave it out, such as by `where`"]
    table.loc[7, "client"] = "Totally Spies"
    assert not any(notice.warning for notice in built(tmp_path, table).notices)


def test_columns_that_count_twice_are_told_if_they_shape(tmp_path: Path) -> None:
    table = exported().assign(visits=lambda own: (own.orders * 7919) % 31)
    table["Spend in cents"] = table["spend"] * 100
    table["All together"] = table["spend"] + table["orders"] + table["visits"]
    vectors = built(tmp_path, table)
    assert [notice.text for notice in vectors.notices if notice.warning] == [
        "'Spend in cents' says the same of each customer as 'spend', which so counts twice: leave one out, such as by "
        "`exclude: ['Spend in cents']`",
        "'All together' is the sum of 'spend', 'orders', 'visits', which so count twice: leave one out, such as by "
        "`exclude: ['All together']`",
    ]
    again = built(tmp_path, table, exclude=["Spend in cents"], roles={"All together": "descriptor"})
    assert not any(notice.warning for notice in again.notices)
    assert not any(notice.warning for notice in built(tmp_path, table, vectors.learned).notices)  # known from training
