"""The words beside the numbers say what the encoder made of a value, and what is typical, truly."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from segment_model.language.reasons import ReasonWriter, in_one_sentence, reasons, sentences
from segment_model.language.wording import (
    exact_value,
    in_words_of_change,
    plain_number,
    plain_value,
    unitless_value,
)
from segments import Column, Kind, SegmentLabel, SegmentModel


def customer_of(planted: Any, position: int) -> dict[str, Any]:
    row = planted.frame.iloc[position].to_dict()
    return {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in row.items()}


def words_of(model: SegmentModel, customer: dict[str, Any]) -> dict[str, str]:
    return {reason.feature: reason.words for reason in reasons(model, customer, model.explain_table([customer]))}


def test_the_strongest_reason_comes_first_with_the_explanations_own_numbers(model: SegmentModel, planted: Any) -> None:
    records = [customer_of(planted, position) for position in range(12)]
    table = model.explain_table(records)
    for row, customer in enumerate(records):
        strongest_first = reasons(model, customer, table, row)
        sizes = [abs(reason.contribution) for reason in strongest_first]
        assert sizes == sorted(sizes, reverse=True)
        by_name = {reason.feature: reason for reason in strongest_first}
        assert [by_name[name].contribution for name in table.columns] == table.contributions[row].tolist()
        for name, reason in by_name.items():
            assert reason.value == customer[name]
            assert reason.unit == model.contract[name].unit
            assert reason.typical == model.cards[table.toward[row]].medians[name]
            assert reason.typical_against == model.cards[table.against[row]].medians[name]


def test_what_is_called_typical_is_typical_of_the_members(kmeans_model: SegmentModel, planted: Any) -> None:
    """The median that the words quote is that of the customers assigned to the segment."""
    segment = kmeans_model.assign(planted.frame)["segment_id"]
    customer = customer_of(planted, 0)
    table = kmeans_model.explain_table([customer])
    for reason in reasons(kmeans_model, customer, table):
        for position, typical in ((table.toward[0], reason.typical), (table.against[0], reason.typical_against)):
            members: pd.Series[Any] = planted.frame.loc[segment == kmeans_model.ids[position], reason.feature].dropna()
            if isinstance(typical, str):
                assert (members == typical).sum() == members.value_counts().max()
            elif typical is not None:
                assert typical == pytest.approx(members.median())


def test_words_of_an_ordinary_customer(kmeans_model: SegmentModel, planted: Any) -> None:
    customer = customer_of(planted, 0) | {"frequency": 3.0, "top_feature_share": 0.61}
    table = kmeans_model.explain_table([customer])
    own, theirs = (kmeans_model.cards[int(which[0])].medians for which in (table.toward, table.against))
    assert own["frequency"] != theirs["frequency"]
    words = words_of(kmeans_model, customer)
    assert words["frequency"] == (
        f"frequency: 3 orders, where this segment typically has {own['frequency']:.0f} "
        f"and the other {theirs['frequency']:.0f}"
    )
    assert words["top_feature_share"].startswith("top feature share: 61 %, where this segment typically has ")
    assert (
        words["plan"] == f"plan: plus, where {own['plan']} is typical of this segment and {theirs['plan']} of the other"
    )


def test_what_the_encoder_makes_of_a_value_is_said(model: SegmentModel, planted: Any) -> None:
    numbers = model.encoder.numbers
    fill, most = ({n: plain_value(float(v), model.contract[n]) for n, v in zip(numbers.names, values, strict=True)}
                  for values in (numbers.fill, numbers.upper))  # fmt: skip
    customer = customer_of(planted, 0) | {"days_between_orders": None, "monetary_value": 9e9, "plan": "Ω"}
    words = words_of(model, customer)
    assert f"unknown, counted as {fill['days_between_orders']}, the median" in words["days_between_orders"]
    assert (
        f"9,000,000,000 USD, counted as {most['monetary_value']}, the most that training looked at"
        in words["monetary_value"]
    )
    assert "Ω, never seen in training, counted as " in words["plan"]
    low = words_of(model, customer_of(planted, 0) | {"monetary_value": -50.0})["monetary_value"]
    assert "-50 USD, counted as " in low
    assert "the least that training looked at" in low
    # what is said is what is counted: the replaced value gets the same numbers
    replaced = customer | {
        "days_between_orders": float(numbers.fill[numbers.names.index("days_between_orders")]),
        "monetary_value": float(numbers.upper[numbers.names.index("monetary_value")]),
    }
    original, other = model.explain_table([customer]), model.explain_table([replaced])
    assert np.array_equal(original.contributions, other.contributions)


def test_a_card_that_may_not_tell_is_not_quoted(kmeans_model: SegmentModel, planted: Any) -> None:
    """Sensitive columns are left out of the cards."""
    cards = tuple(
        replace(card, medians={name: value for name, value in card.medians.items() if name != "frequency"})
        for card in kmeans_model.discovered_cards
    )
    silent = replace(kmeans_model, discovered_cards=cards)
    customer = customer_of(planted, 0) | {"frequency": 3.0}
    assert words_of(silent, customer)["frequency"] == "frequency: 3 orders"


def test_a_writer_says_the_same_again_and_for_other_pairs(kmeans_model: SegmentModel, planted: Any) -> None:
    writer, customer = ReasonWriter(kmeans_model), customer_of(planted, 0)
    first = writer.words(customer, 0, 1)
    assert writer.words(customer, 1, 0) != first
    assert writer.words(customer, 0, 1) == first == ReasonWriter(kmeans_model).words(customer, 0, 1)
    alone = writer.words(customer, 0, -1)
    assert all("other" not in words for words in alone)


def test_one_sentence_names_both_segments_and_both_sides(kmeans_model: SegmentModel, planted: Any) -> None:
    named = kmeans_model.with_overlay({kmeans_model.ids[k]: SegmentLabel(f"N{k}") for k in range(4)})
    for position in range(20):
        customer = customer_of(planted, position)
        table = named.explain_table([customer])
        a, b = int(table.toward[0]), int(table.against[0])
        strongest_first = reasons(named, customer, table)
        sentence = in_one_sentence(strongest_first, named, a, b)
        assert sentence.startswith(f"'N{a}' rather than 'N{b}', mostly because of ")
        because, _, though = sentence.partition("; ")
        for reason in strongest_first[:1]:
            title = named.contract[reason.feature].title
            assert title in (because if reason.contribution > 0 else though)
        assert sentence.endswith(".")
    assert in_one_sentence((), named, 0, -1) == "'N0' is the only segment."


@pytest.mark.parametrize(
    ("before", "after", "column", "words"),
    [
        (4.0, 7.0, Column("frequency", Kind.COUNT, unit="orders"), "frequency: 3 more orders (from 4 to 7)"),
        (2.0, 1.0, Column("frequency", Kind.COUNT, unit="orders"), "frequency: 1 fewer order (from 2 to 1)"),
        (40.0, 12.0, Column("r", Kind.COUNT, unit="days", label="last"), "last: 28 fewer days (from 40 to 12)"),
        (410.5163, 1238.57, Column("m", Kind.NUMBER, unit="USD"), "m: 828.05 USD more (from 410.52 to 1,238.57)"),
        (0.6796, 0.41, Column("s", Kind.SHARE), "s: 27 percentage points less (from 68 % to 41 %)"),
        (0.2, 0.95, Column("u", Kind.NUMBER, unit="of seats"), "u: 75 percentage points more (from 20 % to 95 %)"),
        (None, 12.5, Column("gap", Kind.NUMBER, unit="days"), "gap: 12.5 days instead of unknown"),
        (12.5, None, Column("gap", Kind.NUMBER, unit="days"), "gap: unknown instead of 12.5 days"),
        (0.0, 1.0, Column("churned", Kind.FLAG), "churned: yes instead of no"),
        ("basic", "pro", Column("plan", Kind.CATEGORY), "plan: pro instead of basic"),
        (100 / 3, 200 / 3, Column("spend", Kind.NUMBER, unit="USD"), "spend: 33.34 USD more (from 33.33 to 66.67)"),
        (0.00122, 0.00150, Column("x", Kind.NUMBER), "x: 0.0003 more (from 0.0012 to 0.0015)"),
        (5.0, 1e300, Column("x", Kind.NUMBER, unit="USD"), "x: 1e+300 USD more (from 5 to 1e+300)"),
        (5e-9, 2e-9, Column("x", Kind.NUMBER, unit="USD"), "x: 3e-09 USD less (from 5e-09 to 2e-09)"),
        (5e-9, None, Column("x", Kind.NUMBER, unit="USD"), "x: unknown instead of 5e-09 USD"),
        (1e6, 1e6 + 2**-30, Column("x", Kind.NUMBER), "x: 9.31e-10 more (from 1,000,000 to 1,000,000.000000001)"),
        (1.7e308, -1.7e308, Column("x", Kind.NUMBER, unit="USD"), "x: 3.40e+308 USD less (from 1.7e+308 to -1.7e+308)"),
        (1.7e308, 0.3, Column("u", Kind.NUMBER, unit="of seats"),
         "u: 1.70e+310 percentage points less (from 1.70e+310 % to 30 %)"),
        (1.7e308, 1.6e308, Column("u", Kind.NUMBER, unit="of seats"),
         "u: 1.00e+309 percentage points less (from 1.70e+310 % to 1.60e+310 %)"),
        (None, 1.7e308, Column("u", Kind.NUMBER, unit="of seats"), "u: 1.70e+310 % instead of unknown"),
    ],
)  # fmt: skip
def test_a_change_is_said_as_people_do(before: Any, after: Any, column: Column, words: str) -> None:
    assert in_words_of_change(before, after, column) == words


NUMBERS = (
    Column("spend", Kind.NUMBER, unit="USD"),
    Column("orders", Kind.COUNT, unit="orders"),
    Column("share", Kind.SHARE),
    Column("use", Kind.NUMBER, unit="of seats"),
)


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False))
@example(1.7976931348623155e308, -1.7976931348623157e308)
@example(5e-324, 1e15)
@example(1.7e308, 0.3)
@example(1.7e308, 1.6e308)
@example(5e-9, 2e-9)
@example(1.0, 1.0000000000000002)
def test_every_number_can_be_said(value: float, other: float) -> None:
    for column in NUMBERS:
        text = plain_value(value, column)
        assert "inf" not in text
        assert len(text) < 40
        for before, after in ((value, other), (value, None), (None, other)):
            change = in_words_of_change(before, after, column)
            assert change.startswith(f"{column.title}: ")
            assert not re.search(r"\b(inf|nan)\b", change), change
            assert len(change) < 140
        gap = in_words_of_change(value, other, column).removeprefix(f"{column.title}: ").split()[0]
        assert (float(gap.replace(",", "")) == 0) == (value == other)


ORDINARY = st.floats(-1e18, 1e18, allow_nan=False)


@given(ORDINARY, st.one_of(ORDINARY, st.floats(0.999, 1.001)), st.integers(-9, 18))
@example(1.578159454934087e-05, 0.99999, -5)
@example(-0.0, 5.0, 0)
def test_the_ends_of_a_change_are_told_apart(number: float, other: float, places: int) -> None:
    """The greater number is written as the greater one, and neither differs from its number by half a percent."""
    number = round(number, places) if places < 10 else number
    other = number * other if 0.999 <= other <= 1.001 else other
    for column in NUMBERS[:2]:
        change = in_words_of_change(number, other, column)
        ends = [float(end.replace(",", "")) for end in re.findall(r"(?:from|to) ([-+,.e\d]+)", change)]
        assert (ends[0] < ends[1]) == (number < other), change
        assert (ends[0] > ends[1]) == (number > other), change
        largest = max(abs(number), abs(other))
        assert ends == [pytest.approx(end, rel=0.006, abs=max(0.006 * largest, 1e-300)) for end in (number, other)]
        assert " -0 " not in change


@given(st.floats(1e-12, 1e18))
def test_an_exact_value_is_within_half_a_percent(number: float) -> None:
    for column, times in ((NUMBERS[0], 1), (NUMBERS[2], 100)):
        shown = float(exact_value(number, column).partition(" ")[0].replace(",", ""))
        assert shown == pytest.approx(times * number, rel=0.006)


@pytest.mark.parametrize(
    ("unit", "singular"),
    [
        ("days", "day"),
        ("orders", "order"),
        ("USD", "USD"),
        ("ms", "ms"),
        ("s", "s"),
        ("km/s", "km/s"),
        ("class", "class"),
    ],
)
def test_one_of_a_unit_keeps_a_symbol(unit: str, singular: str) -> None:
    """One millisecond is not "1 m"."""
    column = Column("x", Kind.NUMBER, unit=unit)
    assert plain_value(1.0, column) == exact_value(1.0, column) == f"1 {singular}"
    assert in_words_of_change(2.0, 1.0, column) == f"x: 1 {singular} less (from 2 to 1)"
    assert unitless_value(1.0, column) == "1"
    assert unitless_value(2.0, column) == "2"


def test_huge_numbers_are_said_in_powers_of_ten() -> None:
    assert plain_number(1.7976931348623157e308) == "1.8e+308"
    assert plain_number(-9.9e14) == "-990,000,000,000,000"
    assert plain_value(1.7976931348623157e308, NUMBERS[3]) == "1.80e+310 % of seats"


def test_the_largest_numbers_are_explained_in_words(model: SegmentModel, planted: Any) -> None:
    largest = 1.7976931348623157e308
    for value in (largest, -largest):
        bounds = {Kind.COUNT: max(value, 0.0), Kind.SHARE: min(max(value, 0.0), 1.0), Kind.NUMBER: value}
        customer = customer_of(planted, 0)
        numbers = {c.name: bounds[c.kind] for c in model.contract.basis if c.kind in bounds}
        assert set(words_of(model, customer | numbers)) >= set(numbers)


def test_sentences_of_many_are_those_of_each(model: SegmentModel, planted: Any) -> None:
    frame = planted.frame.iloc[:60]
    explanations = model.explain_table(frame)
    by_row = []
    for row, (_, customer) in enumerate(frame.iterrows()):
        ranked = reasons(model, customer.to_dict(), explanations, row)
        toward, against = int(explanations.toward[row]), int(explanations.against[row])
        untrue = model.name_misfits(customer.to_dict(), model.ids[toward])
        by_row.append(in_one_sentence(ranked, model, toward, against, untrue))
    assert sentences(model, frame, explanations) == by_row
    assert sentences(model, frame.convert_dtypes(), explanations) == by_row
    missing = frame.loc[frame["days_between_orders"].isna()].iloc[0].to_dict()
    dressed = {name: pd.NA if cell != cell else cell for name, cell in missing.items()}
    assert words_of(model, dressed) == words_of(model, missing)
    assert any(" Unlike most of its segment: " in sentence for sentence in by_row)
