"""An open run: create it, log values in batches that MLflow accepts, end it as FINISHED or FAILED."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from registry.connection import Connection
from registry.orphans.processes import Process
from registry.runs.records import Metrics

SHOWN_PARAM = 250  # characters; settings.yaml holds the whole value
AT_ONCE = 100  # params, tags or metrics that MLflow accepts in one request


@contextmanager
def open_run(
    connection: Connection,
    experiment: str,
    name: str,
    tags: Mapping[str, str],
    began: float | None = None,
    ended: float | None = None,
) -> Iterator[str]:
    """A run that is FINISHED when the block ends, FAILED after an error; its tags name the process that made it.

    began, ended : seconds since 1970, of the work that the run records; None: when the run is opened and closed.
    """
    client = connection.client
    signed = {**Process.mine().tags, **tags}
    start = None if began is None else _milliseconds(began)
    run_id: str = client.create_run(experiment, start_time=start, run_name=name, tags=signed).info.run_id
    try:
        yield run_id
    except BaseException as error:
        with noting_failure(connection, error, f"the run {run_id} is left RUNNING"):
            client.set_terminated(run_id, "FAILED")
        raise
    client.set_terminated(run_id, "FINISHED", None if ended is None else _milliseconds(ended))


def _milliseconds(seconds: float) -> int:
    return round(1000 * seconds)


@contextmanager
def noting_failure(connection: Connection, first: BaseException, consequence: str) -> Iterator[None]:
    """Add a failure of the clean-up to the first error as a note, so that it does not replace that error."""
    try:
        yield
    except (connection.mlflow.exceptions.MlflowException, OSError) as second:
        first.add_note(f"{consequence}: {second}")


def log_values(connection: Connection, run_id: str, params: Mapping[str, Any], metrics: Metrics) -> None:
    """Log params, cut to `SHOWN_PARAM`, and metrics; the tag `undefined_metrics` names those without a number."""
    from mlflow.entities import Metric, Param, RunTag

    now = _milliseconds(time.time())
    defined = {name: float(value) for name, value in metrics.items() if value is not None and math.isfinite(value)}
    undefined = sorted(set(metrics) - set(defined))
    values: list[tuple[str, list[Any]]] = [
        ("params", [Param(name, _shown(value)) for name, value in params.items()]),
        ("metrics", [Metric(name, value, now, 0) for name, value in defined.items()]),
        ("tags", [RunTag("undefined_metrics", ", ".join(undefined))] if undefined else []),
    ]
    for kind, entries in values:
        for portion in _portions(entries, AT_ONCE):
            connection.client.log_batch(run_id, **{kind: portion})


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= SHOWN_PARAM else text[: SHOWN_PARAM - 1] + "…"


def _portions(values: list[Any], size: int) -> Iterable[list[Any]]:
    return (values[start : start + size] for start in range(0, len(values), size))


def flattened(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings as one level of dotted names: {"kmeans": {"k": 3}} -> {"kmeans.k": 3}."""
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and value:
            flat.update(flattened(value, f"{name}."))
        else:
            flat[name] = value
    return flat
