"""The base class of every block of settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic_core import InitErrorDetails

from features.settings_words import truths_for_numbers


class Settings(BaseModel):
    """A block of settings: frozen; unknown keys, numbers that are not finite and truths as numbers are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _no_truth_is_a_number(cls, content: Any) -> Any:
        """YAML reads `yes` and `on` as truths, which pydantic would take for 1."""
        if not isinstance(content, Mapping):
            return content
        truths = [
            InitErrorDetails(type="int_type", loc=(name, *place), input=True)
            for name, field in cls.model_fields.items()
            for place in truths_for_numbers(field.annotation, content.get(name))
        ]
        if truths:
            raise ValidationError.from_exception_data(cls.__name__, truths)
        return content
