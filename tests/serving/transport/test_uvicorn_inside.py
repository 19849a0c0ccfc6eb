"""What `serving.transport` uses of uvicorn without a promise: an upgrade of uvicorn fails here first.

uvicorn documents none of these names. The tables below list them; the first test holds the tables to the code, the
second to the installed uvicorn, the third to the version that is declared.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from serving.launcher import CHECKOUT

SERVER = {
    "config.http_protocol_class",
    "config.loaded_app",
    "config.ws_protocol_class",
    "handle_exit",
    "lifespan.state",
    "server_state.connections",
    "servers",
    "should_exit",
    "started",
}
CONNECTION = {
    "connections",
    "cycle",
    "headers",
    "loop",
    "parser",
    "pipeline",
    "timeout_keep_alive_task",
    "transport",
    "_unset_keepalive_if_required",
}
CALLBACKS = {
    "connection_made",
    "data_received",
    "eof_received",
    "on_body",
    "on_headers_complete",
    "on_message_begin",
    "on_response_complete",
    "timeout_keep_alive_handler",
}
CYCLE = {"disconnected", "more_body", "response_complete", "response_started"}
CONSTRUCTOR = {"config", "server_state", "app_state"}
TRANSPORT = CHECKOUT / "serving" / "transport"


def dotted(node: ast.expr) -> str:
    """The attributes that an expression reads one after the other: `a.b.c`; empty for anything else."""
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return f"{before}.{node.attr}" if before else ""
    return node.id if isinstance(node, ast.Name) else ""


def chains(tree: ast.AST) -> Iterator[str]:
    return (chain for node in ast.walk(tree) if isinstance(node, ast.Attribute) and (chain := dotted(node)))


def test_the_tables_list_all_that_the_transport_uses() -> None:
    trees = [ast.parse(path.read_text()) for path in TRANSPORT.glob("*.py")]
    used = {chain.partition(".")[2] for tree in trees for chain in chains(tree) if chain.startswith("server.")}
    shorter = {name for name in used if any(other.startswith(f"{name}.") for other in SERVER)}
    assert used - shorter - {"server_state", "config"} == SERVER

    (connection,) = [node for tree in trees for node in ast.walk(tree) if is_connection(node)]
    own = {f"self.{node.name}" for node in connection.body if isinstance(node, ast.FunctionDef)}
    own |= {
        dotted(node)
        for node in ast.walk(connection)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and node.attr.startswith("_")
    }
    read = {".".join(chain.split(".")[:2]) for chain in chains(connection) if chain.startswith("self.")} - own
    assert {name.removeprefix("self.") for name in read} == CONNECTION
    overridden = {name.removeprefix("self.") for name in own} & set(dir(HttpToolsProtocol))
    assert overridden - {"__init__"} == CALLBACKS
    cycle = {chain.removeprefix("self.") for chain in chains(connection)}
    assert {name.removeprefix("cycle.") for name in cycle if name.startswith("cycle.")} == CYCLE


def is_connection(node: ast.AST) -> Any:
    return isinstance(node, ast.ClassDef) and "HttpToolsProtocol" in [dotted(base) for base in node.bases]


def test_the_installed_uvicorn_has_all_of_it() -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    async def look() -> None:
        config = uvicorn.Config(application, port=0, http="httptools", log_level="error")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        (port,) = {listening.getsockname()[1] for started in server.servers for listening in started.sockets}
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 204")
        (connection,) = server.server_state.connections
        assert isinstance(connection, HttpToolsProtocol)
        assert absent(server, SERVER) == set()
        assert absent(connection, CONNECTION | CALLBACKS) == set()
        assert absent(connection.cycle, CYCLE) == set()
        writer.close()
        server.should_exit = True
        await serving

    asyncio.run(asyncio.wait_for(look(), 30))
    assert set(inspect.signature(HttpToolsProtocol).parameters) >= CONSTRUCTOR


def absent(value: Any, names: set[str]) -> set[str]:
    """The names, dotted or not, that lead nowhere from an object."""

    def leads(name: str) -> bool:
        reached = value
        for part in name.split("."):
            if not hasattr(reached, part):
                return False
            reached = getattr(reached, part)
        return True

    return {name for name in names if not leads(name)}


def test_the_version_is_declared_to_the_digit() -> None:
    declared = re.search(r'"uvicorn==([0-9.]+)"', (CHECKOUT / "pyproject.toml").read_text())
    assert declared is not None
    assert declared.group(1) == version("uvicorn")
    assert f"uvicorn=={declared.group(1)} " in (CHECKOUT / "requirements.lock").read_text()
