"""The table of routes, which `serving.gateway.gateway` keeps.

What is not in the table is 404 or 405; what the table does not mark `public` asks for a key: only the probes are. The
OpenAPI document is made from the same table, so it cannot lack a route.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from serving.assignment.assignment import CONTRAST_KEYS, MAP_KEYS, Request, read_request
from serving.assignment.stepwise import answer_in_steps, takes_long
from serving.contracts import requests, responses
from serving.endpoints import openapi
from serving.endpoints.assign_records import answer_records, read_records
from serving.endpoints.what_would_change import answer_change, read_change
from serving.explorer import page
from serving.metrics.service_metrics import ServiceMetrics
from serving.model import segment_plane
from serving.model.live_model import LiveModel, ServedModel
from serving.settings import ServiceSettings
from serving.wire.deadline import Deadline
from serving.wire.messages import Answer
from serving.wire.refusals import Refusal
from serving.wire.strict_json import dump, parse

if TYPE_CHECKING:
    from pydantic import BaseModel

BODY_STATUSES = (400, 408, 413, 415, 422, 503)

Handler = Callable[[bytes, Deadline], "Answer | Callable[[], Answer]"]


@dataclass(frozen=True, slots=True)
class Route:
    """One row of the table.

    A `handler` that finds that the rest takes longer than the size of its body tells gives it back, to be done where it
    keeps no list waiting. `request` and `response` are the models of the bodies, None where a body is not JSON;
    `refusals` are the error statuses beyond those that every route has. `threaded` work takes some time however short
    its body. What is not `limited` is answered however much there is to do.
    """

    method: str
    path: str
    summary: str
    handler: Handler
    request: type[BaseModel] | None = None
    response: type[BaseModel] | None = None
    media_type: str = "application/json"
    refusals: tuple[int, ...] = ()
    public: bool = False
    documented: bool = True
    threaded: bool = False
    limited: bool = True


def route_table(
    live: LiveModel,
    settings: ServiceSettings,
    metrics: ServiceMetrics | None = None,
    page_of_metrics: Callable[[], Answer] | None = None,
) -> tuple[Route, ...]:
    """All routes of the service. Who only reads the table needs no metrics."""
    counted = ServiceMetrics() if metrics is None else metrics
    shown = page_of_metrics or counted.page

    def served() -> ServedModel:
        if live.current is None:
            raise _unready(live)
        return live.current

    def told(model: ServedModel, request: Request, features: Sequence[Mapping[str, Any]], found: Any) -> Answer:
        """Every answer that assigns customers is counted, and offered to a challenger with what it was made from."""
        counted.assigned(found["assignments"])
        if live.shadow is not None:
            live.shadow.offer(model, features, request.policy, found["assignments"])
        return Answer(dump(found))

    def answered(request: Request, model: ServedModel, deadline: Deadline) -> Answer | Callable[[], Answer]:
        def work() -> Answer:
            return told(model, request, request.features, answer_in_steps(model, request, deadline))

        return work if takes_long(model, request) else work()

    def assign(body: bytes, deadline: Deadline) -> Answer | Callable[[], Answer]:
        return answered(read_request(parse(body), settings.max_customers), served(), deadline)

    def contrast(body: bytes, deadline: Deadline) -> Answer | Callable[[], Answer]:
        return answered(read_request(parse(body), settings.max_customers, CONTRAST_KEYS), served(), deadline)

    def records(body: bytes, deadline: Deadline) -> Answer | Callable[[], Answer]:
        model = served()
        request = read_records(parse(body), model, settings.max_customers)

        def work() -> Answer:
            found = answer_records(model, request, deadline)
            return told(model, request.base, [row["features"] for row in found["assignments"]], found)

        return work if takes_long(model, request.base) else work()

    def change(body: bytes, deadline: Deadline) -> Callable[[], Answer]:
        request, model = read_change(parse(body)), served()
        return lambda: Answer(dump(answer_change(model, request, deadline)))

    def locate(body: bytes, _: Deadline) -> Answer:
        return Answer(
            dump(segment_plane.located(served(), read_request(parse(body), settings.max_customers, MAP_KEYS)))
        )

    def ready(_: bytes, __: Deadline) -> Answer:
        served()
        return Answer(dump({"status": "ready"}))

    table = (
        Route(
            "POST",
            "/assign",
            "Assign customers to segments, and explain why",
            assign,
            request=requests.AssignRequest,
            response=responses.AssignResponse,
            refusals=BODY_STATUSES,
        ),
        Route(
            "POST",
            "/contrast",
            "Assign customers, and explain why not the segment that you name",
            contrast,
            request=requests.ContrastRequest,
            response=responses.AssignResponse,
            refusals=BODY_STATUSES,
        ),
        Route(
            "POST",
            "/what_would_change",
            "The smallest change that would move a customer to another segment",
            change,
            request=requests.ChangeRequest,
            response=responses.ChangeResponse,
            refusals=BODY_STATUSES,
        ),
        Route(
            "POST",
            "/assign_records",
            "Assign customers from their raw orders, events, subscriptions and attributes",
            records,
            request=requests.RecordsRequest,
            response=responses.RecordsResponse,
            refusals=(*BODY_STATUSES, 409),
            threaded=True,
        ),
        Route(
            "GET",
            "/segments",
            "The segments' cards",
            lambda *_: Answer(dump(openapi.segments(served()))),
            response=responses.SegmentsResponse,
            refusals=(503,),
        ),
        Route(
            "GET",
            "/map",
            "The segments on the plane in which they differ most",
            lambda *_: Answer(dump(segment_plane.picture(served()))),
            response=responses.MapResponse,
            refusals=(503,),
        ),
        Route(
            "POST",
            "/locate",
            "Where customers lie on that plane",
            locate,
            request=requests.MapRequest,
            response=responses.PlacesResponse,
            refusals=BODY_STATUSES,
        ),
        Route(
            "GET",
            "/model",
            "The model in service and the features it expects",
            lambda *_: Answer(dump(openapi.model(served()))),
            response=responses.ModelResponse,
            refusals=(503,),
        ),
        Route(
            "GET",
            "/livez",
            "Is the process alive?",
            lambda *_: Answer(dump({"status": "alive"})),
            response=responses.Probe,
            public=True,
            limited=False,
        ),
        Route(
            "GET",
            "/readyz",
            "Is a verified and warmed model in service?",
            ready,
            response=responses.Probe,
            refusals=(503,),
            public=True,
            limited=False,
        ),
        Route("GET", "/metrics", "Metrics for Prometheus", lambda *_: shown(), media_type="text/plain", limited=False),
        Route("GET", "/docs", "This documentation", lambda *_: openapi.DOCS, media_type="text/html", limited=False),
        *(
            Route("GET", path, "The explorer", handler, media_type=kind, documented=False, limited=False)
            for path, kind, handler in page.files()
        ),
        *(
            Route("GET", path, "Scripts of /docs", handler, media_type=kind, documented=False, limited=False)
            for path, kind, handler in openapi.docs_files()
        ),
    )
    document = dump(openapi.openapi(table))
    described = Answer(document)
    last = Route("GET", "/openapi.json", "The OpenAPI document", lambda *_: described, documented=False, limited=False)
    return (*table, last)


def _unready(live: LiveModel) -> Refusal:
    if live.failure is None:
        return Refusal(503, "loading", "the model is being loaded", headers={"Retry-After": "1"})
    return Refusal(503, "no_model", f"there is no model to serve: {live.failure}", headers={"Retry-After": "5"})
