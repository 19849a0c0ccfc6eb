"""The door of the service: the ASGI application that lets a request in by the table of routes, or says why not.

The order is: head (414, 431), key (401), route (404, 405), rate (429), room (503), body (408, 413, 415), room again,
work. So who has no key takes no room, and nor does a body that is slow to come; who finds none at once has sent no more
than a head, and of those who send at the same time the last to be ready may still find none.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from segment_model.errors import nearest_word
from serving.endpoints.context import Context
from serving.endpoints.route import Lane, RequestWork, Route
from serving.endpoints.table import route_table
from serving.gateway.admission import RateLimit, Turn
from serving.gateway.api_keys import ApiKeys, sent_key
from serving.gateway.cors import Origins
from serving.gateway.request_log import RequestIds, RequestLog, Seen
from serving.metrics.service_metrics import ServiceMetrics
from serving.metrics.worker_metrics import WorkerMetrics
from serving.model.live_model import LiveModel
from serving.model.shadow import Shadow
from serving.settings import ServiceSettings
from serving.wire.body import BodyReader, Disconnected, check_head
from serving.wire.deadline import Deadline
from serving.wire.messages import Answer, Headers, Receive, Scope, Send, refused
from serving.wire.refusals import Refusal, hidden, printable

# A body above this is worked on in a thread, so that a list does not keep single customers waiting. Work that its body
# does not bound (a search, thousands of exact explanations) has a thread of its own, and keeps no list waiting. One
# each: work holds the interpreter most of the time, and two that want it cost a quarter of what they do.
INLINE_BYTES = 4 * 1024

Found = TypeVar("Found")


class Door:
    """The ASGI application of the service."""

    def __init__(
        self,
        live: LiveModel,
        settings: ServiceSettings,
        metrics: ServiceMetrics | None = None,
        workers: WorkerMetrics | None = None,
        shadow: Shadow | None = None,
    ) -> None:
        self._live = live
        self._metrics = ServiceMetrics() if metrics is None else metrics
        self._workers = WorkerMetrics(self._metrics) if workers is None else workers
        self._keys = ApiKeys(settings.api_keys_file)
        self._rate = RateLimit(settings.requests_per_second, settings.workers)
        self._room = Turn(settings.max_concurrency, settings.workers)
        # a few searches take as long as thousands of customers: they never fill the room of all
        self._search_room = Turn(max(1, settings.max_concurrency // 2), settings.workers)
        self._reader = BodyReader(settings.max_body_bytes, settings.body_seconds)
        self._origins = Origins(settings.origins)
        self._seconds = settings.request_seconds
        self._ids = RequestIds()
        self._log = RequestLog(settings.log_requests, settings.log_values)
        self._lists = ThreadPoolExecutor(1, "lists")
        self._searches = ThreadPoolExecutor(1, "searches")
        self._context = Context(live, settings, self._metrics, self._page_of_metrics, shadow)
        self._routes: dict[str, dict[str, Route[Any]]] = {}
        for route in route_table():
            self._routes.setdefault(route.path, {})[route.method] = route
        self.leaving = False

    def leave(self) -> None:
        """From now on `/readyz` says 503 and every answer ends its connection; all requests are still answered."""
        self.leaving = True

    def is_full(self) -> bool:
        """Whether nobody more is let in to work at the moment."""
        return self._room.inside >= self._room.most

    def tell_numbers(self) -> None:
        """Put what is now, beside what was counted, into the metrics."""
        self._metrics.now(self._live.current, self._room.inside, self._keys.broken)

    def _page_of_metrics(self) -> Answer:
        self.tell_numbers()
        return self._workers.page()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request; every failure ends in the one error shape."""
        started = time.perf_counter()
        seen = Seen(scope["method"])
        headers: Headers = dict(scope["headers"])
        more = {"X-Request-Id": self._ids.of(headers)}
        seen.request_id = more["X-Request-Id"]
        more |= self._origins.headers(headers)
        try:
            check_head(scope)
            route = self._find(scope, headers, seen)
            result = route if isinstance(route, Answer) else await self._handle(route, headers, receive, seen)
        except Refusal as found:
            refusal, seen.method = found.hiding(_secret(headers)), hidden(seen.method, _secret(headers))
            result = refused(refusal)
            self._metrics.refused(refusal.code)
            self._log.refused(seen, refusal, time.perf_counter() - started)
        except Disconnected:
            self._metrics.disconnected()
            return
        except Exception as error:  # noqa: BLE001  # the caller gets the one shape and no detail, the log the trace
            result = refused(Refusal(500, "internal_error", "the service failed; its log says why"))
            self._metrics.refused("internal_error")
            self._log.failed(seen, error, time.perf_counter() - started, _secret(headers))
        if self.leaving:
            more["Connection"] = "close"
        await result.send(send, more)
        seconds = time.perf_counter() - started
        self._metrics.answered(seen.route, result.status, seconds)
        if result.status < 400:
            self._log.answered(seen, result.status, seconds)

    def _find(self, scope: Scope, headers: Headers, seen: Seen) -> Route[Any] | Answer:
        method, path = scope["method"], scope["path"]
        methods = self._routes.get(path)
        preflight = self._origins.preflight(method, headers)
        if preflight is not None:
            return preflight
        route = None if methods is None else methods.get("GET" if method == "HEAD" else method)
        if route is None or not route.public:
            seen.key = self._keys.caller(headers)
        if methods is None:
            shown = printable(path)
            raise Refusal(404, "not_found", f"there is no {shown!r} here.{nearest_word(shown, self._routes)}")
        seen.route = path
        if route is None:
            allowed = ", ".join(sorted(methods))
            message = f"{path} takes {allowed}, not {printable(method)}"
            raise Refusal(405, "method_not_allowed", message, headers={"Allow": allowed})
        return route

    async def _handle(self, route: Route[Any], headers: Headers, receive: Receive, seen: Seen) -> Answer:
        if self.leaving and route.path == "/readyz":
            raise Refusal(503, "leaving", "the service is being stopped", headers={"Retry-After": "1"})
        if not route.limited:
            return RequestWork(route, self._context, b"", Deadline.after(self._seconds)).finish()
        self._rate.take(seen.key)
        self._room.check()
        body = b"" if route.request is None else await self._reader.read(headers, receive)
        with self._room:
            deadline = Deadline.after(self._seconds)
            work = RequestWork(route, self._context, body, deadline)
            if route.lane is Lane.LIST or len(body) > INLINE_BYTES:
                answer = await _in_thread(self._lists, work.begin, deadline)
            else:
                waited = self._room.turn.locked()
                async with self._room.turn:
                    if not waited:
                        await asyncio.sleep(0)  # who came at the same time is seen, and told that there is no room
                    deadline.check()
                    answer = work.begin()
            if answer is not None:
                return answer
            with self._search_room:
                return await _in_thread(self._searches, work.finish, deadline)


async def _in_thread(thread: ThreadPoolExecutor, work: Callable[[], Found], deadline: Deadline) -> Found:
    """Do the work there; 504 where that is not done by the deadline."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(deadline.left):
            return await loop.run_in_executor(thread, work)
    except TimeoutError as error:
        # the thread gives up at its next look at the deadline; what had not begun never will
        raise deadline.passed() from error


def _secret(headers: Headers) -> str:
    """The key that was sent, as it would look where a caller put it by mistake."""
    return sent_key(headers).decode("utf-8", "replace")
