"""The part of a discovery job that needs no registry: discover, continue the champion's segments, draw, report."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pandas as pd

from analytics.record import AnalystRecord
from features.vector_table import CustomerVectors
from jobs.champion.incumbent import Incumbent
from jobs.named_discovery import discover_named
from jobs.record import compute
from jobs.run_content.discovery_record import make_record
from jobs.run_content.insights import insights_json
from jobs.run_content.provenance import provenance
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
from training.discovery.discovery import Discovery
from training.discovery.everyone import Everyone
from training.profiling.rule_learning import learn_rules
from training.progress import Announce, Progress
from training.settings import Settings


@dataclass(frozen=True)
class ConcludedDiscovery:
    """A discovery with its report, and its record for the registry; nothing is sent yet."""

    discovery: Discovery
    report: str
    record: DiscoveryRecord


def conclude(
    settings: Settings,
    vectors: CustomerVectors,
    incumbent: Incumbent | None,
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
    incumbent: Incumbent | None,
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
    content = content_of_discovery(
        discovery, rules, vectors.report, changed, settings.analytics.representatives, vectors.doubts
    )
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


def _changed(incumbent: Incumbent, discovery: Discovery) -> WhatChanged:
    """What a retrain changed; of a sample, where the discovery has learned from one."""
    changed = replace(what_changed(incumbent.model, discovery.model, discovery.frame), champion=incumbent.words)
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
