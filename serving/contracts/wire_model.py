"""The base of every model of a body: unknown keys, coerced types and non-finite numbers are refused."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict


class WireModel(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


@dataclass(frozen=True, slots=True)
class Expected:
    """What a field must be, as a refusal says it; written into the annotation of the field."""

    words: str
