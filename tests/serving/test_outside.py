"""No request makes the service resolve a name, open a connection or read a file."""

from __future__ import annotations

import errno
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from experiments.load.service_process import free_port
from segment_model.model import SegmentModel
from serving.launcher import running_service
from serving.settings import ServiceSettings

# Python tells of every connection, look-up and opened file of the service's processes. What is no Python's reads the
# canary unseen by that: so the canary is a pipe that nobody writes to, and whoever opens it hangs there and is seen.
LOOK = """
import os, sys

def tell(line):
    handle = os.open(os.environ["LOOKED_FILE"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(handle, (line + chr(10)).encode())
    os.close(handle)

def look(event, given):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "urllib.Request", "subprocess.Popen"):
        tell(f"{event} {given[-1] if event == 'socket.connect' else given}")
    elif event == "open" and "canary" in str(given[0]):
        tell(f"{event} {given[0]}")

sys.addaudithook(look)
tell(f"looking {sys.orig_argv}")
"""

READ = "import duckdb, sys; duckdb.execute('SELECT * FROM read_csv(?)', [sys.argv[1]]).fetchall()"


@pytest.fixture
def trap() -> Iterator[socket.socket]:
    """An address where nobody is to call, by whatever language."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening


def requests(model: SegmentModel, lure: str) -> Iterator[tuple[str, str, Any]]:
    """Every route with the lure wherever a text may be."""
    contract, card = model.contract, model.cards[0]
    good = {column.name: card.medians[column.name] for column in contract.basis}
    texts = {column.name: lure for column in contract.columns if column.is_category}
    for features in (good, {**good, **texts}, dict.fromkeys(good, lure), {**good, lure: lure}):
        customer = {"id": lure, "features": features}
        yield "POST", "/assign", {"customers": [{**customer, "previous_segment_id": lure}], "words": True}
        for against in (lure, model.ids[0]):
            yield "POST", "/contrast", {"customers": [customer], "against": against}
            yield "POST", "/what_would_change", {"customer": customer, "to": against, "changeable": list(good)[:1]}
        yield "POST", "/what_would_change", {"customer": customer, "to": model.ids[0], "changeable": [lure]}
        yield "POST", "/locate", {"customers": [customer]}
    order = {"ordered_at": "2026-06-28", "order_id": lure, "amount": 41.5}
    for row in (order, {**order, "ordered_at": lure}, {**order, lure: lure}):
        customer = {"id": lure, "orders": [row]}
        yield "POST", "/assign_records", {"as_of": "2026-07-01", "customers": [customer], "explain": True}
    event = {"occurred_at": "2026-06-28", "name": lure, "feature": lure, "device": lure, "quantity": 3, "allowed": 10}
    term = {"started_at": "2026-01-01", "mrr": 5, "plan": lure, "seats": 3, "seats_used": 2}
    attributes = dict.fromkeys(("industry", "country", "crm_system"), lure)
    whole = {"id": lure, "orders": [order], "events": [event], "subscriptions": [term], "attributes": attributes}
    yield "POST", "/assign_records", {"as_of": "2026-07-01", "customers": [whole], "words": True}
    yield "POST", "/assign_records", {"as_of": lure, "customers": [{"id": lure}]}
    for path in ("/", "/model", "/segments", "/map", "/metrics", "/livez", "/readyz", "/docs", "/openapi.json"):
        yield "GET", f"{path}?url={lure}&file={lure}", None
    yield "GET", f"/{lure}", None


def ask(url: str, method: str, path: str, value: Any, lure: str) -> int:
    headers = {"Content-Type": "application/json", "X-Forwarded-Host": lure, "Referer": lure, "Origin": lure}
    body = None if value is None else json.dumps(value).encode()
    request = urllib.request.Request(url + path, body, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:
            return int(reply.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def has_reader(pipe: Path) -> bool:
    """Whether anybody, by whatever language, has it open to read or waits to."""
    try:
        os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
    except OSError as error:
        if error.errno == errno.ENXIO:
            return False
        raise
    return True


def test_the_canary_shows_who_reads_beside_python(tmp_path: Path) -> None:
    """DuckDB opens files outside Python's audit hooks; it is noticed at a pipe, where it waits for a writer."""
    canary = tmp_path / "canary.csv"
    os.mkfifo(canary)
    assert not has_reader(canary)
    reading = subprocess.Popen([sys.executable, "-c", READ, str(canary)], stdout=subprocess.PIPE)
    try:
        end = time.monotonic() + 60
        while not has_reader(canary):
            assert time.monotonic() < end
            assert reading.poll() is None
            time.sleep(0.01)
    finally:
        reading.kill()
        reading.communicate()


def test_no_request_makes_the_service_call_or_read_anything(
    raw_model: SegmentModel, tmp_path: Path, trap: socket.socket
) -> None:
    hook, looked = tmp_path / "hook", tmp_path / "looked"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(LOOK)
    canary = tmp_path / "canary.csv"
    os.mkfifo(canary)
    raw_model.save(tmp_path / "company")
    environment = {**os.environ, "PYTHONPATH": str(hook), "LOOKED_FILE": str(looked)}
    settings = ServiceSettings(model_path=tmp_path / "company", drain_seconds=0)
    place = f"127.0.0.1:{trap.getsockname()[1]}"
    lures = [
        f"http://{place}/canary.parquet",
        f"s3://{place}/canary",
        str(canary),
        f"file://{canary}",
        f"\\\\{place}\\x",
    ]
    assert all(place in lure or str(canary) in lure for lure in lures), "each leads where somebody looks"
    with (
        (tmp_path / "log").open("wb") as log,
        running_service(settings, port=free_port(), log=log, timeout=120.0, environment=environment) as url,
    ):
        before = looked.read_text() if looked.exists() else ""
        assert "worker.service" in before, "the worker that answers is looked at"
        outcomes = [
            (path.partition("?")[0], ask(url, method, path, value, lure))
            for lure in lures
            for method, path, value in requests(raw_model, lure)
        ]
        after = looked.read_text()[len(before) :]
    assert after == ""
    assert not has_reader(canary)
    with pytest.raises(BlockingIOError):
        trap.accept()
    assert {status for _, status in outcomes} <= {200, 404, 422}
    answered = {path for path, status in outcomes if status == 200}
    assert answered >= {
        "/assign",
        "/contrast",
        "/what_would_change",
        "/assign_records",
        "/locate",
        "/model",
        "/metrics",
    }
