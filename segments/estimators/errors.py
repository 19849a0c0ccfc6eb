"""The error of estimators."""

from __future__ import annotations

from segment_model.errors import SegmentsError


class EstimatorError(SegmentsError, ValueError):
    """What an estimator is fitted on, or its parameters, are refused; a ValueError, as scikit-learn's are."""
