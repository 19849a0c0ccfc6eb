"""The record of a discovery: the provenance that is stored with the model, and the content of its MLflow run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from features.vector_table import CustomerVectors
from registry.runs.records import CandidateRecord, DiscoveryRecord
from reporting.evidence import evidence_table
from reporting.ladder import ladder_figures, ladder_table
from reporting.pictures.all_pictures import DrawnPictures
from reporting.rule_export import rule_table, rules_json, rules_sql
from reporting.tables import candidate_table, segment_table
from segment_model.errors import counted
from segment_model.language.wording import plain_number
from segment_model.model import SegmentModel
from segment_model.rules import RuleSet
from training.discovery.discovery import Discovery
from training.evaluation.verdict_figures import verdict_figures
from training.settings import Settings

LIBRARIES = ("hdbscan", "ibis-framework", "mlflow", "numpy", "pandas", "scikit-learn", "scipy", "umap-learn")
FAILED_PICTURES = "failed_pictures"
TAG_LIMIT = 5000  # characters


def provenance(settings: Settings, vectors: CustomerVectors) -> dict[str, Any]:
    """The provenance of a model: data, settings and library versions, as plain JSON values."""
    return {
        **({"as_of": vectors.as_of.isoformat()} if vectors.as_of else {}),
        "data_digest": vectors.digest,
        "learned_features": vectors.learned.to_json(),
        "raw_columns": {name: list(columns) for name, columns in vectors.columns.items()},
        "settings": settings.model_dump(mode="json", exclude={"analytics", "registry", "sweep", "title"}),
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """The versions of the libraries that a model depends on."""
    return {name: version(name) for name in LIBRARIES}


def make_record(
    settings: Settings,
    vectors: CustomerVectors,
    discovery: Discovery,
    pictures: DrawnPictures,
    report: str,
    rules: Sequence[RuleSet],
) -> DiscoveryRecord:
    """The discovery as the registry logs it."""
    candidates = tuple(
        CandidateRecord(
            name=candidate.spec.name,
            params={"algorithm": candidate.spec.algorithm, **candidate.spec.parameters},
            metrics={
                **(candidate.judgement.metrics if candidate.judgement else candidate.facts),
                **(candidate.fit.facts if candidate.fit else {}),
            },
            tags={"remark": remark, "chosen": str(number == discovery.choice.chosen).lower()},
        )
        for number, (candidate, remark) in enumerate(zip(discovery.candidates, discovery.choice.remarks, strict=True))
    )
    return DiscoveryRecord(
        name=f"{settings.registry.model_name}{vectors.moment}",
        settings=settings.model_dump(mode="json", exclude={"sweep"}),
        vectors=vectors.frame,
        data_digest=vectors.digest,
        data_source=", ".join(vectors.report),
        model=discovery.model,
        metrics={
            **discovery.judgement.metrics,
            **verdict_figures(discovery.verdict),
            **ladder_figures(discovery),
            "customers": float(len(vectors.frame)),
        },
        tags={
            "algorithm": discovery.chosen.spec.algorithm,
            "chosen": discovery.chosen.spec.name,
            "verdict": str(discovery.verdict.kind),
            **_picture_failures(pictures),
        },
        versions=versions(),
        candidates=candidates,
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
            "rules.json": rules_json(rules),
            "rules.sql": rules_sql(rules, discovery.contract),
            **descent(discovery.model),
        },
        note=note(settings, vectors, discovery),
    )


def _picture_failures(pictures: DrawnPictures) -> dict[str, str]:
    """A tag that names each picture that could not be drawn, with the reason; no tag if every picture was drawn."""
    failures = "; ".join(f"{name}: {failure}" for name, failure in pictures.failures.items())
    return {FAILED_PICTURES: failures[:TAG_LIMIT]} if failures else {}


def descent(model: SegmentModel) -> dict[str, str]:
    """The file of the run that holds the lineage from the champion's segments; no file for a first model."""
    lineage = model.provenance.get("lineage")
    return {"lineage.json": json.dumps(lineage, indent=2, ensure_ascii=False)} if lineage else {}


def note(settings: Settings, vectors: CustomerVectors, discovery: Discovery) -> str:
    """The run's front page in Markdown."""
    rows = "\n".join(
        f"| {card.name} | {card.size:,} | {plain_number(100 * card.share)} % | {card.sentence} | `{card.id}` |"
        for card in discovery.model.cards
    )
    customers = counted(len(vectors.frame), "customer")
    exemplars = counted(discovery.model.provenance["exemplars"], "encoded training customer")
    return (
        f"# {settings.title or settings.registry.model_name}\n\n"
        f"{customers}{vectors.moment}. Chosen: {discovery.choice.reason}.\n\n"
        f"**Verdict.** {discovery.verdict.sentence}\n\n"
        f"The model keeps {exemplars} as exemplars.\n\n"
        "The whole story with pictures is in the artifact `report.html`.\n\n"
        f"| segment | customers | share | in words | id |\n|---|---:|---:|---|---|\n{rows}\n"
    )
