"""The settings of a discovery: one YAML file, checked whole before anything is read."""

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

from features.settings import FeatureSettings, Sources
from features.settings import Settings as Block
from segment_model.contract import Column
from segment_model.errors import SettingsError, nearest_word
from training.tuning.sweep_settings import SweepSettings

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
    rare_share: float = Field(0.01, ge=0, lt=1, description="levels of fewer customers are pooled as (other)")
    group_weights: dict[str, Annotated[float, Field(gt=0)]] = Field(
        default_factory=dict, description="by feature group (rfm, usage, ...): how much its columns count; 1 by default"
    )
    weights: dict[str, Annotated[float, Field(gt=0)]] = Field(
        default_factory=dict, description="by column: how much it counts, times its group's weight"
    )

    def weight_of(self, column: Column) -> float:
        """How much a column counts."""
        return self.weights.get(column.name, 1.0) * self.group_weights.get(column.group, 1.0)


class UmapSettings(Block):
    """An embedding before HDBSCAN, for discovery only: customers are assigned in the encoded space."""

    dimensions: int = Field(5, ge=2, le=50, description="number of dimensions of the embedding")
    neighbours: int = Field(30, ge=2, description="number of neighbours: more of them make the embedding less local")


class KMeansSettings(Block):
    """KMeans over a range of k."""

    algorithm: Literal["kmeans"] = Field("kmeans", description="says which algorithm the entry is")
    segments: int | tuple[int, int] = Field((2, 10), description="k, or the least and the most")
    starts: int = Field(10, ge=1, description="random starts for each k; the best one counts")

    @field_validator("segments")
    @classmethod
    def _ordered(cls, value: int | tuple[int, int]) -> int | tuple[int, int]:
        least, most = (value, value) if isinstance(value, int) else value
        if not 2 <= least <= most:
            raise ValueError("segments must be 2 or more, and the least no more than the most")
        return value

    @property
    def counts(self) -> range:
        """Every k to try."""
        least, most = (self.segments, self.segments) if isinstance(self.segments, int) else self.segments
        return range(least, most + 1)


class HdbscanSettings(Block):
    """HDBSCAN over sizes."""

    algorithm: Literal["hdbscan"] = Field("hdbscan", description="says which algorithm the entry is")
    min_cluster_sizes: tuple[Annotated[int, Field(ge=2)], ...] = Field(
        (), description="smallest groups to try; empty: 1 %, 2 % and 5 % of the customers, at least 10"
    )
    min_samples: int | None = Field(None, ge=1, description="neighbours that make a place dense; empty: at most 10")
    embedding: UmapSettings | None = Field(None, description="UMAP before HDBSCAN")


Algorithm = Annotated[KMeansSettings | HdbscanSettings, Field(discriminator="algorithm")]


class DiscoverySettings(Block):
    """What is tried, how it is judged, and what may be chosen."""

    algorithms: tuple[Algorithm, ...] = Field(
        (KMeansSettings(), HdbscanSettings()), min_length=1, description="KMeans and HDBSCAN unless you list one"
    )
    encoding: EncodingSettings = Field(EncodingSettings(), description="how a vector becomes a standardised point")
    seed: int = Field(0, ge=0, description="of everything random; the same seed and data give the same segments")
    min_segments: int = Field(2, ge=2, description="fewer are refused")
    max_segments: int = Field(12, ge=2, description="more are refused")
    min_share: float = Field(0.01, ge=0, lt=0.5, description="no segment may hold a smaller share of customers")
    max_share: float = Field(0.95, gt=0, le=1, description="no segment may hold a larger share of customers")
    max_unassigned: float = Field(0.5, ge=0, le=1, description="no larger share of customers may be left unassigned")
    judged_customers: int = Field(
        4000, ge=100, description="silhouettes are taken on a stratified sample of so many customers"
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
    as_of: date | datetime = Field(
        description="the moment that the vectors describe: rows at or after it do not count; a date is its midnight"
    )
    sources: Sources = Field(description="where the raw tables are")
    features: FeatureSettings = Field(FeatureSettings(), description="how they become customer vectors")
    discovery: DiscoverySettings = Field(
        DiscoverySettings(), description="what is tried, how it is judged, what may be chosen"
    )
    registry: RegistrySettings = Field(RegistrySettings(), description="where runs and models are kept")
    sweep: SweepSettings | None = Field(None, description="what `segments sweep` varies; nothing else reads it")

    @field_validator("as_of", mode="wrap")
    @classmethod
    def _a_moment(cls, value: object, parse: ValidatorFunctionWrapHandler) -> date | datetime:
        """One sentence for both types; and a bare number, which pydantic takes for seconds since 1970, is no year."""
        try:
            if isinstance(value, str | date):
                moment: date | datetime = parse(value)
                return moment
        except ValidationError:
            pass
        raise ValueError(f"must be {A_MOMENT}")


def read_settings(path: Path) -> tuple[Settings, str]:
    """The settings in a YAML file, and its text.

    Raises
    ------
    SettingsError
        If the file is missing, not YAML, or holds something unexpected; unknown keys are answered with the nearest
        known one.
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
        raise SettingsError(f"{path} is not valid YAML{_fault(error)}") from error
    return parse_settings(content, str(path)), text


def parse_settings(content: Any, name: str = "settings") -> Settings:
    """Settings from plain values.

    Raises
    ------
    SettingsError
        If they hold something unexpected.
    """
    return parse_as(Settings, content, name)


def parse_as(kind: type[Kind], content: Any, name: str) -> Kind:
    """Any block of settings from plain values.

    Raises
    ------
    SettingsError
        If they hold something unexpected.
    """
    if not isinstance(content, dict):
        raise SettingsError(f"{name} must hold keys ({', '.join(kind.model_fields)}), found {content!r:.60}")
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        raise SettingsError(f"{name}: " + "; ".join(_message(item, kind) for item in error.errors())) from error


def _fault(error: Exception) -> str:
    """Where YAML could not be read, and why; the commonest slip with its remedy."""
    place, why = "", " ".join(str(error).split())
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark, why = error.problem_mark, error.problem or why
        place = f" at line {mark.line + 1}, column {mark.column + 1}"
    if "mapping values are not allowed" in why:
        why += "; put text that holds a colon in quotes, such as title: 'My shop: the best'"
    return f"{place}: {why}"


def _message(item: Any, kind: type[BaseModel]) -> str:
    path = [str(part) for part in item["loc"]]
    where = ".".join(path)
    if item["type"] == "extra_forbidden":
        known = _fields_at(kind, path[:-1])
        return f"unknown key {where!r}.{nearest_word(path[-1], known)} Known here: {', '.join(known)}"
    if item["type"] == "missing":
        return f"{where!r} is needed" + (f": {A_MOMENT}" if where == "as_of" else "")
    what = item["msg"].removeprefix("Value error, ").replace("Input should", "must", 1)
    return f"{where!r}{'' if what.startswith('must ') else ':'} {what} (found {item['input']!r:.60})"


def _fields_at(kind: Any, path: list[str]) -> list[str]:
    """Names of the keys known at a place in the settings, by walking the models' annotations."""
    models = _models_in(kind)
    for part in path:
        inner = [m.model_fields[part].annotation for m in models if part in m.model_fields]
        named = [m for m in models if any(part in get_args(f.annotation) for f in m.model_fields.values())]
        if inner:
            models = [found for annotation in inner for found in _models_in(annotation)]
        elif named:  # the value of a discriminator chooses among the models
            models = named
    return sorted({name for model in models for name in model.model_fields})


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return [annotation] if issubclass(annotation, BaseModel) else []
    if get_origin(annotation) is Literal:
        return []
    if get_origin(annotation) in (Union, types.UnionType, Annotated, tuple, list, dict) or get_args(annotation):
        return [found for part in get_args(annotation) for found in _models_in(part)]
    return []
