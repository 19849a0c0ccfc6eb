"""Any name becomes a plain one, and no two become one."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.own_vectors.column_names import LONGEST, plain_names


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("MntWines", "MntWines"),
        ("is_active", "is_active"),
        ("Annual Income (k$)", "Annual_Income_k"),
        ("Spending Score (1-100)", "Spending_Score_1_100"),
        ("Award?", "Award"),
        ("Br. Cd. 57, 144", "Br_Cd_57_144"),
        ("1st_update_days_ago", "own_1st_update_days_ago"),
        ("Größe", "Grosse"),
        ("naïve café", "naive_cafe"),
        ("収入", "column"),
        ("", "column"),
        ('o\'brien "x"; --', "o_brien_x"),
        ("a\nb\tc", "a_b_c"),
        ("customer_id", "own_customer_id"),
        ("Customer_ID", "own_Customer_ID"),
        ("None", "None"),
        ("original_price", "original_price"),
        ("null_words_in_x", "own_null_words_in_x"),
        ("v" * 5000, "v" * LONGEST),
    ],
)
def test_plain_names(theirs: str, ours: str) -> None:
    assert plain_names([theirs]) == {theirs: ours}


def test_names_that_would_be_one_are_numbered_and_plain_ones_stay() -> None:
    assert plain_names(["a b", "a.b", "a_b", "A_B"]) == {"a_b": "a_b", "a b": "a_b_2", "a.b": "a_b_3", "A_B": "A_B_4"}
    long = ["x" * 60 + "1", "x" * 60 + "2"]
    assert list(plain_names(long).values()) == ["x" * LONGEST, "x" * (LONGEST - 2) + "_2"]
    assert plain_names(["income"], taken=["Income"]) == {"income": "income_2"}


@given(st.lists(st.text(max_size=60), unique=True, max_size=40))
def test_all_names_are_plain_and_differ_whatever_the_case(theirs: list[str]) -> None:
    named = plain_names(theirs)
    assert sorted(named) == sorted(theirs)
    assert all(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) and len(name) <= LONGEST for name in named.values())
    assert len({name.lower() for name in named.values()}) == len(theirs)
