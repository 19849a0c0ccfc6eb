"""From customer vectors to judged candidates, and from the chosen one to a SegmentModel; no files, no registry."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from segment_model.contract import VectorContract
from segment_model.encoding.encoder import Encoder, Floats, Indices
from segment_model.encoding.novelty import NoveltyRule
from segment_model.encoding.reader import CustomerReader
from segment_model.errors import DiscoveryError
from segment_model.model import SegmentModel
from training.candidates.all_candidates import recipes_for
from training.candidates.candidate import Fit, Recipe, sample_rows
from training.candidates.incumbent import transforms_of
from training.candidates.warm_start import overlap, standpoint
from training.encoding import fit_encoding
from training.evaluation.bootstrap_recovery import recovery
from training.evaluation.gaps import HeldOut, PairEvidence, hold_out, pairs_of, scatter_within
from training.evaluation.null_reference import null_silhouettes
from training.evaluation.quality import Judgement, gap_share, judge
from training.evaluation.selection import MOST_PARTED, Choice, choose
from training.evaluation.tie_blurring import blur, variance
from training.evaluation.verdict import Verdict, VerdictKind, decide
from training.profiling.cards import make_cards
from training.settings import DiscoverySettings

FEWEST_CUSTOMERS = 20
MOST_TURNS = 4  # candidates whose verdict is sought, before nothing is called reproducible
REFINING_SHARE = 0.95
BACKGROUND_SIZE = 16  # weighted prototypes behind an HDBSCAN explanation

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Candidate:
    """One recipe tried; `nothing` says why it may not be chosen, without judgement or labels.

    facts : what is known of it all the same.
    """

    recipe: Recipe
    fit: Fit | None
    judgement: Judgement | None
    labels: Indices | None
    pairs: tuple[PairEvidence, ...] = ()
    nothing: str = ""
    facts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Discovery:
    """Everything that a discovery found: points (n, width) and the chosen candidate's labels belong to `frame`."""

    frame: pd.DataFrame
    contract: VectorContract
    encoder: Encoder
    points: Floats
    candidates: tuple[Candidate, ...]
    choice: Choice
    model: SegmentModel
    verdict: Verdict

    @property
    def chosen(self) -> Candidate:
        return self.candidates[self.choice.chosen]

    @property
    def labels(self) -> Indices:
        """(n,) positions of segments, -1 where unassigned."""
        labels = self.chosen.labels
        if labels is None:  # `choose` never picks such a candidate
            raise DiscoveryError("the chosen candidate has no segments")
        return labels


def discover(
    frame: pd.DataFrame,
    contract: VectorContract,
    settings: DiscoverySettings,
    provenance: Mapping[str, Any],
    progress: Progress | None = None,
    incumbent: SegmentModel | None = None,
) -> Discovery:
    """Try every candidate, judge it, choose one and make its model.

    frame : customer vectors that follow `contract`, indexed by unique customer ids. incumbent : the serving model,
    which a retrain leaves only for something better; `training.succession.succession` then passes on its ids and names.

    Raises
    ------
    DiscoveryError
        If there are too few customers, none differ, every candidate is refused, or what is found is not found again
        (unless the settings say `force`).
    """
    contract = trained_contract(frame, contract, settings)
    encoder = fit_encoding(frame, contract, settings.encoding, transforms_of(incumbent)).encoder
    raw = CustomerReader(contract, encoder).frame(frame)
    points = np.ascontiguousarray(encoder.encode(raw).T)
    if np.all(points == points[0]):
        raise DiscoveryError(
            f"all {len(points):,} customers are the same in every basis column ({', '.join(encoder.columns)}); "
            "there is nothing to segment by"
        )
    stand = standpoint(incumbent, frame, contract, encoder, points)
    hidden = blur(points, encoder)
    scatter = tuple(variance(points, hidden).tolist())
    recipes = [r for algorithm in settings.algorithms for r in recipes_for(algorithm, scatter, len(points), stand)]
    held_out = hold_out(points, hidden, settings.judged_customers, settings.seed)
    candidates = []
    for number, recipe in enumerate(recipes):
        if progress:
            progress(number, len(recipes), recipe.name)
        candidates.append(_try(recipe, points, held_out, settings))
    continuity = stand.continuity([candidate.labels for candidate in candidates])
    choice, verdict = conclude(candidates, points, settings, continuity)
    chosen = candidates[choice.chosen]
    if chosen.fit is None or chosen.labels is None:  # `choose` never picks such a candidate
        raise DiscoveryError(f"{chosen.recipe.name} has no segments")
    ids = new_ids(provenance, chosen.recipe, chosen.fit.assigner.size)
    cards = make_cards(frame, contract, chosen.labels, ids, settings.allow_sensitive)
    assigner = chosen.fit.assigner
    explainer = assigner.learn_explainer(encoder, TrainingPoints(points, settings.seed))
    model = SegmentModel(
        contract=contract,
        encoder=encoder,
        assigner=assigner,
        explainer=explainer,
        novelty=NoveltyRule.learn(raw.numbers),
        discovered_cards=cards,
        provenance={
            **provenance,
            "algorithm": chosen.recipe.algorithm,
            "parameters": chosen.recipe.parameters,
            "reason": choice.reason,
            "verdict": verdict.to_json(),
            "customers": len(frame),
            # training points that the model must keep to assign anybody; a KMeans model keeps none
            "exemplars": assigner.exemplar_count,
        },
    )
    return Discovery(frame, contract, encoder, points, tuple(candidates), choice, model, verdict)


def trained_contract(frame: pd.DataFrame, contract: VectorContract, settings: DiscoverySettings) -> VectorContract:
    """The contract of the model: a column is nullable where training had it missing.

    Raises
    ------
    DiscoveryError
        If the table is too small, has an id twice, or a sensitive column would shape the segments.
    """
    if len(frame) < FEWEST_CUSTOMERS:
        few = "1 customer is" if len(frame) == 1 else f"{len(frame)} customers are"
        raise DiscoveryError(f"{few} too few to find segments in; {FEWEST_CUSTOMERS} are needed")
    if not frame.index.is_unique:
        twice = ", ".join(str(name) for name in frame.index[frame.index.duplicated()].unique()[:5])
        raise DiscoveryError(f"a customer must have one row; more than one have: {twice}")
    sensitive = [column.name for column in contract.basis if column.sensitive]
    if sensitive and not settings.allow_sensitive:
        raise DiscoveryError(
            f"{', '.join(sensitive)} is marked sensitive and may not shape segments; make it a descriptor, "
            "or say `discovery: allow_sensitive: true`"
        )
    contract.check_names(str(name) for name in frame.columns)
    return VectorContract(tuple(replace(c, nullable=bool(frame[c.name].isna().any())) for c in contract.columns))


def new_ids(provenance: Mapping[str, Any], recipe: Recipe, count: int) -> tuple[str, ...]:
    """Opaque ids made from what made the model, so that two different discoveries never mint the same one."""
    seed = repr((sorted(provenance.items()), recipe.name, sorted(recipe.parameters.items())))
    ids = []
    for position in range(count):
        mark = hashlib.sha256(f"{seed}/{position}".encode()).digest()
        ids.append("seg-" + base64.b32encode(mark)[:8].decode().lower())
    return tuple(ids)


@dataclass(frozen=True)
class TrainingPoints:
    """The (n, width) encoded training customers, as the background of explanations."""

    points: Floats
    seed: int

    def prototypes(self) -> tuple[Floats, Floats]:
        """A few weighted prototypes, none of them a customer: (m, width), and (m,) weights whose sum is 1."""
        rows = self.points[sample_rows(len(self.points), 20_000, self.seed)]
        count = min(BACKGROUND_SIZE, len(np.unique(rows, axis=0)))
        with threadpool_limits(limits=1):
            fitted = KMeans(count, n_init=1, random_state=self.seed).fit(rows)
        sizes = np.bincount(fitted.labels_, minlength=count)
        return np.asarray(fitted.cluster_centers_, dtype=np.float64), sizes / sizes.sum()


def conclude(
    candidates: Sequence[Candidate], points: Floats, settings: DiscoverySettings, continuity: Sequence[float] | None
) -> tuple[Choice, Verdict]:
    """Choose, and see whether the choice is found again; if not, the next one has its turn, a few times.

    Raises
    ------
    DiscoveryError
        If every candidate is refused, or those tried are not found again and the settings do not say `force`.
    """
    names = [candidate.recipe.name for candidate in candidates]
    judgements = [candidate.judgement for candidate in candidates]
    refused = {number: candidate.nothing for number, candidate in enumerate(candidates) if candidate.nothing}
    nothing = len(refused)
    first: tuple[Choice, Verdict] | None = None
    while len(refused) < nothing + MOST_TURNS:
        try:
            choice = choose(names, judgements, settings, continuity, partial(_refines, candidates), refused)
        except DiscoveryError:
            if first is None:
                raise
            break
        verdict = _verdict(candidates[choice.chosen], points, settings)
        if verdict.kind is not VerdictKind.NOTHING:
            return choice, verdict
        first = first or (choice, verdict)
        refused[choice.chosen] = "; ".join(verdict.reasons)
    if first is None:  # `choose` raised, or chose
        raise DiscoveryError("no candidate was tried")
    if settings.force:
        return first
    choice, verdict = first
    raise DiscoveryError(
        f"{verdict.kind}, so no model is made. The best candidate was {names[choice.chosen]}: "
        f"{'; '.join(verdict.reasons)}. `discovery: force: true` makes the model all the same, and it will say so"
    )


def _verdict(candidate: Candidate, points: Floats, settings: DiscoverySettings) -> Verdict:
    if candidate.fit is None or candidate.judgement is None:  # `choose` never picks such a candidate
        raise DiscoveryError(f"{candidate.recipe.name} has no segments")
    nearest = candidate.fit.assigner.nearest(np.ascontiguousarray(points.T)).segment
    size, seed = candidate.fit.assigner.size, settings.seed
    again = recovery(candidate.recipe, points, nearest, size, settings.judged_customers, seed)
    return decide(candidate.judgement, candidate.pairs, again, null_silhouettes(candidate.recipe, points, seed))


def _refines(candidates: Sequence[Candidate], finer: int, coarser: int) -> bool:
    """Does nearly every customer of each segment of one candidate share a segment of the other?"""
    inner, outer = candidates[finer].labels, candidates[coarser].labels
    if inner is None or outer is None:
        return False
    counts = overlap(inner, outer)
    return bool(np.all(counts.max(axis=1) >= REFINING_SHARE * counts.sum(axis=1)))


def _try(recipe: Recipe, points: Floats, held_out: HeldOut, settings: DiscoverySettings) -> Candidate:
    fit = recipe.fit(points, settings.seed)
    if fit is None:
        return Candidate(recipe, None, None, None, nothing="fewer than two segments")
    size = fit.assigner.size
    near = fit.assigner.nearest(np.ascontiguousarray(points.T))
    labels = np.where(near.outside, -1, near.segment).astype(np.intp)
    pairs = pairs_of(held_out, labels, size)
    if recipe.needs_gaps and (parted := gap_share(pairs)) < MOST_PARTED:
        sizes = np.bincount(near.segment, minlength=size) / len(points)
        facts = {"segments": float(size), "gap_share": parted, "smallest_share": float(sizes.min())}
        facts |= {"largest_share": float(sizes.max())}
        return Candidate(recipe, fit, None, None, pairs, "no gaps part its segments", facts)
    scatter = scatter_within(held_out, near.segment, size)
    judgement = judge(recipe, fit, points, labels, settings.judged_customers, settings.seed, pairs, scatter)
    return Candidate(recipe, fit, judgement, labels, pairs)
