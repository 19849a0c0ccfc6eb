"""Paths that lead elsewhere lead nowhere, and however many are asked for, the page of metrics stays as it is."""

from __future__ import annotations

import random
import string
from pathlib import Path
from typing import Any

import pytest

from experiments.load.callers import Connection, Reply, all_at_once, run
from serving.model.served_model import ServedModel
from serving.model.stored_copies import StoredCopies

UPWARDS = [
    "/static_content/../../../../etc/passwd",
    "/static_content/..%2f..%2f..%2f..%2fetc/passwd",
    "/static_content/%2e%2e/%2e%2e/etc/passwd",
    "/static_content//etc/passwd",
    "/static_content/swagger-ui.css/../../../pyproject.toml",
    "/../etc/passwd",
    "//etc/passwd",
    "/model/../../keys.json",
    "/docs%00.html",
    "/static_content/swagger-ui.css%00",
]
NAMES = [
    "../../keys.json",
    "/etc/passwd",
    "..\\..\\x",
    "C1\x00.json",
    "%2e%2e%2f",
    "~root",
    "$(id)",
    "file:///etc/passwd",
]


def ask_all(service: Any, requests: list[bytes]) -> list[Reply]:
    async def ask(connection: Connection, _: int) -> list[Reply]:
        return [await connection.ask(request) for request in requests]

    (reply,) = run(all_at_once(service.url, 1, ask))
    return list(reply)


def test_no_path_leads_out_of_the_table(service: Any, record_property: Any) -> None:
    replies = ask_all(service, [service.request("GET", path) for path in UPWARDS])
    record_property("paths", len(UPWARDS))
    assert [(reply.status, reply.code) for reply in replies] == [(404, "not_found")] * len(UPWARDS)


@pytest.mark.parametrize("name", NAMES)
def test_an_id_is_a_text_and_nothing_else(service: Any, crowd: Any, name: str) -> None:
    customer = {"id": name, "features": crowd.customers[0]["features"]}
    (reply,) = ask_all(service, [service.assign([customer])])
    (answer,) = reply.json["assignments"]
    assert (reply.status, answer["id"], answer["segment_id"]) == (200, name, crowd.segments[0])


@pytest.mark.parametrize("name", ["../../outside", "/outside", "..", "a/../../outside", "\x00"])
def test_a_models_name_and_version_are_no_path(kmeans_model: Any, tmp_path: Path, name: str) -> None:
    cache = tmp_path / "a" / "cache"
    copies = StoredCopies.of(cache, "sqlite:///../../x", name, "../champion")
    copies.store(ServedModel(kmeans_model, name, "../../7", "test"))
    kept = copies.last("disk")
    assert kept is not None
    assert (kept.name, kept.version) == (name, "../../7")
    assert [path for path in tmp_path.rglob("*") if path.is_file() and cache not in path.parents] == []


def test_ten_thousand_paths_make_no_new_series(service: Any, amount: Any, record_property: Any) -> None:
    def series() -> set[str]:
        (page,) = ask_all(service, [service.request("GET", "/metrics")])
        return {line.rpartition(" ")[0] for line in page.body.decode().splitlines() if not line.startswith("#")}

    generator = random.Random(5)  # noqa: S311  # paths, not secrets
    letters = string.ascii_letters + string.digits + "/%20.-_~"
    paths = ["/" + "".join(generator.choices(letters, k=generator.randint(1, 60))) for _ in range(amount(1000, 10_000))]
    methods = ["GET", "POST", "PUT", "DELETE", "BREW"]
    ask_all(service, [service.request(method, "/assigm") for method in methods])
    series()  # the page counts itself from the second asking on
    before = series()
    replies = ask_all(service, [service.request(methods[i % 5], path) for i, path in enumerate(paths)])
    record_property("paths", len(paths))
    record_property("series on the page", f"{len(before)} before, {len(series())} after")
    assert {reply.status for reply in replies} <= {404, 400}, "400: no URL at all"
    assert series() == before
