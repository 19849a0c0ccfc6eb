"""The named conditions of the settings, read against the vectors on which they are evaluated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from features.conditions.on_vectors.ready_made import PLACE, ReadyMade, ready_list
from features.conditions.on_vectors.vector_condition import VectorCondition
from features.conditions.on_vectors.vector_figures import VectorFigures
from features.conditions.written import READY
from segment_model.contract import VectorContract
from segment_model.errors import SettingsError, nearest_word


@dataclass(frozen=True)
class NamedConditions:
    """Conditions by name, in the order of the settings.

    words : what each means: that of a ready-made one, else its text. notes : the numbers that ready-made ones took from
    the vectors, as sentences.
    """

    by_name: Mapping[str, VectorCondition]
    words: Mapping[str, str]
    notes: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[str]:
        return iter(self.by_name)

    def __len__(self) -> int:
        return len(self.by_name)

    @property
    def texts(self) -> dict[str, str]:
        """The text of each, ready-made ones with their numbers, in which form they can be read again."""
        return {name: condition.text for name, condition in self.by_name.items()}

    @property
    def columns(self) -> dict[str, frozenset[str]]:
        """The columns that each reads."""
        return {name: frozenset(condition.columns) for name, condition in self.by_name.items()}

    def __getitem__(self, name: str) -> VectorCondition:
        """The condition of a name.

        Raises
        ------
        SettingsError
            If there is none, with the nearest name.
        """
        if name not in self.by_name:
            known = ", ".join(self.by_name) or "none"
            raise SettingsError(f"no condition {name!r}.{nearest_word(name, self.by_name)} The settings have {known}")
        return self.by_name[name]


NO_CONDITIONS = NamedConditions({}, {})


def named_conditions(
    conditions: Mapping[str, str], contract: VectorContract, vectors: VectorFigures
) -> NamedConditions:
    """Read the conditions of the settings.

    conditions : texts by name; READY stands for the ready-made one. vectors : as of the moment for which ready-made
    conditions take their numbers from them.

    Raises
    ------
    SettingsError
        If a name is that of a column, a text cannot be evaluated on the vectors, or a ready-made condition is unknown,
        lacks columns, or cannot take its number from these vectors.
    """
    by_name: dict[str, VectorCondition] = {}
    words: dict[str, str] = {}
    notes: list[str] = []
    ready = ready_list(contract, vectors) if READY in conditions.values() else None
    for name, text in conditions.items():
        place = f"conditions.{name}"
        if name in contract.names:
            raise SettingsError(f"{place}: the vector has a column of this name; give the condition another one")
        words[name] = text
        if text == READY and ready is not None:
            if name not in ready.usable:
                raise SettingsError(f"{place}: {_why_off(name, ready.usable, ready.off)}")
            entry = ready.usable[name]
            words[name] = entry.words
            text = resolved(entry, vectors, place)
            if entry.threshold is not None:
                notes.append(f"the condition {name} is {text}, computed from the vectors as of the as-of moment")
        by_name[name] = VectorCondition.read(text, contract, place)
    return NamedConditions(by_name, words, tuple(notes))


def resolved(entry: ReadyMade, vectors: VectorFigures, place: str) -> str:
    """The text of a ready-made condition, with what it takes from the vectors.

    Raises
    ------
    SettingsError
        If the vectors do not have it.
    """
    if entry.threshold is None:
        return entry.text
    try:
        return entry.text.replace(PLACE, entry.threshold(vectors))
    except SettingsError as error:
        raise SettingsError(f"{place}: {error}") from error


def _why_off(name: str, usable: Mapping[str, object], off: Mapping[str, tuple[tuple[str, ...], ...]]) -> str:
    if name in off:
        ways = " or ".join(", ".join(needs) for needs in off[name])
        return f"this ready-made condition needs the columns {ways}, which the vector does not have"
    known = ", ".join(usable) or "none"
    return f"no ready-made condition has this name.{nearest_word(name, usable)} Usable here are {known}"
