"""The gateway of the service: the ASGI application that checks each request and has its route answer it.

The order is: headers (414, 431), key (401), route (404, 405), rate (429), admission (503), body (408, 413, 415),
admission again, work. So neither a caller without a key nor a body that arrives slowly counts as admitted. A request
that the first check refuses has sent headers only; of requests whose bodies arrive at the same time, the second check
may refuse the last ones.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from segment_model.errors import nearest_word
from serving.gateway.admission import AdmissionGate, RateLimit
from serving.gateway.api_keys import ApiKeys, sent_key
from serving.gateway.cors import CorsPolicy
from serving.gateway.request_log import LoggedRequest, RequestIds, RequestLog
from serving.metrics.service_metrics import ServiceMetrics
from serving.metrics.worker_metrics import WorkerMetrics
from serving.model.live_model import LiveModel
from serving.model.shadow import Shadow
from serving.route_table import route_table
from serving.routing.context import Context
from serving.routing.route import Lane, RequestWork, Route
from serving.settings import ServiceSettings
from serving.wire.body import BodyReader, Disconnected, check_head
from serving.wire.deadline import Deadline
from serving.wire.messages import Answer, Headers, Receive, Scope, Send, error_answer
from serving.wire.refusals import Refusal, redacted, shortened

# A request with a larger body is worked on in a thread, so that a list does not delay single customers. Work whose
# duration the body does not bound (a search, thousands of exact explanations) has another thread, so that it delays no
# list. One thread each: work holds the interpreter most of the time, and a second thread would cost a quarter of it.
INLINE_BYTES = 4 * 1024

Returned = TypeVar("Returned")


class Gateway:
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
        self._gate = AdmissionGate(settings.max_concurrency, settings.workers)
        # a few searches take as long as thousands of customers, so they are half of the admitted requests at most
        self._search_gate = AdmissionGate(max(1, settings.max_concurrency // 2), settings.workers)
        self._reader = BodyReader(settings.max_body_bytes, settings.body_seconds)
        self._cors = CorsPolicy(settings.origins)
        self._seconds = settings.request_seconds
        self._ids = RequestIds()
        self._log = RequestLog(settings.log_requests, settings.log_values)
        self._lists = ThreadPoolExecutor(1, "lists")
        self._searches = ThreadPoolExecutor(1, "searches")
        self._context = Context(live, settings, self._metrics, self._page_of_metrics, shadow)
        self._routes: dict[str, dict[str, Route[Any]]] = {}
        for route in route_table():
            self._routes.setdefault(route.path, {})[route.method] = route
        self.draining = False

    def drain(self) -> None:
        """From now on answer `/readyz` with 503, and close the connection after each answer; answer all requests."""
        self.draining = True

    def is_full(self) -> bool:
        """Whether no further request is admitted at the moment."""
        return self._gate.admitted >= self._gate.most

    def update_gauges(self) -> None:
        """Set the gauges of the metrics to the present state."""
        self._metrics.update_gauges(self._live.current, self._gate.admitted, self._keys.broken)

    def _page_of_metrics(self) -> Answer:
        self.update_gauges()
        return self._workers.page()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request; a refusal or failure is answered in the one error shape."""
        started = time.perf_counter()
        request = LoggedRequest(scope["method"])
        headers: Headers = dict(scope["headers"])
        more = {"X-Request-Id": self._ids.of(headers)}
        request.request_id = more["X-Request-Id"]
        more |= self._cors.headers(headers)
        try:
            check_head(scope)
            route = self._find_route(scope, headers, request)
            answer = route if isinstance(route, Answer) else await self._handle(route, headers, receive, request)
        except Refusal as raised:
            refusal = raised.without_secret(_secret(headers))
            request.method = redacted(request.method, _secret(headers))
            answer = error_answer(refusal)
            self._metrics.refused(refusal.code)
            self._log.refused(request, refusal, time.perf_counter() - started)
        except Disconnected:
            self._metrics.disconnected()
            return
        except Exception as error:  # noqa: BLE001  # the caller receives no detail; the log has the trace
            answer = error_answer(Refusal(500, "internal_error", "the service failed; its log says why"))
            self._metrics.refused("internal_error")
            self._log.failed(request, error, time.perf_counter() - started, _secret(headers))
        if self.draining:
            more["Connection"] = "close"
        await answer.send(send, more)
        seconds = time.perf_counter() - started
        self._metrics.answered(request.route, answer.status, seconds)
        if answer.status < 400:
            self._log.answered(request, answer.status, seconds)

    def _find_route(self, scope: Scope, headers: Headers, request: LoggedRequest) -> Route[Any] | Answer:
        method, path = scope["method"], scope["path"]
        methods = self._routes.get(path)
        preflight = self._cors.preflight(method, headers)
        if preflight is not None:
            return preflight
        route = None if methods is None else methods.get("GET" if method == "HEAD" else method)
        if route is None or not route.public:
            request.key = self._keys.caller(headers)
        if methods is None:
            shown = shortened(path)
            raise Refusal(404, "not_found", f"there is no {shown!r} here.{nearest_word(shown, self._routes)}")
        request.route = path
        if route is None:
            allowed = ", ".join(sorted({*methods, *(["HEAD"] if "GET" in methods else [])}))
            message = f"{path} takes {allowed}, not {shortened(method)}"
            raise Refusal(405, "method_not_allowed", message, headers={"Allow": allowed})
        return route

    async def _handle(self, route: Route[Any], headers: Headers, receive: Receive, request: LoggedRequest) -> Answer:
        if self.draining and route.path == "/readyz":
            raise Refusal(503, "leaving", "the service is being stopped", headers={"Retry-After": "1"})
        if not route.limited:
            return RequestWork(route, self._context, b"", Deadline.after(self._seconds)).finish()
        self._rate.take(request.key)
        self._gate.check()
        body = b"" if route.request is None else await self._reader.read(headers, receive)
        with self._gate:
            deadline = Deadline.after(self._seconds)
            work = RequestWork(route, self._context, body, deadline)
            if route.lane is Lane.LIST or len(body) > INLINE_BYTES:
                answer = await _run_in_thread(self._lists, work.begin, deadline)
            else:
                waited = self._gate.loop_lock.locked()
                async with self._gate.loop_lock:
                    if not waited:
                        await asyncio.sleep(0)  # the event loop reads simultaneous requests, which may be refused
                    deadline.check()
                    answer = work.begin()
            if answer is not None:
                return answer
            with self._search_gate:
                return await _run_in_thread(self._searches, work.finish, deadline)


async def _run_in_thread(thread: ThreadPoolExecutor, work: Callable[[], Returned], deadline: Deadline) -> Returned:
    """Do the work in that thread; a Refusal (504) if it is not done by the deadline."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(deadline.left):
            return await loop.run_in_executor(thread, work)
    except TimeoutError as error:
        # the thread stops at its next check of the deadline; work that has not begun never begins
        raise deadline.passed() from error


def _secret(headers: Headers) -> str:
    """The key of the request as text, so that it can be redacted where the caller put it elsewhere by mistake."""
    return sent_key(headers).decode("utf-8", "replace")
