"""The one door: a table of routes, and the ASGI application that keeps it.

What is not in the table is 404 or 405; what the table does not mark `public` asks for a key. The OpenAPI document is
made from the same table, so it cannot lack a route.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from segments.errors import nearest_word
from serving import contracts, pages
from serving.assignment import answer, read_request
from serving.changing import answer_change, read_change
from serving.guard import Answer, ApiKeys, BodyReader, Disconnected, Receive, Scope, Send, refused
from serving.live_model import LiveModel, ServedModel
from serving.refusals import Refusal, printable
from serving.settings import ServiceSettings
from serving.strict_json import dump, parse

if TYPE_CHECKING:
    from pydantic import BaseModel

logger = logging.getLogger("bentoml.segments")

# A body above this is worked on in a thread, so that a long list does not keep single customers waiting.
INLINE_BYTES = 16 * 1024
BODY_STATUSES = (400, 408, 413, 415, 422, 504)

Handler = Callable[[bytes], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """One row of the table.

    Without a `handler`, BentoML answers (its metrics, its copy of the documentation's scripts). `request` and
    `response` are the models of the bodies, None where a body is not JSON; `refusals` are the error statuses beyond
    those that every route has. `threaded` work takes long whatever the size of its body.
    """

    method: str
    path: str
    summary: str
    handler: Handler | None
    request: type[BaseModel] | None = None
    response: type[BaseModel] | None = None
    media_type: str = "application/json"
    refusals: tuple[int, ...] = ()
    public: bool = False
    documented: bool = True
    threaded: bool = False


def route_table(live: LiveModel, settings: ServiceSettings) -> tuple[Route, ...]:
    """All routes of the service."""

    def served() -> ServedModel:
        if live.current is None:
            raise _unready(live)
        return live.current

    def assign(body: bytes) -> Answer:
        model = served()
        return Answer(dump(answer(model, read_request(parse(body), settings.max_customers))))

    def contrast(body: bytes) -> Answer:
        model = served()
        return Answer(dump(answer(model, read_request(parse(body), settings.max_customers, contrast=True))))

    def change(body: bytes) -> Answer:
        model = served()
        return Answer(dump(answer_change(model, read_change(parse(body)))))

    def ready(_: bytes) -> Answer:
        served()
        return Answer(dump({"status": "ready"}))

    table = (
        Route(
            "POST",
            "/assign",
            "Assign customers to segments, and explain why",
            assign,
            request=contracts.AssignRequest,
            response=contracts.AssignResponse,
            refusals=(*BODY_STATUSES, 503),
        ),
        Route(
            "POST",
            "/contrast",
            "Assign customers, and explain why not the segment that you name",
            contrast,
            request=contracts.ContrastRequest,
            response=contracts.AssignResponse,
            refusals=(*BODY_STATUSES, 503),
        ),
        Route(
            "POST",
            "/what_would_change",
            "The smallest change that would move a customer to another segment",
            change,
            request=contracts.ChangeRequest,
            response=contracts.ChangeResponse,
            refusals=(*BODY_STATUSES, 503),
            threaded=True,
        ),
        Route(
            "GET",
            "/segments",
            "The segments' cards",
            lambda _: Answer(dump(pages.segments(served()))),
            response=contracts.SegmentsResponse,
            refusals=(503,),
        ),
        Route(
            "GET",
            "/model",
            "The model in service and the features it expects",
            lambda _: Answer(dump(pages.model(served()))),
            response=contracts.ModelResponse,
            refusals=(503,),
        ),
        Route(
            "GET",
            "/livez",
            "Is the process alive?",
            lambda _: Answer(dump({"status": "alive"})),
            response=contracts.Probe,
            public=True,
        ),
        Route(
            "GET",
            "/readyz",
            "Is a verified and warmed model in service?",
            ready,
            response=contracts.Probe,
            refusals=(503,),
            public=True,
        ),
        Route("GET", "/metrics", "Metrics for Prometheus", None, media_type="text/plain"),
        Route("GET", "/docs", "This documentation", lambda _: pages.DOCS, media_type="text/html"),
        Route("GET", "/", "To the documentation", lambda _: pages.TO_DOCS, documented=False),
        *(Route("GET", path, "Scripts of the documentation", None, documented=False) for path in pages.DOCS_FILES),
    )
    document = dump(pages.openapi(table))
    described = Route("GET", "/openapi.json", "The OpenAPI document", lambda _: Answer(document), documented=False)
    return (*table, described)


def _unready(live: LiveModel) -> Refusal:
    if live.failure is None:
        return Refusal(503, "loading", "the model is being loaded", headers={"Retry-After": "1"})
    return Refusal(503, "no_model", f"there is no model to serve: {live.failure}", headers={"Retry-After": "5"})


class Door:
    """The ASGI application of the service. `behind` (BentoML's own application) gets what the table leaves to it."""

    def __init__(self, live: LiveModel, settings: ServiceSettings) -> None:
        self._keys = ApiKeys.from_file(settings.api_keys_file)
        self._reader = BodyReader(settings.max_body_bytes, settings.body_seconds)
        self._seconds = settings.request_seconds
        self._routes: dict[str, dict[str, Route]] = {}
        for route in route_table(live, settings):
            self._routes.setdefault(route.path, {})[route.method] = route

    async def __call__(self, scope: Scope, receive: Receive, send: Send, behind: Any = None) -> None:
        """Answer one HTTP request; every failure ends in the one error shape."""
        try:
            headers = dict(scope["headers"])
            route = self._find(scope["method"], scope["path"], headers)
            if route.handler is None and behind is not None:
                await behind(scope, receive, send)
                return
            result = await self._handle(route, headers, receive)
        except Refusal as refusal:
            result = refused(refusal)
        except Disconnected:
            return
        except Exception:
            # the caller gets the one error shape and no detail of ours; the log gets the trace
            logger.exception("failed to answer %s %s", scope["method"], printable(scope["path"]))
            result = refused(Refusal(500, "internal_error", "the service failed; its log says why"))
        await result.send(send)

    def _find(self, method: str, path: str, headers: dict[bytes, bytes]) -> Route:
        methods = self._routes.get(path)
        if methods is None:
            self._keys.check(headers)
            shown = printable(path)
            raise Refusal(404, "not_found", f"there is no {shown!r} here.{nearest_word(shown, self._routes)}")
        route = methods.get("GET" if method == "HEAD" else method)
        if route is None or not route.public:
            self._keys.check(headers)
        if route is None:
            allowed = ", ".join(sorted(methods))
            message = f"{path} takes {allowed}, not {printable(method)}"
            raise Refusal(405, "method_not_allowed", message, headers={"Allow": allowed})
        return route

    async def _handle(self, route: Route, headers: dict[bytes, bytes], receive: Receive) -> Answer:
        if route.handler is None:
            raise Refusal(404, "not_found", f"{route.path} is only there when BentoML serves")
        if route.request is None:
            return route.handler(b"")
        body = await self._reader.read(headers, receive)
        if len(body) <= INLINE_BYTES and not route.threaded:
            return route.handler(body)
        try:
            async with asyncio.timeout(self._seconds):
                return await asyncio.to_thread(route.handler, body)
        except TimeoutError as error:
            message = f"this took more than {self._seconds:g} s; send fewer customers at a time"
            raise Refusal(504, "deadline", message) from error
