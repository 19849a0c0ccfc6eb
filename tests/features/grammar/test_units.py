"""Numbers with a unit are told from levels, from codes and from plain numbers."""

from __future__ import annotations

import pytest

from features.grammar.units import are_with_units


@pytest.mark.parametrize(
    "texts",
    [
        ["16%", "0 %", "-3.5%"],
        ["$1,166.10", "$ 5.50", "-$3", "($7.20)"],
        ["539", "72.9k", "1.2M", "880"],  # a CRM writes thousands as k, and small numbers plainly
        ["1.234,50 €", "17 EUR", "EUR 4"],
        [*(f"{n}.5k" for n in range(30)), "N/A", "unknown"],
    ],
)
def test_numbers_with_a_unit(texts: list[str]) -> None:
    assert are_with_units(texts, "")


@pytest.mark.parametrize(
    "texts",
    [
        [],
        ["1", "2.5", "-3"],
        ["1-10", "10-50", "51-200", "1000+"],  # bands of a picklist have an order and no unit
        ["S", "M", "L", "5XL"],
        ["A-17", "K9", "B12"],
        ["12 months", "CRM;Mail", "3 of 5"],
        [*(f"{n}" for n in range(99)), "5%"],  # numbers with one slip of the pen
        [*(f"level {n}" for n in range(8)), "5%", "7%"],
    ],
)
def test_other_texts(texts: list[str]) -> None:
    assert not are_with_units(texts, "")
