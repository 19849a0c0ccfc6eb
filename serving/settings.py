"""Where the service finds its model and what it allows, from the environment.

| variable | meaning | default |
|---|---|---|
| `SEGMENTS_MODEL_PATH` | serve the SegmentModel saved in this directory; nothing else is asked | |
| `SEGMENTS_TRACKING_URI` | MLflow registry that holds the model | `sqlite:///mlflow.db` |
| `SEGMENTS_MODEL_NAME` | registered name | `customer-segments` |
| `SEGMENTS_ALIAS` | alias to serve | `champion` |
| `SEGMENTS_VERSION` | pinned version to serve instead of an alias | |
| `SEGMENTS_RETRY_SECONDS` | pause between attempts to load the model | 5 |
| `SEGMENTS_POLL_SECONDS` | pause between questions to the registry, whether the alias names another version now | 3 |
| `SEGMENTS_LOAD_SECONDS` | longest wait for a version to be fetched, verified and warmed | 60 |
| `SEGMENTS_CACHE_DIR` | keep the last two verified models in this directory; they serve when the registry is down | |
| `SEGMENTS_ANY_CONTRACT` | serve a new version even if old callers would stumble, or it lacks a self-test | false |
| `SEGMENTS_SHADOW_ALIAS` | alias of a challenger that is asked too, off the requests' way; only numbers come of it | |
| `SEGMENTS_SHADOW_SHARE` | share of the requests that it is asked about | 1 |
| `SEGMENTS_MAX_CUSTOMERS` | most customers in one request | 1000 |
| `SEGMENTS_MAX_BODY_BYTES` | largest request body | 4194304 |
| `SEGMENTS_BODY_SECONDS` | longest wait for a request's body | 10 |
| `SEGMENTS_HEADER_SECONDS` | longest wait for a request's head | 10 |
| `SEGMENTS_REQUEST_SECONDS` | longest work on one request | 30 |
| `SEGMENTS_DRAIN_SECONDS` | how long requests are still answered after SIGTERM, while `/readyz` says 503 | 2 |
| `SEGMENTS_WORKERS` | worker processes | 1 |
| `SEGMENTS_MAX_CONCURRENCY` | most requests worked on or waiting for it, over all workers | 64 |
| `SEGMENTS_MAX_CONNECTIONS` | most open connections, over all workers | 1000 |
| `SEGMENTS_REQUESTS_PER_SECOND` | most requests a second of each key, over all workers | |
| `SEGMENTS_API_KEYS_FILE` | JSON file of accepted keys, `{"name": "sha256:<hex>"}`; without it the service is open | |
| `SEGMENTS_CORS_ORIGINS` | origins (scheme, host, port) whose pages may call, separated by spaces | |
| `SEGMENTS_LOG_REQUESTS` | log a line for every answer too, not only for refusals and failures | false |
| `SEGMENTS_LOG_VALUES` | let customers' ids and values into the log | false |

A built Bento serves the model packed in it, whatever the registry variables say.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from segment_model.errors import SettingsError

PREFIX = "SEGMENTS_"
SQLITE = "sqlite:///"


class ServiceSettings(BaseModel):
    """Frozen settings of one service process; a field `x_y` is read from `SEGMENTS_X_Y`."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    model_path: Path | None = None
    tracking_uri: str = "sqlite:///mlflow.db"
    model_name: str = Field("customer-segments", min_length=1)
    alias: str | None = None
    version: str | None = Field(None, pattern=r"^[1-9][0-9]*$")
    retry_seconds: float = Field(5.0, gt=0)
    poll_seconds: float = Field(3.0, gt=0)
    load_seconds: float = Field(60.0, gt=0)
    cache_dir: Path | None = None
    any_contract: bool = False
    shadow_alias: str | None = None
    shadow_share: float = Field(1.0, gt=0, le=1)
    max_customers: int = Field(1000, ge=1)
    max_body_bytes: int = Field(4 * 1024 * 1024, ge=1024)
    body_seconds: float = Field(10.0, gt=0)
    header_seconds: float = Field(10.0, gt=0)
    request_seconds: float = Field(30.0, gt=0)
    drain_seconds: float = Field(2.0, ge=0)
    workers: int = Field(1, ge=1)
    max_concurrency: int = Field(64, ge=1)
    max_connections: int = Field(1000, ge=1)
    requests_per_second: float | None = Field(None, gt=0)
    api_keys_file: Path | None = None
    cors_origins: str = Field("", pattern=r"^\s*(https?://[A-Za-z0-9.:\[\]-]+\s*)*$")
    log_requests: bool = False
    log_values: bool = False

    @model_validator(mode="after")
    def _one_pointer(self) -> Self:
        if self.alias and self.version:
            raise ValueError(f"both {PREFIX}ALIAS and {PREFIX}VERSION are set; keep the one to be served")
        return self

    @property
    def pointer(self) -> str:
        """The pinned version, or the alias to follow."""
        return self.version or self.alias or "champion"

    @property
    def origins(self) -> frozenset[str]:
        """The origins whose pages may call."""
        return frozenset(self.cors_origins.split())

    def anchored(self, folder: Path) -> ServiceSettings:
        """The same settings for a process that runs elsewhere: relative paths start from `folder`."""
        update: dict[str, object] = {
            name: folder / path
            for name in ("model_path", "cache_dir", "api_keys_file")
            if (path := getattr(self, name)) is not None
        }
        if self.tracking_uri.startswith(SQLITE):
            update["tracking_uri"] = f"{SQLITE}{folder / self.tracking_uri.removeprefix(SQLITE)}"
        return self.model_copy(update=update)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> ServiceSettings:
        """Read the variables above; an empty one counts as not set.

        Raises
        ------
        SettingsError
            If a variable holds what it must not, naming the variable.
        """
        there = os.environ if environment is None else environment
        values = {name: there.get(PREFIX + name.upper()) for name in cls.model_fields}
        try:
            return cls.model_validate({name: value for name, value in values.items() if value})
        except ValidationError as error:
            problems = [_in_words(found["loc"], found["msg"], found["input"]) for found in error.errors()]
            raise SettingsError("; ".join(problems)) from error

    def to_environment(self) -> dict[str, str]:
        """The variables that `from_environment` reads back to equal settings."""
        values = self.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
        return {PREFIX + name.upper(): str(value) for name, value in values.items()}


def _in_words(location: tuple[int | str, ...], message: str, value: object) -> str:
    if not location:
        return message.removeprefix("Value error, ")
    return f"{PREFIX}{str(location[0]).upper()}={value}: {message[0].lower()}{message[1:]}"
