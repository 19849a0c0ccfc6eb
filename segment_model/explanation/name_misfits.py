"""The words of a segment's name that do not hold for a customer, and the number that says so.

A name is true of most customers of its segment, not of each. A model keeps what each word of its names claims, in raw
values, and an explanation compares the customer's values with it: one comparison a claim.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from segment_model.contract import Column, VectorContract
from segment_model.encoding.column_values import plain_of
from segment_model.errors import ArtefactError
from segment_model.language.wording import exact_value

NAME_WORDS = "name_words"  # of the provenance: by segment id, what each word of its name claims
LEAST_ABOVE_ZERO = math.ulp(0.0)  # as a bound it says "above 0"
CLOSE = 0.01  # of a bound: values that differ by less may be written alike


@dataclass(frozen=True, slots=True)
class Claim:
    """What a word of a name claims of one column: a number from `least` to `most`, a category at `level`, no value.

    A word that speaks of several columns makes a claim of each.
    """

    word: str
    column: str
    least: float = -math.inf
    most: float = math.inf
    level: str | None = None
    unknown: bool = False

    def holds(self, known: float | str) -> bool:
        """Whether a known value agrees with the claim: a text is at the level, a number within the bounds."""
        if isinstance(known, str):
            return known == self.level
        return not self.unknown and self.least <= known <= self.most

    def to_json(self) -> dict[str, Any]:
        """Plain values for a model's provenance; open bounds are left out."""
        document: dict[str, Any] = {"word": self.word, "column": self.column}
        if self.unknown:
            return {**document, "unknown": True}
        if self.level is not None:
            return {**document, "level": self.level}
        bounds = {"least": self.least, "most": self.most}
        return {**document, **{name: float(bound) for name, bound in bounds.items() if math.isfinite(bound)}}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Claim:
        """The claim that `to_json` wrote."""
        return cls(**document)


@dataclass(frozen=True, slots=True)
class ColumnClaim:
    """A claim with the column of which it is made."""

    claim: Claim
    column: Column

    def misfit(self, customer: Mapping[str, Any]) -> NameMisfit | None:
        """The misfit of a customer whose value contradicts the claim.

        None where the value agrees, is missing, or is none of the column's kind, which a model refuses in the columns
        that it reads.
        """
        known = customer.get(self.column.name)
        if known is None:
            return None
        if type(known) is not float or self.column.is_category:
            known = plain_of(known, self.column)[1]
        if known is None or known != known or self.claim.holds(known):
            return None
        return NameMisfit(self, known)

    def words(self, exact: bool) -> str:
        """What is claimed: "at least 180 days", "80 to 300 GBP", "above 0", "Germany", "unknown".

        exact : bounds are written with all their digits and without a unit.
        """
        claim = self.claim
        if claim.unknown:
            return "unknown"
        if claim.level is not None:
            return claim.level
        if claim.least == claim.most:
            return self._number(claim.least, exact)
        bounds = []
        if claim.least > -math.inf:
            least = self._number(claim.least, exact)
            if claim.most < math.inf and LEAST_ABOVE_ZERO not in (abs(claim.least), abs(claim.most)):
                return f"{least.removesuffix(f' {self.column.unit}')} to {self._number(claim.most, exact)}"
            bounds.append("above 0" if claim.least == LEAST_ABOVE_ZERO else f"at least {least}")
        if claim.most < math.inf:
            is_negative = claim.most == -LEAST_ABOVE_ZERO
            bounds.append("below 0" if is_negative else f"at most {self._number(claim.most, exact)}")
        return " and ".join(bounds)

    def _number(self, number: float, exact: bool) -> str:
        return repr(number) if exact else exact_value(number, self.column)


@dataclass(frozen=True, slots=True)
class NameMisfit:
    """A word of a segment's name that does not hold for a customer, by the value of one column.

    Examples
    --------
    With `model` and `customers` of the example of `segments.discover`:

    >>> _, why = model.explain_record({"spend": 41.5, "visits": 5})
    >>> [misfit.words for misfit in why.name_misfits]
    ["spend: 41.5, not 'spend at most 22'"]
    """

    of: ColumnClaim
    value: float | str

    def __repr__(self) -> str:
        return self.words

    @property
    def word(self) -> str:
        """The word, or words, of the name: "lapsed"."""
        return self.of.claim.word

    @property
    def column(self) -> str:
        """The name of the column."""
        return self.of.column.name

    @property
    def claims(self) -> str:
        """What the word claims of the column: "at least 180 days"."""
        return self.of.words(self._looks_alike)

    @property
    def words(self) -> str:
        """The misfit in words: "time since the last order: 1 day, where 'lapsed' says at least 180 days".

        A word that names what it claims is not repeated: "spend: 90 EUR, not 'spend 110 to 500 EUR'".
        """
        shown = repr(self.value) if self._looks_alike else exact_value(self.value, self.of.column)
        claims = self.claims
        names_it = re.search(rf"(?<!\w){re.escape(claims)}(?!\w)", self.word)
        ending = f"not {self.word!r}" if names_it else f"where {self.word!r} says {claims}"
        return f"{self.of.column.title}: {shown}, {ending}"

    @property
    def _looks_alike(self) -> bool:
        """Whether the value and the bound that it misses would be written alike, so that all digits are needed."""
        claim, column = self.of.claim, self.of.column
        if isinstance(self.value, str) or claim.unknown:
            return False
        bound = claim.least if self.value < claim.least else claim.most
        is_close = abs(self.value - bound) <= CLOSE * abs(bound)
        return is_close and exact_value(self.value, column) == exact_value(bound, column)


Claims = tuple[ColumnClaim, ...]


def claims_of_segments(
    stored: Mapping[str, Sequence[Mapping[str, Any]]],
    contract: VectorContract,
    discovered_names: Mapping[str, str],
    names: Mapping[str, str],
) -> tuple[Claims | None, ...]:
    """What the words of each segment's name claim; None where that is not stored, or people gave another name.

    stored : the claims by segment id. discovered_names, names : by segment id, the name of the discovery and today's.

    Raises
    ------
    ArtefactError
        If a claim is of a column that the model does not have, or of a form that this version does not know.
    """
    return tuple(
        _read(stored[segment], contract) if segment in stored and name == discovered_names[segment] else None
        for segment, name in names.items()
    )


def _read(stored: Sequence[Mapping[str, Any]], contract: VectorContract) -> Claims:
    try:
        claims = [Claim.from_json(document) for document in stored]
        columns = {column.name: column for column in contract.columns}
        return tuple(ColumnClaim(claim, columns[claim.column]) for claim in claims)
    except (KeyError, TypeError) as error:
        raise ArtefactError(f"the words of a segment's name cannot be read: {error}") from error


def misfits(claims: Claims | None, customer: Mapping[str, Any]) -> tuple[NameMisfit, ...] | None:
    """The claims that a customer's values contradict, in the order of the name; None where no claims are known."""
    if claims is None:
        return None
    return tuple(misfit for claim in claims if (misfit := claim.misfit(customer)) is not None)
