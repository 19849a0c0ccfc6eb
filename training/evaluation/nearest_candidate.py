"""Which settings would let a refused candidate through: the limits that it breaks, with values that it keeps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from segment_model.errors import counted, percent
from training.evaluation.quality import Judgement
from training.settings import DiscoverySettings

SHARE_STEP = Decimal("0.001")  # to which an upper limit is rounded
MOST_DECIMALS = 6  # of a percentage beside its limit
OF_FORCE = 10.0  # `force` gives up a test of trust, and is proposed only where moving limits does not suffice
Limits = Mapping[str, float]


@dataclass(frozen=True)
class NearestCandidate:
    """The refused candidate that needs the fewest and smallest changes; `changes` are settings of `discovery`."""

    position: int
    changes: Limits

    @property
    def as_settings(self) -> str:
        """The changes as a person writes them into the settings file."""
        written = ", ".join(f"{name}: {_yaml(setting)}" for name, setting in self.changes.items())
        return f"`discovery: {{{written}}}`"


def limits_to_move(judgement: Judgement, settings: DiscoverySettings, is_unsteady: bool) -> Limits:
    """By setting that the candidate breaks, the nearest round value that it keeps; empty where it breaks none."""
    moved: dict[str, float] = {}
    if judgement.segments < settings.min_segments:
        moved["min_segments"] = judgement.segments
    if judgement.segments > settings.max_segments:
        moved["max_segments"] = judgement.segments
    if judgement.smallest_share < settings.min_share and not judgement.small_hold_money:
        moved["min_share"] = _rounded_down(judgement.smallest_share)
    if judgement.largest_share > settings.max_share:
        moved["max_share"] = _rounded_up(judgement.largest_share)
    if judgement.unassigned_share > settings.max_unassigned:
        moved["max_unassigned"] = _rounded_up(judgement.unassigned_share)
    return {**moved, "force": True} if is_unsteady and not settings.force else moved


def nearest_candidate(limits: Mapping[int, Limits], settings: DiscoverySettings) -> NearestCandidate | None:
    """The nearest of the refused candidates, whose `limits_to_move` come by position; None where there are none."""
    if not limits:
        return None
    position = min(limits, key=lambda p: (len(limits[p]), _distance(limits[p], settings), p))
    return NearestCandidate(position, limits[position])


def broken_in_words(limits: Mapping[int, Limits]) -> str:
    """How many candidates break each limit, most first: "min_share is broken by 3 candidates, ..."."""
    counts = Counter(name for moved in limits.values() for name in moved if name != "force")
    return ", ".join(f"{name} by {counted(count, 'candidate')}" for name, count in counts.most_common())


def beside_limit(share: float, limit: float) -> tuple[str, str]:
    """Both as percentages with as many decimals as tell them apart: 0.96 % under 1 % is no "1.0 %, under 1.0 %"."""
    for decimals in range(1, MOST_DECIMALS):
        words = percent(share, decimals), percent(limit, decimals)
        if words[0] != words[1]:
            return words
    return percent(share, MOST_DECIMALS), percent(limit, MOST_DECIMALS)


def _distance(moved: Limits, settings: DiscoverySettings) -> float:
    """How far the limits move, each relative to itself."""
    return sum(
        OF_FORCE if name == "force" else abs(limit - getattr(settings, name)) / max(limit, getattr(settings, name))
        for name, limit in moved.items()
    )


def _rounded_down(share: float) -> float:
    """At most the share, in two digits that matter: 0.00437 as 0.0043."""
    exact = Decimal(repr(share))
    return float(exact.quantize(Decimal(1).scaleb(exact.adjusted() - 1), ROUND_FLOOR)) if share else 0.0


def _rounded_up(share: float) -> float:
    """At least the share, in steps of `SHARE_STEP`."""
    return float(Decimal(repr(share)).quantize(SHARE_STEP, ROUND_CEILING))


def _yaml(setting: float) -> str:
    return str(setting).lower() if isinstance(setting, bool) else f"{setting:g}"
