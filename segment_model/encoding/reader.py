"""The reader: a DataFrame, an Arrow table or a list of dicts becomes checked arrays.

Every refusal names the row, the column, the value and what was expected. Nothing is converted by guessing: "5" is not
5, and True is 1 in a flag alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from segment_model.contract import Kind, VectorContract
from segment_model.encoding.column_values import (
    Texts,
    distinct_texts,
    kind_bounds,
    number_shown,
    numbers_of,
    plain_array,
    plain_of,
    texts_of,
    value_shown,
)
from segment_model.encoding.encoder import MISSING_LEVEL, Encoder, Floats, RawCustomers
from segment_model.encoding.frames import is_frame
from segment_model.errors import ContractError, InputError, Problem, counted, nearest_word

if TYPE_CHECKING:
    import pandas as pd

Record = Mapping[str, Any]
Table: TypeAlias = "pd.DataFrame | Sequence[Record]"
_PLAIN_NUMBERS = frozenset({float, int, type(None)})
_PLAIN_TEXTS = frozenset({str, type(None)})
A_CUSTOMER = "a customer as a dict by column, such as frame.iloc[0].to_dict()"


class CustomerReader:
    """Reads customers that follow `contract` into the column order of `encoder`.

    Descriptors are accepted and not read: they never affect an assignment.
    """

    def __init__(self, contract: VectorContract, encoder: Encoder) -> None:
        self._contract = contract
        self._encoder = encoder
        self._numbers = tuple(contract[name] for name in encoder.numbers.names)
        self._categories = tuple(contract[category.name] for category in encoder.categories)
        self._names = frozenset(contract.names)
        self._basis = frozenset(encoder.columns)
        self._number_count = len(self._numbers)
        bounds = [kind_bounds(column.kind) for column in self._numbers]
        self._lower = np.array([low for low, _ in bounds], dtype=np.float64)
        self._upper = np.array([high for _, high in bounds], dtype=np.float64)
        self._is_flag = np.array([column.kind is Kind.FLAG for column in self._numbers], dtype=np.bool_)

    @cached_property
    def _take(self) -> Callable[[Record], tuple[Any, ...]]:
        return value_taker(self._encoder.columns)

    def records(self, records: Sequence[Record]) -> RawCustomers:
        """Read a list of dicts, one a customer.

        Raises
        ------
        InputError
            If a key is absent or unknown, or a value has the wrong type, is infinite, out of its kind's range, or
            missing where training had none missing.
        """
        rows = []
        for position, record in enumerate(records):
            if type(record) is not dict and not isinstance(record, Mapping):  # the first is quicker
                raise InputError([Problem(position, None, f"a {type(record).__name__}", A_CUSTOMER)])
            if not (self._basis <= record.keys() <= self._names):
                raise InputError(self._key_problems(records, start=position))
            rows.append(self._take(record))
        count = self._number_count
        try:
            wrong = any(
                not _PLAIN_NUMBERS.issuperset(map(type, row[:count]))
                or not _PLAIN_TEXTS.issuperset(map(type, row[count:]))
                for row in rows
            )
            if wrong:
                rows = self._convert(rows)
            values = np.array([row[:count] for row in rows], dtype=np.float64).reshape(len(rows), count)
        except OverflowError:
            self._convert(rows)  # names the value
            raise
        matrix = np.ascontiguousarray(values.T)
        texts = [distinct_texts([row[count + i] for row in rows]) for i in range(len(self._categories))]
        return self._checked(matrix, texts)

    def frame(self, frame: pd.DataFrame) -> RawCustomers:
        """Read a DataFrame, one row a customer; any numeric, nullable, text or category dtype will do.

        Raises
        ------
        ContractError
            If columns are missing or unknown, or a column's dtype cannot hold its kind.
        InputError
            As in `records`.
        """
        return self.parts(frame)(0, len(frame))

    def refusals(self, frame: pd.DataFrame) -> dict[int, str]:
        """Why customers of a DataFrame are refused, by their position: all of them, where `frame` names the first few.

        Raises
        ------
        ContractError
            As `frame`.
        InputError
            If a value has the wrong type.
        """
        problems, _ = self._read(*self._columns(frame)(0, len(frame)))
        reasons: dict[int, str] = {}
        for problem in problems:
            reason = f"{problem.column}: got {problem.got}, expected {problem.expected}"
            reasons[problem.row] = f"{reasons[problem.row]}; {reason}" if problem.row in reasons else reason
        return reasons

    def check_columns(self, frame: pd.DataFrame) -> None:
        """Refuse a table whose columns are not those of the contract.

        Raises
        ------
        ContractError
            With the difference.
        """
        self._contract.check_names(str(name) for name in frame.columns)
        check_unique(frame)

    def plain(self, record: Record) -> dict[str, float | str | None]:
        """All values of one customer, descriptors too, as plain Python values in the same order, None where missing.

        Raises
        ------
        InputError
            If a value has the wrong type for its column.
        """
        by_name = {name: plain_of(value, self._contract[name]) for name, value in record.items()}
        problems = [
            Problem(0, name, value_shown(record[name]), self._contract[name].expected)
            for name, (accepted, _) in by_name.items()
            if not accepted
        ]
        if problems:
            raise InputError(problems)
        return {name: plain if plain == plain else None for name, (_, plain) in by_name.items()}

    def shown(self, frame: pd.DataFrame) -> NDArray[np.object_]:
        """(n, columns) the values of a DataFrame that `frame` accepts, in the encoder's order: doubles and text, NaN
        where missing.
        """
        shown = np.empty((len(frame), len(self._encoder.columns)), dtype=object)
        for place, column in enumerate(self._numbers):
            shown[:, place] = numbers_of(frame[column.name], column)
        for place, column in enumerate(self._categories, start=self._number_count):
            texts = texts_of(frame[column.name], column)
            levels = [np.nan if level is None else level for level in texts.levels]
            shown[:, place] = np.array(levels, dtype=object)[texts.codes]
        return shown

    def parts(self, customers: Table) -> Callable[[int, int], RawCustomers]:
        """What reads customers start to stop of a DataFrame or a list of dicts; problems name the row in the whole.

        Raises
        ------
        ContractError
            If they are neither, or the columns of a DataFrame are not those of the contract.
        """
        check_table(customers)
        read = self._frame_parts(customers) if is_frame(customers) else _list_parts(customers, self.records)

        def part(start: int, stop: int) -> RawCustomers:
            try:
                return read(start, stop)
            except InputError as error:
                raise InputError(replace(problem, row=problem.row + start) for problem in error.problems) from None

        return part

    def _frame_parts(self, frame: pd.DataFrame) -> Callable[[int, int], RawCustomers]:
        columns = self._columns(frame)
        return lambda start, stop: self._checked(*columns(start, stop))

    def _columns(self, frame: pd.DataFrame) -> Callable[[int, int], tuple[Floats, list[Texts]]]:
        """What takes out the numbers and texts of customers start to stop, not yet checked against their kinds.

        The columns are taken out of the frame once: pandas takes longer for that than NumPy for a part's values.
        """
        self.check_columns(frame)
        numbers_ = [(plain_array(frame[column.name], column), column) for column in self._numbers]
        categories = [(frame[column.name], column) for column in self._categories]

        def read(start: int, stop: int) -> tuple[Floats, list[Texts]]:
            rows = slice(start, min(stop, len(frame)))
            matrix = np.empty((self._number_count, rows.stop - start))
            for position, (values, column) in enumerate(numbers_):
                part = values[rows] if isinstance(values, np.ndarray) else numbers_of(values.iloc[rows], column)
                matrix[position] = part
            return matrix, [texts_of(values.iloc[rows], column) for values, column in categories]

        return read

    def _checked(self, matrix: Floats, texts: list[Texts]) -> RawCustomers:
        problems, raw = self._read(matrix, texts)
        if problems:
            raise InputError(problems)
        return raw

    def _read(self, matrix: Floats, texts: list[Texts]) -> tuple[list[Problem], RawCustomers]:
        """What breaks the contract, by row, and the customers as if nothing did."""
        size = matrix.shape[1]
        codes = np.empty((len(texts), size), dtype=np.intp)
        unseen = np.zeros((len(texts), size), dtype=np.bool_)
        raw = RawCustomers(matrix, codes, unseen)
        low, high = raw.extent
        problems: list[Problem] = []
        # where a value is missing, both comparisons are false: those columns are looked at as well
        for number in np.flatnonzero(~((low >= self._lower) & (high <= self._upper)) | self._is_flag):
            column, values = self._numbers[number], matrix[number]
            bad = (values < self._lower[number]) | (values > self._upper[number])
            if column.kind is Kind.FLAG:
                bad |= (values > 0.0) & (values < 1.0)
            if not column.nullable:
                bad |= np.isnan(values)
            problems += [
                Problem(int(row), column.name, number_shown(values[row]), column.expected_instead_of(values[row]))
                for row in np.flatnonzero(bad)
            ]
        for position, (column, text) in enumerate(zip(self._categories, texts, strict=True)):
            category = self._encoder.categories[position]
            known = [category.positions.get(MISSING_LEVEL if level is None else level) for level in text.levels]
            problems += [
                Problem(int(row), column.name, "null", column.expected)
                for number, level in enumerate(text.levels)
                if level is None and not column.nullable
                for row in np.flatnonzero(text.codes == number)
            ]
            places = [category.unseen_position if place is None else place for place in known]
            codes[position] = np.array(places, dtype=np.intp)[text.codes]
            unseen[position] = np.array([place is None for place in known], dtype=np.bool_)[text.codes]
        return sorted(problems, key=lambda problem: problem.row), raw

    def _convert(self, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """Accept other real numbers (NumPy scalars) and missing markers; refuse everything else by name."""
        problems: list[Problem] = []
        converted: list[tuple[Any, ...]] = []
        columns = (*self._numbers, *self._categories)
        for position, row in enumerate(rows):
            clean: list[Any] = []
            for column, value in zip(columns, row, strict=True):
                accepted, plain = plain_of(value, column)
                if not accepted:
                    problems.append(Problem(position, column.name, value_shown(value), column.expected))
                clean.append(plain)
            converted.append(tuple(clean))
        if problems:
            raise InputError(problems)
        return converted

    def _key_problems(self, records: Sequence[Record], start: int) -> Iterator[Problem]:
        """Problems one by one, in the order of the records; a hint is searched only for names that are reported."""
        basis = self._contract.basis
        for position in range(start, len(records)):
            sent = records[position].keys()
            for column in basis:
                if column.name not in sent:
                    yield Problem(position, column.name, "nothing", column.expected)
            absent = [name for name in self._names if name not in sent]
            for name in sent:
                if name not in self._names:
                    hint = nearest_word(name, absent) or nearest_word(name, self._names)
                    expected = f"one of the model's {counted(len(self._names), 'feature')}.{hint}"
                    yield Problem(position, str(name), "an unknown feature", expected)


def value_taker(columns: Sequence[str]) -> Callable[[Record], tuple[Any, ...]]:
    """What takes all values of these columns out of a record, as a tuple, in one call; it can be pickled."""
    return itemgetter(*columns) if len(columns) > 1 else partial(_values_alone, tuple(columns))


def _values_alone(columns: tuple[str, ...], record: Record) -> tuple[Any, ...]:
    return tuple([record[name] for name in columns])


def check_table(customers: Any) -> None:
    """Refuse what is neither a DataFrame nor a list of dicts.

    Raises
    ------
    ContractError
        With the type.
    """
    if not is_frame(customers) and (isinstance(customers, str) or not isinstance(customers, Sequence)):
        raise ContractError(
            f"expected customers as a list of dicts or a frame of pandas; got {type(customers).__name__}. "
            "`assign` takes other frames"
        )


def check_unique(frame: pd.DataFrame) -> None:
    """Refuse a table that has two columns of a name.

    Raises
    ------
    ContractError
        With the names.
    """
    if not frame.columns.is_unique:
        twice = sorted({str(name) for name in frame.columns[frame.columns.duplicated()]})
        raise ContractError(f"columns appear more than once: {', '.join(twice)}. Keep one of each.")


def _list_parts(
    records: Sequence[Record], read: Callable[[Sequence[Record]], RawCustomers]
) -> Callable[[int, int], RawCustomers]:
    return lambda start, stop: read(records[start:stop])
