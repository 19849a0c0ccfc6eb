"""A trained model as a step of a scikit-learn pipeline: the segment of each customer becomes features."""

from __future__ import annotations

from typing import Any, Literal, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags

from segment_model.encoding.any_frame import read_customers
from segment_model.encoding.encoder import Floats
from segment_model.errors import SegmentsError
from segment_model.model import SegmentModel
from segments.estimators.distances import distances_to_segments
from segments.estimators.errors import EstimatorError

Output = Literal["one-hot", "distances", "strength"]


class SegmentTransformer(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Turns customers into features of their segments; it needs no fit.

    Parameters
    ----------
    model : SegmentModel
        A trained model; `fit` does not change it.
    output : "one-hot", "distances" or "strength"
        A column of 0 and 1 for each segment (all 0 where unassigned); the distance to each segment; or how
        surely the customer is in the nearest one, a single column.

    Examples
    --------
    With `model` and `customers` of the example of `segments.discover`; `make_pipeline(SegmentTransformer(model),
    LogisticRegression())` predicts from segments alone.

    >>> from segments import SegmentTransformer
    >>> SegmentTransformer(model).fit_transform(customers).sum(axis=0).tolist()
    [150.0, 150.0]
    """

    def __init__(self, model: SegmentModel, output: Output = "one-hot") -> None:
        self.model = model
        self.output = output

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.input_tags.allow_nan = tags.input_tags.string = tags.input_tags.categorical = True
        return tags

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: ARG002  (scikit-learn's signature)
        """Nothing is learned: the model is trained."""
        self._check()
        return self

    def transform(self, X: Any) -> Floats:
        """Features (n, segments), or (n, 1) of strengths, of customers in any form that `SegmentModel.assign` takes.

        Raises
        ------
        EstimatorError
            If the customers do not follow the model's contract.
        """
        self._check()
        try:
            return self._features(X)
        except SegmentsError as error:
            raise EstimatorError(str(error)) from error

    def _features(self, X: Any) -> Floats:
        table = read_customers(X, self.model.contract).table
        if self.output == "distances":
            return distances_to_segments(self.model, table)
        assignments = self.model.assign_records(table)
        if self.output == "strength":
            return np.asarray(assignments.strength, dtype=np.float64).reshape(-1, 1)
        places = np.where(assignments.unassigned, -1, assignments.nearest)
        return np.equal.outer(places, np.arange(len(self.model.ids))).astype(np.float64)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray[Any, Any]:  # noqa: ARG002
        """The names of the features: output and id of each segment, such as "one-hot_seg-a", or "strength".

        Raises
        ------
        EstimatorError
            If there is no model, or no such output.
        """
        self._check()
        names = ["strength"] if self.output == "strength" else [f"{self.output}_{own}" for own in self.model.ids]
        return np.array(names, dtype=object)

    def _check(self) -> None:
        if not isinstance(self.model, SegmentModel):
            raise EstimatorError(
                f"model is a trained model, such as segments.load('models:/NAME@champion'); got {self.model!r:.80}"
            )
        if self.output not in ("one-hot", "distances", "strength"):
            raise EstimatorError(f'output is "one-hot", "distances" or "strength"; got {self.output!r}')
