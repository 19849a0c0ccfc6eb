"""One choice among the candidates, with the reason in writing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from segments.errors import DiscoveryError
from training.quality import Judgement
from training.settings import DiscoverySettings

AS_GOOD_AS_EQUAL = 0.01  # silhouette; smaller differences are the sample's
WORTH_A_CHANGE = 0.03  # silhouette; what a candidate must gain to be worth moving customers to other segments
LEAST_STABILITY = 0.5  # adjusted Rand index between halves; under it, the segments are an accident of the sample


@dataclass(frozen=True)
class Choice:
    """Which candidate was chosen, why, and for every candidate what was said of it."""

    chosen: int
    reason: str
    remarks: tuple[str, ...]


def objections(judgement: Judgement, settings: DiscoverySettings) -> list[str]:
    """Why a candidate may not be chosen; empty where it may."""
    found = []
    if not settings.min_segments <= judgement.segments <= settings.max_segments:
        found.append(f"{judgement.segments} segments, allowed are {settings.min_segments} to {settings.max_segments}")
    if judgement.smallest_share < settings.min_share:
        found.append(f"the smallest segment holds {judgement.smallest_share:.1%}, under {settings.min_share:.1%}")
    if judgement.largest_share > settings.max_share:
        found.append(f"one segment holds {judgement.largest_share:.1%}, over {settings.max_share:.0%}")
    if judgement.unassigned_share > settings.max_unassigned:
        found.append(f"{judgement.unassigned_share:.0%} unassigned, over {settings.max_unassigned:.0%}")
    if judgement.stability < LEAST_STABILITY:
        found.append(f"two halves of the customers agree to {judgement.stability:.2f}, under {LEAST_STABILITY}")
    return found


def choose(
    names: Sequence[str],
    judgements: Sequence[Judgement | None],
    settings: DiscoverySettings,
    continuity: Sequence[float] | None = None,
) -> Choice:
    """The best separated candidate among those without objection; None stands for one that found no two segments.

    continuity : for each candidate the share of customers whom it leaves where the serving model has them. Then, among
    candidates nearly as well separated as the best, the one that moves fewest customers is chosen.

    Raises
    ------
    DiscoveryError
        If every candidate is refused, with each reason.
    """
    remarks: list[str] = []
    allowed: dict[int, Judgement] = {}
    for position, judgement in enumerate(judgements):
        if judgement is None:
            remarks.append("refused: fewer than two segments")
            continue
        against = objections(judgement, settings)
        score = f"silhouette {judgement.silhouette:.3f}, stability {judgement.stability:.2f}"
        remarks.append(f"refused: {'; '.join(against)} ({score})" if against else score)
        if not against:
            allowed[position] = judgement
    if not allowed:
        reasons = "; ".join(f"{name}: {remark}" for name, remark in zip(names, remarks, strict=True))
        raise DiscoveryError(f"no candidate may be chosen. {reasons}")
    best = _best(allowed)
    standing = _standing(len(allowed), len(names))
    if continuity is not None and (steady := _steadiest(allowed, best, continuity)) != best:
        standing = f"nearly as well separated as {names[best]}, and {continuity[steady]:.0%} of the customers stay"
        best = steady
    return Choice(best, f"{names[best]}: {remarks[best]}; {standing}", tuple(remarks))


def _steadiest(allowed: Mapping[int, Judgement], best: int, continuity: Sequence[float]) -> int:
    """The candidate that leaves most customers where they are, among those hardly worse separated than the best."""
    level = allowed[best].silhouette - WORTH_A_CHANGE
    contenders = [position for position, judgement in allowed.items() if judgement.silhouette >= level]
    return max(contenders, key=lambda position: (continuity[position], position == best))


def _best(allowed: Mapping[int, Judgement]) -> int:
    """The best silhouette; among those as good as equal, the steadiest that leaves fewest customers unassigned."""
    level = max(judgement.silhouette for judgement in allowed.values()) - AS_GOOD_AS_EQUAL
    contenders = {position: j for position, j in allowed.items() if j.silhouette >= level}
    return max(contenders, key=lambda p: (round(contenders[p].stability, 2), -contenders[p].unassigned_share, -p))


def _standing(allowed: int, tried: int) -> str:
    if tried == 1:
        return "the only one tried"
    refused = f"{tried - allowed} of {tried} {'was' if tried - allowed == 1 else 'were'} refused"
    if allowed == 1:
        return f"the only one without objection ({refused})"
    return f"the best separated of {allowed} without objection ({refused})"
