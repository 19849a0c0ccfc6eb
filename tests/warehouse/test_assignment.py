"""A statement gives what `SegmentModel.assign` gives, row by row, on every engine."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sqlglot import exp

from segment_model.assigners.nearest_centroid import NearestCentroid
from segment_model.errors import InputError
from segments import SegmentModel
from warehouse.assignment import Statement
from warehouse.customer_table import CustomerTable
from warehouse.expressions import column, total

MOST_BYTES = 2 * 1024**3
LONGEST_TEXT = 500_000
RELATIVE_GAP = 1e-12
TOLERANCE = 1e-12
REFUSED_ALONE = 500  # refused rows that `assign` is asked to refuse as well


def answered(engine: Any, model: SegmentModel, explained: bool = True, table: str = "customer_vectors") -> pd.DataFrame:
    """The answer of the engine by customer, in the order of the ids' numbers."""
    statement = Statement(model, "7", CustomerTable(table), explained).sql(engine.dialect)
    assert len(statement) < LONGEST_TEXT
    frame = engine.query(statement).set_index("customer_id")
    return frame.iloc[np.argsort(frame.index.str[1:].astype(int))]


def frame_of(rows: pa.Table) -> pd.DataFrame:
    return rows.to_pandas().set_index("customer_id")


def gaps(model: SegmentModel, frame: pd.DataFrame) -> Any:
    """(n,) how much farther the runner-up is than the nearest segment, relative to it; infinite without one."""
    near = model.assigner.nearest(model.encoder.encode(model.scorer.reader.frame(frame)))
    apart = (near.runner_up_distance - near.distance) / np.maximum(near.runner_up_distance, 1e-300)
    return np.where(near.runner_up < 0, np.inf, apart)


def assert_equal(answers: pd.DataFrame, model: SegmentModel, rows: pa.Table) -> None:
    """The answers are those of `assign` and `explain_table`; the refused rows are those that `assign` refuses."""
    frame = frame_of(rows)
    assert answers.index.tolist() == frame.index.tolist()
    accepted = answers["refused"].isna().to_numpy()
    assert answers.loc[~accepted].drop(columns="refused").isna().all(axis=None)
    taken = frame[accepted]
    expected = pd.concat([model.assign(taken), model.explain_table(taken).table(taken.index)], axis="columns")
    ours = answers[accepted]
    clear = gaps(model, taken) > RELATIVE_GAP
    assert clear.mean() > 0.99
    for name in ("segment_id", "segment_name", "unassigned"):
        assert ours.loc[clear, name].tolist() == expected.loc[clear, name].tolist(), name
    assert ours["novel"].tolist() == expected["novel"].tolist()
    same = clear & (ours["runner_up_id"].fillna("").to_numpy() == expected["runner_up_id"].fillna("").to_numpy())
    assert same.mean() > 0.99
    for name in ("strength", "base", "score", *(f"contribution__{c}" for c in model.encoder.columns)):
        scale = np.maximum(1.0, np.abs(expected.loc[same, name]).max())
        assert (ours.loc[same, name].astype(float) - expected.loc[same, name]).abs().max() <= TOLERANCE * scale, name
    refused = frame[~accepted]
    for row in range(0, len(refused), max(1, len(refused) // REFUSED_ALONE)):
        record = {name: None if cell is None else cell for name, cell in refused.iloc[row].items()}
        with pytest.raises(InputError) as problem:
            model.assign_record(record)
        reasons = answers.loc[refused.index[row], "refused"].split("; ")
        assert reasons == [f"{p.column}: expected {p.expected.split(';')[0]}" for p in problem.value.problems]


def test_a_hundred_thousand_rows_of_twenty_columns_and_eight_segments(
    engine: Any, make_model: Any, make_rows: Any
) -> None:
    model = make_model(20, 8)
    rows = make_rows(model, 100_000)
    engine.load(rows, "customer_vectors")
    assert_equal(answered(engine, model), model, rows)
    assert getattr(engine, "peak_bytes", 0) < MOST_BYTES


@pytest.mark.parametrize(("numbers", "segments"), [(18, 8), (1, 1), (2, 3)])
def test_a_mixture(engine: Any, make_model: Any, make_rows: Any, numbers: int, segments: int) -> None:
    model = make_model(numbers, segments, mixture=True)
    rows = make_rows(model, 2_000)
    engine.load(rows, "customer_vectors")
    assert_equal(answered(engine, model), model, rows)


def test_a_category_of_two_hundred_levels(engine: Any, make_model: Any, make_rows: Any) -> None:
    levels = tuple(f"level {n}" for n in range(200))
    few = make_model(3, 3)
    plans = few.encoder.categories[1]
    encoder = replace(few.encoder, categories=(few.encoder.categories[0], replace(plans, levels=levels)))
    random = np.random.default_rng(0)
    centroids = random.normal(0, 0.1, (3, encoder.width))
    assigner = NearestCentroid(centroids)
    model = replace(
        few, encoder=encoder, assigner=assigner, explainer=assigner.learn_explainer(encoder, Origin(centroids))
    )
    rows = make_rows(model, 400)
    words = pa.array(random.choice([*levels, "never seen"], 400).tolist())
    rows = rows.set_column(rows.column_names.index("Land"), "Land", words)
    engine.load(rows, "customer_vectors")
    assert_equal(answered(engine, model), model, rows)


def test_no_sum_is_a_long_chain() -> None:
    """What DuckDB takes to plan a chain of additions grows with the cube of its length."""
    names = [f"z{n}" for n in range(1_000)]
    whole = total(column(name) for name in names)
    assert [read.name for read in whole.find_all(exp.Column, bfs=False)] == names
    assert max(chained(addition) for addition in whole.find_all(exp.Add)) < 40
    assert total([]).sql() == "0E+0"


def chained(addition: exp.Expression) -> int:
    """How many additions begin with one another."""
    count = 0
    while isinstance(addition, exp.Add):
        addition, count = addition.this, count + 1
    return count


class Origin:
    """Training customers of whom only these points are known."""

    def __init__(self, points: Any) -> None:
        self.points = points

    def prototypes(self) -> Any:
        return self.points, np.full(len(self.points), 1 / len(self.points))


def test_one_segment_has_no_runner_up(engine: Any, make_model: Any, make_rows: Any) -> None:
    model = make_model(3, 1)
    rows = make_rows(model, 200)
    engine.load(rows, "customer_vectors")
    answers = answered(engine, model)
    assert_equal(answers, model, rows)
    assert answers["runner_up_id"].isna().all()


@pytest.mark.spark
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")  # py4j closes its sockets when Python ends
@pytest.mark.parametrize("mixture", [False, True])
def test_spark(spark_engine: Any, make_model: Any, make_rows: Any, mixture: bool) -> None:
    model = make_model(6, 4, True) if mixture else make_model(20, 8)
    rows = make_rows(model, 2_000)
    spark_engine.load(rows, "customer_vectors")
    assert_equal(answered(spark_engine, model), model, rows)
