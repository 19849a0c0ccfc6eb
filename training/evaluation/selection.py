"""The choice of one candidate by gaps, silhouette and stability, with the reason in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from segment_model.errors import DiscoveryError, counted
from training.evaluation.bootstrap_recovery import DISSOLVED, RECURRING
from training.evaluation.nearest_candidate import beside_limit, broken_in_words, limits_to_move, nearest_candidate
from training.evaluation.quality import Judgement
from training.settings import DiscoverySettings

AS_GOOD_AS_EQUAL = 0.01  # silhouette; smaller differences are sampling noise
LEAST_STABILITY = 0.5  # adjusted Rand index between halves; below it the segments depend on the sample
LEAST_SUPPORT = 2  # that of two groups with a gap between them
CLEAR = 0.5  # mean emptiness of gaps; below it more than half of the density is left in them
MOST_UNASSIGNED = 0.25  # share of the customers
MOST_CONFUSED = 0.05  # share of a segment's customers; decision 67
LEAST_OF_EQUAL_SHARE = 0.2  # of an equal share of the customers; a smaller segment is the tail of another
EMPTINESS_WEIGHT = 2  # decision 27: chosen on four batteries of labelled sets, scored on the fifth
AS_EVIDENT = 0.9  # share of the most evidence; a few customers more or fewer in the gaps make such a difference


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

    Groups need no stability, because their gaps are tested on held-out customers. Segments that are found unasked need
    none either, because more resamples than two halves have found them again.
    """
    if shows_groups(judgement) or is_found_unasked(judgement) or judgement.stability >= LEAST_STABILITY:
        return []
    return [f"two halves of the customers agree to {judgement.stability:.2f}, under {LEAST_STABILITY}"]


def choose(
    names: Sequence[str],
    judgements: Sequence[Judgement | None],
    settings: DiscoverySettings,
    refused: Mapping[int, str] = MappingProxyType({}),
) -> Choice:
    """Choose the candidate whose groups gaps confirm best, among those without objection; `_best` has the order.

    judgements : None for a candidate that was not judged. refused : by position, why a candidate may not be chosen.

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
    best = _best(allowed)
    rank = _rank(allowed[best], len(allowed), len(names))
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


def shows_clear_groups(judgement: Judgement) -> bool:
    """Whether gaps support a candidate, and are empty rather than filled."""
    return shows_groups(judgement) and judgement.emptiness >= CLEAR


def most_evident(judgements: Mapping[int, Judgement]) -> int | None:
    """The position of the candidate with most evidence of groups; None where none shows groups."""
    grouped = {position: judgement for position, judgement in judgements.items() if shows_groups(judgement)}
    return max(grouped, key=lambda p: (evidence(grouped[p]), -p), default=None)


def all_parted(judgement: Judgement) -> bool:
    """Whether clear gaps part every two neighbouring segments."""
    return shows_clear_groups(judgement) and judgement.gap_share == 1


def takes_in_most(judgement: Judgement) -> bool:
    """Whether the algorithm chose the number of segments, they hold most customers, and none is tiny or confused.

    Several components of a mixture that pass into each other describe one group of another shape than a Gaussian.
    """
    least = LEAST_OF_EQUAL_SHARE / max(judgement.segments, 1)
    is_wide = judgement.unassigned_share <= MOST_UNASSIGNED and judgement.smallest_share >= least
    return judgement.found_number and is_wide and judgement.confusion <= MOST_CONFUSED


def is_found_unasked(judgement: Judgement) -> bool:
    """Whether segments whose number the algorithm chose hold most customers, and resamples find them again.

    Sparse places separate such segments that are no gaps by our tests, for instance where two shapes touch; they must
    do so after ties are blurred, too. An algorithm with a given number divides any continuum in the same way twice, so
    that recurrence says nothing about groups there.
    """
    is_recurring = judgement.recovered >= RECURRING and judgement.recovered_least >= DISSOLVED
    return takes_in_most(judgement) and judgement.untied >= LEAST_STABILITY and is_recurring


def evidence(judgement: Judgement) -> float:
    """The support of a candidate, weighed by how empty its gaps are and by the share of the customers in its segments.

    The candidate with most evidence is chosen. Leaving the customers between two groups unassigned empties any gap.
    """
    return support(judgement) * judgement.emptiness**EMPTINESS_WEIGHT * (1 - judgement.unassigned_share)


def is_as_evident(judgement: Judgement, best: Judgement) -> bool:
    """Whether there is about as much evidence of a candidate's groups as of those of the best one."""
    return shows_groups(judgement) and evidence(judgement) >= AS_EVIDENT * evidence(best)


def divides_as_well(judgement: Judgement, best: Judgement) -> bool:
    """Whether gaps confirm as many groups as those of the best candidate, with about as much evidence."""
    return judgement.groups >= best.groups and is_as_evident(judgement, best)


def _best(allowed: Mapping[int, Judgement]) -> int:
    """The candidate with most evidence of groups, if their gaps are clear.

    Otherwise segments found unasked that resamples find again come first, if they are no fewer than those groups; then
    groups whose gaps are mostly filled, and without any groups the best separated candidate. Of candidates that divide
    the customers as well as that with most evidence, the best separated is chosen.
    """
    best = most_evident(allowed)
    if best is None or not shows_clear_groups(allowed[best]):
        groups = 0 if best is None else allowed[best].groups
        unasked = {p: j for p, j in allowed.items() if is_found_unasked(j) and j.segments >= groups}
        if unasked or best is None:
            return _best_separated(unasked or allowed)
    return _best_separated({p: j for p, j in allowed.items() if divides_as_well(j, allowed[best])})


def _best_separated(candidates: Mapping[int, Judgement]) -> int:
    """The best silhouette; among nearly equal ones the most stable, and then the one with fewest unassigned."""
    level = max(judgement.silhouette for judgement in candidates.values()) - AS_GOOD_AS_EQUAL
    contenders = {position: j for position, j in candidates.items() if j.silhouette >= level}
    return max(contenders, key=lambda p: (round(contenders[p].stability, 2), -contenders[p].unassigned_share, -p))


def _rank(best: Judgement, allowed: int, tried: int) -> str:
    """Which place the best candidate has, and why."""
    if tried == 1:
        return "the only one tried"
    refused = f"{counted(tried - allowed, f'of {tried} was', f'of {tried} were')} refused"
    if allowed == 1:
        return f"the only one without objection ({refused})"
    return f"the best of {allowed} without objection ({refused}): {_advantage(best)}"


def _advantage(best: Judgement) -> str:
    """Why the candidate that `_best` gives comes before the others."""
    if shows_clear_groups(best):
        return "gaps confirm its groups"
    if is_found_unasked(best):
        return "the algorithm chose how many segments there are, and bootstrap samples recover them"
    return "gaps that are mostly filled confirm its groups" if shows_groups(best) else "the best separated"
