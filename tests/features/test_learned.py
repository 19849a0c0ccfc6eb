"""What is learned once is only applied afterwards; and vectors survive their file."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.customer_vector import build_vectors
from features.learned import LearnedFeatures
from features.settings import FeatureSettings, Sources
from features.vector_file import read_vectors, write_vectors
from features.vector_table import digest
from segment_model.errors import ContractError, SettingsError, SourceError

AS_OF = date(2024, 7, 1)
ATTRIBUTES = {"attributes": {"city": {"kind": "category"}}}


def orders(amounts: list[float]) -> pd.DataFrame:
    ids = [f"c{i:03d}" for i in range(len(amounts))]
    return pd.DataFrame({"customer_id": ids, "ordered_at": datetime(2024, 6, 1), "amount": amounts})


def test_edges_are_never_refitted(build: Any) -> None:
    learned = build({"orders": orders([float(i) for i in range(1, 101)])}, AS_OF)
    assert learned.frame.m_score.value_counts().to_dict() == {1: 20, 2: 20, 3: 20, 4: 20, 5: 20}
    alone = build({"orders": orders([55.0])}, AS_OF, learned=learned.learned)
    assert alone.frame.m_score.tolist() == [3]
    assert alone.learned == learned.learned
    # refitted, everyone alone would be average of themselves
    assert build({"orders": orders([55.0])}, AS_OF).learned != learned.learned


def test_equal_values_get_equal_scores_and_ties_do_not_rise(build: Any) -> None:
    frame = build({"orders": orders([5.0] * 30)}, AS_OF).frame
    assert frame.m_score.unique().tolist() == [1]
    assert frame.r_score.unique().tolist() == [5]


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=40))
def test_scores_rise_with_the_value(values: list[float]) -> None:
    edges = LearnedFeatures({"m_score": (10.0, 20.0, 30.0, 40.0), "r_score": (10.0, 20.0, 30.0, 40.0)})
    series = pd.Series(sorted(values))
    numbers = series.to_numpy(dtype=float)
    monetary, recency = (pd.Series(edges.points(name, numbers)) for name in ("m_score", "r_score"))
    assert monetary.is_monotonic_increasing
    assert recency.is_monotonic_decreasing
    assert (monetary + recency == 6).all()
    assert monetary.between(1, 5).all()


CITIES = ["Rome"] * 60 + ["Oslo"] * 39 + ["Bergen"] + [None] * 30


def test_levels_are_not_pooled_here_but_by_the_encoder(build: Any) -> None:
    about = pd.DataFrame({"customer_id": [f"c{i:03d}" for i in range(130)], "city": CITIES})
    vectors = build({"customers": about}, AS_OF, customers=ATTRIBUTES)
    assert vectors.learned.categories == {}
    assert vectors.frame.city.value_counts().to_dict() == {"Rome": 60, "Oslo": 39, "Bergen": 1}
    assert vectors.frame.city.isna().sum() == 30


def test_what_an_older_model_learned_still_pools(build: Any) -> None:
    new = pd.DataFrame({"customer_id": ["x", "y", "z"], "city": ["Ulm", "Oslo", None]})
    older = LearnedFeatures(categories={"city": ("Oslo", "Rome")})
    applied = build({"customers": new}, AS_OF, learned=older, customers=ATTRIBUTES).frame
    assert applied.city.fillna("missing").tolist() == ["other", "Oslo", "missing"]


def test_the_setting_that_pooled_says_where_it_went() -> None:
    with pytest.raises(SettingsError, match=r"write `discovery: \{encoding: \{rare_share: \.\.\.\}\}` instead"):
        FeatureSettings.model_validate({"attributes": {"rare_share": 0.02}})


def test_learned_features_survive_json() -> None:
    learned = LearnedFeatures({"m_score": (0.1, 2.0, 3.5, 1e9)}, {"city": ("Ærø", "o'b")})
    assert LearnedFeatures.from_json(json.loads(json.dumps(learned.to_json()))) == learned
    for broken in ({}, {"score_edges": [], "categories": {}}, {"score_edges": {"m": ["x"]}, "categories": {}}):
        with pytest.raises(ContractError, match="cannot be read"):
            LearnedFeatures.from_json(broken)


def test_the_digest_sees_values_names_and_customers_but_not_the_order() -> None:
    frame = pd.DataFrame({"x": [1.0, -0.0, None], "y": ["a", None, "b"]}, index=pd.Index(["p", "q", "r"]))
    assert digest(frame) == digest(frame.iloc[::-1]) == digest(frame.replace({"x": {-0.0: 0.0}}))
    changed = [
        frame.assign(x=[1.0, 1e-300, None]),
        frame.assign(y=["a", "", "b"]),
        frame.rename(columns={"x": "z"}),
        frame.rename(index={"p": "o"}),
        frame.iloc[:2],
    ]
    assert len({digest(frame), *(digest(other) for other in changed)}) == 6


def test_vectors_survive_their_file(tmp_path: Path, case_folder: Path) -> None:
    sources = Sources.model_validate(
        {
            "orders": {"file": "orders.parquet"},
            "customers": {"file": "customers.csv", "attributes": {"industry": {"kind": "category"}}},
        }
    )
    for moment in (AS_OF, datetime(2024, 7, 1, 9, 30)):
        vectors = build_vectors(sources, FeatureSettings(), moment, case_folder)
        write_vectors(vectors, tmp_path / "vectors.parquet")
        again = read_vectors(tmp_path / "vectors.parquet")
        pd.testing.assert_frame_equal(again.frame, vectors.frame, check_exact=True)
        assert again.frame.dtypes.equals(vectors.frame.dtypes)
        assert (again.contract, again.learned, again.as_of) == (vectors.contract, vectors.learned, moment)
        assert again.digest == vectors.digest == digest(again.frame)
        assert again.report == vectors.report


def test_files_that_are_no_vectors_or_were_changed(tmp_path: Path, build: Any) -> None:
    path = tmp_path / "vectors.parquet"
    with pytest.raises(SourceError, match=r"^there is no file .*vectors\.parquet$"):
        read_vectors(path)
    path.write_text("no Parquet")
    with pytest.raises(SourceError, match="is not a vector file; write one with `segments features CONFIG --out FILE"):
        read_vectors(path)
    orders([1.0]).to_parquet(path)
    with pytest.raises(SourceError, match="is not a vector file"):
        read_vectors(path)
    write_vectors(build({"orders": orders([1.0, 2.0])}, AS_OF), path)
    table = pq.read_table(path)
    pq.write_table(table.slice(0, 1), path)
    with pytest.raises(SourceError, match="was changed after it was written"):
        read_vectors(path)
    with pytest.raises(SourceError, match=r"v\.CSV is a CSV, .*; a vector file does: write one with"):
        read_vectors(tmp_path / "v.CSV")
    with pytest.raises(SourceError, match=r"cannot write .*: there is no folder .*absent$"):
        write_vectors(build({"orders": orders([1.0])}, AS_OF), tmp_path / "absent" / "vectors.parquet")
