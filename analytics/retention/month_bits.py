"""The months in which a customer was active, as the bits of whole numbers: a column for each month would be slower.

The month that ends at position p is bit p; a number holds 60 of them, so that every engine can add up its bits.
"""

from __future__ import annotations

from collections.abc import Iterable

import ibis
import ibis.expr.types as ir

from analytics.whole_sums import whole_sum

WORD = 60  # bits


def month_words(last: int) -> tuple[str, ...]:
    """The names of the numbers that hold the positions from 0 to `last`."""
    return tuple(f"months_{word}" for word in range(last // WORD + 1))


def aggregated_words(position: ir.IntegerValue, last: int) -> dict[str, ir.Value]:
    """The aggregates that make the numbers out of distinct positions from 0 to `last`."""
    return {
        name: whole_sum(_bit(position, word), where=_is_in(position, word))
        for word, name in enumerate(month_words(last))
    }


def was_active(table: ir.Table, position: int) -> ir.BooleanValue:
    """Whether the customer was active in the month that ends at a position."""
    word, bit = divmod(position, WORD)
    return (table[f"months_{word}"] & ibis.literal(2**bit, "int64")) != 0


def was_active_at(table: ir.Table, position: ir.IntegerValue, last: int) -> ir.BooleanValue:
    """The same at a position of each row, from 0 to `last`."""
    index = position.cast("int64")
    known = [(table[name] & _bit(index, word)) != 0 for word, name in enumerate(month_words(last))]
    return known[0] if len(known) == 1 else ibis.cases(*_by_word(index, known), else_=False)


def _by_word(
    index: ir.IntegerValue, known: Iterable[ir.BooleanValue]
) -> Iterable[tuple[ir.BooleanValue, ir.BooleanValue]]:
    return ((_is_in(index, word), value) for word, value in enumerate(known))


def _is_in(index: ir.IntegerValue, word: int) -> ir.BooleanValue:
    return (index >= word * WORD) & (index < (word + 1) * WORD)


def _bit(index: ir.IntegerValue, word: int) -> ir.IntegerValue:
    """A power of 2, exact in double precision."""
    place = (index - word * WORD).clip(0, WORD - 1)
    return ibis.literal(2.0).pow(place.cast("float64")).cast("int64")
