"""A scorer for searches over clusterers: prediction strength on rows that the estimator has not seen."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import clone

from segments.estimators.errors import EstimatorError
from training.continuum.prediction_strength import kept_together


def stability_scorer(estimator: Any, X: Any, y: Any = None) -> float:  # noqa: ARG001  (scikit-learn's signature)
    """The prediction strength (Tibshirani and Walther 2005) of a fitted clusterer on held-out rows, 0 to 1.

    A clone is fitted on X. Of the pairs of rows that share one of its clusters, a share also shares one by the fitted
    estimator's `predict`; the least of these shares, over the clusters, is the score. Unassigned rows (-1) count as a
    cluster of their own. For `GridSearchCV(SegmentClusterer(), {"segments": [3, 4, 5]}, scoring=stability_scorer)`, or
    of a pipeline that ends with a clusterer.

    Raises
    ------
    ValueError
        If the estimator cannot label new rows, or the clone cannot be fitted on X, for instance as it has too few rows.

    Examples
    --------
    With `model` and `customers` of the example of `segments.discover`:

    >>> from segments import SegmentClusterer, stability_scorer
    >>> kmeans = {"algorithms": [{"algorithm": "kmeans", "starts": 1}]}
    >>> stability_scorer(SegmentClusterer(segments=2, discovery=kmeans).fit(customers), customers)
    1.0
    """
    for method in ("predict", "fit_predict"):
        if not hasattr(estimator, method):
            raise EstimatorError(
                "stability_scorer compares labels of rows that the estimator has not seen, and "
                f"{type(estimator).__name__} has no `{method}`; take one that has, such as SegmentClusterer"
            )
    other = np.asarray(estimator.predict(X))
    own = np.asarray(clone(estimator).fit_predict(X))
    return kept_together(_from_zero(own), _from_zero(other))


def _from_zero(labels: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The labels as 0, 1, ... in their order."""
    return np.unique(labels, return_inverse=True)[1]
