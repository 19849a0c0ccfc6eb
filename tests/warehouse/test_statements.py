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

from segment_model.assigners.nearest_centroid import NearestCentroid
from segment_model.encoding.novelty import NoveltyRule
from segment_model.errors import ContractError, SettingsError
from segments import SegmentModel
from warehouse.assignment import Statement
from warehouse.customer_table import CustomerTable
from warehouse.dialects.all_dialects import DIALECTS
from warehouse.dialects.dialect import Dialect
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


@pytest.mark.parametrize(
    ("explained", "remedy"),
    [(True, "leave out --explain, use `segments assign`, or take fewer columns"), (False, "use `segments assign`, or")],
)
def test_more_columns_than_an_engine_takes_are_refused_with_the_remedy(
    make_model: Any, explained: bool, remedy: str
) -> None:
    statement = Statement(make_model(20, 3, mixture=True), "1", CustomerTable(), explained)
    assert DIALECTS["postgres"].most_columns == 1_664
    statement.sql(DIALECTS["postgres"])
    narrow = replace(DIALECTS["postgres"], most_columns=60)
    with pytest.raises(ContractError, match=rf"needs \d+ columns in one SELECT, and PostgreSQL takes 60: {remedy}"):
        statement.sql(narrow)


@pytest.mark.parametrize("name", ["a b", "t; DROP TABLE x", "(SELECT 1)", "t AS x", "t JOIN u", "f(1)", ""])
def test_what_names_no_table_is_refused(name: str, make_model: Any) -> None:
    with pytest.raises(SettingsError, match="names no table in PostgreSQL"):
        Statement(make_model(2, 2), "1", CustomerTable(name)).sql(DIALECTS["postgres"])


def test_a_column_that_the_model_does_not_have_is_refused(make_model: Any) -> None:
    table = CustomerTable(columns={"column_33": "x"})
    with pytest.raises(SettingsError, match=r"no column 'column_33'. Did you mean 'column_3'"):
        Statement(make_model(4, 2), "1", table).sql(DIALECTS["duckdb"])


def test_one_column_of_the_table_is_not_read_as_two_of_the_model(make_model: Any) -> None:
    model = make_model(4, 2)
    for columns in ({"column_3": "MntWines"}, {"column_3": "a", "MntWines": "a"}, {"customer_id": "MntWines"}):
        with pytest.raises(SettingsError, match=r"would be read as .* and as .*: name another for one of them"):
            Statement(model, "1", CustomerTable(columns=columns)).sql(DIALECTS["duckdb"])
    swapped = CustomerTable(columns={"column_3": "MntWines", "MntWines": "column_3"})
    assert "customers.MntWines" in Statement(model, "1", swapped).sql(DIALECTS["duckdb"])
    free = CustomerTable(columns={"column_3": "unread"})  # a descriptor, which the statement does not read
    assert "customers.unread" in Statement(model, "1", free).sql(DIALECTS["duckdb"])


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=list(DIALECTS))
@pytest.mark.parametrize("mixture", [False, True])
def test_each_dialect_reads_its_statement_and_has_its_functions(dialect: Any, mixture: bool, make_model: Any) -> None:
    """As far as sqlglot knows the dialect; which functions it has, the allow-list says."""
    model = with_names_of(dialect, make_model(8, 3, mixture))
    statement = Statement(model, "1", CustomerTable(), True, PreviousTable("before")).sql(dialect)
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
        ("bigquery", "größe in %", "`größe in %`"),
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
    for name in ("duckdb", "spark", "databricks", "bigquery", "redshift", "trino"):
        with pytest.raises(ContractError, match="takes 'select' and 'SELECT' for one column: give them other names"):
            Statement(replace_name(both, 'Umsatz "netto" €', "x"), "1", CustomerTable()).sql(DIALECTS[name])
    renamed = CustomerTable(columns={"SELECT": "chosen"})
    assert "customers.chosen" in Statement(both, "1", renamed).sql(DIALECTS["duckdb"])
    with pytest.raises(ContractError, match="takes 'contribution__select' and 'contribution__SELECT' for one column"):
        Statement(both, "1", renamed, True).sql(DIALECTS["duckdb"])


def with_names_of(dialect: Dialect, model: SegmentModel) -> SegmentModel:
    """The model with names that the dialect's columns can have."""
    for name in model.encoder.numbers.names:
        model = replace_name(model, name, "".join(letter for letter in name if letter not in dialect.forbidden))
    return model


def replace_name(model: SegmentModel, name: str, other: str) -> SegmentModel:
    """The model with another name of a number."""
    columns = tuple(replace(c, name=other) if c.name == name else c for c in model.contract.columns)
    names = tuple(other if n == name else n for n in model.encoder.numbers.names)
    numbers = replace(model.encoder.numbers, names=names)
    contract, encoder = replace(model.contract, columns=columns), replace(model.encoder, numbers=numbers)
    return replace(model, contract=contract, encoder=encoder)


@pytest.mark.parametrize(
    ("dialect", "names", "are_alike"),
    [
        ("snowflake", ("spend", "SPEND"), True),  # without quotes both are SPEND
        ("snowflake", ("spend", "Spend"), False),
        ("snowflake", ("order", "ORDER"), False),  # both are quoted
        ("postgres", ("spend", "Spend"), False),
        ("postgres", ("x" * 63 + "a", "x" * 63 + "b"), True),  # PostgreSQL cuts them
        ("postgres", ("ü" * 32, "ü" * 31 + "x"), False),
        ("duckdb", ("x" * 63 + "a", "x" * 63 + "b"), False),
    ],
)
def test_two_columns_that_an_engine_reads_as_one_are_refused(
    dialect: str, names: tuple[str, str], are_alike: bool, make_model: Any
) -> None:
    model = replace_name(replace_name(make_model(4, 2), "column_3", names[0]), "MntWines", names[1])
    statement = Statement(model, "1", CustomerTable())
    if not are_alike:
        assert statement.sql(DIALECTS[dialect])
        return
    with pytest.raises(ContractError, match=r"for one column: give them other names in the table, and say so by"):
        statement.sql(DIALECTS[dialect])


@pytest.mark.parametrize("letter", '!"$()*,./;?@[\\]^`{}~')
def test_bigquery_has_no_column_of_such_a_name(letter: str, make_model: Any) -> None:
    model = replace_name(replace_name(make_model(3, 2), 'Umsatz "netto" €', f"a{letter}b"), "select", "x")
    with pytest.raises(ContractError, match="BigQuery cannot have a column of the name"):
        Statement(model, "1", CustomerTable()).sql(DIALECTS["bigquery"])
    renamed = CustomerTable(columns={f"a{letter}b": "a_b"})
    assert "customers.a_b" in Statement(model, "1", renamed).sql(DIALECTS["bigquery"])
    with pytest.raises(ContractError, match="and leave out --explain"):
        Statement(model, "1", renamed, explained=True).sql(DIALECTS["bigquery"])


@pytest.mark.parametrize(("numbers", "segments", "mixture"), [(4, 3, False), (2, 2, True), (3, 1, False)])
def test_numbers_are_doubles(
    engine: Any, make_model: Any, make_rows: Any, numbers: int, segments: int, mixture: bool
) -> None:
    """PostgreSQL takes a plain number for a NUMERIC, whose drivers make objects of another type of it."""
    model = make_model(numbers, segments, mixture)
    engine.load(plain_rows(model, make_rows(model, 20)), "customer_vectors")
    answers = engine.query(Statement(model, "1", CustomerTable(), explained=True).sql(engine.dialect))
    names = ["strength", "base", "score", *(f"contribution__{name}" for name in model.encoder.columns)]
    assert {name: str(answers[name].dtype) for name in names} == dict.fromkeys(names, "float64")


def test_a_model_of_categories_alone(engine: Any, make_model: Any, make_rows: Any) -> None:
    """No column of theirs is ever a reason to refuse a row."""
    whole = make_model(2, 2)
    rows = make_rows(whole, 50)
    encoder = whole.encoder
    plans = encoder.categories[0]
    no_numbers = replace(
        encoder.numbers,
        names=(),
        transforms=(),
        quantiles=np.empty((0, 0)),
        **{name: np.empty(0) for name in ("fill", "lower", "upper", "power", "center", "factor")},
    )
    centroids = np.zeros((2, plans.width))
    centroids[0, 0] = centroids[1, 1] = plans.factor
    alone = replace(
        whole,
        contract=replace(whole.contract, columns=(whole.contract["plan"],)),
        encoder=replace(encoder, numbers=no_numbers, categories=(plans,)),
        assigner=NearestCentroid(centroids),
        novelty=NoveltyRule(np.empty(0), np.empty(0)),
    )
    engine.load(rows, "customer_vectors")
    answers = by_customer(engine, Statement(alone, "1", CustomerTable()).sql(engine.dialect))
    expected = alone.assign(rows.to_pandas().set_index("customer_id")[["plan"]]).sort_index()
    assert answers["refused"].isna().all()
    assert answers["segment_id"].tolist() == expected["segment_id"].tolist()
    np.testing.assert_allclose(answers["strength"], expected["strength"], atol=1e-12)


def test_texts_are_closed_where_blanks_at_their_end_do_not_count(engine: Any, make_model: Any, make_rows: Any) -> None:
    """As Redshift needs it; on an engine that runs here, the answers stay."""
    model = make_model(2, 2)
    rows = make_rows(model, 200)
    engine.load(rows, "customer_vectors")
    previous = pa.table({"customer_id": rows["customer_id"], "segment_id": ["seg-1", "seg-0 "] * 100})
    engine.load(previous, "last_segments")
    closing = replace(engine.dialect, end_of_text=DIALECTS["redshift"].end_of_text)
    plain, closed = (
        Statement(model, "1", CustomerTable(), previous=PreviousTable("last_segments")).sql(dialect)
        for dialect in (engine.dialect, closing)
    )
    assert "= 'pro'" in plain
    assert "= 'pro.'" in closed
    pd.testing.assert_frame_equal(by_customer(engine, plain), by_customer(engine, closed))


def test_levels_are_compared_letter_by_letter_whatever_the_collation_of_the_column(
    postgres_engine: Any, make_model: Any, make_rows: Any
) -> None:
    model = make_model(2, 2)
    rows = make_rows(model, 200)
    postgres_engine.load(rows, "customer_vectors")
    statement = Statement(model, "1", CustomerTable()).sql(postgres_engine.dialect)
    expected = by_customer(postgres_engine, statement)
    postgres_engine.run(
        "DROP COLLATION IF EXISTS any_case; "
        "CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false)"
    )
    postgres_engine.run("ALTER TABLE customer_vectors ALTER plan TYPE text COLLATE any_case")
    alike = postgres_engine.query(
        'SELECT count(DISTINCT plan) < count(DISTINCT plan COLLATE "C") FROM customer_vectors'
    )
    assert alike.iloc[0, 0]
    pd.testing.assert_frame_equal(by_customer(postgres_engine, statement), expected)


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=list(DIALECTS))
def test_no_text_is_cut_without_a_length(dialect: Any, make_model: Any) -> None:
    """Redshift documents SUBSTRING(text, start, length) alone."""
    model = with_names_of(dialect, make_model(2, 2))
    tree = sqlglot.parse_one(Statement(model, "1", CustomerTable()).sql(dialect), dialect=dialect.name)
    cuts = list(tree.find_all(exp.Substring))
    assert cuts
    assert all(cut.args.get("length") for cut in cuts)
