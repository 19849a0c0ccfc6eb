"""The block `conditions` of the settings: named conditions over the customer vectors."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from features.conditions.checked_text import checked_condition
from features.conditions.written import READY
from features.settings_words import Expected

RESERVED = frozenset({"everyone", "segment", "decile"})  # groupings that every record may have
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,59}", re.ASCII)
NAME_WORDS = (
    "a plain name of letters, digits and _ that begins with a letter, such as at_risk, and none of everyone, segment, "
    "decile"
)


def _plain_name(name: str) -> str:
    if not NAME.fullmatch(name) or name in RESERVED:
        raise ValueError(f"the name {name!r:.70} must be {NAME_WORDS}")
    return name


def _condition_text(text: str) -> str:
    return text if text == READY else checked_condition(text)


ConditionName = Annotated[str, Expected(NAME_WORDS), AfterValidator(_plain_name)]
ConditionText = Annotated[str, Expected("a condition in quotes, or ready"), AfterValidator(_condition_text)]
Conditions = Annotated[
    dict[ConditionName, ConditionText],
    Field(
        description="conditions over the columns of the vector, by name, in the grammar of `where`, such as "
        '`{idle: "days_since_last_event >= 30"}`, or `{at_risk: ready}` for a ready-made one '
        "(`segments conditions` lists these); the record treats each as it treats a segment"
    ),
]
