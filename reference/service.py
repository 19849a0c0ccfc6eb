"""What the service declares: routes, error codes, environment variables and metrics."""

from __future__ import annotations

from reference.markdown import code, table
from reference.settings import default
from serving.contracts.error_codes import ERROR_CODES
from serving.metrics.model_metrics import ModelMetrics
from serving.metrics.service_metrics import ServiceMetrics
from serving.metrics.shadow_metrics import ShadowMetrics
from serving.route_table import route_table
from serving.settings import PREFIX, ServiceSettings


def blocks() -> dict[str, str]:
    """The tables of the service's reference, and the operator's table of error codes."""
    return {
        "routes": routes(),
        "error codes": table(
            ("status", "code", "meaning"),
            [(str(error.status), code(error.code), error.meaning) for error in ERROR_CODES],
        ),
        "remedies": table(
            ("code", "cause", "remedy"),
            [(code(error.code), error.cause, error.remedy) for error in ERROR_CODES],
        ),
        "environment variables": variables(),
        "metrics": metrics(),
    }


def routes() -> str:
    """The routes of the HTTP API."""
    rows = [
        (code(route.method), code(route.path), "" if route.public else "yes", route.summary)
        for route in route_table()
        if route.documented or route.path == "/openapi.json"
    ]
    return table(("method", "path", "asks for a key", "purpose"), rows)


def variables() -> str:
    """The environment variables of the service, from its settings."""
    rows = [
        (code(f"{PREFIX}{name.upper()}"), default(field), field.description or "")
        for name, field in ServiceSettings.model_fields.items()
    ]
    return table(("variable", "default", "meaning"), rows)


def metrics() -> str:
    """The metrics of the service, from their declarations."""
    service = ServiceMetrics()
    ModelMetrics(service)
    ShadowMetrics(service)
    rows = [(code(name), ", ".join(map(code, labels)), meaning) for name, labels, meaning in service.declared()]
    return table(("metric", "labels", "meaning"), rows)
