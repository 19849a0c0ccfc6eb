"""HDBSCAN in service: agreement and speed against hdbscan's `approximate_predict`, and accuracy of the explanations.

Every set gets one model, made with the default encoding from the first default candidate that finds two segments,
saved and loaded. The peer is fitted on the same encoded points with the same settings. All on one thread.
"""

from __future__ import annotations

import tempfile
import time
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

import hdbscan
import numpy as np
import pandas as pd
from scipy.stats import spearmanr
from threadpoolctl import threadpool_limits

from experiments.benchmarks.assigning.hdbscan_sets import (
    customer_sets,
    labelled_sets,
    planted_set,
    vectors,
    wide_sets,
)
from experiments.benchmarks.peers.exact_shapley import shapley_values
from experiments.benchmarks.shared_data import EXTERNAL
from segment_model.assigners.assigner import Assigner
from segment_model.encoding.encoder import Floats, Indices
from segment_model.encoding.novelty import NoveltyRule
from segment_model.encoding.reader import CustomerReader
from segment_model.explanation.core import CoreExplainer
from segment_model.model import SegmentModel
from training.candidates.candidate import Fit, FittingContext, NoSegmentsError
from training.candidates.hdbscan import HdbscanSpec
from training.candidates.hdbscan_settings import HdbscanSettings
from training.discovery.assembly import TrainingPoints
from training.encoding import fit_encoding
from training.evaluation.quality import assigned_labels
from training.profiling.cards import make_cards
from training.settings import EncodingSettings

SEED = 0
MOVED_BY = 0.1  # standard deviation of a perturbed point, in encoded units
EXPLAINED = 100

Sets = Iterable[tuple[str, pd.DataFrame]]


@dataclass(frozen=True)
class Served:
    """A model as an application loads it, with its training points (n, width), candidate and fit."""

    model: SegmentModel
    assigner: Assigner
    explainer: CoreExplainer
    points: Floats
    spec: HdbscanSpec
    fit: Fit


def run(size: int) -> dict[str, Any]:
    """Measure everything; the speed with `size` new points against a model of four fifths of that.

    Returns
    -------
    dict
        Speed and agreement against the peer, the share of stored rows, and time and accuracy of explanations.
    """
    few = 2 if size < 1000 else None
    explained = EXPLAINED if few is None else 3
    with threadpool_limits(limits=1), warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # hdbscan calls scikit-learn by names that are being renamed
        if EXTERNAL.is_dir():
            customers = islice(customer_sets(), 0 if few else None)
            answers = list(_answers(chain(islice(labelled_sets(), few), customers)))
            explanations = list(_explanations(islice(wide_sets(), 0 if few else None), explained))
        else:
            print(f"the external data is absent ({EXTERNAL.name}): planted groups instead")
            answers, explanations = list(_answers([("planted", planted_set(size, 3, SEED))])), []
        if not explanations:
            explanations = list(_explanations([("planted", planted_set(size, 8, SEED))], explained))
        speed = _speed(size)
    worst = min(answers, key=lambda row: row["segment"])
    quiet = min(answers, key=lambda row: row["noise"])
    print(f"worst: segments {worst['set']} {worst['segment']:.4f}, unassigned {quiet['set']} {quiet['noise']:.4f}")
    return {
        "benchmark": "assign_hdbscan",
        "hdbscan_bulk_vs_approximate_predict": speed,
        "hdbscan_segment_agreement": _mean(answers, "segment"),
        "hdbscan_segment_agreement_worst": worst["segment"],
        "hdbscan_noise_agreement": _mean(answers, "noise"),
        "hdbscan_noise_agreement_worst": quiet["noise"],
        "hdbscan_exemplars_vs_rows": _mean(answers, "exemplars"),
        "hdbscan_explain_ms": float(np.median(np.concatenate([row["milliseconds"] for row in explanations]))),
        "hdbscan_explain_error": _mean(explanations, "error"),
        "hdbscan_explain_rank_correlation": _mean(explanations, "rank"),
    }


def serve(table: pd.DataFrame, most: int | None = None) -> Served | None:
    """The model of a table, made with the defaults, saved and loaded; None where no candidate finds two segments."""
    frame, contract = vectors(table)
    encoder = fit_encoding(frame, contract, EncodingSettings()).encoder
    raw = CustomerReader(contract, encoder).frame(frame)
    points = np.ascontiguousarray(encoder.encode(raw).T)
    context = FittingContext(len(points), (0.0,) * points.shape[1])
    for spec in HdbscanSettings().candidates(context):
        chosen = spec if most is None else replace(spec, most=most)
        try:
            fit = chosen.fit(points, SEED)
        except NoSegmentsError:
            continue
        ids = [f"seg-{number}" for number in range(fit.assigner.size)]
        cards = make_cards(frame, contract, assigned_labels(fit, points), ids)
        explainer = fit.assigner.learn_explainer(encoder, TrainingPoints(points, SEED))
        model = SegmentModel(contract, encoder, fit.assigner, explainer, NoveltyRule.learn(raw.numbers), cards)
        with tempfile.TemporaryDirectory() as folder:
            model.save(Path(folder) / "model")
            loaded = SegmentModel.load(Path(folder) / "model")
        if isinstance(loaded.explainer, CoreExplainer):
            return Served(loaded, loaded.assigner, loaded.explainer, points, chosen, fit)
    return None


def peer_of(served: Served) -> tuple[Any, Indices]:
    """The peer fitted on the same points, and our position of each of its labels; the last place is its noise."""
    fitted = hdbscan.HDBSCAN(
        min_cluster_size=served.spec.min_cluster_size,
        min_samples=served.spec.min_samples,
        algorithm="boruvka_kdtree",
        core_dist_n_jobs=1,
        prediction_data=True,
    ).fit(served.points[served.fit.rows])
    place = np.full(int(fitted.labels_.max()) + 2, -1, dtype=np.intp)
    place[fitted.labels_] = served.fit.labels
    return fitted, place


def _answers(sets: Sets) -> Iterable[dict[str, Any]]:
    header = f"{'set':18} {'rows':>6} {'segments':>8} {'kept':>6} {'same segment':>12} {'same unassigned':>15}"
    print(f"{header}   us a point, peer and ours")
    for name, table in sets:
        served = serve(table)
        if served is None:
            print(f"{name:18} {len(table):6,} has fewer than two segments: left out")
            continue
        peer, place = peer_of(served)
        moved = np.random.default_rng(SEED + 1).normal(0, MOVED_BY, served.points.shape)
        asked = np.vstack([served.points, served.points + moved])
        started = time.perf_counter()
        expected = place[hdbscan.approximate_predict(peer, asked)[0]]
        between = time.perf_counter()
        near = served.assigner.nearest(np.ascontiguousarray(asked.T))
        ended = time.perf_counter()
        both = (expected >= 0) & ~near.outside
        row = {
            "set": name,
            "segment": float(np.mean(near.segment[both] == expected[both])) if both.any() else 1.0,
            "noise": float(np.mean((expected >= 0) == ~near.outside)),
            "exemplars": served.assigner.exemplar_count / len(served.points),
        }
        times = f"{(between - started) / len(asked) * 1e6:6.0f} {(ended - between) / len(asked) * 1e6:5.1f}"
        print(
            f"{name:18} {len(table):6,} {served.assigner.size:8} {row['exemplars']:6.3f} {row['segment']:12.4f} "
            f"{row['noise']:15.4f}   {times}"
        )
        yield row


def _explanations(sets: Sets, explained: int) -> Iterable[dict[str, Any]]:
    print(f"{'set':18} {'columns':>7} {'error':>7} {'rank correlation':>16} {'ms':>6}")
    for name, table in sets:
        served = serve(table)
        if served is None:
            print(f"{name:18} has fewer than two segments: left out")
            continue
        explainer = served.explainer
        chosen = np.random.default_rng(SEED).permutation(len(served.points))[: explained + 1]
        errors, ranks, milliseconds = [], [], []
        for row in chosen:
            point = np.ascontiguousarray(served.points[[row]].T)
            near = served.assigner.nearest(point)
            started = time.perf_counter()
            ours = explainer.explain(point, near.segment, near.runner_up).contributions[0]
            milliseconds.append((time.perf_counter() - started) * 1e3)
            exact = shapley_values(explainer, point[:, 0], int(near.segment[0]), int(near.runner_up[0]))
            errors.append(float(np.abs(ours - exact).sum() / np.abs(exact).sum()))
            ranks.append(float(spearmanr(ours, exact)[0]))
        # the first one prepares the explainer, once for the life of a model: it is left out everywhere
        result = {"error": np.mean(errors[1:]), "rank": np.mean(ranks[1:]), "milliseconds": milliseconds[1:]}
        print(
            f"{name:18} {len(explainer.encoder.columns):7} {result['error']:7.3f} {result['rank']:16.3f} "
            f"{np.median(milliseconds[1:]):6.2f}"
        )
        yield result


def _speed(size: int) -> float:
    customers = size * 4 // 5
    served = serve(planted_set(customers, 10, SEED), most=customers)
    if served is None:
        raise RuntimeError("the planted groups were not found")
    peer, place = peer_of(served)
    newcomers, _ = vectors(planted_set(size, 10, SEED + 1))
    encoder = served.model.encoder
    asked = encoder.encode(CustomerReader(served.model.contract, encoder).frame(newcomers))
    rows = np.ascontiguousarray(asked.T)
    served.assigner.nearest(asked[:, :10])  # grows the trees, once for the life of a model
    ours = min(_seconds(lambda: served.assigner.nearest(asked)) for _ in range(3))
    started = time.perf_counter()
    expected = place[hdbscan.approximate_predict(peer, rows)[0]]
    theirs = time.perf_counter() - started
    near = served.assigner.nearest(asked)
    same = float(np.mean(np.where(near.outside, -1, near.segment) == expected))
    print(
        f"{size:,} points against {customers:,} customers ({served.assigner.exemplar_count:,} exemplars), 10 columns: "
        f"approximate_predict {theirs:.2f} s, ours {ours:.2f} s, {same:.4f} of the answers the same"
    )
    return theirs / ours


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _mean(rows: Sequence[Mapping[str, Any]], key: str) -> float:
    return float(np.mean([row[key] for row in rows]))
