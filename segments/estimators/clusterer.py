"""A clusterer in scikit-learn's manner: it discovers segments in a matrix or a frame, and predicts labels.

Labels are positions of segments, 0 to k - 1, and -1 where a customer is in none. `model_` is the segment model itself.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from numbers import Integral
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, ClusterMixin, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from segment_model.contract import Column, Kind, VectorContract
from segment_model.encoding.encoder import Floats, Indices
from segment_model.errors import SegmentsError, counted
from segment_model.model import SegmentModel
from segments.estimators.columns import as_pandas, is_text, read_columns
from segments.estimators.distances import distances_to_segments
from segments.estimators.errors import EstimatorError
from segments.seed import with_seed
from segments.segment_numbers import least_and_most
from training.discovery.discovery import discover
from training.discovery.trained_contract import FEWEST_CUSTOMERS
from training.evaluation.verdict import VerdictKind
from training.settings import DiscoverySettings, parse_as


class NoStructureWarning(UserWarning):
    """The segments of an estimator are not found again in other samples of the same customers.

    Examples
    --------
    >>> import warnings
    >>> from segments import NoStructureWarning
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("error", NoStructureWarning)  # as on_no_structure="raise" does
    """


class SegmentClusterer(ClassNamePrefixFeaturesOutMixin, ClusterMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Discovers segments as `segments.discover` does, as a scikit-learn estimator.

    Parameters
    ----------
    segments : int, (int, int) or None
        How many, or the least and the most; None looks for as many as the rows show.
    seed : int
        The same seed and rows give the same labels.
    discovery : dict or None
        More settings, as the block `discovery` of a settings file has them.
    on_no_structure : "warn" or "raise"
        What happens where segments are not found again in other samples: a warning and a fit all the same, as an
        estimator must, or an error.
    min_customers : int
        Fewest rows; 20 at least.

    Attributes
    ----------
    model_ : SegmentModel
    labels_ : (n,) positions of segments, -1 where unassigned
    segment_ids_ : (k,) ids of the segments, in the order of the labels
    n_features_in_, feature_names_in_ : as scikit-learn has them

    Examples
    --------
    >>> import numpy as np
    >>> from segments import SegmentClusterer
    >>> rng = np.random.default_rng(0)
    >>> rows = np.r_[rng.normal(0, 1, (60, 2)), rng.normal(9, 1, (60, 2))]
    >>> clusterer = SegmentClusterer(segments=2).fit(rows)
    >>> np.bincount(clusterer.labels_).tolist()
    [60, 60]
    """

    def __init__(
        self,
        segments: int | tuple[int, int] | None = None,
        *,
        seed: int = 0,
        discovery: Mapping[str, Any] | None = None,
        on_no_structure: Literal["warn", "raise"] = "warn",
        min_customers: int = FEWEST_CUSTOMERS,
    ) -> None:
        self.segments = segments
        self.seed = seed
        self.discovery = discovery
        self.on_no_structure = on_no_structure
        self.min_customers = min_customers

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: ARG002  (scikit-learn's signature)
        """Discover segments in X, (n, features): a matrix of numbers, or a frame of numbers and text.

        Raises
        ------
        EstimatorError
            If there are too few rows, a parameter is wrong, all rows are the same, or, with `on_no_structure="raise"`,
            the segments are not found again.
        ValueError, TypeError
            If X is no table of numbers and text, in scikit-learn's own words: of one dimension, sparse, or infinite.
        """
        if self.on_no_structure not in ("warn", "raise"):
            raise EstimatorError(f'on_no_structure is "warn" or "raise"; got {self.on_no_structure!r}')
        if not isinstance(self.min_customers, Integral):
            raise EstimatorError(f"min_customers is a whole number; got {self.min_customers!r}")
        frame = self._frame(X, reset=True)
        fewest = max(self.min_customers, FEWEST_CUSTOMERS)
        if len(frame) < fewest:
            raise EstimatorError(
                f"n_samples = {len(frame)}: a minimum of {fewest} is required, since in "
                f"{counted(len(frame), 'sample')} no segment can be seen to recur"
            )
        try:
            discovered = discover(frame, _contract(frame), self._settings(), {})
        except SegmentsError as error:
            raise EstimatorError(str(error)) from error
        self.model_: SegmentModel = discovered.model
        self.labels_: Indices = discovered.labels
        self.segment_ids_ = np.array(self.model_.ids, dtype=object)
        self._n_features_out = len(self.model_.ids)
        if discovered.verdict.kind is VerdictKind.NOTHING:
            warnings.warn(discovered.verdict.sentence, NoStructureWarning, stacklevel=2)
        return self

    def fit_predict(self, X: Any, y: Any = None) -> Indices:
        """The labels (n,) of the rows that it is fitted on."""
        return self.fit(X, y).labels_

    def predict(self, X: Any) -> Indices:
        """The segment (n,) of each row, a position; -1 where it is in none.

        Raises
        ------
        ValueError
            If X has other columns than that of the fit, or a value is infinite, or missing where none was in training.
        """
        check_is_fitted(self)
        assignments = self._scored(self._frame(X, reset=False))
        return np.where(assignments.unassigned, -1, assignments.nearest)

    def transform(self, X: Any) -> Floats:
        """Distances (n, segments) of each row to each segment, in the standardised space of the model.

        Raises
        ------
        ValueError
            As `predict`.
        """
        check_is_fitted(self)
        try:
            return distances_to_segments(self.model_, self._frame(X, reset=False))
        except SegmentsError as error:
            raise EstimatorError(str(error)) from error

    def _scored(self, frame: pd.DataFrame) -> Any:
        try:
            return self.model_.assign_records(frame)
        except SegmentsError as error:
            raise EstimatorError(str(error)) from error

    def _settings(self) -> DiscoverySettings:
        if self.discovery is not None and not isinstance(self.discovery, Mapping):
            raise EstimatorError(f"discovery is a dict of settings; got {type(self.discovery).__name__}")
        content = {"force": self.on_no_structure == "warn", **with_seed(self.discovery or {}, self.seed)}
        settings = parse_as(DiscoverySettings, content, "SegmentClusterer")
        if self.segments is None:
            return settings
        return settings.with_segments(*least_and_most(self.segments))

    def _frame(self, X: Any, *, reset: bool) -> pd.DataFrame:
        """X as a frame with text as names; a frame with text is taken as it is, all else as scikit-learn does."""
        X = as_pandas(X)
        if isinstance(X, pd.DataFrame):
            X = table = read_columns(X)
            if any(is_text(table[name]) for name in table.columns):
                validate_data(self, table, reset=reset, skip_check_array=True)
                table.columns = pd.Index(self._names(table.shape[1]))
                table.index = pd.RangeIndex(len(table)).astype("str")
                return table
        matrix: NDArray[np.float64] = validate_data(
            self, X, reset=reset, dtype=np.float64, ensure_all_finite="allow-nan", ensure_min_samples=1
        )
        columns = self._names(matrix.shape[1])
        return pd.DataFrame(matrix, columns=columns, index=pd.RangeIndex(len(matrix)).astype("str"))

    def _names(self, width: int) -> list[str]:
        """The names of the columns as scikit-learn knows them; x0, x1, ... where they are no text."""
        names = getattr(self, "feature_names_in_", None)
        return [f"x{place}" for place in range(width)] if names is None else list(names)


def _contract(frame: pd.DataFrame) -> VectorContract:
    """Every column a basis: text a category, all else a number; a column without a value is refused."""
    for name in frame.columns:
        if frame[name].isna().all():
            raise EstimatorError(f"{name} has no value in any row; leave it out")
    return VectorContract(tuple(Column(str(name), _kind_of(frame[name]), nullable=True) for name in frame.columns))


def _kind_of(values: pd.Series[Any]) -> Kind:
    if is_text(values):
        return Kind.CATEGORY
    return Kind.FLAG if pd.api.types.is_bool_dtype(values.dtype) else Kind.NUMBER
