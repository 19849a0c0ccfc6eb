"""A model remembers its answers for made-up customers, and is found out when it answers otherwise."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from segment_model.errors import ArtefactError
from segment_model.self_test import EXAMPLES, check_examples, with_examples
from segments import SegmentModel


def test_the_answers_survive_saving_and_hold(model: SegmentModel, planted: Any, tmp_path: Path) -> None:
    examined = with_examples(model, planted.frame)
    examined.save(tmp_path / "model")
    loaded = SegmentModel.load(tmp_path / "model")
    assert check_examples(loaded) == 2 * len(model.cards)  # the medians, and half of each
    assert loaded.digest == examined.digest != model.digest
    assert loaded.learned_digest == model.learned_digest  # what it learned is the same
    for example, card in zip(loaded.provenance[EXAMPLES], model.cards, strict=False):
        truth = model.assign_records([example["customer"]])
        assert example["customer"]["monetary_value"] == card.medians["monetary_value"]
        assert example["answer"]["strength"] == pytest.approx(float(truth.strength[0]), rel=1e-12)
        assert example["answer"]["segment_id"] == (None if truth.unassigned[0] else model.ids[truth.nearest[0]])


def test_no_example_is_a_customer(model: SegmentModel, planted: Any) -> None:
    basis = [column.name for column in model.contract.basis]
    typical = pd.DataFrame([card.medians for card in model.cards])
    everybody = pd.concat([planted.frame, typical.set_index(pd.Index([f"T{i}" for i in range(len(typical))]))])
    examples = with_examples(model, everybody).provenance[EXAMPLES]
    real = {repr(list(row)) for row in everybody[basis].astype(object).to_numpy()}
    assert all(repr([example["customer"][name] for name in basis]) not in real for example in examples)


def test_another_answer_is_found_out(kmeans_model: SegmentModel, planted: Any) -> None:
    examined = with_examples(kmeans_model, planted.frame)
    for change in (1e-3, np.nan):
        moved = replace(examined.assigner, centroids=examined.assigner.centroids + change)
        broken = replace(examined, assigner=moved, explainer=replace(examined.explainer, centroids=moved.centroids))
        with pytest.raises(ArtefactError, match="does not pass its self-test: example 0 was answered"):
            check_examples(broken)
    barely = replace(examined.assigner, centroids=examined.assigner.centroids * (1 + 1e-12))
    check_examples(
        replace(examined, assigner=barely, explainer=replace(examined.explainer, centroids=barely.centroids))
    )


def test_an_exchanged_segment_is_found_out(kmeans_model: SegmentModel, planted: Any) -> None:
    examined = with_examples(kmeans_model, planted.frame)
    renumbered = replace(examined, discovered_cards=examined.discovered_cards[::-1])
    with pytest.raises(ArtefactError, match="self-test"):
        check_examples(renumbered)


def test_a_model_without_examples_has_none_to_fail(model: SegmentModel) -> None:
    assert check_examples(model) == 0
