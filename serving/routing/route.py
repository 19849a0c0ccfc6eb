"""One row of the table of routes: how a request is read and answered, and on which lane that runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from serving.routing.context import Context
from serving.wire.deadline import Deadline
from serving.wire.messages import Answer

if TYPE_CHECKING:
    from pydantic import BaseModel

BODY_STATUSES = (400, 408, 413, 415, 422, 503)  # what a route with a body may answer besides 200

Request = TypeVar("Request")


class Lane(Enum):
    """Where a request is worked on. Slow work has a lane of its own, so that it does not delay short requests.

    IMMEDIATE : on the event loop at once, however busy the service is; neither rate limit nor deadline apply.
    LOOP : in turn on the event loop; a request with a long body in the thread for lists.
    LIST : in the thread for lists, however short the body.
    SEARCH : read as on LOOP, answered in the thread for work whose duration the body does not bound.
    """

    IMMEDIATE = "immediate"
    LOOP = "loop"
    LIST = "list"
    SEARCH = "search"


def read_nothing(context: Context, body: bytes) -> None:
    """Read a request without a body."""


def never_long(request: Any) -> bool:  # noqa: ARG001  # a route's default
    """Say that no request of a route takes long."""
    return False


@dataclass(frozen=True, slots=True)
class Route(Generic[Request]):
    """One row of the table of routes.

    read, answer : the endpoint's two steps; either raises a Refusal for a request that it cannot accept.
    takes_long : whether this request, once read, is answered on the lane SEARCH instead of the route's own.
    request, response : the models of the bodies, None where a body is not JSON.
    refusals : the error statuses beyond those that every route has.
    public : no API key is required.
    """

    method: str
    path: str
    summary: str
    answer: Callable[[Context, Request, Deadline], Answer]
    read: Callable[[Context, bytes], Request] = read_nothing  # type: ignore[assignment]
    lane: Lane = Lane.LOOP
    takes_long: Callable[[Request], bool] = never_long
    request: type[BaseModel] | None = None
    response: type[BaseModel] | None = None
    media_type: str = "application/json"
    refusals: tuple[int, ...] = ()
    public: bool = False
    documented: bool = True

    def __post_init__(self) -> None:
        if self.lane is Lane.IMMEDIATE and (self.request is not None or self.read is not read_nothing):
            raise ValueError(f"{self.method} {self.path} runs on the lane IMMEDIATE, which reads no request")

    @property
    def limited(self) -> bool:
        """Whether rate limit, admission control and deadline apply."""
        return self.lane is not Lane.IMMEDIATE


class RequestWork:
    """The work on one request, in one step or in two: `begin` and, where that returns None, `finish` on SEARCH."""

    def __init__(self, route: Route[Any], context: Context, body: bytes, deadline: Deadline) -> None:
        self._route = route
        self._context = context
        self._body = body
        self._deadline = deadline
        self._request: Any = None

    def begin(self) -> Answer | None:
        """Read the request, and answer it unless the answer belongs to the lane SEARCH."""
        self._request = self._route.read(self._context, self._body)
        if self._route.lane is Lane.SEARCH or self._route.takes_long(self._request):
            return None
        return self.finish()

    def finish(self) -> Answer:
        """Answer the request that `begin` read."""
        return self._route.answer(self._context, self._request, self._deadline)


def static_route(path: str, summary: str, answer: Answer, *, documented: bool = False) -> Route[None]:
    """A route with the same answer for every request, however busy the service is."""
    media_type = answer.media_type.partition(";")[0]
    return Route(
        "GET", path, summary, lambda *_: answer, lane=Lane.IMMEDIATE, media_type=media_type, documented=documented
    )
