"""A condition that a person asks for is a name of the settings, of a ready-made one, or a text: in every command."""

from __future__ import annotations

import pandas as pd
import pytest

from jobs.conditions.asked import asked_condition
from segment_model.contract import Column, Kind, VectorContract
from segment_model.errors import SettingsError
from training.settings import parse_settings

CONTRACT = VectorContract(
    (
        Column("churned", Kind.FLAG),
        Column("spent", Kind.NUMBER),
        Column("active_days_30", Kind.COUNT),
        Column("age", Kind.COUNT, sensitive=True),
    )
)
FRAME = pd.DataFrame(
    {
        "churned": [1.0, 0.0, 0.0],
        "spent": [5.0, 50.0, 7.0],
        "active_days_30": [1.0, 2.0, 20.0],
        "age": [20.0, 30.0, 40.0],
    },
    list("abc"),
)
SETTINGS = parse_settings(
    {"sources": {"vectors": {"file": "own.csv"}}, "conditions": {"large": "spent > 40", "spender": "spent > 6"}}
)


def who_meets(condition: str) -> list[str]:
    (asked,) = asked_condition(SETTINGS, CONTRACT, FRAME, condition).by_name.values()
    return FRAME.index[asked.meets(FRAME)].tolist()


@pytest.mark.parametrize(
    ("condition", "customers"),
    [
        ("large", "b"),
        (" spender ", "bc"),
        ("power", "c"),
        ("churned", "a"),
        ("not churned", "bc"),
        ("spent <= 7 and churned", "a"),
    ],
)
def test_a_name_a_flag_and_a_text(condition: str, customers: str) -> None:
    assert who_meets(condition) == [*customers]


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("larg", r"^no condition 'larg'\. Did you mean 'large'\? It is none of large, spender"),
        ("churnd", r"^no condition 'churnd'\. Did you mean 'churned'"),
        ("spend > 6", r"^condition: no column 'spend' in the vector\. Did you mean 'spent'"),
        ("age > 30", "^condition: 'age' is sensitive: leave it out, or set discovery.allow_sensitive"),
    ],
)
def test_what_is_no_condition(condition: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        who_meets(condition)
