"""The part of a discovery job that needs no registry: discover, continue the champion's segments, draw, report."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from analytics.record import AnalystRecord
from features.conditions.on_vectors.vector_figures import FrameFigures
from features.vector_table import CustomerVectors
from jobs.membership.met_conditions import conditions_of
from jobs.record import compute
from jobs.run_content.discovery_record import make_record, provenance
from jobs.run_content.insights import insights_json
from registry.runs.discovery_runs import DISCOVERY
from registry.runs.records import DiscoveryRecord
from reporting.content.changes import what_changed
from reporting.content.of_discovery import content_of_discovery
from reporting.content.report_content import ReportContent, WhatChanged
from reporting.content.stored_content import content_to_json
from reporting.page import changes_page, html_report
from reporting.pictures.all_pictures import DrawnPictures, draw_pictures
from segment_model.errors import SegmentsError, counted
from segment_model.model import SegmentModel
from segment_model.self_test import with_examples
from training.discovery.discovery import Discovery, discover
from training.discovery.everyone import Everyone
from training.profiling.rule_learning import learn_rules
from training.progress import Announce, Progress
from training.settings import Settings
from training.succession.succession import succeed


@dataclass(frozen=True)
class ConcludedDiscovery:
    """A discovery with its report, and its record for the registry; nothing is sent yet."""

    discovery: Discovery
    report: str
    record: DiscoveryRecord


def conclude(
    settings: Settings,
    vectors: CustomerVectors,
    incumbent: SegmentModel | None,
    announce: Announce,
    progress: Progress,
    base: Path,
    everyone: Everyone | None = None,
) -> ConcludedDiscovery:
    """Discover, judge, name, draw and report; `base` is the folder from which the settings' paths count.

    everyone : all customers, where the vectors are a sample of them.

    Raises
    ------
    SegmentsError
        If no segments can be made of these vectors.
    """
    if incumbent is not None and settings.discovery.prefer == "fresh":
        announce("the champion is ignored: none of its segments, ids and names go on")
        incumbent = None
    origin = provenance(settings, vectors)
    discovery = discover_named(settings, vectors, incumbent, origin, announce, progress, everyone)
    # ties that were broken by rank have other scores than the model gives
    frame = vectors.frame if settings.features.rfm.score_edges.ties == "together" else None
    analysis = partial(analyse, settings, base, discovery.model, announce, frame)
    return record_discovery(settings, vectors, discovery, incumbent, analysis, announce)


def record_discovery(
    settings: Settings,
    vectors: CustomerVectors,
    discovery: Discovery,
    incumbent: SegmentModel | None,
    analysis: Callable[[], tuple[AnalystRecord | None, str]],
    announce: Announce,
) -> ConcludedDiscovery:
    """Draw and report a discovery.

    analysis : computes the analyst's record; or None, with the reason why there is none.
    """
    announce("drawing the pictures")
    pictures = _draw(discovery, announce)
    rules = learn_rules(
        discovery.frame, discovery.contract, discovery.labels, discovery.model.cards, settings.discovery.seed
    )
    title = settings.title or settings.registry.model_name
    changed = None if incumbent is None else _changed(incumbent, discovery)
    content = content_of_discovery(discovery, rules, vectors.report, changed, settings.analytics.representatives)
    analysed, reason = analysis()
    report = html_report(ReportContent(title, content, record=analysed, record_note=reason))
    changes = changes_page(title, content)
    record = make_record(
        settings,
        vectors,
        discovery,
        pictures,
        report,
        rules,
        changes,
        analysed,
        evidence=content_to_json(content),
        insights=insights_json(content, analysed),
    )
    # the tag identifies the discovery, so that a sync finds the run of one whose sending was interrupted
    return ConcludedDiscovery(discovery, report, replace(record, tags={**record.tags, DISCOVERY: uuid.uuid4().hex}))


def with_conditions(model: SegmentModel, texts: Mapping[str, str]) -> SegmentModel:
    """The model with the named conditions that a service answers; without any it stays as it is.

    They are stored last, so that ids, which are drawn from the provenance, do not depend on them.
    """
    return replace(model, provenance={**model.provenance, "conditions": dict(texts)}) if texts else model


def analyse(
    settings: Settings, base: Path, model: SegmentModel, announce: Announce, vectors: pd.DataFrame | None = None
) -> tuple[AnalystRecord | None, str]:
    """The analyst's record of the new segments; None and the reason where the tables allow none.

    vectors : as in `jobs.record.compute`. Where the customers stay in Spark, the record is computed there, of all.

    A finished discovery is not lost because its record cannot be computed.
    """
    try:
        if settings.engine.spark is not None:
            from jobs.spark.analysis.record import compute_in_spark  # imports what only a Spark needs

            return compute_in_spark(settings, base, model, announce), ""
        return compute(settings, base, model, announce, vectors).record, ""
    except SegmentsError as error:
        announce(f"there is no record of money, retention and growth: {error}")
        return None, str(error)


def discover_named(
    settings: Settings,
    vectors: CustomerVectors,
    incumbent: SegmentModel | None,
    origin: Mapping[str, Any],
    announce: Announce,
    progress: Progress,
    everyone: Everyone | None = None,
) -> Discovery:
    """The discovery whose model continues the incumbent's segments, with the examples of its self-test.

    origin : the provenance that the model keeps. everyone : as in `discover`.

    Raises
    ------
    SegmentsError
        If no segments can be made of these vectors.
    """
    figures = FrameFigures(vectors.frame) if everyone is None else everyone.figures
    conditions = conditions_of(settings, vectors.contract, figures)  # refused before the work begins
    discovery = discover(vectors.frame, vectors.contract, settings.discovery, origin, progress, incumbent, everyone)
    announce(f"verdict: {discovery.verdict.sentence}")
    announce(f"chosen: {discovery.choice.reason}")
    for sentence in () if discovery.of_all is None else discovery.of_all.sentences:
        announce(sentence)
    if discovery.other_divisions:
        announce(discovery.other_divisions)
    model = discovery.model
    if incumbent is not None:
        population = None if discovery.of_all is None else discovery.of_all.population
        model, lineage = succeed(model, incumbent, discovery.frame, population)
        announce(f"of the champion's segments: {'; '.join(lineage.sentences)}")
    return replace(discovery, model=with_conditions(with_examples(model, discovery.frame), conditions.texts))


def _changed(incumbent: SegmentModel, discovery: Discovery) -> WhatChanged:
    """What a retrain changed; of a sample, where the discovery has learned from one."""
    changed = what_changed(incumbent, discovery.model, discovery.frame)
    if discovery.of_all is None:
        return changed
    of_all = f"{len(discovery.frame):,} of {counted(discovery.of_all.customers, 'customer')}"
    note = f"today's customers are counted on a sample of {of_all}; sizes when a model was made are of all customers"
    return replace(changed, notes=(*changed.notes, note))


def _draw(discovery: Discovery, announce: Announce) -> DrawnPictures:
    pictures = draw_pictures(discovery)
    for name, failure in pictures.failures.items():
        announce(f"the picture {name} cannot be drawn ({failure}); the discovery goes on without it")
    return pictures
