"""The record of a discovery: the content of its MLflow run."""

from __future__ import annotations

import json
from collections.abc import Sequence

from analytics.record import AnalystRecord
from features.vector_table import CustomerVectors
from jobs.run_content.description import description_of
from jobs.run_content.insights import FILE_NAME as INSIGHTS
from jobs.run_content.metrics import discovery_metrics, record_metrics, succession_metrics
from jobs.run_content.parameters import parameters_of
from jobs.run_content.provenance import versions
from registry.limits import TAG_LIMIT
from registry.runs.records import DiscoveryRecord
from reporting.content.stored_content import FILE_NAME as EVIDENCE
from reporting.evidence import evidence_table
from reporting.ladder import ladder_table
from reporting.pictures.all_pictures import DrawnPictures
from reporting.rule_export import rule_table, rules_json, rules_sql
from reporting.tables import candidate_table, segment_table
from segment_model.errors import counted
from segment_model.model import SegmentModel
from segment_model.rules import RuleSet
from training.discovery.discovery import Discovery
from training.settings import Settings

FAILED_PICTURES = "failed_pictures"


def make_record(
    settings: Settings,
    vectors: CustomerVectors,
    discovery: Discovery,
    pictures: DrawnPictures,
    report: str,
    rules: Sequence[RuleSet],
    changes: str = "",
    analysed: AnalystRecord | None = None,
    evidence: str = "",
    insights: str = "",
) -> DiscoveryRecord:
    """The discovery as the registry logs it.

    changes : the page on what a retrain changed; empty for a first model. analysed : the analyst's record, where the
    tables allow one. evidence : the content of the report as JSON, from which a later report is made. insights : the
    figures of the explorer's cards as JSON.
    """
    return DiscoveryRecord(
        name=run_name(vectors, discovery),
        settings=settings.model_dump(mode="json", exclude={"sweep"}),
        vectors=vectors.frame,
        data_digest=vectors.digest,
        data_source=", ".join(vectors.report),
        model=discovery.model,
        parameters=parameters_of(settings),
        metrics={
            **discovery_metrics(discovery),
            **succession_metrics(discovery.model),
            **({} if analysed is None else record_metrics(analysed)),
        },
        tags={
            "algorithm": discovery.chosen.spec.algorithm,
            "chosen": discovery.chosen.spec.name,
            "verdict": str(discovery.verdict.kind),
            **_picture_failures(pictures),
        },
        versions=versions(),
        tables={
            "segments": segment_table(discovery),
            "candidates": candidate_table(discovery),
            "evidence": evidence_table(discovery),
            **({"ladder": ladder_table(discovery)} if discovery.ladder else {}),
            "rules": rule_table(rules, discovery.contract),
        },
        figures=pictures.images,
        texts={
            "report.html": report,
            **({EVIDENCE: evidence} if evidence else {}),
            **({INSIGHTS: insights} if insights else {}),
            **({"what_changed.html": changes} if changes else {}),
            "rules.json": rules_json(rules),
            "rules.sql": rules_sql(rules, discovery.contract),
            **descent(discovery.model),
        },
        note=description_of(settings.title or settings.registry.model_name, vectors, discovery, analysed),
    )


def run_name(vectors: CustomerVectors, discovery: Discovery) -> str:
    """How many segments, the verdict and the day: "7 segments · distinct groups · 2018-01-01"."""
    day = [] if vectors.as_of is None else [f"{vectors.as_of:%Y-%m-%d}"]
    return " · ".join([counted(len(discovery.model.cards), "segment"), str(discovery.verdict.kind), *day])


def _picture_failures(pictures: DrawnPictures) -> dict[str, str]:
    """A tag that names each picture that could not be drawn, with the reason; no tag if every picture was drawn."""
    failures = "; ".join(f"{name}: {failure}" for name, failure in pictures.failures.items())
    return {FAILED_PICTURES: failures[:TAG_LIMIT]} if failures else {}


def descent(model: SegmentModel) -> dict[str, str]:
    """The file of the run that holds the lineage from the champion's segments; no file for a first model."""
    lineage = model.provenance.get("lineage")
    return {"lineage.json": json.dumps(lineage, indent=2, ensure_ascii=False)} if lineage else {}
