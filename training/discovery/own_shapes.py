"""Groups in shapes of their own: a mixture that starts at segments which clear gaps separate, and takes their place.

KMeans draws each border midway between two centres, as if all groups were equally wide, and HDBSCAN leaves customers at
the edges to the nearest dense place. Where groups are there, a mixture of one component each learns how wide and how
dense they are, and gives every customer to the group that the customer most probably belongs to (decision 73).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from segment_model.encoding.encoder import Indices
from segment_model.errors import percent
from training.candidates.candidate import CandidateSpec
from training.discovery.candidate_trial import Candidate, try_candidate
from training.discovery.continued_candidate import context_of
from training.discovery.recurrence import verdict_of
from training.encoding import EncodedCustomers
from training.evaluation.quality import Judgement
from training.evaluation.selection import Choice, divides_as_well, objections, shows_clear_groups
from training.evaluation.verdict import Verdict, VerdictKind
from training.incumbent.contingency import overlap
from training.separation.gaps import HeldOut
from training.settings import DiscoverySettings
from training.succession.succession import are_reassigned, inherited

WORTH_A_MIXTURE = 0.02  # share of the customers; for fewer, centroids are kept, which are easier to read and to serve


def in_own_shapes(
    candidates: Sequence[Candidate],
    customers: EncodedCustomers,
    held_out: HeldOut,
    settings: DiscoverySettings,
    choice: Choice,
    verdict: Verdict,
) -> tuple[Sequence[Candidate], Choice, Verdict]:
    """The choice; or, if clear gaps separate its segments, the mixture that starts at them, where one is asked for.

    The mixture is one more candidate. It is chosen if it divides the customers as well, gives enough of them to another
    group (`WORTH_A_MIXTURE`), and its segments are found again as those of the choice are.
    """
    chosen = candidates[choice.chosen]
    spec = _started_at(chosen, customers, settings)
    if spec is None or chosen.judgement is None or not shows_clear_groups(chosen.judgement):
        return candidates, choice, verdict
    mixture = try_candidate(spec, customers.points, held_out, settings, customers.amounts)
    tried = (*candidates, mixture)
    moved = _moved(chosen.labels, mixture.labels)
    against = _against(mixture, chosen.judgement, moved, settings)
    own = verdict if against else verdict_of(mixture, customers.points, settings)
    if own.kind not in (verdict.kind, VerdictKind.DISTINCT):
        against = f"{_scores(mixture)}; its verdict is {own.kind}"
    if against:
        return tried, Choice(choice.chosen, choice.reason, (*choice.remarks, against)), verdict
    reason = (
        f"{mixture.spec.name}: {_scores(mixture)}; gaps confirm as many groups as of {chosen.spec.name}, and by the "
        f"shapes of the groups {percent(moved)} of the customers belong to another one"
    )
    return tried, Choice(len(candidates), reason, (*choice.remarks, _scores(mixture))), own


def _against(mixture: Candidate, chosen: Judgement, moved: float, settings: DiscoverySettings) -> str:
    """Why the mixture is not chosen, before its verdict; empty where nothing is against it."""
    judged = mixture.judgement
    if judged is None:
        return f"refused: {mixture.refusal}"
    broken = objections(judged, settings)
    if broken:
        return f"refused: {'; '.join(broken)} ({_scores(mixture)})"
    if judged.segments != chosen.segments or not divides_as_well(judged, chosen):
        return f"{_scores(mixture)}; gaps confirm its groups less well than those that it started at"
    whom = f"only {percent(moved)} of the customers" if moved else "nobody"
    return f"{_scores(mixture)}; it would move {whom}" if moved < WORTH_A_MIXTURE else ""


def _scores(candidate: Candidate) -> str:
    judged = candidate.judgement
    return "" if judged is None else f"silhouette {judged.silhouette:.3f}, stability {judged.stability:.2f}"


def _started_at(chosen: Candidate, customers: EncodedCustomers, settings: DiscoverySettings) -> CandidateSpec | None:
    """The mixture that starts at a candidate's segments; None where the settings ask for none, or it is one itself."""
    if chosen.fit is None:  # a chosen candidate has a fit
        return None
    spec = chosen.fit.chosen or chosen.spec
    started = (entry.started_at(spec, context_of(customers)) for entry in settings.algorithms)
    return next((each for each in started if each is not None), None)


def _moved(before: Indices | None, after: Indices | None) -> float:
    """The share of the customers whom the segments `after` reassign; both (n,)."""
    if before is None or after is None:  # judged candidates have labels
        return 0.0
    return float(np.mean(are_reassigned(before, after, inherited(overlap(before, after)))))
