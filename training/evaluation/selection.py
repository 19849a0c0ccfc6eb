"""The choice of one candidate by gaps, silhouette and stability, with the reason in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from segment_model.errors import DiscoveryError, counted
from training.evaluation.nearest_candidate import broken_in_words, limits_to_move, nearest_candidate
from training.evaluation.quality import Judgement
from training.settings import DiscoverySettings

AS_GOOD_AS_EQUAL = 0.01  # silhouette; smaller differences are sampling noise
LEAST_STABILITY = 0.5  # adjusted Rand index between halves; below it the segments depend on the sample
LEAST_SUPPORT = 2  # that of two groups with a gap between them

Refines = Callable[[int, int], bool]


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
    if judgement.smallest_share < settings.min_share:
        reasons.append(f"the smallest segment holds {judgement.smallest_share:.1%}, under {settings.min_share:.1%}")
    if judgement.largest_share > settings.max_share:
        reasons.append(f"one segment holds {judgement.largest_share:.1%}, over {settings.max_share:.0%}")
    if judgement.unassigned_share > settings.max_unassigned:
        reasons.append(f"{judgement.unassigned_share:.0%} unassigned, over {settings.max_unassigned:.0%}")
    return reasons if settings.force else reasons + unsteadiness(judgement)


def unsteadiness(judgement: Judgement) -> list[str]:
    """The objection to gradual segments on which two halves of the customers disagree.

    Groups need no stability, because their gaps are tested on held-out customers.
    """
    if shows_groups(judgement) or judgement.stability >= LEAST_STABILITY:
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
    best = _best(allowed, refines)
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


def support(judgement: Judgement) -> int:
    """How well gaps support a candidate: the groups that they confirm, less the divisions that they do not.

    A candidate of k segments, of which gaps confirm g groups, divides groups k - g times without a gap.
    """
    return judgement.groups - (judgement.segments - judgement.groups)


def shows_groups(judgement: Judgement) -> bool:
    """Whether gaps support a candidate at least as well as two groups with a gap between them."""
    return support(judgement) >= LEAST_SUPPORT


def _best(allowed: Mapping[int, Judgement], refines: Refines) -> int:
    """The candidate that gaps support best; without any groups the best separated one.

    Of equally supported ones those with fewest segments come first, then the tightest.
    """
    most = max(support(judgement) for judgement in allowed.values())
    if most < LEAST_SUPPORT:
        return _best_separated(allowed)
    supported = {p: j for p, j in allowed.items() if support(j) == most}
    fewest = min(judgement.segments for judgement in supported.values())
    return _tightest({p: j for p, j in supported.items() if j.segments == fewest}, refines)


def _tightest(candidates: Mapping[int, Judgement], refines: Refines) -> int:
    """The candidate with least scatter, or a better separated one with nearly the same segments.

    The silhouette alone does not suffice: it weighs all directions alike, and prefers a border oblique to the gap.
    """
    tightest = min(candidates, key=lambda p: (candidates[p].scatter, p))
    return _best_separated({p: j for p, j in candidates.items() if p == tightest or refines(p, tightest)})


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
