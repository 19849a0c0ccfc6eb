"""Columns of a table that repeat others: copies, other scales and codings, and sums. Distances count them twice."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

LOOKED_AT = 20_000  # customers, evenly spaced
MOST_COLUMNS = 200  # of numbers, as the time grows with their square
FIRST = 500  # customers in whom most pairs of categories differ
FEWEST = 10  # customers beside the most common value: fewer agree by chance
ROUNDED = 1e-4  # share of the variance that rounding may leave
CLOSE = 0.01  # what rounding may leave of a value, in spreads of its column; and of a coefficient
NEARLY_ALL = 0.99  # of the customers
MOST_WEIGHED = 4  # others that a column other than a sum may follow from, to be worth a sentence
NEGLIGIBLE = 1e-3  # standardised coefficients of columns without a part
LARGEST = 1e140  # the squares of sums of so many such numbers are doubles; a discovery refuses larger ones than 1e150


@dataclass(frozen=True, slots=True)
class Repetition:
    """A column that follows from others. is_sum : whether it is their sum."""

    column: str
    others: tuple[str, ...]
    is_sum: bool = False


def repeated_columns(
    numbers: Mapping[str, Floats], levels: Mapping[str, Codes], flags: Collection[str] = ()
) -> tuple[Repetition, ...]:
    """The columns that repeat others: first copies, then sums and other linear relations.

    Flags and shares that add up to one for every customer are no repetition.

    numbers : (customers,) values by column, NaN where missing. levels : (customers,) codes by column of categories, -1
    where missing. flags : the numbers that are flags.
    """
    count = len(next(iter((*numbers.values(), *levels.values())), ()))
    step = max(-(-count // LOOKED_AT), 1)
    columns = {name: values[::step] for name, values in list(numbers.items())[:MOST_COLUMNS]}
    varying = {name: values for name, values in columns.items() if _is_compared(values)}
    copies = _copies(varying)
    repeating = {copy.column for copy in copies}
    others = {name: values for name, values in varying.items() if name not in repeating}
    codings = _equal_codings({name: codes[::step] for name, codes in levels.items()})
    return (*copies, *codings, *_linear_relations(others, flags))


def _is_compared(values: Floats) -> bool:
    """Whether a column differs among enough customers, and the squares of its numbers are doubles."""
    known = values[np.isfinite(values)]
    if len(known) < FEWEST or np.abs(known).max() > LARGEST:
        return False
    return len(known) - int(np.unique(known, return_counts=True)[1].max()) >= FEWEST


def _copies(columns: Mapping[str, Floats]) -> list[Repetition]:
    """Columns that order the customers as an earlier one does, or nearly have its values on another scale."""
    names = list(columns)
    if len(names) < 2:
        return []
    values = np.column_stack([columns[name] for name in names])
    ranks: Floats = np.column_stack([pd.Series(columns[name]).rank().to_numpy(dtype=np.float64) for name in names])
    alike = np.maximum(np.abs(_correlations(values)), np.abs(_correlations(ranks))) >= 1 - ROUNDED / 2
    copies = []
    for place in range(1, len(names)):
        for earlier in np.flatnonzero(alike[place, :place]):
            if _is_copy(values[:, place], values[:, earlier]):
                copies.append(Repetition(names[place], (names[int(earlier)],)))
                break
    return copies


def _is_copy(values: Floats, others: Floats) -> bool:
    """Whether two columns are missing together, and follow from each other for nearly every customer."""
    known = np.isfinite(values)
    if not np.array_equal(known, np.isfinite(others)):
        return False
    ranks, other_ranks = (pd.Series(column[known]).rank().to_numpy() for column in (values, others))
    if abs(np.corrcoef(ranks, other_ranks)[0, 1]) >= 1 - ROUNDED / 2:
        return True
    coefficients = _coefficients(values[known], others[known, np.newaxis])
    return _are_close(values[known], others[known] * coefficients[0])


def _correlations(values: Floats) -> Floats:
    """Correlations (columns, columns) of values (customers, columns), with the mean in place of what is missing."""
    centred = np.nan_to_num(values - np.nanmean(values, axis=0), nan=0.0, posinf=0.0, neginf=0.0)
    scales = np.sqrt((centred**2).sum(axis=0))
    scaled = centred / np.where(scales > 0, scales, 1.0)
    return np.asarray(scaled.T @ scaled, dtype=np.float64)


def _equal_codings(levels: Mapping[str, Codes]) -> Iterator[Repetition]:
    """Categories whose levels are those of an earlier one under other names."""
    distinct = {name: len(np.unique(codes)) for name, codes in levels.items()}
    repeating: set[str] = set()
    for earlier, name in combinations(levels, 2):
        if distinct[earlier] != distinct[name] or distinct[name] < 2 or {earlier, name} & repeating:
            continue
        codes, others = levels[name], levels[earlier]
        pairs = codes * (others.max() + 2) + others
        if len(np.unique(pairs[:FIRST])) > distinct[name] or not np.array_equal(codes < 0, others < 0):
            continue
        counts = np.unique(pairs, return_counts=True)[1]
        if len(counts) == distinct[name] and len(codes) - counts.max() >= FEWEST:
            repeating.add(name)
            yield Repetition(name, (earlier,))


def _linear_relations(columns: Mapping[str, Floats], flags: Collection[str]) -> Iterator[Repetition]:
    """Columns that are sums of others, or follow from them by other coefficients."""
    if len(columns) < 3:
        return
    values = _complete(np.column_stack([*columns.values()]))
    if len(values) < 2 * len(columns) + FEWEST:  # so few customers fit by chance
        return
    # a sum spreads wider than its parts; as the last, it alone is compared with what rounding left
    order = np.argsort(values.std(axis=0), kind="stable")
    names, values = [list(columns)[place] for place in order], values[:, order]
    correlations = _correlations(values)
    # a column of which the others leave the share s of its variance makes an eigenvalue of s or less
    if np.linalg.eigvalsh(correlations)[0] > ROUNDED:
        return
    free: list[int] = []
    repeating: set[str] = set()
    for place, name in enumerate(names):
        shared = correlations[free, place]
        weights = np.linalg.solve(correlations[np.ix_(free, free)], shared) if free else shared
        if correlations[place, place] - shared @ weights > ROUNDED:
            free.append(place)
            continue
        parts = [part for part, weight in zip(free, weights, strict=True) if abs(weight) > NEGLIGIBLE]
        others = [names[part] for part in parts]
        if len(parts) < 2 or {name, *others} <= {*flags}:
            continue
        coefficients = _coefficients(values[:, place], values[:, parts])
        if _closes(coefficients) or not _are_close(values[:, place], values[:, parts] @ coefficients):
            continue
        related = {names[of]: values[:, of] for of in (*parts, place)}
        relation = _relation({of: related[of] for of in columns if of in related}, repeating)
        if relation.is_sum or len(parts) <= MOST_WEIGHED:
            repeating.add(relation.column)
            yield relation


def _complete(values: Floats) -> Floats:
    """The customers whose values are all known; where these are few, all, with 0 for what is missing, as in a pivot."""
    known = values[np.isfinite(values).all(axis=1)]
    return known if 2 * len(known) >= len(values) else np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)


def _coefficients(values: Floats, parts: Floats) -> Floats:
    """The coefficients (parts,) by which values (customers,) follow from parts (customers, parts), best of all."""
    means, scales = parts.mean(axis=0), parts.std(axis=0)
    weights = np.linalg.lstsq((parts - means) / scales, values - values.mean())[0]
    return np.asarray(weights / scales)


def _are_close(values: Floats, others: Floats) -> bool:
    """Whether values (customers,) are other ones but for a constant and rounding, for nearly every customer."""
    differences = values - others
    left = np.abs(differences - differences.mean())
    low, high = np.quantile(values, [0.05, 0.95])
    spread = high - low if high > low else values.std()  # one large value may hide that all others differ
    return bool(
        np.mean(left**2) <= ROUNDED * values.var() and np.mean(left <= CLOSE * spread) >= NEARLY_ALL and spread > 0
    )


def _closes(coefficients: Floats) -> bool:
    """Whether a column is what the others leave of a whole that is the same for every customer."""
    return bool(np.allclose(coefficients, -1.0, atol=CLOSE))


def _relation(related: Mapping[str, Floats], repeating: Collection[str]) -> Repetition:
    """The relation of columns of which each follows from the others: a sum where one is, else that of the last.

    repeating : columns that are named already.
    """
    for name, values in related.items():
        others = [other for other in related if other != name]
        if _are_close(values, np.sum([related[other] for other in others], axis=0)):
            return Repetition(name, tuple(others), is_sum=True)
    last = [name for name in related if name not in repeating][-1]
    return Repetition(last, tuple(name for name in related if name != last))
