"""What the bodies of all endpoints have in common: objects of known keys, and customers with an id.

Read without judging the features, which is the model's to do. Pure: no HTTP in here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from segment_model.errors import nearest_word
from serving.contracts.requests import LONGEST_ID
from serving.wire.refusals import NOTHING, Complaints, Detail, in_words

CUSTOMER_KEYS = ("id", "features")


def read_object(value: Any, keys: Sequence[str], complaints: Complaints) -> dict[str, Any]:
    """A parsed body; other keys than these are complained of.

    Raises
    ------
    Refusal
        422 if it is no object, for then there is nothing to read on.
    """
    if type(value) is not dict:
        complaints.add(value, f"an object of the keys {', '.join(keys)}")
        complaints.raise_malformed()
    check_keys(value, keys, complaints)
    found: dict[str, Any] = value
    return found


def check_keys(
    found: Mapping[str, Any], known: Sequence[str], complaints: Complaints, customer: str | None = None
) -> None:
    """Complain of every other key than the known ones."""
    if found.keys() <= set(known):
        return
    complaints.take(
        Detail(customer, None, in_words(name), f"only the keys {', '.join(known)}.{nearest_word(name, known)}")
        for name in found
        if name not in known
    )


def read_customer(
    customer: Any, place: str, complaints: Complaints, keys: Sequence[str] = CUSTOMER_KEYS
) -> tuple[str, dict[str, Any]]:
    """Id and features of one customer; `place` stands for an id that cannot be used."""
    if type(customer) is not dict:
        complaints.add(customer, "an object with the keys 'id' and 'features'", place)
        return place, {}
    name = read_id(customer, place, complaints)
    found = customer.get("features", NOTHING)
    if type(found) is not dict:
        complaints.add(found, "an object of features by name for 'features'", name)
    if len(customer) > len(CUSTOMER_KEYS):
        check_keys(customer, keys, complaints, name)
    return name, found


def read_id(customer: Mapping[str, Any], place: str, complaints: Complaints) -> str:
    """The id of a customer, or `place` where it cannot be used."""
    there = customer.get("id", NOTHING)
    if type(there) is str and 0 < len(there) <= LONGEST_ID:
        return there
    complaints.add(there, f"a text of 1 to {LONGEST_ID} characters for 'id'", place)
    return place
