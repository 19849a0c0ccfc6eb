"""Flags of an answer: whether a customer meets each named condition of the model in service. No HTTP in this module."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from segment_model.errors import nearest_word
from serving.model.asked_conditions import AskedConditions
from serving.model.served_model import ServedModel
from serving.wire.refusals import Refusal, RefusalDetail, describe_value, feature_refusal, shortened


def asked_conditions(
    served: ServedModel, asked: tuple[str, ...], ids: Sequence[str], customers: Sequence[Mapping[str, Any]]
) -> AskedConditions:
    """The conditions of these names; each column that they read must be sent, null where it is not known.

    Raises
    ------
    Refusal
        422 if the model has no condition of a name, or a customer lacks a feature that one reads.
    """
    look_up = served.asked_conditions
    try:
        conditions = look_up(asked)
    except KeyError:
        raise _unknown_refusal(asked, served.conditions) from None
    for features in customers:
        if not conditions.columns <= features.keys():
            raise _unread_refusal(served, asked, ids, customers)
    return conditions


def add_flags(
    rows: Sequence[dict[str, Any]], conditions: AskedConditions, customers: Sequence[Mapping[str, Any]]
) -> None:
    """Add to each answer whether the customer meets each condition that was asked for; missing values meet nothing."""
    for row, features in zip(rows, customers, strict=True):
        row["conditions"] = conditions.flags(features)


def _unknown_refusal(asked: Sequence[str], known: Collection[str]) -> Refusal:
    unknown = [name for name in dict.fromkeys(asked) if name not in known]
    words = f"one of {', '.join(known)}" if known else "none: the model has no conditions"
    details = [
        RefusalDetail(None, None, describe_value(name), f"{words}.{nearest_word(name, known)}".removesuffix("."))
        for name in unknown
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
