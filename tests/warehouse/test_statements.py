"""What a warehouse engineer does with a statement: other names and types, views, previous segments, other dialects."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import sqlglot
from sqlglot import exp

from segment_model.errors import ContractError, SettingsError
from segments import SegmentModel
from warehouse.assignment import Statement
from warehouse.customer_table import CustomerTable
from warehouse.dialects.all_dialects import DIALECTS
from warehouse.dialects.functions import FUNCTIONS, functions_of
from warehouse.heading import NOT_RUN, heading, view
from warehouse.previous import PreviousTable

RUN = ("duckdb", "postgres", "spark")
OTHERS = tuple(name for name in DIALECTS if name not in RUN)


def plain_rows(model: SegmentModel, rows: pa.Table) -> pa.Table:
    """The rows that the model takes."""
    frame = rows.to_pandas()
    numbers = list(model.encoder.numbers.names)
    frame[numbers] = frame[numbers].where(np.isfinite(frame[numbers]), 1.0).clip(0, 1)
    for n, name in enumerate(numbers):
        if str(model.contract[name].kind) == "flag":
            frame[name] = frame[name].round()
        assert n >= 0
    return pa.Table.from_pandas(frame.fillna({"Land": "DE"}), preserve_index=False)


def by_customer(engine: Any, statement: str) -> pd.DataFrame:
    frame: pd.DataFrame = engine.query(statement).set_index("customer_id")
    return frame.sort_index()


def test_a_table_of_other_names_in_a_schema_with_extra_columns_and_numbered_customers(
    engine: Any, make_model: Any, make_rows: Any
) -> None:
    model = make_model(4, 3)
    rows = plain_rows(model, make_rows(model, 50))
    engine.run('DROP SCHEMA IF EXISTS "My Marts" CASCADE')
    engine.run('CREATE SCHEMA "My Marts"')
    renamed = rows.rename_columns(["Kunde Nr", "select", *rows.column_names[2:-1], "unread"]).set_column(
        0, "Kunde Nr", pa.array(range(50))
    )
    renamed = renamed.rename_columns(["Kunde Nr", "Umsatz", *renamed.column_names[2:]]).append_column(
        "more", pa.array(["x"] * 50)
    )
    engine.load(renamed, '"My Marts"."Kunden 2024"')
    table = CustomerTable('"My Marts"."Kunden 2024"', {"customer_id": "Kunde Nr", 'Umsatz "netto" €': "Umsatz"})
    answers = by_customer(engine, Statement(model, "1", table).sql(engine.dialect))
    expected = model.assign(rows.to_pandas().set_index("customer_id"))
    assert answers.index.tolist() == list(range(50))
    assert answers["segment_id"].tolist() == expected["segment_id"].tolist()
    assert answers["segment_name"].tolist() == expected["segment_name"].tolist()
    assert set(answers["model_version"]) == {"1"}


def test_a_view_answers_as_the_statement_does(engine: Any, make_model: Any, make_rows: Any) -> None:
    model = make_model(4, 3)
    engine.load(make_rows(model, 80), "customer_vectors")
    statement = Statement(model, "1", CustomerTable(), explained=True).sql(engine.dialect)
    for _ in range(2):  # made anew where it exists
        engine.run(
            heading(["a\n; DROP TABLE customer_vectors"], engine.dialect)
            + view("segments_now", engine.dialect)
            + statement
        )
    pd.testing.assert_frame_equal(by_customer(engine, "SELECT * FROM segments_now"), by_customer(engine, statement))


def test_flags_may_be_true_and_false_and_numbers_whole(engine: Any, make_model: Any, make_rows: Any) -> None:
    model = make_model(4, 3)
    rows = plain_rows(model, make_rows(model, 60))
    flags = rows["column_3"].to_pylist()
    typed = rows.set_column(4, "column_3", pa.array([None if f is None else bool(f) for f in flags]))
    typed = typed.set_column(2, "select", pa.array([int(n) for n in rows["select"].to_pylist()]))
    as_numbers = typed.set_column(4, "column_3", pa.array(flags)).set_column(
        2, "select", pa.array([float(int(n)) for n in rows["select"].to_pylist()])
    )
    statement = Statement(model, "1", CustomerTable()).sql(engine.dialect)
    answers = []
    for table in (typed, as_numbers):
        engine.load(table, "customer_vectors")
        answers.append(by_customer(engine, statement))
    pd.testing.assert_frame_equal(*answers)


def test_an_empty_table_and_one_row(engine: Any, make_model: Any, make_rows: Any) -> None:
    model = make_model(4, 3)
    statement = Statement(model, "1", CustomerTable()).sql(engine.dialect)
    rows = plain_rows(model, make_rows(model, 1))
    for size in (0, 1):
        engine.load(rows.slice(0, size), "customer_vectors")
        assert len(engine.query(statement)) == size


def test_a_customer_who_comes_twice_has_two_rows(engine: Any, make_model: Any, make_rows: Any) -> None:
    model = make_model(4, 3)
    rows = plain_rows(model, make_rows(model, 5))
    engine.load(pa.concat_tables([rows, rows]), "customer_vectors")
    assert len(engine.query(Statement(model, "1", CustomerTable()).sql(engine.dialect))) == 10


def test_customers_on_a_border_stay_in_their_previous_segment(engine: Any, make_model: Any, make_rows: Any) -> None:
    model = replace(
        make_model(4, 5),
        provenance={"lineage": {"gone": [{"id": "retired", "ties": [{"id": "seg-2", "of_old": 0.8}]}]}},
    )
    rows = plain_rows(model, make_rows(model, 3_000))
    frame = rows.to_pandas().set_index("customer_id")
    random = np.random.default_rng(3)
    choices = np.array([*model.ids, "retired", "unknown", None], dtype=object)
    before = pd.Series(random.choice(choices, len(frame)), frame.index, dtype=object)
    listed = before.iloc[:2_900]  # the rest is new
    twice = ["c5", "c6"]
    table = pa.table(
        {
            "customer_id": [*listed.index, *twice],
            "segment_id": pa.array(
                [*(None if pd.isna(name) else name for name in listed), "seg-9", "seg-9"], type=pa.string()
            ),
        }
    )
    engine.load(rows, "customer_vectors")
    engine.load(table, "last_segments")
    statement = Statement(model, "1", CustomerTable(), previous=PreviousTable("last_segments")).sql(engine.dialect)
    answers = by_customer(engine, statement)
    refused = answers[answers["refused"].notna()]
    doubtful = [name for name in twice if not pd.isna(before[name])]
    assert sorted(refused.index) == sorted(doubtful)
    assert doubtful
    frame = frame.drop(index=twice).sort_index()
    expected = model.assign(frame, previous=before.where(before.index.isin(listed.index)).reindex(frame.index))
    ours = answers.drop(index=twice)
    assert expected["kept_by_hysteresis"].sum() > 20
    for name in ("segment_id", "segment_name", "kept_by_hysteresis", "previous_segment_id"):
        assert ours[name].fillna("").tolist() == expected[name].fillna("").tolist(), name


def test_a_model_of_exemplars_says_why_not(hdbscan_model: SegmentModel) -> None:
    with pytest.raises(ContractError, match="hdbscan cannot be written as SQL: it compares everybody with"):
        Statement(hdbscan_model, "1", CustomerTable()).sql(DIALECTS["duckdb"])


@pytest.mark.parametrize("name", ["a b", "t; DROP TABLE x", "(SELECT 1)", "t AS x", "t JOIN u", "f(1)", ""])
def test_what_names_no_table_is_refused(name: str, make_model: Any) -> None:
    with pytest.raises(SettingsError, match="names no table in PostgreSQL"):
        Statement(make_model(2, 2), "1", CustomerTable(name)).sql(DIALECTS["postgres"])


def test_a_column_that_the_model_does_not_have_is_refused(make_model: Any) -> None:
    table = CustomerTable(columns={"column_33": "x"})
    with pytest.raises(SettingsError, match=r"no column 'column_33'. Did you mean 'column_3'"):
        Statement(make_model(4, 2), "1", table).sql(DIALECTS["duckdb"])


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=list(DIALECTS))
@pytest.mark.parametrize("mixture", [False, True])
def test_each_dialect_reads_its_statement_and_has_its_functions(dialect: Any, mixture: bool, make_model: Any) -> None:
    """As far as sqlglot knows the dialect; which functions it has, the allow-list says."""
    statement = Statement(make_model(8, 3, mixture), "1", CustomerTable(), True, PreviousTable("before")).sql(dialect)
    tree = sqlglot.parse_one(statement, dialect=dialect.name)
    assert isinstance(tree, exp.Select)
    as_read = {"TRY_CAST"} if dialect.name == "spark" else set()  # how sqlglot reads Spark's CAST
    assert functions_of(tree) <= FUNCTIONS[dialect.name].keys() | as_read
    assert all(address.startswith("https://") for address in dialect.functions.values())
    assert list(tree.named_selects[:3]) == ["customer_id", "segment_id", "segment_name"]


def test_a_function_that_a_dialect_does_not_have_is_refused() -> None:
    with pytest.raises(ContractError, match="PostgreSQL is not known to have LOG1P"):
        DIALECTS["postgres"].sql(exp.Anonymous(this="log1p", expressions=[exp.column("x")]))


@pytest.mark.parametrize("name", DIALECTS)
def test_a_dialect_that_no_test_runs_says_so(name: str) -> None:
    assert (NOT_RUN in heading([], DIALECTS[name])) == (name in OTHERS)


@pytest.mark.parametrize(
    ("dialect", "name", "written"),
    [
        ("postgres", "spend", "spend"),
        ("postgres", "MntWines", '"MntWines"'),
        ("postgres", "select", '"select"'),
        ("postgres", 'a "b"', '"a ""b"""'),
        ("duckdb", "MntWines", "MntWines"),
        ("duckdb", "größe", '"größe"'),
        ("spark", "order", "`order`"),
        ("bigquery", "a`b", "`a\\`b`"),
        ("snowflake", "spend", "spend"),
        ("snowflake", "SPEND", "SPEND"),
        ("snowflake", "MntWines", '"MntWines"'),
    ],
)
def test_identifiers_are_quoted_only_where_needed(dialect: str, name: str, written: str) -> None:
    assert DIALECTS[dialect].identifier(name).sql(dialect=dialect) == written


def test_long_names_of_contributions_stay_different() -> None:
    names = [DIALECTS["postgres"].short("contribution__" + "ü" * 30 + letter, n) for n, letter in enumerate("ab")]
    assert len(set(names)) == 2
    assert all(len(name.encode()) <= 63 for name in names)


def test_names_that_differ_by_case_alone_are_refused_where_case_is_ignored(make_model: Any) -> None:
    model = make_model(3, 2)
    columns = tuple(replace(c, name="SELECT") if c.name == "MntWines" else c for c in model.contract.columns)
    numbers = replace(model.encoder.numbers, names=('Umsatz "netto" €', "select", "SELECT"))
    both = replace(
        model, contract=replace(model.contract, columns=columns), encoder=replace(model.encoder, numbers=numbers)
    )
    assert 'AS "contribution__SELECT"' in Statement(both, "1", CustomerTable(), True).sql(DIALECTS["postgres"])
    with pytest.raises(ContractError, match="DuckDB takes contribution__select and contribution__SELECT for one"):
        Statement(both, "1", CustomerTable(), True).sql(DIALECTS["duckdb"])
