"""Wrong calls of what `segments` offers beside `discover`: each is answered by one line that says what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import segments
from segments import (
    Column,
    Kind,
    NearestCentroid,
    Role,
    SegmentLabel,
    SegmentModel,
    SegmentsError,
    SegmentTransformer,
    VectorContract,
)

MANY = ("assign", "assign_records", "explain", "explain_records", "explain_table")
ALONE = ("assign_record", "explain_record")


def answer(call: Callable[[], Any]) -> str:
    """What a refused call says; it must be one line."""
    with pytest.raises(SegmentsError) as caught:
        call()
    text = str(caught.value)
    assert "\n" not in text
    return text


@pytest.mark.parametrize("method", MANY)
@pytest.mark.parametrize("wrong", [None, 5, "C1", {}, {"recency_days": 3.0}], ids=repr)
def test_customers_that_are_neither_list_nor_frame(kmeans_model: SegmentModel, method: str, wrong: Any) -> None:
    text = answer(lambda: getattr(kmeans_model, method)(wrong))
    assert "expected customers as a list of dicts or a frame" in text
    assert type(wrong).__name__ in text


def test_no_customers_get_no_answers(kmeans_model: SegmentModel, planted: Any) -> None:
    for nobody in ([], planted.frame.head(0)):
        assert len(kmeans_model.assign(nobody)) == 0
        assert len(kmeans_model.assign_records(nobody).strength) == 0
        assert len(kmeans_model.explain_table(nobody).score) == 0
        assert kmeans_model.explain(nobody).shape == (0, len(kmeans_model.encoder.columns))


@pytest.mark.parametrize("method", ALONE)
def test_one_customer_is_a_dict(kmeans_model: SegmentModel, method: str, planted: Any) -> None:
    for wrong in (planted.frame.head(1), planted.frame.iloc[0], planted.frame.head(0), [], None, "C1"):
        text = answer(lambda wrong=wrong: getattr(kmeans_model, method)(wrong))
        assert f"got a {type(wrong).__name__}, expected a customer as a dict by column" in text
    assert getattr(kmeans_model, method)(planted.frame.iloc[0].to_dict())  # the remedy


def test_what_would_change_takes_one_customer_and_a_list_of_columns(kmeans_model: SegmentModel, planted: Any) -> None:
    to, customer = kmeans_model.ids[0], planted.frame.iloc[0].to_dict()
    assert "expected a customer as a dict" in answer(
        lambda: kmeans_model.what_would_change(planted.frame.head(1), to, ["frequency"])  # type: ignore[arg-type]
    )
    assert "write ['frequency']" in answer(lambda: kmeans_model.what_would_change(customer, to, "frequency"))
    nested: Any = [["frequency"]]
    assert "no column ['frequency']" in answer(lambda: kmeans_model.what_would_change(customer, to, nested))


def test_distances_of_dicts_are_those_of_the_frame(kmeans_model: SegmentModel, planted: Any) -> None:
    transformer = SegmentTransformer(kmeans_model, "distances")
    rows = planted.frame.astype(object).where(planted.frame.notna(), None).to_dict(orient="records")
    assert np.array_equal(transformer.transform(rows), transformer.transform(planted.frame))
    assert transformer.transform([]).shape == (0, len(kmeans_model.ids))
    assert "got nothing" in answer(lambda: transformer.transform([{}]))


@pytest.mark.parametrize("segment", [0, None, 1.5, ["seg-a"], np.zeros(2)], ids=repr)
def test_a_segment_goes_by_its_id_not_by_a_number(kmeans_model: SegmentModel, segment: Any, planted: Any) -> None:
    record = planted.frame.iloc[0].to_dict()
    calls: list[Callable[[], Any]] = [
        lambda: kmeans_model.position(segment),
        lambda: kmeans_model.id_of(segment),
        lambda: kmeans_model.name_misfits(record, segment),
        lambda: kmeans_model.what_would_change(record, segment, ["frequency"]),
    ]
    if segment is not None:  # there it means: against the runner-up
        calls.append(lambda: kmeans_model.explain_record(record, against=segment))
    for call in calls:
        text = answer(call)
        assert text.startswith("no segment ")
        assert f"the model has {kmeans_model.ids[0]} ('" in text


def test_a_column_goes_by_its_name(kmeans_model: SegmentModel, planted: Any) -> None:
    record, to = planted.frame.iloc[0].to_dict(), kmeans_model.ids[0]
    assert answer(lambda: kmeans_model.contract[5]).startswith("no column 5 in the vector")  # type: ignore[index]
    assert "no column 5" in answer(lambda: kmeans_model.what_would_change(record, to, [5]))  # type: ignore[list-item]
    assert "changeable is a list of columns, such as ['recency_days', " in answer(
        lambda: kmeans_model.what_would_change(record, to, None)  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("method", [*MANY[:2], MANY[3], *ALONE])
def test_a_policy_that_does_not_exist(kmeans_model: SegmentModel, method: str, planted: Any) -> None:
    record = planted.frame.iloc[0].to_dict()
    customers = record if method in ALONE else [record]
    text = answer(lambda: getattr(kmeans_model, method)(customers, policy="nearst"))
    assert text == "policy is 'unassigned' or 'nearest'; got 'nearst'"


def test_previous_is_a_list(kmeans_model: SegmentModel, planted: Any) -> None:
    text = answer(lambda: kmeans_model.assign(planted.frame.head(1), previous="x"))
    assert text == "previous is a list of one segment id a customer; write ['x']"


@pytest.mark.parametrize(
    ("centroids", "words"),
    [
        ([[0.0, 0.0]], "got list"),
        (np.zeros(3), r"of shape (segments, width), such as kmeans.cluster_centers_; got ndarray of shape (3,)"),
        (np.empty((0, 2)), "got ndarray of shape (0, 2)"),
    ],
)
def test_centroids_are_a_matrix(centroids: Any, words: str) -> None:
    assert words in answer(lambda: NearestCentroid(centroids))


def test_a_column_has_a_name_a_kind_and_a_role() -> None:
    assert answer(lambda: Column(" ", Kind.NUMBER)) == "the name of a column is text; got ' '"
    assert answer(lambda: Column("spend", "numbr")) == (  # type: ignore[arg-type]
        "column 'spend': the kind is 'numbr'; expected number, count, share, flag, category. Did you mean 'number'?"
    )
    assert "the role is 'basic'; expected basis, descriptor" in answer(
        lambda: Column("spend", Kind.NUMBER, "basic")  # type: ignore[arg-type]
    )
    words = Column("plan", "category", "descriptor")  # type: ignore[arg-type]
    assert words == Column("plan", Kind.CATEGORY, Role.DESCRIPTOR)
    assert words.is_category
    assert "got 'spend'. Write Column(NAME, Kind.NUMBER)" in answer(
        lambda: VectorContract(("spend",))  # type: ignore[arg-type]
    )
    assert answer(lambda: Column("spend", "number", label=None)) == (  # type: ignore[arg-type]
        "column 'spend': the label is text; got null"
    )


def test_a_contract_of_one_column_is_a_tuple_of_one() -> None:
    spend = Column("spend", Kind.NUMBER)
    assert "or of a tuple of one such as (Column(NAME, Kind.NUMBER),); got Column" in answer(
        lambda: VectorContract(spend)  # type: ignore[arg-type]  # as (spend) is, without the comma
    )
    listed = VectorContract([spend])  # type: ignore[arg-type]
    assert listed == VectorContract((spend,))
    assert hash(listed) == hash(VectorContract((spend,)))


def test_columns_that_the_model_does_not_have_are_to_be_left_out(kmeans_model: SegmentModel, planted: Any) -> None:
    wider = planted.frame.assign(frequncy=1.0, Umsatz=2.0)
    text = answer(lambda: kmeans_model.assign(wider))
    assert "+ frequncy (unknown. Did you mean 'frequency'?); + Umsatz (unknown: leave it out)" in text
    assert kmeans_model.assign(wider.drop(columns=["frequncy", "Umsatz"])).equals(kmeans_model.assign(planted.frame))
    much_wider = pd.concat(
        [planted.frame, pd.DataFrame(0.0, planted.frame.index, [f"k{n}" for n in range(500)])], axis=1
    )
    text = answer(lambda: kmeans_model.assign(much_wider.drop(columns="plan")))
    assert "- plan (missing: text); + k0 (unknown: leave it out); " in text
    assert text.endswith("; and 481 more differences")


@pytest.mark.parametrize("nothing", ["", None, 5])
def test_an_address_or_path_that_is_none(nothing: Any) -> None:
    assert "a model's address is 'models:/NAME@champion'" in answer(lambda: segments.load(nothing))
    assert "settings is the path of a YAML file" in answer(lambda: segments.discover_from(nothing))
    assert "settings is the path of a YAML file" in answer(lambda: segments.features(nothing))


@pytest.mark.parametrize("wrong", [5, "", " ", Path("mlflow.db")], ids=repr)
def test_the_address_of_a_registry_is_text(wrong: Any) -> None:
    text = answer(lambda: segments.load("models:/shop@champion", tracking_uri=wrong))
    assert "tracking_uri is text such as 'sqlite:///mlflow.db'" in text
    assert repr(wrong) in text


def test_an_alias_that_is_a_number_is_not_taken_for_the_version(tmp_path: Path) -> None:
    text = answer(lambda: segments.load("models:/shop@3", tracking_uri=f"sqlite:///{tmp_path}/mlflow.db"))
    assert text == "'models:/shop@3' names an alias that is a number; write models:/NAME/3"


def test_a_segment_is_renamed_by_a_label(kmeans_model: SegmentModel) -> None:
    first = kmeans_model.ids[0]
    text = answer(lambda: kmeans_model.with_overlay({first: "Regulars"}))  # type: ignore[dict-item]
    assert text == f"overlay: {first!r} is 'Regulars', no label; write SegmentLabel('Regulars')"
    assert kmeans_model.with_overlay({first: SegmentLabel("Regulars")}).names[0] == "Regulars"  # the remedy
    text = answer(lambda: kmeans_model.with_overlay({first: SegmentLabel(5)}))  # type: ignore[arg-type]
    assert text == f"overlay: the name of {first!r} is 5; expected text"
    text = answer(lambda: kmeans_model.with_overlay(None))  # type: ignore[arg-type]
    assert text == "overlay is a dict of labels by segment id; got null"


def test_identical_customers_and_one_alone_are_answered_alike(model: SegmentModel, planted: Any) -> None:
    alone = planted.frame.head(1)
    many = pd.concat([alone] * 30)
    first = model.assign(alone)
    assert model.assign(many).drop_duplicates().to_dict("records") == first.to_dict("records")
