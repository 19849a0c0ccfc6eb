"""The settings of a discovery: the model of the YAML file, which is validated before any table is read."""

from __future__ import annotations

import math
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, Field, ValidationError, ValidatorFunctionWrapHandler, field_validator, model_validator

from features.settings import EngineSettings, FeatureSettings, Sources
from features.settings import Settings as Block
from features.settings_words import A_MOMENT, Expected
from features.source_settings import Name
from segment_model.contract import Column
from segment_model.errors import SettingsError, shown
from segment_model.feature_groups import groups_of
from training.analytics_settings import AnalyticsSettings
from training.candidates.algorithm_settings import AlgorithmSettings
from training.candidates.all_candidates import DEFAULT_ALGORITHMS, RegisteredAlgorithm
from training.conditions_settings import Conditions
from training.goal_settings import GoalSettings
from training.moments import read_moment
from training.settings_errors import in_sentences
from training.sweep_settings import SweepSettings
from training.yaml_text import read_yaml

Kind = TypeVar("Kind", bound=BaseModel)

AUTO = "auto"
LARGEST_SEED = 4_000_000_000  # NumPy takes 32 bits, and samples count on from the seed
AN_ALGORITHM = Expected("a block such as {algorithm: kmeans}")
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
        default_factory=dict,
        description="weight of the columns of a feature group (behavioural, value, ...; also rfm, usage, ...); 1 by "
        "default",
    )
    weights: dict[str, Annotated[float, Field(gt=0)]] = Field(
        default_factory=dict, description="weight of a column, times the weight of its group; 1 by default"
    )

    def weight_of(self, column: Column) -> float:
        """The weight of a column: its own, times those of its groups."""
        of_groups = (self.group_weights.get(group, 1.0) for group in groups_of(column))
        return math.prod((self.weights.get(column.name, 1.0), *of_groups))


class DiscoverySettings(Block):
    """What is tried, how it is judged, and what may be chosen."""

    algorithms: tuple[Annotated[AlgorithmSettings, RegisteredAlgorithm, AN_ALGORITHM], ...] = Field(
        DEFAULT_ALGORITHMS,
        min_length=1,
        description="the algorithms to try; KMeans, HDBSCAN and Gaussian mixtures by default",
    )
    encoding: EncodingSettings = Field(
        EncodingSettings(), description="how a customer vector becomes a standardised point"
    )
    seed: int = Field(
        0, ge=0, le=LARGEST_SEED, description="random seed; the same seed and data give the same segments"
    )
    min_segments: int = Field(2, ge=2, description="fewest segments of a candidate")
    max_segments: int = Field(60, ge=2, description="most segments of a candidate")
    min_share: float = Field(0.01, ge=0, lt=0.5, description="smallest share of customers in a segment")
    max_share: float = Field(0.95, gt=0, le=1, description="largest share of customers in a segment")
    max_unassigned: float = Field(0.5, ge=0, le=1, description="largest share of unassigned customers")
    judged_customers: int = Field(
        4000, ge=100, description="size of the sample on which silhouettes and stability are computed"
    )
    force: bool = Field(False, description="make a model even without reproducible structure; its verdict says so")
    prefer: Literal["continuity", "quality", "fresh"] = Field(
        "continuity",
        description="a retrain keeps the champion's segments; quality: it takes new ones that are clearly better; "
        "fresh: it ignores the champion",
    )
    allow_sensitive: bool = Field(False, description="let columns marked sensitive shape and name segments")
    hold_out_groups: tuple[str, ...] = Field(
        (),
        description="feature groups that never shape the segments, such as `[demographic]`; they describe only",
    )

    def with_segments(self, least: int, most: int) -> DiscoverySettings:
        """The same settings for numbers of segments from `least` to `most`, whatever the algorithm."""
        algorithms = tuple(entry.for_segments(least, most) for entry in self.algorithms)
        update = {"min_segments": least, "max_segments": most, "algorithms": algorithms}
        return self.model_copy(update=update)

    @model_validator(mode="after")
    def _limits(self) -> DiscoverySettings:
        if self.min_segments > self.max_segments:
            raise ValueError(f"min_segments ({self.min_segments}) is more than max_segments ({self.max_segments})")
        return self


class RegistrySettings(Block):
    """Where runs and models are kept."""

    tracking_uri: Annotated[str, Expected("an address such as sqlite:///mlflow.db or http://mlflow:5000")] = Field(
        "sqlite:///mlflow.db",
        pattern=r"\S",
        description="of MLflow: the http or https address of a server, or a SQLite path relative to the settings file",
    )
    experiment: str = Field("customer-segments", min_length=1, description="the MLflow experiment that holds the runs")
    model_name: Annotated[str, Expected("a name without any of / : . % and quotation marks")] = Field(
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
    engine: EngineSettings = Field(EngineSettings(), description="what computes where a table is a file")
    features: FeatureSettings = Field(FeatureSettings(), description="how the tables become customer vectors")
    discovery: DiscoverySettings = Field(
        DiscoverySettings(), description="what is tried, how it is evaluated, what may be chosen"
    )
    registry: RegistrySettings = Field(RegistrySettings(), description="where runs and models are kept")
    analytics: AnalyticsSettings = Field(
        AnalyticsSettings(), description="what the record of money, retention and growth by segment covers"
    )
    conditions: Conditions = Field(default_factory=dict)
    goals: dict[Name, GoalSettings] = Field(
        default_factory=dict, description="what customers do that the business hopes for or fears, by a name each"
    )
    sweep: SweepSettings | None = Field(None, description="what `segments sweep` varies; nothing else reads it")

    @field_validator("as_of", mode="wrap")
    @classmethod
    def _a_moment(cls, value: object, parse: ValidatorFunctionWrapHandler) -> date | datetime | None:
        return read_moment(value, parse)

    @model_validator(mode="after")
    def _a_moment_for_dates(self) -> Settings:
        if self.as_of is None and self.sources.may_have_dates:
            raise ValueError(f"'as_of' is needed: {A_MOMENT}")
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
    except UnicodeDecodeError as error:
        raise SettingsError(f"the settings file {path} is not UTF-8 text: save it as UTF-8") from error
    except OSError as error:
        raise SettingsError(f"the settings file {path} cannot be read: {error.strerror or error}") from error
    return parse_settings(read_yaml(text, str(path)), str(path)), text


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
        raise SettingsError(f"{name} must hold keys ({', '.join(kind.model_fields)}), found {shown(content)}")
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        raise SettingsError(f"{name}: {in_sentences(error, kind, content)}") from error
