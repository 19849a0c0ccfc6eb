"""The conditions of the settings and the ready-made ones, as the vectors of the settings allow them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from features.conditions.on_vectors.named_conditions import named_conditions
from features.conditions.on_vectors.ready_made import ready_list
from features.conditions.on_vectors.vector_figures import FrameFigures
from features.conditions.written import READY
from jobs.customer_vectors import vectors_of
from jobs.membership.met_conditions import conditions_of
from segment_model.errors import SettingsError
from training.settings import Settings


@dataclass(frozen=True, slots=True)
class ListedCondition:
    """A condition that can be evaluated. customers : how many meet it at the as-of moment. is_set : in the settings."""

    name: str
    text: str
    words: str
    customers: int
    is_set: bool


@dataclass(frozen=True)
class ConditionList:
    """usable : those of the settings, then the ready-made ones that they do not have. off : by name, why a ready-made
    one cannot be evaluated."""

    usable: tuple[ListedCondition, ...]
    off: Mapping[str, str]


def list_conditions(settings: Settings, base: Path) -> ConditionList:
    """All conditions that can be evaluated on the vectors of the settings.

    Raises
    ------
    SegmentsError
        If a table cannot be read, or a condition of the settings cannot be evaluated.
    """
    vectors = vectors_of(settings, base)
    contract, frame = vectors.contract, vectors.frame
    figures = FrameFigures(frame)
    chosen = conditions_of(settings, contract, figures)
    usable = [
        ListedCondition(name, condition.text, chosen.words[name], int(condition.meets(frame).sum()), True)
        for name, condition in chosen.by_name.items()
    ]
    ready = ready_list(contract, figures)
    off = {
        name: "needs the columns " + " or ".join(", ".join(needs) for needs in ways) for name, ways in ready.off.items()
    }
    for name in ready.usable:
        if name in chosen.by_name:
            continue
        try:
            (condition,) = named_conditions({name: READY}, contract, figures).by_name.values()
        except SettingsError as error:
            off[name] = str(error).removeprefix(f"conditions.{name}: ")
            continue
        words, customers = ready.usable[name].words, int(condition.meets(frame).sum())
        usable.append(ListedCondition(name, condition.text, words, customers, False))
    return ConditionList(tuple(usable), off)
