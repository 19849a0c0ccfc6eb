"""`GET /report`: the page that the discovery of the model in service made."""

from __future__ import annotations

from serving.routing.context import Context
from serving.routing.route import Route
from serving.wire.deadline import Deadline
from serving.wire.messages import Answer
from serving.wire.refusals import Refusal

# the page brings its style and pictures along; nothing in it runs, loads, sends or is framed
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def _answer(context: Context, _: None, __: Deadline) -> Answer:
    served = context.served()
    report = served.pages.report
    if report is None:
        raise Refusal(404, "no_report", f"no report is stored with version {served.version} ({served.source})")
    return Answer(report, media_type="text/html; charset=utf-8", headers=HEADERS)


ROUTE = Route(
    "GET",
    "/report",
    "The report of the model in service, as a page",
    _answer,
    media_type="text/html",
    refusals=(404, 503),
)
