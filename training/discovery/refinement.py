"""The refinement of a chosen KMeans on all customers, where the discovery chose it on a sample of them.

Lloyd's steps go on from the sample's centroids among all customers, as they do on one machine after the random starts.
The refined segments are judged anew on the sample. They are kept out, and the sample's stay, if a segment has lost its
customers, a limit of the settings is broken, or their verdict differs.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from segment_model.assigners.nearest_centroid import NearestCentroid
from segment_model.encoding.encoder import Floats
from segment_model.errors import counted, percent
from training.candidates.candidate import Fit, KeptSpec
from training.discovery.candidate_trial import Candidate, try_candidate
from training.discovery.decision import Proposal
from training.discovery.everyone import Everyone
from training.discovery.recurrence import verdict_of
from training.evaluation.selection import objections
from training.fitting.lloyd import MovedCentroids, move_centroids
from training.separation.gaps import hold_out
from training.settings import DiscoverySettings

TOP_REMARK = (
    "; the top spenders are counted among all, and begin where they do in the sample, whose largest amount is the most "
    "that counts"
)


@dataclass(frozen=True)
class Refinement:
    """What became of the sample's centroids among all customers.

    steps : Lloyd's, of the centroids that the model has; 0 where they are the sample's. kept_out : why they are; empty
    where they are refined. mean : (width,) the mean encoded customer of all; None where they are not refined. remark :
    what else is the sample's though they are refined, a clause of a sentence.
    """

    steps: int = 0
    kept_out: str = ""
    mean: Floats | None = None
    remark: str = ""

    def words(self, customers: int, moved: int) -> str:
        """What was done among so many customers, of whom so many are assigned otherwise."""
        if self.kept_out:
            return (
                f"the segments are not refined on all customers: {self.kept_out}. What assigns customers is learned "
                "from the sample alone; all customers are assigned by it"
            )
        steps = counted(self.steps, "step")
        return (
            f"the centroids are refined on all customers in {steps}; those of the sample would have assigned "
            f"{moved:,} of {counted(customers, 'customer')} otherwise ({percent(moved / max(customers, 1), 2)})"
            f"{self.remark}"
        )

    def to_json(self) -> dict[str, Any]:
        """Plain values for a model's provenance."""
        return {name: part for name, part in asdict(self).items() if name not in ("mean", "remark")}


def refine(
    proposal: Proposal, everyone: Everyone, settings: DiscoverySettings, *, found_again: bool
) -> tuple[Proposal, Refinement]:
    """The proposal with its chosen centroids refined, or as it is; found_again : as of `verdict.decide`."""
    chosen, customers = proposal.chosen, proposal.customers
    fit = chosen.fit
    if fit is None or fit.assigner.sites is None or not (fit.of_means or fit.top):
        why = "only centroids that are the means of their customers are refined"
        return proposal, Refinement(kept_out=f"{chosen.spec.name}: {why}")
    sums_of = partial(everyone.sums, customers.contract, customers.encoder)
    moved = move_centroids(fit.assigner.sites, sums_of) if fit.top is None else fit.top.moved(sums_of)
    if moved.emptied is None:
        moved = _with_last_look(moved, everyone, proposal)
    if moved.emptied is not None:
        which = f"segment {moved.emptied + 1} of {fit.assigner.size}"
        return proposal, Refinement(kept_out=f"after {counted(moved.steps, 'step')}, {which} has no customers")
    candidate = _judged(moved, proposal, settings)
    against = [] if candidate.judgement is None else objections(candidate.judgement, settings)
    before = [] if chosen.judgement is None else objections(chosen.judgement, settings)
    if against and not before:
        return proposal, Refinement(kept_out=f"refined, they break a limit: {'; '.join(against)}")
    verdict = verdict_of(candidate, customers.points, settings, found_again=found_again)
    if verdict.kind is not proposal.verdict.kind:
        return proposal, Refinement(
            kept_out=f"the refined segments have another verdict: {verdict.sentence.rstrip('.')}"
        )
    candidates = tuple(candidate if own is chosen else own for own in proposal.candidates)
    refined = replace(proposal, candidates=candidates, verdict=replace(verdict, remarks=proposal.verdict.remarks))
    return refined, Refinement(moved.steps, mean=moved.mean, remark="" if fit.top is None else TOP_REMARK)


def _with_last_look(moved: MovedCentroids, everyone: Everyone, proposal: Proposal) -> MovedCentroids:
    """The same; or with the segment that the last step has emptied."""
    sizes = everyone.sums(proposal.customers.contract, proposal.customers.encoder, moved.centroids).sizes
    return moved if sizes.all() else replace(moved, emptied=int(np.argmin(sizes)))


def _judged(moved: MovedCentroids, proposal: Proposal, settings: DiscoverySettings) -> Candidate:
    """The refined segments, judged on the sample as every candidate is."""
    chosen, customers = proposal.chosen, proposal.customers
    assigner = NearestCentroid(moved.centroids)
    near = assigner.nearest(np.ascontiguousarray(customers.points.T))
    facts = {"inertia": float((near.distance**2).sum()), "iterations": float(moved.steps)}
    refined = Fit(assigner, np.arange(len(near.segment)), near.segment, facts)
    held_out = hold_out(customers.points, customers.encoder, settings.judged_customers, settings.seed)
    spec = KeptSpec(chosen.spec, chosen.spec.name, refined)
    return try_candidate(spec, customers.points, held_out, settings, customers.amounts)
