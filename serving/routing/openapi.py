"""The OpenAPI 3.1 document, generated from the table of routes and the published models of the bodies."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from pydantic.json_schema import models_json_schema

from serving.contracts import errors
from serving.routing.route import Route

SCHEMAS = "#/components/schemas/{model}"
EVERYWHERE = (400, 401, 404, 405, 408, 414, 431, 500, 503)  # what any route may answer
WITH_WAIT = (429, 503)
WAIT = {
    "description": "Seconds after which to ask again.",
    "required": True,
    "schema": {"type": "integer", "minimum": 1},
}
LIMITED = (429, 504)  # what a route that is limited may answer besides


def openapi(routes: Iterable[Route[Any]]) -> dict[str, Any]:
    """The OpenAPI 3.1 document of the routes, every error included."""
    documented = [route for route in routes if route.documented]
    paths: dict[str, dict[str, Any]] = {}
    for route in documented:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    wanted = {model for route in documented for model in (route.request, route.response) if model is not None}
    ordered = sorted(wanted | {errors.ErrorResponse}, key=lambda model: model.__name__)
    _, schemas = models_json_schema([(model, "validation") for model in ordered], ref_template=SCHEMAS)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Segments",
            "version": "1",
            "description": "Which segment a customer belongs to, and why. "
            "Every status of 400 and above has one body: `error` with `code`, `message` and `details`.",
        },
        "servers": [{"url": "."}],
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "Asked for where the service has API keys."}
            },
        },
    }


def _operation(route: Route[Any]) -> dict[str, Any]:
    schema = {"type": "string"} if route.response is None else _reference(route.response)
    good = {"description": "Done", "content": {route.media_type: {"schema": schema}}}
    refusals = {
        str(status): _refusal(status)
        for status in sorted({*route.refusals, *EVERYWHERE, *(LIMITED if route.limited else ())})
    }
    operation: dict[str, Any] = {
        "operationId": route.path.strip("/").replace(".", "_"),
        "summary": route.summary,
        "responses": {"200": good, **refusals},
        "security": [{}] if route.public else [{}, {"key": []}],
    }
    if route.request is not None:
        content = {"application/json": {"schema": _reference(route.request)}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _refusal(status: int) -> dict[str, Any]:
    codes = " or ".join(f"`{code}`" for code in errors.CODES[status])
    described: dict[str, Any] = {
        "description": f"{HTTPStatus(status).phrase}: {codes}",
        "content": {"application/json": {"schema": _reference(errors.ErrorResponse)}},
    }
    if status in WITH_WAIT:
        described["headers"] = {"Retry-After": WAIT}
    return described


def _reference(model: type[Any]) -> dict[str, str]:
    return {"$ref": SCHEMAS.format(model=model.__name__)}
