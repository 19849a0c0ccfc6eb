"""How much text MLflow holds in one place."""

from __future__ import annotations

TAG_LIMIT = 5000  # characters of one tag
DESCRIPTION_LIMIT = 5000  # characters of the description of a version
