"""Answer a request that assigns customers: one row per customer, explained on request. No HTTP in this module."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from segment_model.errors import InputError
from segment_model.explanation.name_misfits import misfits
from segment_model.language.segment_lookup import listed_segments, nearest_segment
from serving.assignment.condition_flags import add_flags, asked_conditions
from serving.assignment.previous_segment import apply_previous
from serving.assignment.request import AssignmentRequest
from serving.model.served_model import ServedModel
from serving.wire.refusals import (
    Refusal,
    RefusalDetail,
    describe_value,
    feature_refusal,
    input_error_refusal,
    shortened,
)

if TYPE_CHECKING:
    from segment_model.contract import Column
    from segment_model.explanation.explainer import Explanations
    from segment_model.scoring.answers import Assignments


def assign_customers(served: ServedModel, request: AssignmentRequest) -> dict[str, Any]:
    """Assign the customers of a request in their order, and explain the assignments on request.

    Raises
    ------
    Refusal
        422, naming customer and feature, if the model cannot use a value, or has no segment to contrast with or no
        condition of a name.
    """
    check_descriptors(served.model.contract.descriptors, request.ids, request.features)
    conditions = None
    if request.conditions:
        conditions = asked_conditions(served, request.conditions, request.ids, request.features)
    if request.against is not None:
        check_segment(served, request.against)
    explanations: Explanations | None = None
    try:
        if request.explain:
            assignments, explanations = served.model.explain_records(request.features, request.policy, request.against)
        else:
            assignments = served.model.assign_records(request.features, request.policy)
    except InputError as error:
        raise input_error_refusal(error, request.ids, request.features, served.model.contract.names) from error
    rows = _rows(served, request.ids, assignments)
    if conditions is not None:
        add_flags(rows, conditions, request.features)
    if request.previous is not None:
        apply_previous(rows, served.model, assignments, request.previous)
    if explanations is not None:
        _add_explanations(rows, served, request.features, explanations)
        if request.words:
            _add_words(rows, served, request.features, explanations)
    return {"model_version": served.version, "assignments": rows}


def check_segment(served: ServedModel, segment: str) -> None:
    """Refuse, by 422, a segment that the model does not have."""
    ids = served.model.ids
    if segment not in ids:
        names = dict(zip(ids, served.model.names, strict=True))
        expected = f"one of {listed_segments(names)}.{_hint(segment, names)}"
        message = f"the model has no segment {shortened(segment)!r}; GET /segments lists those it has"
        raise Refusal(422, "unknown_segment", message, [RefusalDetail(None, None, describe_value(segment), expected)])


def _hint(segment: str, names: Mapping[str, str]) -> str:
    """The id of the segment whose name was sent; programs name a segment by its id, for people rename segments."""
    bearers = [segment_id for segment_id, name in names.items() if name == segment]
    return f" That is the name of {bearers[0]}: send the id." if bearers else nearest_segment(segment, names)


def check_descriptors(
    descriptors: Sequence[Column], ids: Sequence[str], customers: Sequence[Mapping[str, Any]]
) -> None:
    """Refuse descriptors of a wrong type. The model does not read them, but such a value is a mistake of the caller."""
    details = [
        RefusalDetail(name, column.name, describe_value(features[column.name]), column.expected)
        for column in descriptors
        for name, features in zip(ids, customers, strict=True)
        if features.get(column.name) is not None and not _has_kind_of(features[column.name], column)
    ]
    if details:
        raise feature_refusal(details)


def _has_kind_of(value: Any, column: Column) -> bool:
    if column.is_category:
        return type(value) is str
    if type(value) is bool:
        return column.kind == "flag"
    if type(value) is float:
        return math.isfinite(value)
    return type(value) is int and abs(value) <= sys.float_info.max


def _rows(served: ServedModel, names: Sequence[str], assignments: Assignments) -> list[dict[str, Any]]:
    ids = (*served.model.ids, None)  # position -1, no segment, reads the last entry
    titles = (*served.model.names, None)
    columns = zip(
        names,
        assignments.nearest.tolist(),
        assignments.runner_up.tolist(),
        assignments.strength.tolist(),
        assignments.distance.tolist(),
        assignments.unassigned.tolist(),
        assignments.novel.tolist(),
        assignments.unseen,
        strict=True,
    )
    return [
        {
            "id": name,
            "segment_id": None if unassigned else ids[nearest],
            "segment_name": None if unassigned else titles[nearest],
            "strength": strength,
            "runner_up_id": ids[runner_up],
            "nearest_id": ids[nearest],
            "distance": distance,
            "unassigned": unassigned,
            "novel": novel,
            "unseen": unseen,
        }
        for name, nearest, runner_up, strength, distance, unassigned, novel, unseen in columns
    ]


def _add_explanations(
    rows: list[dict[str, Any]], served: ServedModel, features: Sequence[Mapping[str, Any]], explanations: Explanations
) -> None:
    ids, claims = (*served.model.ids, None), served.model.name_claims
    names = explanations.columns
    units = [served.units[name] for name in names]
    columns = zip(
        rows,
        features,
        explanations.toward.tolist(),
        explanations.against.tolist(),
        explanations.base.tolist(),
        explanations.score.tolist(),
        explanations.contributions.tolist(),
        strict=True,
    )
    for row, sent, toward, against, base, score, contributions in columns:
        explanation = row["explanation"] = {
            "toward": ids[toward],
            "against": ids[against],
            "base": base,
            "score": score,
            "contributions": [
                {"feature": name, "value": sent[name], "unit": unit, "contribution": contribution}
                for name, unit, contribution in zip(names, units, contributions, strict=True)
            ],
        }
        untrue = misfits(claims[toward], sent)
        if untrue is not None:
            explanation["name_misfits"] = [
                {
                    "word": misfit.word,
                    "feature": misfit.column,
                    "value": sent[misfit.column],
                    "unit": served.units[misfit.column],
                    "claims": misfit.claims,
                }
                for misfit in untrue
            ]


def _add_words(
    rows: list[dict[str, Any]], served: ServedModel, features: Sequence[Mapping[str, Any]], explanations: Explanations
) -> None:
    """Add the words of each contribution and misfit; only on request, since they cost more than the numbers."""
    pairs = zip(explanations.toward.tolist(), explanations.against.tolist(), strict=True)
    for row, sent, (toward, against) in zip(rows, features, pairs, strict=True):
        contributions = row["explanation"]["contributions"]
        for contribution, words in zip(contributions, served.reasons.words(sent, toward, against), strict=True):
            contribution["words"] = words
        listed = row["explanation"].get("name_misfits", ())
        for answer, misfit in zip(listed, misfits(served.model.name_claims[toward], sent) or (), strict=True):
            answer["words"] = misfit.words
