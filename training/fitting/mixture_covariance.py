"""The forms that the covariances of a Gaussian mixture's components may have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Covariance = Literal["full", "tied", "diagonal", "spherical"]
SKLEARN_NAMES: Mapping[Covariance, str] = {
    "full": "full",
    "tied": "tied",
    "diagonal": "diag",
    "spherical": "spherical",
}
