"""The whole pipeline on a real retailer, end to end: `make demo` runs it."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.complete_journey import NEWCOMERS, SETTINGS, load_tables
from experiments.load.service_process import free_port
from features.customer_vector import build_vectors
from features.vector_table import CustomerVectors
from jobs.discover import Outcome, run_discovery
from jobs.registry_location import location_of
from registry.connection import RegistryLocation
from registry.versions.promotions import promote
from segment_model.errors import SegmentsError
from segment_model.language.wording import plain_value
from serving.launcher import running_service
from serving.settings import ServiceSettings
from training.progress import Announce, Progress
from training.settings import Settings, read_settings

REASONS_SHOWN = 4


def run_demo(folder: Path, announce: Announce, progress: Progress) -> None:
    """Discover, register, serve, ask about two households that training never saw, and say what to do next.

    Raises
    ------
    SegmentsError
        If a step fails, or an answer of the service differs from the model's.
    """
    announce(f"1. the raw tables of a grocery retailer, into {folder}/")
    tables = load_tables()
    tables.of(NEWCOMERS, keep=False).write(folder)
    tables.of(NEWCOMERS, keep=True).write(folder / "newcomers")
    config = folder / "segments.yaml"
    config.write_text(SETTINGS.read_text(encoding="utf-8"), encoding="utf-8")
    settings, _ = read_settings(config)

    announce("2. discovery")
    outcome = run_discovery(settings, folder, announce, progress)
    report = folder / "report.html"
    report.write_text(outcome.report, encoding="utf-8")
    for card in outcome.discovery.model.cards:
        announce(f"   {card.name}: {card.sentence}")

    announce(f"3. version {outcome.version} becomes the champion")
    location = location_of(settings, folder)
    promote(location, outcome.version)

    announce("4. the service starts, and answers for two households it has never seen")
    newcomers = newcomer_vectors(settings, folder / "newcomers", outcome)
    with (
        (folder / "service.log").open("wb") as log,
        running_service(_serve(location), port=free_port(), log=log) as url,
    ):
        answers = ask(url, newcomers.frame)
    check(answers, newcomers.frame, outcome)
    for answer in answers:
        announce(describe_answer(answer, outcome))
    announce(f"5. stopped. The report to show around is {report}\n\n{next_steps(folder, config)}")


def newcomer_vectors(settings: Settings, folder: Path, outcome: Outcome) -> CustomerVectors:
    """Vectors of the newcomers, by the rules that training learned."""
    return build_vectors(settings.sources, settings.features, settings.as_of, folder, outcome.vectors.learned)


def ask(url: str, frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The service's answers for customer vectors, with explanations."""
    customers = [
        {"id": str(customer), "features": {name: None if value != value else value for name, value in row.items()}}
        for customer, row in frame.astype(object).where(frame.notna(), None).to_dict(orient="index").items()
    ]
    body = json.dumps({"customers": customers, "explain": True}).encode()
    request = urllib.request.Request(f"{url}/assign", body, {"Content-Type": "application/json"})  # noqa: S310  (our own)
    with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310  (our own service)
        answers: list[dict[str, Any]] = json.load(response)["assignments"]
    return answers


def check(answers: list[dict[str, Any]], frame: pd.DataFrame, outcome: Outcome) -> None:
    """Check that the service answers exactly what the model answers.

    Raises
    ------
    SegmentsError
        If an answer is missing or differs.
    """
    expected = outcome.discovery.model.assign(frame)
    for answer, (customer, row) in zip(answers, expected.iterrows(), strict=True):
        if answer["id"] != customer or answer["segment_id"] != row["segment_id"]:
            raise SegmentsError(f"the service put {answer['id']} into {answer['segment_id']}, the model {dict(row)}")


def describe_answer(answer: Mapping[str, Any], outcome: Outcome) -> str:
    """An answer in words, strongest reasons first."""
    model = outcome.discovery.model
    names = dict(zip(model.ids, model.names, strict=True))
    explanation = answer["explanation"]
    lines = [
        f"   household {answer['id']}: {names[explanation['toward']]!r} (strength {answer['strength']:.2f}), "
        f"rather than {names[explanation['against']]!r}, because of"
    ]
    reasons = sorted(explanation["contributions"], key=lambda reason: -abs(reason["contribution"]))
    for reason in reasons[:REASONS_SHOWN]:
        column = model.contract[reason["feature"]]
        lines.append(f"     {reason['contribution']:+8.2f}  {column.title}: {plain_value(reason['value'], column)}")
    return "\n".join(lines)


def next_steps(folder: Path, config: Path) -> str:
    """Three commands to continue with."""
    return (
        "Next:\n"
        f"  look at the run:       .venv/bin/mlflow ui --backend-store-uri sqlite:///{folder / 'mlflow.db'}\n"
        f"  ask the service:       .venv/bin/segments serve --config {config}   (then open http://127.0.0.1:3000)\n"
        "  use your own tables:   .venv/bin/segments init mine/*.csv   (README.md has the three steps)"
    )


def _serve(location: RegistryLocation) -> ServiceSettings:
    return ServiceSettings.model_validate({"tracking_uri": location.tracking_uri, "model_name": location.model_name})
