"""The base class of all models of bodies: it refuses unknown keys, coerced types and non-finite numbers."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class WireModel(BaseModel):
    model_config = STRICT
