"""Readers of what the bodies of several endpoints share: objects with known keys, and customers with an id.

Feature values are not checked here; that is the model's part. No HTTP in this module.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from segment_model.errors import nearest_word
from serving.contracts.requests import LONGEST_ID
from serving.wire.refusals import NOTHING, Complaints, Detail, in_words

CUSTOMER_KEYS = ("id", "features")


def read_object(value: Any, keys: Sequence[str], complaints: Complaints) -> dict[str, Any]:
    """A parsed body; every other key than these is a complaint.

    Raises
    ------
    Refusal
        422 if it is no object: nothing else of it can be read.
    """
    if type(value) is not dict:
        complaints.add(value, f"an object of the keys {', '.join(keys)}")
        complaints.raise_malformed()
    check_keys(value, keys, complaints)
    body: dict[str, Any] = value
    return body


def check_keys(
    content: Mapping[str, Any], known: Sequence[str], complaints: Complaints, customer: str | None = None
) -> None:
    """Complain of every key that is not known."""
    if content.keys() <= set(known):
        return
    complaints.take(
        Detail(customer, None, in_words(name), f"only the keys {', '.join(known)}.{nearest_word(name, known)}")
        for name in content
        if name not in known
    )


def read_customer(
    customer: Any, place: str, complaints: Complaints, keys: Sequence[str] = CUSTOMER_KEYS
) -> tuple[str, dict[str, Any]]:
    """Id and features of one customer; `place`, a position such as `#3`, replaces an id that cannot be used."""
    if type(customer) is not dict:
        complaints.add(customer, "an object with the keys 'id' and 'features'", place)
        return place, {}
    name = read_id(customer, place, complaints)
    features: Any = customer.get("features", NOTHING)
    if type(features) is not dict:
        complaints.add(features, "an object of features by name for 'features'", name)
    if len(customer) > len(CUSTOMER_KEYS):
        check_keys(customer, keys, complaints, name)
    return name, features


def read_id(customer: Mapping[str, Any], place: str, complaints: Complaints) -> str:
    """The id of a customer, or `place` where it cannot be used."""
    sent = customer.get("id", NOTHING)
    if type(sent) is str and 0 < len(sent) <= LONGEST_ID:
        return sent
    complaints.add(sent, f"a text of 1 to {LONGEST_ID} characters for 'id'", place)
    return place
