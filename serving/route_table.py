"""The table of routes, which the gateway looks requests up in.

A path that is not in the table is answered 404, another method 405; a route requires an API key unless it is `public`.
The OpenAPI document is generated from the same table, so that it lacks no route.
"""

from __future__ import annotations

from typing import Any

from serving.endpoints.customers import assign, assign_records, contrast, find_customer, locate, what_would_change
from serving.endpoints.operation import livez, metrics, readyz
from serving.endpoints.pages import docs, explorer, openapi_document
from serving.endpoints.served_model import map, model, report, segments
from serving.routing.route import Route


def route_table() -> tuple[Route[Any], ...]:
    """All routes of the service, in the order of the documentation."""
    table: tuple[Route[Any], ...] = (
        assign.ROUTE,
        contrast.ROUTE,
        what_would_change.ROUTE,
        assign_records.ROUTE,
        segments.ROUTE,
        find_customer.ROUTE,
        map.ROUTE,
        locate.ROUTE,
        model.ROUTE,
        report.ROUTE,
        livez.ROUTE,
        readyz.ROUTE,
        metrics.ROUTE,
        *docs.routes(),
        *explorer.routes(),
    )
    return (*table, openapi_document.route(table))
