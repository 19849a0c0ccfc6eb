"""The base class of all models of bodies: it refuses unknown keys, coerced types and non-finite numbers."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class WireModel(BaseModel):
    model_config = STRICT


@dataclass(frozen=True, slots=True)
class Expected:
    """What a field must be, as a refusal says it; written into the annotation of the field."""

    words: str
