"""Who may ask: every route but the probes asks for a key; keys are named, hashed, and change while the service runs."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import stat
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from segment_model.errors import SettingsError
from segment_model.model import SegmentModel
from serving.gateway import api_keys as keys_module
from serving.gateway.api_keys import OPEN, ApiKeys, add_key, read_keys, revoke_key
from serving.gateway.gateway import Gateway
from serving.model.live_model import LiveModel
from serving.model.served_model import ServedModel
from serving.route_table import route_table
from serving.settings import ServiceSettings
from serving.wire.refusals import Refusal

PROBES = {("GET", "/livez"), ("GET", "/readyz")}
OTHERS = [("GET", "/nope"), ("PUT", "/assign"), ("OPTIONS", "/assign"), ("PUT", "/livez"), ("HEAD", "/model")]


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def hashed(key: str) -> str:
    return f"sha256:{hashlib.sha256(key.encode()).hexdigest()}"


def bearer(key: str) -> dict[bytes, bytes]:
    return {b"authorization": f"Bearer {key}".encode()}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


@pytest.fixture
def keyed(
    make_caller: Callable[..., Any], kmeans: SegmentModel, path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Any, str, str]:
    """A service that asks for keys, the key of the team 'web', and one that it took until it was revoked."""
    monkeypatch.setattr(keys_module, "CHECK_SECONDS", 0.0)
    key, gone = add_key(path, "web"), add_key(path, "gone")
    call = make_caller(kmeans, ServiceSettings(api_keys_file=path))
    assert call("GET", "/model", b"", {"authorization": f"Bearer {gone}"}).status == 200
    revoke_key(path, "gone")
    return call, key, gone


def every_route() -> list[tuple[str, str]]:
    return [(route.method, route.path) for route in route_table()]


def basic(password: str) -> str:
    return "Basic " + base64.b64encode(f"anyone:{password}".encode()).decode()


@pytest.mark.parametrize(
    "sent",
    [
        *(
            None,
            "",
            "Bearer",
            "Bearer ",
            "Bearer wrong",
            "Basic {key}",
            "{key}",
            "Bearer {key}x",
            "Bearer \xff",
            "Basic =",
        ),
        *("Bearer {gone}", "Basic {gone_as_password}"),
    ],
)
def test_every_route_but_the_probes_asks_for_a_key(
    keyed: tuple[Any, str, str], kmeans: SegmentModel, sent: str | None
) -> None:
    call, key, gone = keyed
    headers = {"content-type": "application/json"}
    if sent is not None:
        password = basic(gone).removeprefix("Basic ")
        headers["authorization"] = sent.format(key=key, gone=gone, gone_as_password=password)
    asked = [route for route in every_route() if route not in PROBES]
    assert len(asked) > 14
    for method, route in [*asked, *OTHERS]:
        reply = call(method, route, b"", headers)
        assert (reply.status, reply.error["code"]) == (401, "unauthorized"), route
        assert reply.headers["www-authenticate"].startswith("Basic realm=")
    for method, route in PROBES:
        assert call(method, route, b"", headers).status == 200


@pytest.mark.parametrize("sent", ["e", "key", "API key", "0" * 32_000])
def test_a_wrong_key_leaves_the_message_as_it_is(keyed: tuple[Any, str, str], sent: str) -> None:
    call, _, _ = keyed
    plain = call("GET", "/model", b"", {}).error
    assert "this service asks for an API key: send the header" in plain["message"]
    assert call("GET", "/model", b"", {"authorization": f"Bearer {sent}"}).error == plain


def test_over_real_sockets_too_no_route_opens_without_a_key_that_counts(
    start_service: Callable[..., Any], kmeans: SegmentModel
) -> None:
    """As callers meet it: uvicorn, our front gateway and BentoML in the way, and the files that BentoML answers."""
    routes = [route for route in every_route() if route not in PROBES]
    ours = [*routes, *OTHERS, ("GET", "/healthz"), ("GET", "/docs.json"), ("GET", "/schema.json")]
    with start_service() as service:
        file = service.log.parent / "keys.json"
        gone = add_key(file, "gone")

        def status(method: str, route: str, authorization: str | None) -> int:
            named = "" if authorization is None else f"Authorization: {authorization}\r\n"
            head = f"{method} {route} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{named}Content-Length: 0\r\n\r\n"
            with service.connect() as connection:
                connection.sendall(head.encode("latin-1"))
                return int(connection.makefile("rb").readline().split()[1])

        def becomes(expected: int) -> None:
            end = time.monotonic() + 20
            while status("GET", "/model", f"Bearer {gone}") != expected:
                assert time.monotonic() < end
                time.sleep(0.05)

        becomes(200)
        revoke_key(file, "gone")
        becomes(401)
        for sent in (None, "Bearer wrong", f"Bearer {gone}", basic(gone)):
            assert {(route, status(*route, sent)) for route in ours} == {(route, 401) for route in ours}
            assert {status(*route, sent) for route in PROBES} == {200}
        codes = {route: status(*route, basic(service.key)) for route in routes}
        assert codes.pop(("GET", "/report")) == 404, "this model has no page"
        assert {code for (method, _), code in codes.items() if method == "GET"} == {200}
        assert {code for (method, _), code in codes.items() if method == "POST"} == {415}
        log = service.log.read_text()
    assert gone not in log
    assert service.key not in log


def test_a_revoked_key_and_an_empty_password_open_nothing(path: Path) -> None:
    clock = Clock()
    old, new = add_key(path, "old"), add_key(path, "new")
    keys = ApiKeys(path, clock)
    assert keys.caller(bearer(old)) == "old"
    revoke_key(path, "old")
    assert keys.caller(bearer(old)) == "old", "the file is looked at once a second"
    clock.now = 1.0
    with pytest.raises(Refusal) as refused:
        keys.caller(bearer(old))
    assert refused.value.status == 401
    assert keys.caller(bearer(new)) == "new"
    with pytest.raises(Refusal):
        keys.caller({b"authorization": basic("").encode()})


def test_the_last_key_revoked_shuts_the_door(path: Path) -> None:
    clock = Clock()
    key = add_key(path, "only")
    keys = ApiKeys(path, clock)
    revoke_key(path, "only")
    clock.now = 1.0
    for headers in (bearer(key), bearer(""), {}):
        with pytest.raises(Refusal):
            keys.caller(headers)
    assert not keys.broken
    with pytest.raises(Refusal):
        ApiKeys(path).caller({})


def test_a_key_opens_as_a_bearer_s_and_as_a_browser_sends_it(keyed: tuple[Any, str, str]) -> None:
    call, key, _ = keyed
    for sent in (f"Bearer {key}", f"bearer  {key} ", basic(key)):
        assert call("GET", "/model", b"", {"authorization": sent}).status == 200


def test_every_key_is_compared_whichever_was_sent(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So the time that it takes says nothing of where a key stands, nor whether it stands there."""
    names = ["a", "b", "c", "d"]
    stored = {name: add_key(path, name) for name in names}
    keys, compared = ApiKeys(path), list[bytes]()
    real = hmac.compare_digest

    def counted(sent: bytes, other: bytes) -> bool:
        compared.append(other)
        return real(sent, other)

    monkeypatch.setattr(keys_module.hmac, "compare_digest", counted)
    for name in names:
        compared.clear()
        assert keys.caller(bearer(stored[name])) == name
        assert len(set(compared)) == len(compared) == len(names)
    for unknown in ("", "unknown", stored["a"][:-1]):
        compared.clear()
        with pytest.raises(Refusal):
            keys.caller(bearer(unknown))
        assert len(set(compared)) == len(compared) == len(names)


def test_no_file_is_an_open_service() -> None:
    assert ApiKeys(None).caller({}) == OPEN


@pytest.mark.parametrize("content", ["", "{", "[]", '{"web": "sha256:abcd"}', None])
def test_a_file_that_becomes_no_file_of_keys_leaves_the_old_keys(
    path: Path, content: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    key = add_key(path, "web")
    keys = ApiKeys(path, clock)
    path.unlink() if content is None else path.write_text(content)
    with caplog.at_level(logging.ERROR):
        for clock.now in (1.0, 2.0, 3.0):
            assert keys.caller(bearer(key)) == "web"
    assert keys.broken
    assert len(caplog.records) == 1, "told once, not every second"
    assert "keys.json" in caplog.text
    path.unlink(missing_ok=True)
    later = add_key(path, "later")
    clock.now = 4.0
    assert keys.caller(bearer(later)) == "later"
    assert not keys.broken
    with pytest.raises(Refusal):
        keys.caller(bearer(key))


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        '{"web": "s3gm-ents"}',
        '{"web": "sha256:abcd"}',
        '{"web": 5}',
        '{"": "' + "a" * 64 + '"}',
        '{"a\\nb": "' + "a" * 64 + '"}',
        '{"web": "' + "a" * 64 + '", "web": "' + "b" * 64 + '"}',
    ],
)
def test_a_file_of_keys_that_is_no_such_file_is_refused_without_showing_it(
    kmeans: SegmentModel, path: Path, content: str
) -> None:
    path.write_text(content)
    with pytest.raises(SettingsError, match=r"keys\.json") as caught:
        Gateway(LiveModel(lambda: ServedModel(kmeans, "", "", "")), ServiceSettings(api_keys_file=path))
    assert "s3gm-ents" not in str(caught.value)


def test_a_file_made_with_sha256sum_is_read_with_and_without_its_prefix(path: Path) -> None:
    path.write_text(json.dumps({"one": hashed("a"), "two": hashed("b").removeprefix("sha256:")}))
    keys = ApiKeys(path)
    assert [keys.caller(bearer(key)) for key in "ab"] == ["one", "two"]


def test_the_hash_of_an_empty_key_is_refused_since_it_would_open_to_everybody(path: Path) -> None:
    path.write_text(json.dumps({"web shop": f"sha256:{hashlib.sha256(b'').hexdigest()}"}))
    with pytest.raises(SettingsError, match="the key of 'web shop' is empty, which everybody sends: make another"):
        ApiKeys(path)


def test_a_key_is_told_once_and_only_its_hash_is_kept(path: Path) -> None:
    first, second = add_key(path, "web shop"), add_key(path, "crm")
    assert len(first) >= 43, "256 bits"
    assert first != second
    content = path.read_text()
    assert first not in content
    assert second not in content
    assert json.loads(content) == {"crm": hashed(second), "web shop": hashed(first)}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    left = {child.name for child in path.parent.iterdir()}
    assert left == {path.name, f".{path.name}.lock"}, "nothing half made is left"


def test_keys_made_and_revoked_at_once_are_all_kept_and_gone(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each writer takes long between reading the file and replacing it."""
    add_key(path, "former")
    write = keys_module.atomic_write

    def write_slowly(*arguments: Any, **options: Any) -> None:
        time.sleep(0.02)
        write(*arguments, **options)

    monkeypatch.setattr(keys_module, "atomic_write", write_slowly)
    names = [f"team {number}" for number in range(6)]
    with ThreadPoolExecutor(len(names) + 1) as pool:
        revoked = pool.submit(revoke_key, path, "former")
        keys = list(pool.map(lambda name: add_key(path, name), names))
    assert revoked.result() is None
    assert list(read_keys(path)) == names
    read = ApiKeys(path)
    assert [read.caller(bearer(key)) for key in keys] == names


def test_a_file_of_keys_in_no_folder_is_refused_as_one_that_cannot_be_written(path: Path) -> None:
    with pytest.raises(SettingsError, match=r"keys\.json cannot be written: No such file or directory"):
        add_key(path.parent / "absent" / path.name, "web")
    with pytest.raises(SettingsError, match=r"keys\.json cannot be read"):
        revoke_key(path, "web")
    assert not list(path.parent.iterdir())


@pytest.mark.parametrize("name", ["", " ", "-x", "a" * 65, "a\nb", "ä", 'a"b'])
def test_a_name_that_cannot_stand_in_a_log_is_refused(path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match="not a name for a key"):
        add_key(path, name)


def test_a_taken_name_and_an_unknown_one_are_said(path: Path) -> None:
    add_key(path, "web")
    with pytest.raises(SettingsError, match="has a key named 'web' already"):
        add_key(path, "web")
    with pytest.raises(SettingsError, match="no key named 'wob'"):
        revoke_key(path, "wob")
    assert list(read_keys(path)) == ["web"]
