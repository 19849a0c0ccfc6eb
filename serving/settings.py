"""The settings of the service, read from environment variables: the source of its model, and its limits.

A built Bento serves the model packed in it, whatever the registry variables say.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from features.settings_words import Expected, field_words
from segment_model.errors import SettingsError
from segment_model.storage.sqlite_address import anchored_address
from segment_model.storage.user_path import user_path

PREFIX = "SEGMENTS_"
MISSPELT = 0.85  # how alike a name must be to one of ours; others begin alike, such as Kubernetes' SEGMENTS_MODEL_PORT

# a longer wait overflows a timer of the system
Seconds = Annotated[float, Field(gt=0, le=1_000_000)]
AnyPath = Annotated[Path, AfterValidator(user_path)]
AN_ALIAS = Expected("the name of an alias, such as champion; a number is a version, which SEGMENTS_VERSION pins")
A_CHALLENGER = Expected("the name of an alias, which `segments promote VERSION --alias NAME` sets; no number")
NO_NUMBER = r"[^0-9]"


class ServiceSettings(BaseModel):
    """Frozen settings of one service process; a field `x_y` is read from `SEGMENTS_X_Y`."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=(), allow_inf_nan=False)

    model_path: AnyPath | None = Field(
        None, description="serve the model saved in this folder; the registry is not asked"
    )
    tracking_uri: str = Field("sqlite:///mlflow.db", description="the MLflow registry")
    model_name: str = Field("customer-segments", min_length=1, description="the registered name")
    alias: Annotated[str | None, AN_ALIAS] = Field(
        None, pattern=NO_NUMBER, description="the alias to serve; where neither alias nor version is set, `champion`"
    )
    version: Annotated[str | None, Expected("the number of a version, such as 3")] = Field(
        None, pattern=r"^[1-9][0-9]*$", description="a pinned version instead of an alias"
    )
    retry_seconds: Seconds = Field(5.0, description="pause between attempts to load a model")
    poll_seconds: Seconds = Field(
        3.0, description="pause between polls of the registry for the version that the alias names"
    )
    load_seconds: Seconds = Field(60.0, description="longest wait for a version to be fetched, verified and warmed")
    cache_dir: AnyPath | None = Field(
        None, description="keep the last two verified models in this folder; they serve while the registry is down"
    )
    assignments: AnyPath | None = Field(
        None,
        description="a .parquet or .csv of `segments assign`, in which `/find_customer` and the explorer find a "
        "customer by id; nothing lists it",
    )
    any_contract: bool = Field(
        False,
        description="serve a new version even if it breaks the contract of the old one or lacks its self-test",
    )
    shadow_alias: Annotated[str | None, A_CHALLENGER] = Field(
        None,
        pattern=NO_NUMBER,
        description="alias of a challenger that assigns the same customers in the shadow; only counts come of it",
    )
    shadow_share: float = Field(1.0, gt=0, le=1, description="share of the requests that the challenger is asked about")
    max_customers: int = Field(1000, ge=1, description="most customers in one request")
    max_body_bytes: int = Field(4 * 1024 * 1024, ge=1024, description="largest request body; the default is 4 MiB")
    body_seconds: Seconds = Field(10.0, description="longest wait for a request body")
    header_seconds: Seconds = Field(
        10.0,
        description="longest wait for a request's headers, for the rest of a request that is answered already (a "
        "refused body), and for a client to read any of its answer; then the connection is closed",
    )
    request_seconds: Seconds = Field(30.0, description="longest work on one request")
    drain_seconds: float = Field(
        2.0,
        ge=0,
        le=1_000_000,
        description="time after SIGTERM in which requests are still answered while `/readyz` says 503",
    )
    workers: int = Field(1, ge=1, description="worker processes")
    max_concurrency: int = Field(64, ge=1, description="most requests under way or waiting, over all workers")
    max_connections: int = Field(1000, ge=1, description="most open connections, over all workers")
    requests_per_second: float | None = Field(
        None, gt=0, description="most requests a second of each key, over all workers"
    )
    api_keys_file: AnyPath | None = Field(
        None,
        description='JSON file of accepted keys, `{"name": "sha256:<hex>"}`; without it the service is open, and a '
        "warning at its start says so",
    )
    cors_origins: Annotated[str, Expected("origins such as https://shop.example.com, separated by spaces")] = Field(
        "",
        pattern=r"^\s*(https?://[A-Za-z0-9.:\[\]-]+\s*)*$",
        description="origins (scheme, host, port) whose pages may call from a browser, separated by spaces",
    )
    log_requests: bool = Field(False, description="log a line for every answer too, not only for refusals and failures")
    log_values: bool = Field(False, description="let customers' ids and values into the log")

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
            for name in ("model_path", "cache_dir", "api_keys_file", "assignments")
            if (path := getattr(self, name)) is not None
        }
        update["tracking_uri"] = anchored_address(self.tracking_uri, folder)
        return self.model_copy(update=update)

    @classmethod
    def of_pointer(cls, tracking_uri: str, model_name: str, which: str) -> ServiceSettings:
        """The settings that serve a version, by its number, or an alias of a registered model.

        Raises
        ------
        SettingsError
            If `which` is neither.
        """
        pointer = {"version": which} if which.isdigit() else {"alias": which}
        try:
            return cls.model_validate({"tracking_uri": tracking_uri, "model_name": model_name, **pointer})
        except ValidationError as error:
            raise SettingsError(f"{which!r} is neither an alias, such as champion, nor a version, such as 3") from error

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> ServiceSettings:
        """Read the variables of all fields; an empty one counts as not set.

        Raises
        ------
        SettingsError
            If a value is not allowed, or a name is nearly that of a variable; the message names the variable.
        """
        variables = os.environ if environment is None else environment
        _refuse_misspelt(variables)
        values = {name: variables.get(PREFIX + name.upper()) for name in cls.model_fields}
        try:
            return cls.model_validate({name: value for name, value in values.items() if value})
        except ValidationError as error:
            raise SettingsError("; ".join(dict.fromkeys(map(_in_words, error.errors())))) from error

    def to_environment(self) -> dict[str, str]:
        """The variables that `from_environment` reads back to equal settings."""
        values = self.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
        return {PREFIX + name.upper(): str(value) for name, value in values.items()}


def _refuse_misspelt(variables: Mapping[str, str]) -> None:
    """Refuse a variable that would be ignored though a setting was meant: a service without its keys is open."""
    known = [name.upper() for name in ServiceSettings.model_fields]
    for name in sorted(variables):
        short = name.removeprefix(PREFIX)
        if short != name and short not in known and (close := difflib.get_close_matches(short, known, 1, MISSPELT)):
            raise SettingsError(f"{name} is no setting of the service. Did you mean {PREFIX}{close[0]}?")


def _in_words(problem: ErrorDetails) -> str:
    """A problem that pydantic reports, by the name of the variable."""
    if not problem["loc"]:
        return problem["msg"].removeprefix("Value error, ")
    name = str(problem["loc"][0])
    must = field_words(ServiceSettings.model_fields[name])
    return f"{PREFIX}{name.upper()}={problem['input']!s:.60}: must be {must}"
