"""Tables as people export them: what would be misread in silence is refused or told, and the remedy works."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import segments
from segments import ColumnsLeftOutWarning, SegmentDiscovery, SegmentsError, VectorContract

KMEANS = {"algorithms": [{"algorithm": "kmeans", "segments": 3, "starts": 1}], "force": True}


@pytest.fixture(scope="module")
def customers() -> pd.DataFrame:
    """Three groups of shop customers."""
    random = np.random.default_rng(0)
    group = np.repeat([0, 1, 2], 30)
    return pd.DataFrame(
        {
            "customer_id": [f"{number:04d}" for number in range(90)],
            "spend": np.round(random.normal(np.array([20, 60, 120])[group], 3), 2),
            "visits": random.poisson(np.array([2, 12, 40])[group]),
            "channel": np.array(["web", "shop", "phone"])[random.integers(0, 3, 90)],
        }
    )


def discover(customers: Any, basis: list[str] | None = None, **options: Any) -> SegmentDiscovery:
    return segments.discover(customers, basis, seed=1, discovery=KMEANS, **options)


@pytest.fixture(scope="module")
def discovered(customers: pd.DataFrame) -> SegmentDiscovery:
    return discover(customers)


def warnings_of(discovered: SegmentDiscovery) -> list[str]:
    return [note for note in discovered.notes if note.startswith("warning: ")]


def test_an_ordinary_table_has_no_warning(discovered: SegmentDiscovery) -> None:
    assert warnings_of(discovered) == []


def test_no_customers_are_answered_as_the_model_answers_them(
    discovered: SegmentDiscovery, customers: pd.DataFrame
) -> None:
    nobody = discovered.assign(customers.head(0))
    of_model = discovered.model.assign(discovered.vectors.head(0))
    pd.testing.assert_frame_equal(nobody, of_model)
    with pytest.raises(SegmentsError, match="the table lacks 'spend'"):
        discovered.assign(customers.head(0).drop(columns="spend"))


def test_a_frame_is_answered_in_its_own_kind(discovered: SegmentDiscovery, customers: pd.DataFrame) -> None:
    expected = [*discovered.labels.head(20)]
    frame = pl.from_pandas(customers.head(20))
    answers = discovered.assign(frame)
    assert isinstance(answers, pl.DataFrame)
    assert answers["segment_id"].to_list() == expected
    assert answers["customer_id"].to_list() == [*customers["customer_id"].head(20)]
    lazy = discovered.assign(frame.lazy())
    assert isinstance(lazy, pl.LazyFrame)
    assert lazy.collect().equals(answers)
    table = discovered.assign(frame.to_arrow())
    assert isinstance(table, pa.Table)
    assert table["segment_id"].to_pylist() == expected
    numbered = discovered.assign(frame.drop("customer_id"))
    assert "customer_id" not in numbered.columns
    assert numbered["segment_id"].to_list() == expected
    assert discovered.assign(frame.head(0)).columns == answers.columns
    under_own_name = discovered.assign(frame.rename({"customer_id": "Kunde"}), "Kunde")
    assert under_own_name["Kunde"].to_list() == [*customers["customer_id"].head(20)]


@pytest.mark.parametrize("kind", [pl.Int32, pl.UInt8, pl.Categorical])
def test_answers_join_the_customers(kind: Any, discovered: SegmentDiscovery, customers: pd.DataFrame) -> None:
    ids = pl.Series([str(number) for number in range(90)]).cast(kind)
    frame = pl.from_pandas(customers).with_columns(customer_id=ids)
    joined = frame.join(discovered.assign(frame), on="customer_id")
    assert joined["segment_id"].to_list() == [*discovered.labels]
    nobody = frame.filter(False)
    if kind.is_integer():
        assert discovered.assign(nobody)["customer_id"].dtype == kind
        assert frame.join(discovered.assign(nobody), on="customer_id").is_empty()


def test_ids_in_a_column_that_the_answer_has_too(discovered: SegmentDiscovery, customers: pd.DataFrame) -> None:
    frame = customers.rename(columns={"customer_id": "segment_id"})
    assert discovered.assign(frame, "segment_id").index.equals(pd.Index(frame["segment_id"]))
    with pytest.raises(SegmentsError, match="the ids are in the column 'segment_id', which is a column of the answer"):
        discovered.assign(pl.from_pandas(frame), "segment_id")


def test_a_path_is_read_before_it_is_assigned(discovered: SegmentDiscovery) -> None:
    with pytest.raises(SegmentsError, match=r"expected a frame \(pandas, polars, Arrow\); got 'a\.csv': read it first"):
        discovered.assign("a.csv")


def test_settings_of_the_source_choose_rows_of_the_discovery_alone(
    customers: pd.DataFrame, discovered: SegmentDiscovery
) -> None:
    chosen = discover(customers, source={"where": "channel <> 'phone'", "exclude": ["channel"]})
    assert len(chosen.vectors) == (customers["channel"] != "phone").sum()
    answers = chosen.assign(customers)
    assert answers["segment_id"].notna().all()
    assert answers.index.equals(discovered.labels.index)


@pytest.mark.parametrize(
    ("months", "reason"),
    [
        (pd.period_range("2024-01", periods=9, freq="M"), "a date"),
        (pd.Series(np.arange(9) + 202401), "a date"),
        (pd.Series(1.7e9 + 86_400.5 * np.arange(9)), "a date"),
        (pd.Series(1_700_000_000_000 + 86_400_000 * np.arange(9)), "a date"),
        (pd.Series([f"Jan {day}, 2024" for day in range(1, 10)]), "a date"),
    ],
    ids=["periods", "months", "seconds", "milliseconds", "text"],
)
def test_dates_in_other_guise_are_left_out(customers: pd.DataFrame, months: Any, reason: str) -> None:
    dated = customers.assign(since=[*months] * 10)
    for frame in (dated, pa.Table.from_pandas(dated, preserve_index=False)):
        discovered = discover(frame)
        assert "since" not in discovered.vectors
        assert any(f"left out 'since' ({reason}" in note for note in discovered.notes)


@pytest.mark.parametrize(
    ("levels", "reason"),
    [
        (pd.cut(np.arange(9), 3), "neither numbers nor text"),
        (pd.Categorical(pd.period_range("2024-01", periods=9, freq="M")), "a date"),
        (pd.Categorical(pd.date_range("2024-01-01", periods=9, tz="Europe/Berlin")), "a date"),
    ],
    ids=["intervals", "periods", "moments"],
)
def test_categories_that_are_no_text_are_read_as_what_they_are(
    customers: pd.DataFrame, levels: Any, reason: str
) -> None:
    """Arrow can neither cast nor write a category of intervals, as `pd.cut` makes it."""
    binned = customers.assign(bin=levels.take(np.arange(90) % 9))
    discovered = discover(binned)
    assert any(f"left out 'bin' ({reason}" in note for note in discovered.notes)
    assert discovered.assign(binned)["segment_id"].tolist() == discovered.labels.tolist()
    with pytest.warns(ColumnsLeftOutWarning, match=rf"left out 'bin' \({reason}"):
        assert "bin" not in VectorContract.from_frame(binned).names


def test_categories_of_durations_are_days(customers: pd.DataFrame) -> None:
    waits = pd.to_timedelta(np.arange(90) % 7 + 0.5, unit="D")
    for frame in (customers.assign(wait=pd.Categorical(waits)), customers.assign(wait=waits)):
        assert VectorContract.from_frame(frame)["wait"].kind == "number"


@pytest.mark.parametrize("ends", [(1e300, 0.5), (1.7e308, -1.7e308)])
def test_a_number_beyond_all_distances_is_refused_in_a_line(customers: pd.DataFrame, ends: tuple[float, float]) -> None:
    """Warnings are errors here: NumPy would warn of sums, differences and squares that overflow."""
    balance = np.random.default_rng(1).normal(size=90)
    balance[:2] = ends
    owing = customers.assign(balance=balance)
    with pytest.raises(
        SegmentsError, match=r"balance holds 1\.?7?e\+30[08] \(customer '0000'\), and 1e\+150 is the most"
    ):
        discover(owing)
    described = discover(owing, ["spend", "visits"])
    assert described.model.contract["balance"].role == "descriptor"


def test_days_of_a_spreadsheet_are_told(customers: pd.DataFrame) -> None:
    dated = customers.assign(since=45_000 + (np.arange(90) * 37) % 400, price=30_000 + (np.arange(90) * 53) % 390)
    (warning,) = warnings_of(discover(dated))
    assert "'since': numbers from 45,000 to 45,398, as spreadsheets write the days from 2023-03-15 to 2024-04-16" in (
        warning
    )
    assert warnings_of(discover(dated, source={"exclude": ["since"]})) == []


def test_what_tells_of_a_person_is_told_where_it_shapes_segments_unasked(customers: pd.DataFrame) -> None:
    personal = customers.assign(
        Alter=(np.arange(90) * 7) % 60 + 18, q7=np.where(np.arange(90) % 2, "M", "f"), member=np.arange(90) % 2
    )
    (warning,) = warnings_of(discover(personal))
    assert "segments are shaped by 'Alter', 'q7', which may tell a person's age, gender" in warning
    assert "`sensitive: ['Alter', 'q7']`" in warning
    kept_out = discover(personal, sensitive=["Alter", "q7"])
    assert warnings_of(kept_out) == []
    assert {"Alter", "q7"}.isdisjoint(column.name for column in kept_out.model.contract.basis)
    assert warnings_of(discover(personal, ["spend", "visits", "Alter"])) == []  # the user's own choice


def test_the_setting_that_a_file_needs_is_written_for_python(customers: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    path.write_text("Customers of 2026,,,\n,,,\n" + customers.to_csv(index=False), encoding="utf-8")
    with pytest.raises(SegmentsError, match=r"from Python: source=\{'header_line': 3\}"):
        discover(path)
    again = discover(path, source={"header_line": 3})
    assert [*again.vectors["spend"]] == [*customers["spend"]]


def test_a_word_for_missing_among_few_numbers_is_told(customers: pd.DataFrame) -> None:
    children = customers.assign(children=[*"012-01201-"] * 9)
    (warning,) = warnings_of(discover(children))
    assert "'children' is not taken as numbers, since some of its values are none, such as '-'" in warning
    read = discover(children, source={"null_values": ["-"]})
    assert read.vectors["children"].value_counts().to_dict() == {0.0: 27, 1.0: 27, 2.0: 18}
    assert read.vectors["children"].isna().sum() == 18


def test_wrong_settings_of_the_source(customers: pd.DataFrame, tmp_path: Path) -> None:
    for source, words in (
        ({"kinds": {"spend": "number"}}, "source: 'kinds' is said by the other arguments"),
        (["sheet"], "source is a dict of settings such as .* got list"),
        ({"null_value": ["-"]}, "unknown key .*null_value"),
        ({"sheet": "2026"}, "`sheet` belongs to"),
    ):
        with pytest.raises(SegmentsError, match=words):
            discover(customers, source=source)
    customers.rename(columns={"customer_id": "Kunde"}).to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(SegmentsError, match=r"no column 'kunde' for the ids\. Did you mean 'Kunde'"):
        discover(tmp_path / "a.csv", customer_id="kunde")
    numbered = discover(tmp_path / "a.csv", source={"number_rows": True, "exclude": ["Kunde"]})
    assert len(numbered.labels) == len(customers)


def test_ids_that_another_program_wrote_as_fractions_are_the_users_own(customers: pd.DataFrame) -> None:
    """`astype(str)` of a column of ids with gaps writes 17850.0, which is the customer 17850 in every table."""
    ids = [f"{number}.0" for number in range(17_850, 17_940)]
    discovered = discover(customers.assign(customer_id=ids))
    assert [*discovered.labels.index] == ids
    assert discovered.labels.notna().all()
    assert [*discovered.vectors.index] == [name.removesuffix(".0") for name in ids]
    answers = discovered.assign(customers.assign(customer_id=ids).sample(frac=1, random_state=1))
    assert answers["segment_id"].to_dict() == discovered.labels.to_dict()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("NULL", "1 customer has an id that is empty or means missing"),
        ("  ", "1 customer has an id that is empty or means missing"),
        ("1.23E+12", "digits were lost"),
    ],
)
def test_an_id_that_names_nobody_is_refused(name: str, words: str, customers: pd.DataFrame) -> None:
    odd = customers.assign(customer_id=[name, *customers["customer_id"][1:]])
    with pytest.raises(SegmentsError, match=words):
        discover(odd)


def test_ids_whose_digits_doubles_lose_are_refused(customers: pd.DataFrame) -> None:
    large = 2**53 - 100 + np.arange(90)
    doubles = customers.assign(customer_id=large.astype(float))
    assert len(VectorContract.from_frame(doubles).names) == 3
    for frame in (
        doubles.assign(customer_id=doubles["customer_id"] + 100),
        pl.from_pandas(doubles).with_columns(pl.col("customer_id") + 100),
        doubles.assign(customer_id=(doubles["customer_id"] + 100).astype("Float64")).set_index("customer_id"),
    ):
        with pytest.raises(
            SegmentsError, match=r"90 ids are floating-point numbers of 2\^53 or more, such as 90071992547"
        ):
            VectorContract.from_frame(frame)
    assert len(VectorContract.from_frame(customers.assign(customer_id=large + 100)).names) == 3


def test_another_column_has_the_name_of_the_ids(customers: pd.DataFrame) -> None:
    twice = customers.assign(Kunde=customers["customer_id"])
    for frame in (twice, pl.from_pandas(twice)):
        with pytest.raises(SegmentsError, match="column 'customer_id' stands beside the ids in 'Kunde'"):
            discover(frame, customer_id="Kunde")


def test_any_ids_are_answered(customers: pd.DataFrame, discovered: SegmentDiscovery) -> None:
    odd = ["NULL", "1.23E+12", "007", "7", "7.0", " blank "]
    answers = discovered.assign(customers.head(6).assign(customer_id=odd))
    assert [*answers.index] == odd
    assert [*answers["segment_id"]] == [*discovered.labels.head(6)]
