"""What a model and its answers show of themselves, on a terminal and in a notebook."""

from __future__ import annotations

import html
from typing import Any

import pytest

from segment_model.rules import Between, Rule, RuleSet
from segments import Explanation, SegmentLabel, SegmentModel

NAME = "<i>Our</i> & best"


@pytest.fixture(scope="module")
def named(kmeans_model: SegmentModel) -> SegmentModel:
    return kmeans_model.with_overlay({kmeans_model.ids[0]: SegmentLabel(NAME, "call <on> Mondays")})


@pytest.fixture(scope="module")
def shown(named: SegmentModel, planted: Any) -> dict[str, tuple[Any, str]]:
    """By kind: what is shown, and how its text begins."""
    frame, first, second = planted.frame, named.ids[0], named.ids[1]
    customer = frame.loc[named.assign(frame)["segment_id"] == first].iloc[0].to_dict()
    rule = RuleSet(first, NAME, (Rule((Between("frequency", at_least=3.0),)),), 10, 9, 12)
    change = named.what_would_change(customer, first, ["frequency"])
    return {
        "model": (named, f"Model of {len(named.ids)} segments by kmeans"),
        "contract": (named.contract, f"Customer vectors of {len(named.contract.names)} columns"),
        "card": (named.cards[0], f"{NAME} ({first})"),
        "rules": (rule, f"Rule of {NAME} ({first})"),
        "change": (change, f"The customer is in {first} already"),
        "assignments": (named.assign_records(frame.head(12)), "Assignments of 12 customers"),
        "explanation": (named.explain_record(customer, against=second)[1], f"Why {first} rather than {second}"),
    }


@pytest.mark.parametrize("kind", ["model", "contract", "card", "rules", "change", "assignments", "explanation"])
def test_a_notebook_and_a_terminal_show_the_same(kind: str, shown: dict[str, tuple[Any, str]]) -> None:
    answer, beginning = shown[kind]
    title = repr(answer).splitlines()[0]
    assert title.startswith(beginning)
    page = answer._repr_html_()
    assert title in html.unescape(page)
    assert "<i>" not in page, "a name is text, not markup"
    assert "<on>" not in page
    assert page.startswith('<div class="tex2jax_ignore mathjax_ignore"'), "US$ 5 to US$ 9 is no formula"


def test_long_cells_are_cut_on_a_terminal_alone(kmeans_model: SegmentModel) -> None:
    long = "a name of many words " * 5
    renamed = kmeans_model.with_overlay({kmeans_model.ids[0]: SegmentLabel(long)})
    assert long[:59] + "…" in repr(renamed)
    assert long in renamed._repr_html_()


def test_what_rounds_to_zero_is_not_negative() -> None:
    why = Explanation("a", "b", -1e-9, {"spend": 1.25, "visits": -0.0004, "plan": -0.0006}, 1.2489)
    assert repr(why).splitlines()[0] == "Why a rather than b: score +1.249 = base +0.000 + these"
    assert [line.split() for line in repr(why).splitlines()[2:]] == [
        ["spend", "+1.250"],
        ["plan", "-0.001"],
        ["visits", "+0.000"],
    ]
