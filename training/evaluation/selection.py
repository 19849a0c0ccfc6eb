"""The choice of one candidate by gaps, silhouette and stability, with the reason in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType

from segment_model.errors import DiscoveryError, counted
from training.evaluation.nearest_candidate import broken_in_words, limits_to_move, nearest_candidate
from training.evaluation.quality import Judgement
from training.evaluation.share_words import beside_limit
from training.settings import DiscoverySettings

AS_GOOD_AS_EQUAL = 0.01  # silhouette; smaller differences are sampling noise
LEAST_STABILITY = 0.5  # adjusted Rand index between halves; below it the segments depend on the sample
MOSTLY = 0.5  # share of neighbouring pairs with a belt
MOST_PARTED = 0.75  # share of neighbouring pairs with a gap; from there gaps count more than the silhouette

Refines = Callable[[int, int], bool]


class SeparationTier(IntEnum):
    """How far gaps separate a candidate's segments; tiers are compared before silhouettes (`_leading`, `_best`)."""

    GRADUAL = 0  # segments pass into each other
    MOSTLY_PARTED = 1
    PARTED = 2  # a gap between every two neighbours
    BELTED = 3  # a sparse belt between every two neighbours, which a slice across a shape never has


@dataclass(frozen=True)
class Choice:
    """Which candidate is chosen, why, and a remark on every candidate."""

    chosen: int
    reason: str
    remarks: tuple[str, ...]


def objections(judgement: Judgement, settings: DiscoverySettings) -> list[str]:
    """Why a candidate may not be chosen; empty where it may."""
    reasons = []
    if not settings.min_segments <= judgement.segments <= settings.max_segments:
        reasons.append(
            f"{counted(judgement.segments, 'segment')}, allowed are {settings.min_segments} to {settings.max_segments}"
        )
    if judgement.smallest_share < settings.min_share and not judgement.small_hold_money:
        share, limit = beside_limit(judgement.smallest_share, settings.min_share)
        reasons.append(f"the smallest segment holds {share}, under {limit}")
    if judgement.largest_share > settings.max_share:
        share, limit = beside_limit(judgement.largest_share, settings.max_share)
        reasons.append(f"one segment holds {share}, over {limit}")
    if judgement.unassigned_share > settings.max_unassigned:
        share, limit = beside_limit(judgement.unassigned_share, settings.max_unassigned)
        reasons.append(f"{share} unassigned, over {limit}")
    return reasons if settings.force else reasons + unsteadiness(judgement)


def unsteadiness(judgement: Judgement) -> list[str]:
    """The objection to gradual segments on which two halves of the customers disagree.

    Other tiers need no stability, because their gaps are tested on held-out customers.
    """
    if tier_of(judgement) > SeparationTier.GRADUAL or judgement.stability >= LEAST_STABILITY:
        return []
    return [f"two halves of the customers agree to {judgement.stability:.2f}, under {LEAST_STABILITY}"]


def choose(
    names: Sequence[str],
    judgements: Sequence[Judgement | None],
    settings: DiscoverySettings,
    refines: Refines = lambda _finer, _coarser: False,
    refused: Mapping[int, str] = MappingProxyType({}),
) -> Choice:
    """Choose the best separated candidate among those without objection.

    judgements : None for a candidate that was not judged. refines : whether the first candidate only divides the
    segments of the second. refused : by position, why a candidate may not be chosen.

    Raises
    ------
    DiscoveryError
        If every candidate is refused, with each reason, and the settings that would let the nearest one through.
    """
    remarks: list[str] = []
    allowed: dict[int, Judgement] = {}
    for position, judgement in enumerate(judgements):
        if judgement is None:
            remarks.append(f"refused: {refused.get(position, 'fewer than two segments')}")
            continue
        against = objections(judgement, settings) + ([refused[position]] if position in refused else [])
        score = f"silhouette {judgement.silhouette:.3f}, stability {judgement.stability:.2f}"
        remarks.append(f"refused: {'; '.join(against)} ({score})" if against else score)
        if not against:
            allowed[position] = judgement
    if not allowed:
        reasons = "; ".join(f"{name}: {remark}" for name, remark in zip(names, remarks, strict=True))
        raise DiscoveryError(f"{_nothing_allowed(names, judgements, settings, refused)} {reasons}")
    leading = _leading(allowed, refines)
    best = _best(leading, refines)
    rank = _rank(len(allowed), len(names))
    return Choice(best, f"{names[best]}: {remarks[best]}; {rank}", tuple(remarks))


def _nothing_allowed(
    names: Sequence[str],
    judgements: Sequence[Judgement | None],
    settings: DiscoverySettings,
    refused: Mapping[int, str],
) -> str:
    """What to try where every candidate is refused."""
    limits = {
        position: limits_to_move(judgement, settings, bool(unsteadiness(judgement)))
        for position, judgement in enumerate(judgements)
        if judgement is not None and position not in refused
    }
    nearest = nearest_candidate(limits, settings)
    if nearest is None:
        tried = "no candidate may be chosen: none made segments that can be judged"
        return f"{tried}. Try other `discovery.algorithms` or basis columns."
    unsteady = any(set(moved) == {"force"} for moved in limits.values())
    what = "no reproducible structure" if unsteady else "no candidate may be chosen"
    broken = broken_in_words(limits)
    return (
        f"{what}. {names[nearest.position]} comes nearest: {nearest.as_settings} lets it through."
        f"{f' Limits broken: {broken}.' if broken else ''}"
    )


def tier_of(judgement: Judgement) -> SeparationTier:
    """How far gaps separate a candidate's segments."""
    if judgement.belt_share == 1:
        return SeparationTier.BELTED
    if judgement.gap_share == 1:
        return SeparationTier.PARTED
    return SeparationTier.MOSTLY_PARTED if judgement.gap_share >= MOST_PARTED else SeparationTier.GRADUAL


def _leading(allowed: Mapping[int, Judgement], refines: Refines) -> Mapping[int, Judgement]:
    """The candidates that compete: those of the highest tier, where `PARTED` and `BELTED` count as one.

    If no candidate is `BELTED`, mostly parted ones with belts come before parted ones, unless they only divide these.
    """
    tiers = {position: tier_of(judgement) for position, judgement in allowed.items()}
    if SeparationTier.BELTED not in tiers.values():
        # where belts mostly separate shapes, the valleys of a candidate without belts come from slicing the shapes
        mostly = SeparationTier.MOSTLY_PARTED
        shapes = {p: j for p, j in allowed.items() if tiers[p] is mostly and j.belt_share >= MOSTLY}
        rivals = [p for p, tier in tiers.items() if tier is SeparationTier.PARTED]
        if shapes and not any(refines(shape, rival) for shape in shapes for rival in rivals):
            return shapes
    level = min(max(tiers.values()), SeparationTier.PARTED)
    return {position: judgement for position, judgement in allowed.items() if tiers[position] >= level}


def _best(leading: Mapping[int, Judgement], refines: Refines) -> int:
    """The finest of parted candidates; of mostly parted ones, the best with most belts; else the best separated.

    A belted candidate loses only to a parted one that divides its segments: a slice across two rings may look parted
    where the straight line between its pieces crosses a hole.
    """
    tier = tier_of(next(iter(leading.values())))
    if tier is SeparationTier.GRADUAL:
        return _best_separated(leading)
    if tier is SeparationTier.MOSTLY_PARTED:
        most = max(judgement.belt_share for judgement in leading.values())
        return _best_separated({p: j for p, j in leading.items() if j.belt_share == most})
    belted = {p: j for p, j in leading.items() if tier_of(j) is SeparationTier.BELTED}
    best = _finest(belted or leading, refines)
    finer = {p: j for p, j in leading.items() if j.segments > leading[best].segments and refines(p, best)}
    return _finest(finer, refines) if finer else best


def _finest(candidates: Mapping[int, Judgement], refines: Refines) -> int:
    """Of the candidates with most segments the tightest, or a better separated one with nearly the same segments.

    The silhouette alone does not suffice: it weighs all directions alike, and prefers a border oblique to the gap.
    """
    most = max(judgement.segments for judgement in candidates.values())
    finest = {p: j for p, j in candidates.items() if j.segments == most}
    tightest = min(finest, key=lambda p: (finest[p].scatter, p))
    return _best_separated({p: j for p, j in finest.items() if p == tightest or refines(p, tightest)})


def _best_separated(candidates: Mapping[int, Judgement]) -> int:
    """The best silhouette; among nearly equal ones the most stable, and then the one with fewest unassigned."""
    level = max(judgement.silhouette for judgement in candidates.values()) - AS_GOOD_AS_EQUAL
    contenders = {position: j for position, j in candidates.items() if j.silhouette >= level}
    return max(contenders, key=lambda p: (round(contenders[p].stability, 2), -contenders[p].unassigned_share, -p))


def _rank(allowed: int, tried: int) -> str:
    if tried == 1:
        return "the only one tried"
    refused = f"{counted(tried - allowed, f'of {tried} was', f'of {tried} were')} refused"
    if allowed == 1:
        return f"the only one without objection ({refused})"
    return f"the best separated of {allowed} without objection ({refused})"
