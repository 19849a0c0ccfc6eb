"""The settings of a discovery: the model of the YAML file, which is validated before any table is read."""

from __future__ import annotations

import types
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

import yaml
from pydantic import (
    BaseModel,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from features.settings import FeatureSettings, Sources
from features.settings import Settings as Block
from segment_model.contract import Column
from segment_model.errors import SettingsError, nearest_word
from training.candidates.algorithm_settings import AlgorithmSettings
from training.candidates.all_candidates import DEFAULT_ALGORITHMS, RegisteredAlgorithm, registered_algorithms
from training.sweep_settings import SweepSettings

Kind = TypeVar("Kind", bound=BaseModel)

AUTO = "auto"
A_MOMENT = "a date such as 2026-07-01 or a time such as 2026-07-01T12:00"
TransformName = Literal["auto", "none", "log1p", "yeo-johnson", "quantile"]


class EncodingSettings(Block):
    """How the basis columns become a standardised point."""

    transform: TransformName = Field(
        "auto", description="for every number; auto: log1p where skewed and never negative"
    )
    transforms: dict[str, TransformName] = Field(default_factory=dict, description="by column, instead of `transform`")
    scale: bool = Field(True, description="divide every number by its standard deviation")
    clip_share: float = Field(0.005, ge=0, lt=0.5, description="share of customers clipped at either end of a number")
    rare_share: float = Field(
        0.01, ge=0, lt=1, description="levels of a smaller share of customers are pooled as (other)"
    )
    group_weights: dict[str, Annotated[float, Field(gt=0)]] = Field(
        default_factory=dict, description="weight of the columns of a feature group (rfm, usage, ...); 1 by default"
    )
    weights: dict[str, Annotated[float, Field(gt=0)]] = Field(
        default_factory=dict, description="weight of a column, times the weight of its group; 1 by default"
    )

    def weight_of(self, column: Column) -> float:
        """The weight of a column: its own, times that of its group."""
        return self.weights.get(column.name, 1.0) * self.group_weights.get(column.group, 1.0)


class DiscoverySettings(Block):
    """What is tried, how it is judged, and what may be chosen."""

    algorithms: tuple[Annotated[AlgorithmSettings, RegisteredAlgorithm], ...] = Field(
        DEFAULT_ALGORITHMS, min_length=1, description="the algorithms to try; KMeans and HDBSCAN by default"
    )
    encoding: EncodingSettings = Field(
        EncodingSettings(), description="how a customer vector becomes a standardised point"
    )
    seed: int = Field(0, ge=0, description="random seed; the same seed and data give the same segments")
    min_segments: int = Field(2, ge=2, description="fewest segments of a candidate")
    max_segments: int = Field(12, ge=2, description="most segments of a candidate")
    min_share: float = Field(0.01, ge=0, lt=0.5, description="smallest share of customers in a segment")
    max_share: float = Field(0.95, gt=0, le=1, description="largest share of customers in a segment")
    max_unassigned: float = Field(0.5, ge=0, le=1, description="largest share of unassigned customers")
    judged_customers: int = Field(
        4000, ge=100, description="size of the stratified sample on which silhouettes are computed"
    )
    force: bool = Field(False, description="make a model even without reproducible structure; its verdict says so")
    allow_sensitive: bool = Field(False, description="let columns marked sensitive shape and name segments")

    @model_validator(mode="after")
    def _limits(self) -> DiscoverySettings:
        if self.min_segments > self.max_segments:
            raise ValueError(f"min_segments ({self.min_segments}) is more than max_segments ({self.max_segments})")
        return self


class RegistrySettings(Block):
    """Where runs and models are kept."""

    tracking_uri: str = Field(
        "sqlite:///mlflow.db",
        description="of MLflow: the http or https address of a server, or a SQLite path relative to the settings file",
    )
    experiment: str = Field("customer-segments", min_length=1, description="the MLflow experiment that holds the runs")
    model_name: str = Field(
        "customer-segments", min_length=1, pattern=r"^[^/:.%\"']+$", description="the registered name"
    )


class Settings(Block):
    """Everything that a discovery needs to know."""

    title: str = Field("", description="title of the report")
    as_of: date | datetime | None = Field(
        None,
        description="the moment that the vectors describe: rows at or after it do not count; a date is its midnight. "
        "Needed unless `vectors` is the only source",
    )
    sources: Sources = Field(description="where the raw tables are")
    features: FeatureSettings = Field(FeatureSettings(), description="how the tables become customer vectors")
    discovery: DiscoverySettings = Field(
        DiscoverySettings(), description="what is tried, how it is evaluated, what may be chosen"
    )
    registry: RegistrySettings = Field(RegistrySettings(), description="where runs and models are kept")
    sweep: SweepSettings | None = Field(None, description="what `segments sweep` varies; nothing else reads it")

    @field_validator("as_of", mode="wrap")
    @classmethod
    def _a_moment(cls, value: object, parse: ValidatorFunctionWrapHandler) -> date | datetime | None:
        """Replace pydantic's messages for the two types by one, and refuse a bare number.

        pydantic would read the number 2026 as seconds since 1970, where the user means a year.
        """
        if value is None:
            return None
        try:
            if isinstance(value, str | date):
                moment: date | datetime = parse(value)
                return moment
        except ValidationError:
            pass
        raise ValueError(f"must be {A_MOMENT}")

    @model_validator(mode="after")
    def _a_moment_for_dates(self) -> Settings:
        if self.as_of is None and self.sources.may_have_dates:
            raise PydanticCustomError("as_of_needed", f"'as_of' is needed: {A_MOMENT}")
        return self


def read_settings(path: Path) -> tuple[Settings, str]:
    """The settings in a YAML file, and its text.

    Raises
    ------
    SettingsError
        If the file is missing, not YAML, or not valid; for an unknown key the message names the nearest known one.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise SettingsError(f"there is no settings file {path}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"the settings file {path} cannot be read: {error}") from error
    try:
        content = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:  # ValueError: of a date such as 2026-02-30
        raise SettingsError(f"{path} is not valid YAML{_yaml_fault(error)}") from error
    return parse_settings(content, str(path)), text


def parse_settings(content: Any, name: str = "settings") -> Settings:
    """Settings from plain values.

    Raises
    ------
    SettingsError
        If the values are not valid.
    """
    return parse_as(Settings, content, name)


def parse_as(kind: type[Kind], content: Any, name: str) -> Kind:
    """Any block of settings from plain values; `name` says in the message where they come from.

    Raises
    ------
    SettingsError
        If the values are not valid.
    """
    if not isinstance(content, dict):
        raise SettingsError(f"{name} must hold keys ({', '.join(kind.model_fields)}), found {content!r:.60}")
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        raise SettingsError(f"{name}: " + "; ".join(_message(problem, kind) for problem in error.errors())) from error


def _yaml_fault(error: Exception) -> str:
    """The position and reason of a YAML error, with the remedy for a colon in plain text."""
    position, reason = "", " ".join(str(error).split())
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark, reason = error.problem_mark, error.problem or reason
        position = f" at line {mark.line + 1}, column {mark.column + 1}"
    if "mapping values are not allowed" in reason:
        reason += "; put text that holds a colon in quotes, such as title: 'My shop: the best'"
    return f"{position}: {reason}"


def _message(problem: ErrorDetails, kind: type[BaseModel]) -> str:
    """One problem that pydantic reports, as a sentence with the path, the remedy and the refused value."""
    path = [str(part) for part in problem["loc"]]
    where, entered = ".".join(path), f"{problem['input']!r:.60}"
    if problem["type"] == "extra_forbidden":
        known = _fields_at(kind, path[:-1])
        return f"unknown key {where!r}.{nearest_word(path[-1], known)} Known here: {', '.join(known)}"
    if problem["type"] == "missing":
        return f"{where!r} is needed"
    if problem["type"] == "as_of_needed":
        return problem["msg"]
    if problem["type"] == "union_tag_invalid":
        key, tag, tags = (
            str(problem["ctx"][part]).replace("'", "") for part in ("discriminator", "tag", "expected_tags")
        )
        return f"{where!r}: unknown {key} {tag!r}.{nearest_word(tag, tags.split(', '))} Known here: {tags}"
    sentence = problem["msg"].removeprefix("Value error, ").replace("Input should", "must", 1)
    return f"{where!r}{'' if sentence.startswith('must ') else ':'} {sentence} (found {entered})"


def _fields_at(kind: Any, path: list[str]) -> list[str]:
    """Names of the keys known at a path in the settings, by walking the models' annotations."""
    models = _models_in(kind)
    for part in path:
        inner = [model.model_fields[part].annotation for model in models if part in model.model_fields]
        tagged = [m for m in models if any(part in get_args(f.annotation) for f in m.model_fields.values())]
        if inner:
            models = [model for annotation in inner for model in _models_in(annotation)]
        elif tagged:  # pydantic's path holds the discriminator's value, which selects one model
            models = tagged
    return sorted({name for model in models for name in model.model_fields})


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    """The settings blocks inside an annotation; of an algorithm's block, every registered one."""
    if annotation is AlgorithmSettings:
        return list(registered_algorithms().values())
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return [annotation] if issubclass(annotation, BaseModel) else []
    if get_origin(annotation) is Literal:
        return []
    if get_origin(annotation) in (Union, types.UnionType, Annotated, tuple, list, dict) or get_args(annotation):
        return [model for part in get_args(annotation) for model in _models_in(part)]
    return []
