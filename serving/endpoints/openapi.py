"""What the service tells of itself: the model, its segments, the OpenAPI document and the page that shows it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from http import HTTPStatus
from importlib.metadata import distribution
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic.json_schema import models_json_schema

from segment_model.encoding.encoder import MISSING_LEVEL
from serving.contracts import errors
from serving.model.live_model import ServedModel
from serving.wire.messages import Answer

if TYPE_CHECKING:
    from serving.endpoints.table import Route

SCHEMAS = "#/components/schemas/{model}"
EVERYWHERE = (400, 401, 404, 405, 408, 414, 431, 500, 503)  # what any route may answer
WITH_WAIT = (429, 503)
WAIT = {
    "description": "Seconds after which to ask again.",
    "required": True,
    "schema": {"type": "integer", "minimum": 1},
}
LIMITED = (429, 504)  # what a route that is limited may answer besides
DOCS_FILES = {
    "/static_content/swagger-ui.css": "text/css; charset=utf-8",
    "/static_content/swagger-ui-bundle.js": "text/javascript; charset=utf-8",
}
DOCS_HEADERS = {"Cache-Control": "private, max-age=86400", "X-Content-Type-Options": "nosniff"}
DOCS = Answer(
    b"""<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Segments: the HTTP API</title>
  <link rel="stylesheet" href="static_content/swagger-ui.css">
</head>
<body>
  <noscript>The API is described in <a href="openapi.json">openapi.json</a>.</noscript>
  <main id="api"></main>
  <script src="static_content/swagger-ui-bundle.js"></script>
  <script>SwaggerUIBundle({url: "openapi.json", dom_id: "#api", validatorUrl: null, deepLinking: true});</script>
</body>
</html>
""",
    media_type="text/html; charset=utf-8",
)


def docs_files() -> Iterator[tuple[str, str, Any]]:
    """Path, media type and handler of each file of `/docs`: Swagger UI, from the copy in BentoML; read once."""
    server = Path(str(distribution("bentoml").locate_file("bentoml/_internal/server")))
    for path, media_type in DOCS_FILES.items():
        answer = Answer((server / path.strip("/")).read_bytes(), media_type=media_type, headers=DOCS_HEADERS)
        yield path, media_type.partition(";")[0], lambda *_, found=answer: found


def segments(served: ServedModel) -> dict[str, Any]:
    """The cards, in the model's order."""
    cards = [
        {
            "id": card.id,
            "name": card.name,
            "sentence": card.sentence,
            "notes": card.notes,
            "size": card.size,
            "share": card.share,
            "medians": dict(card.medians),
            "differences": [
                {"feature": d.column, "words": d.words, "effect": d.effect, "typical": d.typical, "overall": d.overall}
                for d in card.differences
            ],
        }
        for card in served.model.cards
    ]
    return {"model_version": served.version, "segments": cards}


def model(served: ServedModel) -> dict[str, Any]:
    """Version, digest and the features that a customer must have."""
    numbers, categories = served.model.encoder.numbers, served.model.encoder.categories
    ends = zip(numbers.lower.tolist(), numbers.upper.tolist(), strict=True)
    ranges = dict(zip(numbers.names, ends, strict=True))
    levels = {one.name: [level for level in one.levels if level != MISSING_LEVEL] for one in categories}
    features = [
        {
            "name": column.name,
            "kind": column.kind.value,
            "role": column.role.value,
            "unit": column.unit,
            "nullable": column.nullable,
            "required": column.role.value == "basis",
            "expected": column.expected,
            "description": column.description,
            "title": column.title,
            "least": ranges.get(column.name, (None, None))[0],
            "most": ranges.get(column.name, (None, None))[1],
            "levels": levels.get(column.name),
        }
        for column in served.model.contract.columns
    ]
    return {
        "name": served.name,
        "model_version": served.version,
        "digest": served.model.digest,
        "learned_digest": served.model.learned_digest,
        "source": served.source,
        "algorithm": {"nearest_centroid": "kmeans", "nearest_core": "hdbscan"}[served.model.assigner.KIND],
        "features": features,
    }


def openapi(routes: Iterable[Route]) -> dict[str, Any]:
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


def _operation(route: Route) -> dict[str, Any]:
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
