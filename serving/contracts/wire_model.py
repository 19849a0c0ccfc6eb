"""What all models of bodies share: `requests`, `responses` and `errors`."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """A body whose keys are known and whose values are not converted."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


@dataclass(frozen=True, slots=True)
class Expected:
    """What a field must be, as a refusal says it; written into the annotation of the field."""

    words: str
