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
    unknown = [name for name in asked if name not in known]
    if unknown:
        raise _unknown_refusal(unknown, tuple(known))
    reads = frozenset().union(*[known[name].columns for name in asked])
    for features in customers:
        if not reads <= features.keys():
            raise _unread_refusal(served, asked, ids, customers)


def add_flags(
    rows: Sequence[dict[str, Any]],
    served: ServedModel,
    asked: Sequence[str],
    customers: Sequence[Mapping[str, Any]],
) -> None:
    """Add to each answer whether the customer meets each condition that was asked for; missing values meet nothing."""
    known = served.conditions
    conditions = [(name, known[name].holds) for name in asked]
    for row, features in zip(rows, customers, strict=True):
        row["conditions"] = {name: holds(features) is True for name, holds in conditions}


def _unknown_refusal(unknown: Sequence[str], known: Sequence[str]) -> Refusal:
    words = f"one of {', '.join(known)}" if known else "none: the model has no conditions"
    details = [
        RefusalDetail(None, None, describe_value(name), f"{words}.{nearest_word(name, known)}".removesuffix("."))
        for name in dict.fromkeys(unknown)
    ]
    message = f"the model has no condition {shortened(unknown[0])!r}; GET /model lists those it has"
    return Refusal(422, "unknown_condition", message, details)


def _unread_refusal(
    served: ServedModel, asked: Sequence[str], ids: Sequence[str], customers: Sequence[Mapping[str, Any]]
) -> Refusal:
    readers = {column: name for name in reversed(asked) for column in served.conditions[name].columns}
    contract = served.model.contract
    return feature_refusal(
        [
            RefusalDetail(customer, column, "nothing", f"{contract[column].expected}, which the condition {name} reads")
            for customer, features in zip(ids, customers, strict=True)
            for column, name in readers.items()
            if column not in features
        ]
    )
