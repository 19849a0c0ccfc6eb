"""Metrics of requests and answers. Labels are bounded: routes of the table, statuses, error codes, and the segments of
the model in service, never a path, a key or a customer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from serving.metrics.metrics import Counted, Metrics
from serving.model.served_model import ServedModel
from serving.wire.refusals import Refusal

NO_ROUTE = "none"
MODEL_INFO = "segments_model_info"


class ServiceMetrics(Metrics):
    """The metrics of the gateway; other parts register theirs by `counter`, `gauge` and `histogram`."""

    def __init__(self) -> None:
        super().__init__()
        self._requests = self.counter(
            "segments_requests",
            "Requests answered; the route is `none` where the table has no such path.",
            ("route", "status"),
        )
        self._seconds = self.histogram(
            "segments_request_seconds", "Histogram of the time from a request's headers to its answer.", ("route",)
        )
        self._refused = self.counter("segments_refused_requests", "Requests refused, by error code.", ("code",))
        self._disconnected = self.counter(
            "segments_disconnected_requests",
            "Requests whose client disconnected before its body was complete, or was cut off since it read no answer.",
        )
        self._assignments = self.counter(
            "segments_assignments", "Customers assigned, by the id of their segment.", ("segment",)
        )
        self._unassigned = self.counter("segments_unassigned_customers", "Customers answered without a segment.")
        self._novel = self.counter(
            "segments_novel_customers", "Customers answered as novel: far outside the training range."
        )
        self._customers = self.counter("segments_customers", "Customers answered, with a segment or without.")
        whole = Counted(self._customers)
        self.share(
            "segments_unassigned_share",
            "Share of the customers answered since the start that are unassigned; absent before the first.",
            Counted(self._unassigned),
            whole,
        )
        self.share(
            "segments_novel_share",
            "Share of the customers answered since the start that are novel; absent before the first.",
            Counted(self._novel),
            whole,
        )
        self._model = self.gauge(MODEL_INFO, "Number of workers that serve this model.", ("model", "version", "digest"))
        self._in_flight = self.gauge("segments_requests_in_flight", "Requests admitted and not answered yet.")
        self._keys_broken = self.gauge(
            "segments_keys_file_broken",
            "1 while the key file cannot be read; the former keys stay valid.",
            largest=True,
        )

    def answered(self, route: str, status: int, seconds: float) -> None:
        route = route or NO_ROUTE
        self._requests.add(route, str(status))
        self._seconds.observe(seconds, route)

    def refused(self, code: str) -> None:
        self._refused.add(code)

    def turned_away(self, refusal: Refusal) -> None:
        """A connection was refused before it had become a request."""
        self._refused.add(refusal.code)
        self._requests.add(NO_ROUTE, str(refusal.status))

    def disconnected(self) -> None:
        self._disconnected.add()

    def assigned(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Count the rows of an answer."""
        self._customers.add(by=len(rows))
        if len(rows) == 1:
            (row,) = rows
            if row["unassigned"]:
                self._unassigned.add()
            if row["novel"]:
                self._novel.add()
            if row["segment_id"] is not None:
                self._assignments.add(row["segment_id"])
            return
        for segment, number in Counter([row["segment_id"] for row in rows]).items():
            if segment is not None:
                self._assignments.add(segment, by=number)
        self._unassigned.add(by=sum([row["unassigned"] for row in rows]))
        self._novel.add(by=sum([row["novel"] for row in rows]))

    def update_gauges(self, served: ServedModel | None, in_flight: int, keys_broken: bool) -> None:
        """Set the gauges to the present state, before a page or file is written."""
        self._in_flight.set(in_flight)
        self._keys_broken.set(keys_broken)
        if served is not None:
            labels = (served.name, served.version, served.model.digest)
            self._model.set(1, *labels)
            self._model.forget(lambda values: values == labels)
            # ids outlive a model; the page must not keep those that this model does not have
            known = {*served.model.ids}
            self._assignments.forget(lambda values: values[0] in known)
        else:
            self._model.forget()
