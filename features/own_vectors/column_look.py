"""Looks at every value of a column in Arrow's memory, to state its facts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.grammar.moments import BLANKS
from features.grammar.numbers import COMMA, POINT, UNKNOWN, read_number
from features.grammar.units import are_with_units
from features.own_vectors.writing import Writing
from segment_model.inference.arrow_facts import is_text, typed_facts
from segment_model.inference.kind_inference import ColumnFacts, Floats

LOOKED_AT = 2_000  # different texts that show whether a column is nearly a number
MOST_WORDS = 2  # that may stand for a missing number in many rows
DATE_LIKE = re.compile(
    r"\d{1,4}([-/.])\d{1,2}\1\d{1,4}([ T].*)?|\d{1,2}\.?[- ][A-Za-z]{3,9}\.?[- ,]+\d{2,4}( .*)?"
    r"|[A-Za-z]{3,9}\.? \d{1,2},? \d{4}( .*)?",
    re.ASCII,
)
CODE = re.compile(r"[-+]?0\d+", re.ASCII)  # 01234: a postcode, no number


def facts_of(column: pa.ChunkedArray, writing: Writing) -> ColumnFacts:
    """Look at every value of a column."""
    if pa.types.is_dictionary(column.type):
        return facts_of(column.cast(column.type.value_type), writing)
    return _of_text(column, writing) if is_text(column.type) else typed_facts(column)


def _of_text(column: pa.ChunkedArray, writing: Writing) -> ColumnFacts:
    counts = pc.value_counts(pc.utf8_trim(column, BLANKS))
    known = [
        (text, count)
        for text, count in zip(counts.field("values").to_pylist(), counts.field("counts").to_pylist(), strict=True)
        if text and text not in writing.null_words
    ]
    texts = [text for text, _ in known]
    numbers = _numbers_in(texts, writing.decimal)
    return ColumnFacts(
        len(column),
        sum(count for _, count in known),
        len(texts) if numbers is None else len(numbers),
        numbers,
        all(map(writing.is_flag, texts)),
        numbers is None and all(DATE_LIKE.fullmatch(text) for text in texts),
        True,
        () if numbers is not None else _no_numbers(dict(known), writing.decimal),
        numbers is None and are_with_units(texts[:LOOKED_AT], writing.decimal),
        min(texts, default=""),
    )


def _numbers_in(texts: Sequence[str], decimal: str) -> Floats | None:
    """The different numbers that the texts write; None if one of them writes none, or is a code such as `01234`."""
    if any(CODE.fullmatch(text) for text in texts):
        return None
    if decimal != COMMA:
        try:  # the plain notation, which is the same to Arrow, takes a twentieth of the time
            numbers = pc.cast(pa.array(texts, pa.string()), pa.float64()).to_numpy(zero_copy_only=False)
        except pa.ArrowInvalid:
            numbers = np.array([np.nan])
        if np.isfinite(numbers).all():
            return np.unique(numbers)
    marks = (decimal,) if decimal else (UNKNOWN, POINT, COMMA)
    return next((read for read in (_read_with(mark, texts) for mark in marks) if read is not None), None)


def _read_with(decimal: str, texts: Iterable[str]) -> Floats | None:
    """The different numbers that the texts write with a decimal mark; None if one of them writes none."""
    read: list[float] = []
    for text in texts:
        number = read_number(text, decimal)
        if number is None:
            return None
        read.append(number)
    return np.unique(np.array(read, dtype=np.float64))


def _no_numbers(counts: Mapping[str, int], decimal: str) -> tuple[str, ...]:
    """The texts that write no number, if they are few beside those that do: in different texts, or a word or two in
    rows. counts : the rows of each text."""
    looked_at = dict(islice(counts.items(), LOOKED_AT))
    others = [text for text in looked_at if read_number(text, decimal) is None or CODE.fullmatch(text)]
    rows = sum(looked_at[text] for text in others)
    is_word = len(others) <= MOST_WORDS and len(looked_at) - len(others) > 1
    are_few = 10 * len(others) <= len(looked_at) or (is_word and 2 * rows < sum(looked_at.values()))
    return tuple(others) if are_few else ()
