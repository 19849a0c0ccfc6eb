"""The evidence behind the verdict, the ladder of divisions and what changed, with today's names of segments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reporting.content.report_content import DiscoveryContent, SegmentChange, WhatChanged
from reporting.rendering import WriteAmount, money_column
from reporting.sections.keys import Key, Keys
from segment_model.errors import counted, percent
from training.continuum.ladder import LEAST_RECOVERED
from training.evaluation.bootstrap_recovery import DISSOLVED, RECURRING
from training.separation.gaps import LEAST_BELT, MOST_CHANCE, MOST_DEPTH

LIMITS = {
    "stable": RECURRING,
    "dissolved": DISSOLVED,
    "depth": MOST_DEPTH,
    "chance": MOST_CHANCE,
    "belt": LEAST_BELT,
}
FATE_ORDER = ("new", "split", "merged", "kept", "ended")


def evidence_shown(discovery: DiscoveryContent, keys: Keys) -> dict[str, Any]:
    """What the template `evidence.html` shows."""
    evidence = discovery.evidence
    recovered = evidence.recovered
    return {
        "silhouette": evidence.silhouette,
        "silhouette_without_groups": evidence.silhouette_without_groups,
        "recovered_mean": sum(recovered.values()) / max(len(recovered), 1),
        "recovered_least": min(recovered.values(), default=0.0),
        "smallest_share": evidence.smallest_share,
        "unassigned_share": evidence.unassigned_share,
        "gaps": sum(pair.gap for pair in evidence.pairs),
        "pairs": [
            {
                "a": keys[pair.segment_a],
                "b": keys[pair.segment_b],
                "gap": pair.gap,
                "depth": _two_digits(pair.depth),
                "chance": _chance(pair.chance),
                "belt": _two_digits(pair.belt),
            }
            for pair in evidence.pairs
        ],
        "segments": [(keys[segment_id], f"{similarity:.2f}") for segment_id, similarity in recovered.items()],
        "limits": LIMITS,
    }


def _two_digits(figure: float | None) -> str:
    return "–" if figure is None else f"{figure:.2f}"


def _chance(chance: float | None) -> str:
    if chance is None:
        return "–"
    return "< 0.001" if chance < 0.001 else f"{chance:.3f}"


def ladder_shown(discovery: DiscoveryContent, keys: Keys) -> dict[str, Any] | None:
    """What the template `ladder.html` shows; None where no other numbers of segments were compared."""
    if discovery.ladder is None:
        return None
    rows = [
        {
            "division": division,
            "united": "; ".join(" + ".join(keys[own].name for own in union) for union in division.united),
        }
        for division in discovery.ladder.divisions
    ]
    return {
        "rows": rows,
        "sentence": discovery.ladder.sentence,
        "is_finest": discovery.ladder.is_finest,
        "least": LEAST_RECOVERED,
    }


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A segment's fate, its sizes then, now by the last champion and now by this one, and whom it got from others."""

    key: Key
    fate: str
    sizes: tuple[str, str, str]
    money: tuple[str, ...]
    arrivals: str


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed since the last champion."""

    summary: str
    rows: tuple[ChangeRow, ...]
    reassigned: str
    money_title: str
    notes: tuple[str, ...]
    champion: str


def changes_shown(changed: WhatChanged, keys: Keys) -> Changes:
    """What the template `changes.html` shows."""
    fates = [segment.fate for segment in changed.segments]
    counts = ", ".join(f"{fates.count(fate)} {fate}" for fate in FATE_ORDER if fate in fates)
    write = money_column(amount for each in changed.segments for amount in (each.money_old, each.money_new))
    return Changes(
        summary=counts,
        rows=tuple(_change_row(segment, changed, keys, write) for segment in changed.segments),
        reassigned=_reassigned(changed.reassigned, changed.compared),
        money_title=f"{changed.money_title} ({changed.money_unit})" if changed.money_title else "",
        notes=changed.notes,
        champion=changed.champion,
    )


def _change_row(segment: SegmentChange, changed: WhatChanged, keys: Keys, write: WriteAmount) -> ChangeRow:
    former = {each.id: each.name for each in changed.segments}
    arrivals = (
        f"{arrival.customers:,} from {keys[arrival.source].letter or former.get(arrival.source, arrival.source)}"
        for arrival in segment.arrivals
    )
    key = keys[segment.id]
    return ChangeRow(
        key=key if segment.id in keys else Key(segment.id, "", key.style, segment.name),
        fate=segment.fate,
        sizes=(_count(segment.size_then), _count(segment.size_old), _count(segment.size_new)),
        money=tuple("–" if amount is None else write(amount) for amount in (segment.money_old, segment.money_new)),
        arrivals="; ".join(arrivals),
    )


def _count(size: int | None) -> str:
    return "–" if size is None else f"{size:,}"


def _reassigned(count: int | None, compared: int) -> str:
    """How many of the compared customers; empty where it is not known."""
    if count is None:
        return ""
    return f"{count:,} of {counted(compared, 'customer')} ({percent(count / max(compared, 1))})"
