"""The model that a retrain continues is named by version and day, on the page of what changed too."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from features.learned import LearnedFeatures
from features.vector_table import CustomerVectors
from jobs import conclusion
from jobs.champion.incumbent import Incumbent
from reporting.pictures.all_pictures import DrawnPictures
from training.discovery.discovery import Discovery
from training.settings import parse_settings
from training.succession.succession import succeed


@pytest.mark.parametrize(
    ("provenance", "version", "words"),
    [
        ({"as_of": "2026-06-01"}, "3", "version 3, as of 2026-06-01"),
        ({}, "3", "version 3"),
        ({"as_of": "2026-06-01"}, "", "as of 2026-06-01"),
        ({}, "", ""),
    ],
)
def test_what_is_known_of_it_is_said(
    kmeans_discovery: Discovery, provenance: dict[str, Any], version: str, words: str
) -> None:
    assert Incumbent(replace(kmeans_discovery.model, provenance=provenance), version).words == words


def test_the_record_of_a_retrain_names_the_champion(
    kmeans_discovery: Discovery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conclusion, "draw_pictures", lambda _: DrawnPictures({}, {}))
    settings = parse_settings({"as_of": "2026-07-01", "sources": {"orders": {"file": "o.csv"}}})
    frame, contract = kmeans_discovery.frame, kmeans_discovery.contract
    vectors = CustomerVectors(frame, contract, LearnedFeatures(), date(2026, 7, 1), "sha256:planted", {})
    former = replace(kmeans_discovery.model, provenance={"as_of": "2026-06-01"})
    retrained = replace(kmeans_discovery, model=succeed(kmeans_discovery.model, former, frame)[0])
    concluded = conclusion.record_discovery(
        settings, vectors, retrained, Incumbent(former, "3"), lambda: (None, ""), lambda _: None
    )
    for page in (concluded.report, concluded.record.texts["what_changed.html"]):
        assert "The last champion is version 3, as of 2026-06-01." in page
