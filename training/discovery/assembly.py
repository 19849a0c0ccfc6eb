"""The assembly of the chosen candidate's SegmentModel: ids, cards, explainer and provenance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.cluster import KMeans

from segment_model.encoding.encoder import Floats
from segment_model.encoding.novelty import NoveltyRule
from segment_model.errors import DiscoveryError
from segment_model.explanation.name_misfits import NAME_WORDS
from segment_model.model import SegmentModel
from training.candidates.candidate import KMEANS_SAMPLE, CandidateSpec, sample_rows
from training.discovery.candidate_trial import Candidate
from training.discovery.everyone import AssignedEveryone
from training.discovery.of_everyone import OfEveryone
from training.discovery.refinement import Refinement
from training.encoding import EncodedCustomers
from training.evaluation.verdict import Verdict
from training.fitting.single_thread import single_thread
from training.profiling.cards import describe
from training.profiling.words.claims import claims_json
from training.segment_ids import numbered_id

BACKGROUND_SIZE = 16  # weighted prototypes behind an explanation that enumerates coalitions


@dataclass(frozen=True)
class AllAssigned:
    """All customers in the segments of the chosen candidate, and how it was refined on them."""

    customers: AssignedEveryone
    refinement: Refinement


def assemble_model(
    candidate: Candidate,
    customers: EncodedCustomers,
    verdict: Verdict,
    reason: str,
    provenance: Mapping[str, Any],
    *,
    seed: int,
    allow_sensitive: bool,
    everyone: AllAssigned | None = None,
) -> tuple[SegmentModel, OfEveryone | None]:
    """The model of a chosen candidate, and what it says of all customers; `reason` says why it was chosen.

    everyone : where the customers are a sample of them; else what is said of all is None.

    Raises
    ------
    DiscoveryError
        If the candidate has no segments.
    """
    if candidate.fit is None or candidate.labels is None:  # `choose` never picks such a candidate
        raise DiscoveryError(f"{candidate.spec.name} has no segments")
    assigner, spec = candidate.fit.assigner, candidate.spec
    ids = new_ids(provenance, spec, assigner.size)
    described = describe(
        customers.frame,
        customers.contract,
        candidate.labels,
        ids,
        allow_sensitive,
        None if everyone is None else everyone.customers,
    )
    of_all, mean = None, None
    if everyone is not None:
        moved, mean = everyone.customers.moved, everyone.refinement.mean
        of_all = OfEveryone(everyone.customers, described, everyone.refinement, len(customers.frame), moved)
    model = SegmentModel(
        contract=customers.contract,
        encoder=customers.encoder,
        assigner=assigner,
        explainer=assigner.learn_explainer(
            customers.encoder, TrainingPoints(customers.points if mean is None else mean[None, :], seed)
        ),
        novelty=NoveltyRule.learn(customers.raw.numbers),
        discovered_cards=described.cards,
        provenance={
            **provenance,
            "algorithm": spec.algorithm,
            "parameters": spec.parameters,
            "reason": reason,
            "verdict": verdict.to_json(),
            "customers": len(customers.frame),
            "exemplars": assigner.exemplar_count,
            **({"population": of_all.to_json()} if of_all else {}),
            NAME_WORDS: claims_json(described.claims),
        },
    )
    return model, of_all


def new_ids(provenance: Mapping[str, Any], spec: CandidateSpec, count: int) -> tuple[str, ...]:
    """Opaque ids hashed from the provenance and the candidate, so that different discoveries get different ids."""
    seed = repr((sorted(provenance.items()), spec.name, sorted(spec.parameters.items())))
    return tuple(numbered_id(seed, position) for position in range(count))


@dataclass(frozen=True)
class TrainingPoints:
    """The encoded training customers (n, width), from which an assigner learns the background of its explanations.

    One point, the mean, stands for all customers where only that is known of them.
    """

    points: Floats
    seed: int

    def prototypes(self) -> tuple[Floats, Floats]:
        """A few weighted prototypes, none of them a customer: (m, width), and (m,) weights whose sum is 1."""
        rows = self.points[sample_rows(len(self.points), KMEANS_SAMPLE, self.seed)]
        count = min(BACKGROUND_SIZE, len(np.unique(rows, axis=0)))
        with single_thread():
            fitted = KMeans(count, n_init=1, random_state=self.seed).fit(rows)
        sizes = np.bincount(fitted.labels_, minlength=count)
        return np.asarray(fitted.cluster_centers_, dtype=np.float64), sizes / sizes.sum()
