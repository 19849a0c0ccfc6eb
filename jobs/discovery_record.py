"""What is kept of a discovery: what made it, for the model itself, and its whole story, for the registry."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from features.vector_table import CustomerVectors
from registry.runs.records import CandidateRecord, DiscoveryRecord
from reporting.evidence import evidence_table, verdict_metrics
from reporting.rule_export import rule_table, rules_json, rules_sql
from reporting.tables import candidate_table, segment_table
from segment_model.language.wording import plain_number
from segment_model.model import SegmentModel
from segment_model.rules import RuleSet
from training.discovery.discovery import Discovery
from training.settings import Settings

LIBRARIES = ("hdbscan", "ibis-framework", "mlflow", "numpy", "pandas", "scikit-learn", "scipy", "umap-learn")


def provenance(settings: Settings, vectors: CustomerVectors) -> dict[str, Any]:
    """What made the model, for the model itself: plain JSON values."""
    return {
        "as_of": vectors.as_of.isoformat(),
        "data_digest": vectors.digest,
        "learned_features": vectors.learned.to_json(),
        "raw_columns": {name: list(columns) for name, columns in vectors.columns.items()},
        "settings": settings.model_dump(mode="json", exclude={"registry", "sweep", "title"}),
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """The versions of the libraries that a result depends on."""
    return {name: version(name) for name in LIBRARIES}


def record(
    settings: Settings,
    vectors: CustomerVectors,
    found: Discovery,
    pictures: dict[str, bytes],
    report: str,
    rules: Sequence[RuleSet],
) -> DiscoveryRecord:
    """The discovery as the registry logs it."""
    judgement = found.chosen.judgement
    candidates = tuple(
        CandidateRecord(
            name=candidate.spec.name,
            params={"algorithm": candidate.spec.algorithm, **candidate.spec.parameters},
            metrics={
                **(candidate.judgement.metrics if candidate.judgement else candidate.facts),
                **(candidate.fit.facts if candidate.fit else {}),
            },
            tags={"remark": remark, "chosen": str(number == found.choice.chosen).lower()},
        )
        for number, (candidate, remark) in enumerate(zip(found.candidates, found.choice.remarks, strict=True))
    )
    return DiscoveryRecord(
        name=f"{settings.registry.model_name} as of {vectors.as_of.isoformat()}",
        settings=settings.model_dump(mode="json", exclude={"sweep"}),
        vectors=vectors.frame,
        data_digest=vectors.digest,
        data_source=", ".join(vectors.report),
        model=found.model,
        metrics={
            **(judgement.metrics if judgement else {}),
            **verdict_metrics(found),
            "customers": float(len(vectors.frame)),
        },
        tags={
            "algorithm": found.chosen.spec.algorithm,
            "chosen": found.chosen.spec.name,
            "verdict": str(found.verdict.kind),
        },
        versions=versions(),
        candidates=candidates,
        tables={
            "segments": segment_table(found),
            "candidates": candidate_table(found),
            "evidence": evidence_table(found),
            "rules": rule_table(rules, found.contract),
        },
        figures=pictures,
        texts={
            "report.html": report,
            "rules.json": rules_json(rules),
            "rules.sql": rules_sql(rules, found.contract),
            **descent(found.model),
        },
        note=note(settings, vectors, found),
    )


def descent(model: SegmentModel) -> dict[str, str]:
    """From which segments of the champion the model's own descend, as a file of the run; nothing for a first model."""
    lineage = model.provenance.get("lineage")
    return {"lineage.json": json.dumps(lineage, indent=2, ensure_ascii=False)} if lineage else {}


def note(settings: Settings, vectors: CustomerVectors, found: Discovery) -> str:
    """The run's front page in Markdown."""
    rows = "\n".join(
        f"| {card.name} | {card.size:,} | {plain_number(100 * card.share)} % | {card.sentence} | `{card.id}` |"
        for card in found.model.cards
    )
    return (
        f"# {settings.title or settings.registry.model_name}\n\n"
        f"{len(vectors.frame):,} customers as of {vectors.as_of.isoformat()}. Chosen: {found.choice.reason}.\n\n"
        f"**Verdict.** {found.verdict.sentence}\n\n"
        f"The model keeps {found.model.provenance['exemplars']:,} encoded training customers as exemplars.\n\n"
        "The whole story with pictures is in the artifact `report.html`.\n\n"
        f"| segment | customers | share | in words | id |\n|---|---:|---:|---|---|\n{rows}\n"
    )
