"""Flags of an answer: whether a customer meets each named condition of the model in service. No HTTP in this module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from segment_model.errors import nearest_word
from serving.model.served_model import ServedModel
from serving.wire.refusals import Refusal, RefusalDetail, describe_value, feature_refusal, shortened


def check_conditions(
    served: ServedModel, asked: Sequence[str], ids: Sequence[str], customers: Sequence[Mapping[str, Any]]
) -> None:
    """Refuse conditions that cannot be answered; a column that one reads must be sent, null where it is not known.

    Raises
    ------
    Refusal
        422 if the model has no condition of a name, or a customer lacks a feature that one reads.
    """
    known = served.conditions
    unknown = [name for name in dict.fromkeys(asked) if name not in known]
    if unknown:
        words = f"one of {', '.join(known)}" if known else "none: the model has no conditions"
        details = [
            RefusalDetail(None, None, describe_value(name), f"{words}.{nearest_word(name, known)}".removesuffix("."))
            for name in unknown
        ]
        message = f"the model has no condition {shortened(unknown[0])!r}; GET /model lists those it has"
        raise Refusal(422, "unknown_condition", message, details)
    readers = {column: name for name in reversed(asked) for column in known[name].columns}
    if all(readers.keys() <= features.keys() for features in customers):
        return
    contract = served.model.contract
    raise feature_refusal(
        [
            RefusalDetail(customer, column, "nothing", f"{contract[column].expected}, which the condition {name} reads")
            for customer, features in zip(ids, customers, strict=True)
            for column, name in readers.items()
            if column not in features
        ]
    )


def add_flags(
    rows: Sequence[dict[str, Any]],
    served: ServedModel,
    asked: Sequence[str],
    customers: Sequence[Mapping[str, Any]],
) -> None:
    """Add to each answer whether the customer meets each condition that was asked for; missing values meet nothing."""
    conditions = [(name, served.conditions[name].is_met_by) for name in dict.fromkeys(asked)]
    for row, features in zip(rows, customers, strict=True):
        row["conditions"] = {name: is_met_by(features) for name, is_met_by in conditions}
