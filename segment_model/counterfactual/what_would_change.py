"""What would change it: the smallest change, in the user's units, that moves a customer to another segment.

The caller marks the features that can change; columns derived from them move along. Where segments are the cells of
sites and no column is derived, the change is the smallest move in encoded space (`smallest_change`); otherwise a search
returns a small one (`searched_change`). The model assigns the changed customer again before the change is reported.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from segment_model.assigners.assigner import Assigner
from segment_model.contract import Column, Role, VectorContract
from segment_model.counterfactual.derived import RELATIONS, Derived, Relation, followers
from segment_model.counterfactual.free_categories import Codes, FreeCategory
from segment_model.counterfactual.free_numbers import SAME, FreeNumber
from segment_model.counterfactual.searched_change import search_change
from segment_model.counterfactual.smallest_change import smallest_change
from segment_model.display.shown_table import ShownTable, shown_as_table
from segment_model.encoding.column_values import kind_bounds
from segment_model.encoding.encoder import (
    MISSING_LEVEL,
    CategoryEncoding,
    Encoder,
    Flags,
    Floats,
    Indices,
    RawCustomers,
)
from segment_model.encoding.reader import Record, Table
from segment_model.errors import ContractError, counted, nearest_word
from segment_model.interruption import Check, go_on
from segment_model.language.wording import in_words_of_change, plain_number
from segment_model.scoring.answers import Assignments
from segment_model.scoring.scoring import Scorer

MOST_PLACES = 256
AT_ONCE = 256  # changed customers judged between two calls of the check
Value = float | str | None


class ChangedModel(Protocol):
    """The parts of a `SegmentModel` that the search uses."""

    @property
    def contract(self) -> VectorContract: ...
    @property
    def encoder(self) -> Encoder: ...
    @property
    def assigner(self) -> Assigner: ...
    @property
    def scorer(self) -> Scorer: ...
    @property
    def ids(self) -> tuple[str, ...]: ...
    @property
    def centres(self) -> Floats: ...
    def position(self, segment_id: str) -> int: ...
    def assign_records(self, customers: Table) -> Assignments: ...


@dataclass(frozen=True, slots=True)
class Change:
    """One column that changes, in the user's units. `follows` is true where it moves by definition with others."""

    column: str
    before: Value
    after: Value
    unit: str
    words: str
    follows: bool = False


@shown_as_table
@dataclass(frozen=True, slots=True)
class WhatWouldChange:
    """The change that moves a customer to segment `to`, or the reason why there is none.

    segment_id : the customer's present segment (None where unassigned). reachable : whether a change leads there; if
    not, `reason` says why and there are no changes. customer : the changed customer, whom the model assigns to `to`.
    distance : the encoded (Euclidean) length of the move. least_distance : the smallest there is, before rounding;
    None where the change was found by search. exact : no other whole numbers and categories make a smaller change.
    """

    to: str
    segment_id: str | None
    reachable: bool
    changes: tuple[Change, ...] = ()
    distance: float = math.nan
    least_distance: float | None = None
    exact: bool = False
    reason: str = ""
    customer: Mapping[str, Value] | None = None

    @property
    def _shown(self) -> ShownTable:
        if not self.reachable:
            return ShownTable(f"No change leads to {self.to}: {self.reason}")
        if not self.changes:
            return ShownTable(f"The customer is in {self.to} already")
        kind = "The smallest change" if self.exact else "The smallest change that a search found"
        rows = [(change.words, "follows" if change.follows else "") for change in self.changes]
        return ShownTable(f"{kind} that leads to {self.to}, {self.distance:.3f} away", ("change", ""), rows)


def what_would_change(
    model: ChangedModel,
    customer: Record,
    to: str,
    changeable: Sequence[str],
    relations: Collection[Relation] = RELATIONS,
    check: Check = go_on,
) -> WhatWouldChange:
    """The smallest change of the `changeable` basis columns that moves the customer to the segment `to`.

    Values stay within what training looked at (the encoder's clip range) and within their kind: counts whole, shares
    from 0 to 1, money in cents. A category goes to a level that training kept.

    check : called every few milliseconds of the search; what it raises ends it.

    Raises
    ------
    ContractError
        If the model has no such segment, or `changeable` is empty, no list, or names a column that is not a basis
        column.
    InputError
        If the customer does not follow the model's contract.
    """
    target = model.position(to)
    if isinstance(changeable, str):
        raise ContractError(f"changeable is a list of columns; write [{changeable!r}]")
    if not isinstance(changeable, Iterable):
        such_as = [*model.encoder.columns[:2]]
        raise ContractError(f"changeable is a list of columns, such as {such_as}; got {type(changeable).__name__}")
    names = [*dict.fromkeys(_changeable(model, name).name for name in changeable)]
    if not names:
        raise ContractError("no changeable column: name at least one of " + ", ".join(model.encoder.columns))
    question = _Question(model, customer, target, names, relations, check)
    segment = _segment(model, customer)
    if segment == to:
        same = question.customer
        return WhatWouldChange(to, segment, True, distance=0.0, least_distance=0.0, exact=True, customer=same)
    return replace(question.answer(), segment_id=segment)


def _changeable(model: ChangedModel, name: str) -> Column:
    column = model.contract[name]
    if column.role is not Role.BASIS:
        names = model.encoder.columns
        raise ContractError(
            f"{name!r} only describes customers and never moves one; the basis columns are {', '.join(names)}."
            + nearest_word(name, names)
        )
    return column


def _segment(model: ChangedModel, record: Record) -> str | None:
    assignments = model.assign_records([record])
    return None if assignments.unassigned[0] else model.ids[assignments.nearest[0]]


class _Question:
    """One customer, one target, the columns that may move and those that follow."""

    def __init__(
        self,
        model: ChangedModel,
        customer: Record,
        target: int,
        changeable: Sequence[str],
        relations: Collection[Relation],
        check: Check,
    ) -> None:
        self._model, self._target, self._check = model, target, check
        self._raw = model.scorer.reader.records([customer])
        self.customer = model.scorer.reader.plain(customer)
        self._codes: Codes = tuple(int(code) for code in self._raw.codes[:, 0])
        self._point = model.encoder.encode(self._raw)[:, 0]
        self._numbers = {name: row for row, name in enumerate(model.encoder.numbers.names)}
        self._categories = {category.name: row for row, category in enumerate(model.encoder.categories)}
        self._now = self._known_numbers()
        moving, self._following = followers(relations, model.contract, self._now.keys(), changeable)
        self._free = tuple(
            FreeNumber(model.encoder.numbers, model.contract[name], self._numbers[name], self._raw.numbers[:, 0])
            for name in moving
            if name in self._numbers
        )
        self._levels = tuple(self._free_category(name) for name in moving if name in self._categories)

    def answer(self) -> WhatWouldChange:
        """The change, verified, or the reason why there is none."""
        sites = self._model.assigner.sites
        if sites is not None and not any(self._follows(name) for name in self._numbers):
            solution, proven = smallest_change(self._point, sites, self._target, self._free, self._levels, self._check)
            if solution is None:
                return self._nothing(proven)
            if self._changed(_one_customer(solution.numbers))[2][0]:  # else a descriptor that follows forbids it
                return self._verified(solution.numbers, solution.codes, solution.least_distance, proven)
        candidate = search_change(self._free, self._levels, self._places(), self._judge)
        if candidate is None:
            return self._nothing(proven=False)
        return self._verified(candidate.numbers, candidate.codes, None, False)

    def _follows(self, name: str) -> bool:
        return any(derived.column == name for derived in self._following)

    # -- the customer ------------------------------------------------------------------------------------------

    def _known_numbers(self) -> dict[str, float]:
        """All numbers that the customer has, descriptors too: name to value, NaN where missing."""
        named = ((name, value) for name, value in self.customer.items() if not self._model.contract[name].is_category)
        return {name: math.nan if value is None else float(value) for name, value in named}

    def _free_category(self, name: str) -> FreeCategory:
        position = self._categories[name]
        encoding: CategoryEncoding = self._model.encoder.categories[position]
        start = int(self._model.encoder.starts[len(self._numbers) + position])
        own = self._codes[position]
        named = tuple(code for code, level in enumerate(encoding.levels) if level != MISSING_LEVEL and code != own)
        return FreeCategory(encoding, start, own, named)

    def _all_codes(self, codes: Codes) -> Indices:
        """(categories,) codes with those of the free categories replaced."""
        result = np.array(self._codes, dtype=np.intp)
        for level, code in zip(self._levels, codes, strict=True):
            result[self._categories[level.encoding.name]] = code
        return result

    def _changed(self, values: Floats) -> tuple[Floats, dict[str, Floats], Flags]:
        """(d, n) free numbers -> (p, n) numbers, the columns that moved by name, and which are possible."""
        size = values.shape[1]
        numbers = np.repeat(self._raw.numbers, size, axis=1)
        then: dict[str, Floats] = {}
        for free, row in zip(self._free, values, strict=True):
            numbers[free.row], then[free.column.name] = row, row
        possible = np.ones(size, dtype=np.bool_)
        for derived in self._following:
            value = np.broadcast_to(derived.value(self._now, then), size).astype(np.float64)
            then[derived.column] = value
            possible &= self._possible(derived, value)
            if derived.column in self._numbers:
                numbers[self._numbers[derived.column]] = np.where(possible, value, np.nan)
        return numbers, then, possible

    def _possible(self, derived: Derived, values: Floats) -> Flags:
        column = self._model.contract[derived.column]
        low, high = kind_bounds(column.kind)
        fits = (values >= low) & (values <= high)  # what is `IMPOSSIBLE` is in no range
        return np.asarray(fits | (np.isnan(values) & column.nullable), dtype=np.bool_)

    def _judge(self, values: Floats, codes: Codes) -> tuple[Flags, Floats]:
        """Whether the model would put each changed customer into the target, and the squared distance moved."""
        numbers, _, possible = self._changed(values)
        size = values.shape[1]
        every = np.repeat(self._all_codes(codes)[:, None], size, axis=1)
        changed = RawCustomers(numbers, every, np.zeros(every.shape, dtype=np.bool_))
        inside, cost = np.empty(size, dtype=np.bool_), np.empty(size)
        for start in range(0, size, AT_ONCE):
            self._check()
            part = slice(start, start + AT_ONCE)
            points = self._model.encoder.encode(changed.slice(part.start, part.stop))
            near = self._model.assigner.nearest(points)
            inside[part] = (near.segment == self._target) & ~near.outside
            cost[part] = np.sum((points - self._point[:, None]) ** 2, axis=0)
        return inside & possible, cost

    def _places(self) -> Floats:
        """(d, m) encoded values of the free numbers where the target segment's customers lie."""
        rows = np.array([free.row for free in self._free], dtype=np.intp)
        places = self._model.assigner.places_in(self._target, MOST_PLACES)
        inside: Floats = self._model.centres[[self._target]] if places is None else places
        return inside.T[rows]

    # -- the answer --------------------------------------------------------------------------------------------

    def _record(self, then: Mapping[str, Floats], codes: Codes) -> dict[str, Value]:
        """The customer with the values that changed; the others are as they came."""
        changed = dict(self.customer)
        for name, value in then.items():
            if not _same(self._now[name], float(value[0])):
                changed[name] = None if math.isnan(value[0]) else float(value[0])
        for level, code in zip(self._levels, codes, strict=True):
            if code != level.code:
                changed[level.encoding.name] = level.encoding.levels[code]
        return changed

    def _verified(
        self, values: Sequence[float], codes: Codes, least_distance: float | None, exact: bool
    ) -> WhatWouldChange:
        _, then, _ = self._changed(_one_customer(values))
        changed = self._record(then, codes)
        to = self._model.ids[self._target]
        if _segment(self._model, changed) != to:
            return self._not_found("no rounded values were confirmed by the model")
        points = self._model.encoder.encode(self._model.scorer.reader.records([changed]))
        distance = float(np.sqrt(np.sum((points[:, 0] - self._point) ** 2)))
        return WhatWouldChange(
            to, None, True, self._changes(changed), distance, least_distance, exact, customer=changed
        )

    def _changes(self, changed: Mapping[str, Value]) -> tuple[Change, ...]:
        changes = []
        for name in self._model.contract.names:
            if name not in changed:
                continue
            before, after = self.customer[name], changed[name]
            if before == after:
                continue
            column = self._model.contract[name]
            words = in_words_of_change(before, after, column)
            changes.append(Change(name, before, after, column.unit, words, self._follows(name)))
        return tuple(changes)

    def _not_found(self, reason: str) -> WhatWouldChange:
        return WhatWouldChange(self._model.ids[self._target], None, False, reason=reason)

    def _nothing(self, proven: bool) -> WhatWouldChange:
        """No values of the free columns, within their ranges, reach the target; `proven` where all were tried."""
        parts = [f"{n.column.name} ({plain_number(n.reach[0])} to {plain_number(n.reach[1])})" for n in self._free]
        parts += [f"{c.encoding.name} ({counted(len(c.choices), 'other level')})" for c in self._levels]
        nothing = "no values of" if proven else "a search found no values of"
        return self._not_found(f"{nothing} {', '.join(parts)} would do; mark more columns as changeable")


def _one_customer(values: Sequence[float]) -> Floats:
    """One customer's free numbers, (d, 1)."""
    return np.array(values, dtype=np.float64).reshape(-1, 1)


def _same(before: float, after: float) -> bool:
    return before == after or (math.isnan(before) and math.isnan(after)) or abs(before - after) <= SAME * abs(before)
