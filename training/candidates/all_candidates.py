"""The registry of algorithms that a discovery may try: one line each.

The settings' union, its JSON Schema and the tables of the reference derive from it. Code outside this folder handles
every candidate as a `CandidateSpec` and never compares the name of an algorithm.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, SchemaValidator, core_schema

from training.candidates.algorithm_settings import AlgorithmSettings
from training.candidates.gaussian_mixture_settings import GaussianMixtureSettings
from training.candidates.hdbscan_settings import HdbscanSettings
from training.candidates.kmeans_settings import KMeansSettings

ALGORITHMS: tuple[type[AlgorithmSettings], ...] = (
    KMeansSettings,
    HdbscanSettings,
    GaussianMixtureSettings,
)
DEFAULT_ALGORITHMS: tuple[AlgorithmSettings, ...] = (KMeansSettings(), HdbscanSettings(), GaussianMixtureSettings())


def registered_algorithms() -> Mapping[str, type[AlgorithmSettings]]:
    """The settings block of every algorithm, by its name."""
    return {settings.algorithm_name(): settings for settings in ALGORITHMS}


class RegisteredAlgorithm:
    """Annotates a settings field: an entry belongs to the registered algorithm that its `algorithm` names.

    The registry is looked up at every validation, so that a test or an extension may register its own.
    """

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(_validate)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(_tagged_union())


def _validate(entry: Any) -> Any:
    return SchemaValidator(_tagged_union()).validate_python(entry)


def _tagged_union() -> CoreSchema:
    choices = {name: settings.__pydantic_core_schema__ for name, settings in registered_algorithms().items()}
    return core_schema.tagged_union_schema(choices, discriminator="algorithm")
