"""What all models of what goes over the wire share: `request_contracts`, `response_contracts`, `error_contracts`."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
