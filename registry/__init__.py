"""The registry: MLflow runs of discoveries and sweeps, and the registered versions of segment models.

No other package imports MLflow, and this one imports it only when a function connects, because that takes seconds.
"""

from __future__ import annotations
