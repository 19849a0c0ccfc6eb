"""What a person sees of a discovery on MLflow's own pages, in a real browser against a real server."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features.learned import LearnedFeatures
from features.vector_table import CustomerVectors
from jobs import conclusion
from jobs.champion.incumbent import Incumbent
from jobs.conclusion import conclude
from jobs.delivery import Sent, send
from registry.versions.promotions import promote
from reporting.pictures.all_pictures import DrawnPictures
from training.discovery.discovery import Discovery
from training.settings import parse_settings
from training.succession.succession import succeed

SPEC = importlib.util.spec_from_file_location(
    "browser", Path(__file__).parents[2] / "serving" / "explorer" / "browser.py"
)
assert SPEC is not None
assert SPEC.loader is not None
browser = importlib.util.module_from_spec(SPEC)
sys.modules["browser"] = browser
SPEC.loader.exec_module(browser)
browser.SECONDS = 120.0  # MLflow's pages are large, and machines are busy

TRAINING = "workflowType=machine_learning"  # the layout that MLflow's switch "Model training" opens
SHOP = {
    "title": "A shop <b>of ours</b>",
    "as_of": "2018-01-01",
    "sources": {"orders": {"file": "orders.parquet"}},
    "discovery": {"algorithms": [{"algorithm": "kmeans", "segments": 4}]},
}
NAME = "v2 · 4 segments · distinct groups · 2018-01-01"


@contextmanager
def shown(program: str, folder: Path) -> Iterator[Any]:
    with browser.open_page(program, folder) as page:
        page.size(1440, 900)
        yield page


def take(page: Any, name: str) -> None:
    """Keep a picture of the page where a person asks for it by the variable SEGMENTS_SCREENSHOTS."""
    if folder := os.environ.get("SEGMENTS_SCREENSHOTS"):
        page.picture(Path(folder) / f"{name}.png")


@pytest.fixture(scope="module")
def served(
    tmp_path_factory: pytest.TempPathFactory, mlflow_server: Any, kmeans_discovery: Discovery
) -> Iterator[tuple[Any, Sent]]:
    """A server with a champion and its retrain on the same customers; the retrain is version 2."""
    server = mlflow_server(tmp_path_factory.mktemp("pages"))
    settings, frame = parse_settings(SHOP), kmeans_discovery.frame
    champion: Incumbent | None = None

    def continued(_: Any, __: Any, incumbent: Incumbent | None, *___: Any) -> Discovery:
        """Discovering takes longer than all of this test, and is tested elsewhere."""
        if incumbent is None:
            return kmeans_discovery
        return replace(kmeans_discovery, model=succeed(kmeans_discovery.model, incumbent.model, frame)[0])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conclusion, "draw_pictures", lambda _: DrawnPictures({}, {}))
        patch.setattr(conclusion, "analyse", lambda *_: (None, ""))
        patch.setattr(conclusion, "discover_named", continued)
        contract, day = kmeans_discovery.contract, date(2018, 1, 1)
        vectors = CustomerVectors(frame, contract, LearnedFeatures(), day, "sha256:planted", {})
        for _ in range(2):
            concluded = conclude(settings, vectors, champion, lambda _: None, lambda *_: None, Path())
            sent = send(server.direct, replace(concluded.record, began=1_700_000_000.0, ended=1_700_000_042.5))
            champion = Incumbent(concluded.discovery.model, sent.version)
    promote(server.direct, "1")
    with server.running():
        yield server, sent


@pytest.fixture
def page(needed: Callable[..., Any], tmp_path: Path) -> Iterator[Any]:
    program = needed(browser.chromium(), "no Chromium is installed (apt-get install chromium)")
    with shown(str(program), tmp_path) as opened:
        yield opened


def open_until(page: Any, server: Any, path: str, words: str) -> str:
    """Open a page of MLflow and return its text once it shows `words`."""
    page.open(f"{server.location.tracking_uri}/#/{path}{'&' if '?' in path else '?'}{TRAINING}")
    page.wait(f"document.body?.innerText.includes({json.dumps(words)}) ?? false")
    return str(page.js("document.body.innerText"))


def test_the_page_of_the_run(page: Any, served: tuple[Any, Sent], planted: Any) -> None:
    server, sent = served
    text = open_until(page, server, f"experiments/1/runs/{sent.run_id}", "kept_customers")
    page.wait("document.body.innerText.includes('Duration')")
    text = str(page.js("document.body.innerText"))
    take(page, "run")
    assert NAME in text
    assert "42.5s" in text, "the duration of the discovery"
    customers = len(planted.frame)
    metrics = text[text.index("Metrics (") :].replace("\n", " ")
    assert f"customers {customers} " in metrics
    assert "segments 4 " in metrics
    assert f"kept_customers {customers} moved_customers 0 new_segments 0 ended_segments 0" in metrics
    for card in server_cards(server):
        assert f"size/{card.id} {card.size} " in metrics
        assert card.name in text, "the description begins with the table of the segments"
    assert "discovery.algorithms" in text
    assert "registry." not in text


def server_cards(server: Any) -> Any:
    from registry.versions.versions import fetch

    return fetch(server.direct, "2").model.cards


def test_the_table_of_runs_has_a_row_a_discovery_in_the_layout_for_training(
    page: Any, served: tuple[Any, Sent]
) -> None:
    server, _ = served
    text = open_until(page, server, "experiments/1/runs", NAME)
    take(page, "runs")
    assert "v1 · 4 segments · distinct groups · 2018-01-01" in text
    assert "2 matching runs" in text
    assert "Evaluation runs" not in text, "that is the layout for language models"


def test_the_page_of_the_version(page: Any, served: tuple[Any, Sent]) -> None:
    server, _ = served
    text = open_until(page, server, "models/customer-segments/versions/2", "Verdict.")
    take(page, "version")
    for card in server_cards(server):
        assert card.name in text
        assert f"{card.size}" in text
    assert "A shop <b>of ours</b>" in text, "markup in a title is text"
    assert "Distinct groups" in text


@pytest.mark.parametrize("name", ["report.html", "what_changed.html"])
def test_the_pages_are_shown_in_the_viewer_of_artifacts(page: Any, served: tuple[Any, Sent], name: str) -> None:
    server, sent = served
    open_until(page, server, f"experiments/1/runs/{sent.run_id}/artifacts/{name}", name)
    page.wait("!!document.querySelector('iframe')")
    page.js("new Promise((done) => setTimeout(done, 1500))")  # a frame of another origin does not say when it is drawn
    take(page, name.partition(".")[0])
    box = page.js(
        "(() => { const r = document.querySelector('iframe').getBoundingClientRect(); return [r.width, r.height]; })()"
    )
    assert min(box) > 300


def test_the_candidates_are_a_table(page: Any, served: tuple[Any, Sent]) -> None:
    server, sent = served
    text = open_until(page, server, f"experiments/1/runs/{sent.run_id}/artifacts/candidates.json", "smallest_share")
    take(page, "candidates")
    candidates = pd.read_json(
        next((Path(server.direct.artifact_root) / sent.run_id).rglob("candidates.json")), orient="split"
    )
    assert "KMeans, 4 segments" in text
    assert "smallest_share" in text
    assert len(candidates) == 2, "two kinds of KMeans"
