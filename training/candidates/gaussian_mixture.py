"""Gaussian mixtures fitted by expectation maximisation; the number of components and the covariance by BIC.

The likelihood of a mixture is unbounded: it grows without limit where a component collapses onto a few customers or
onto one value of a column (Day 1969). So ties are blurred before the fit (dequantisation, Theis et al. 2016), and a
mixture with a degenerate component is refused whatever its BIC (Schwarz 1978).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture as FittedMixture

from segment_model.assigners.gaussian_mixture import GaussianMixture
from segment_model.encoding.encoder import Floats, Indices
from segment_model.errors import counted
from training.candidates.candidate import (
    CandidateSpec,
    DerivedSpec,
    Fit,
    NoSegmentsError,
    UsualSpec,
    largest_first,
    sample_rows,
)
from training.fitting.mixture_covariance import SKLEARN_NAMES, Covariance
from training.fitting.mixture_start import start_at
from training.fitting.single_thread import single_thread

MIXTURE_SAMPLE = 10_000  # customers
ILL_COVARIANCE = ("ill-defined empirical covariance", "positive-definite", "Singular matrix")  # the libraries' words
MOST_STEPS = 300
FEWEST_CUSTOMERS = 5  # of a component
REGULARISATION = 1e-6  # share of the least variance of a column; added to every variance
COLLAPSED = 1e-5  # a component is degenerate below this share of a column's variance among all customers
STARTED_AT, OF_START = "started_at", "start_"  # the parameter that names the algorithm of the start, and its prefix


@dataclass(frozen=True)
class GaussianMixtureSpec(UsualSpec):
    """Mixtures of several numbers of components and covariances, of which the fit chooses one by BIC.

    tie_variance : (width,) variance that tied values hide in each encoded column (`tie_blurring`).
    """

    segments: tuple[int, ...]
    covariances: tuple[Covariance, ...]
    starts: int
    tie_variance: tuple[float, ...] = field(repr=False)
    algorithm: str = "gaussian_mixture"

    @property
    def name(self) -> str:
        least, most = self.segments[0], self.segments[-1]
        components = f"{least} components" if least == most else f"{least} to {most} components"
        covariances = ", ".join(self.covariances[:-1])
        either = f"{covariances} or {self.covariances[-1]}" if covariances else self.covariances[-1]
        return f"Gaussian mixture, {components}, {either} covariance"

    @property
    def parameters(self) -> dict[str, Any]:
        components = self.segments[0] if len(self.segments) == 1 else list(self.segments)
        covariance = self.covariances[0] if len(self.covariances) == 1 else list(self.covariances)
        return {"segments": components, "covariance": covariance, "starts": self.starts}

    def fit(self, points: Floats, seed: int) -> Fit:
        """The mixture of least BIC without a degenerate component, of at most `MIXTURE_SAMPLE` customers."""
        sample = MixtureSample.of(points, self.tie_variance, seed)
        with single_thread():
            best, refused = _least_bic(sample.customers, self.covariances, self.segments, Search(self.starts, seed))
        chosen = replace(self, segments=(best.components,), covariances=(best.covariance,))
        return sample.fit(best, refused, chosen)


@dataclass(frozen=True)
class StartedMixtureSpec(DerivedSpec):
    """A mixture that starts at the segments of `spec`, with a component for each; the covariance by BIC.

    tie_variance : as of `GaussianMixtureSpec`.
    """

    covariances: tuple[Covariance, ...]
    tie_variance: tuple[float, ...] = field(repr=False)

    @property
    def algorithm(self) -> str:
        return "gaussian_mixture"

    @property
    def name(self) -> str:
        form = f"{self.covariances[0]} covariance" if len(self.covariances) == 1 else "by BIC"
        return f"Gaussian mixture, {form}, started at {self.spec.name}"

    @property
    def parameters(self) -> dict[str, Any]:
        covariance = self.covariances[0] if len(self.covariances) == 1 else list(self.covariances)
        of_start = {f"{OF_START}{name}": setting for name, setting in self.spec.parameters.items()}
        return {"covariance": covariance, STARTED_AT: self.spec.algorithm, **of_start}

    @property
    def needs_gaps(self) -> bool:
        return True

    @property
    def divides_continuum(self) -> bool:
        return False

    def of(self, covariance: Covariance) -> StartedMixtureSpec:
        """The same mixture of one covariance."""
        return replace(self, covariances=(covariance,))

    def for_share(self, share: float) -> CandidateSpec:
        return replace(self, spec=self.spec.for_share(share))

    def centres_of(self, points: Floats, labels: Indices) -> None:  # noqa: ARG002  (no centres decide)
        return None

    def fit(self, points: Floats, seed: int) -> Fit:
        """Fit `spec`, and from its segments the mixture of least BIC without a degenerate component."""
        started = self.spec.fit(points, seed)
        sample = MixtureSample.of(points, self.tie_variance, seed)
        nearest = started.assigner.nearest(np.ascontiguousarray(points[sample.rows].T)).segment
        components = started.assigner.size
        if len(np.unique(nearest)) < components:
            raise NoSegmentsError("a segment that the mixture starts at has no customers")
        with single_thread():
            search = Search(1, seed, nearest)
            best, refused = _least_bic(sample.customers, self.covariances, [components], search)
        return sample.fit(best, refused, self.of(best.covariance))


def start_of(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of the candidate at whose segments a mixture started, from those of the mixture."""
    return {name.removeprefix(OF_START): p for name, p in parameters.items() if name.startswith(OF_START)}


@dataclass(frozen=True)
class MixtureSample:
    """The customers that a mixture is fitted on.

    rows : (m,) their positions among all. columns : those that are not constant. middle : (width,) their mean.
    """

    rows: Indices
    columns: Indices
    middle: Floats
    customers: Customers

    @classmethod
    def of(cls, points: Floats, tie_variance: Sequence[float], seed: int) -> MixtureSample:
        """At most `MIXTURE_SAMPLE` of (n, width) points.

        Raises
        ------
        NoSegmentsError
            If all customers are the same.
        """
        rows = sample_rows(len(points), MIXTURE_SAMPLE, seed)
        columns = np.flatnonzero(np.ptp(points[rows], axis=0) > 0)
        if not len(columns):
            raise NoSegmentsError("all customers are the same")
        customers = Customers.blurred(points[rows], columns, tie_variance, seed)
        return cls(rows, columns, points[rows].mean(axis=0), customers)

    def fit(self, best: Mixture, refused: int, chosen: CandidateSpec) -> Fit:
        """The fit of a mixture: its segments in order of size. refused : how many degenerate ones were not compared."""
        order, labels = largest_first(best.labels, best.components)
        assigner = _assigner(best.fitted, order, self.columns, self.middle)
        facts = {"bic": best.bic, "degenerate_mixtures": float(refused)}
        confusion = most_confused(best.fitted.predict_proba(self.customers.points))
        return Fit(assigner, self.rows, labels, facts, chosen, confusion=confusion)


@dataclass(frozen=True)
class Search:
    """How expectation maximisation searches: from random starts, or from the segments `at` (m,) of its customers."""

    starts: int
    seed: int
    at: Indices | None = None


def _least_bic(
    customers: Customers, covariances: Sequence[Covariance], counts: Sequence[int], search: Search
) -> tuple[Mixture, int]:
    """The mixture of least BIC of these covariances and numbers of components, and how many were refused.

    Raises
    ------
    NoSegmentsError
        If every mixture has a degenerate component, or there are fewer customers than components.
    """
    mixtures, refusals = [], []
    for covariance in covariances:
        try:
            reference = _fit_em(customers.blur, 1, covariance, Search(1, search.seed))
        except NoSegmentsError as error:
            refusals.append(f"{covariance} covariance: {error}")
            continue
        for components in counts:
            if components > customers.different:
                break
            try:
                fitted = _fit_em(customers.blur, components, covariance, search)
                mixtures.append(_sound_mixture(fitted, reference, customers, components, covariance))
            except NoSegmentsError as error:
                refusals.append(f"{components} components, {covariance} covariance: {error}")
    if not mixtures:
        raise NoSegmentsError(refusals[0] if refusals else f"fewer than {counted(counts[0], 'different customer')}")
    return min(mixtures, key=lambda mixture: mixture.bic), len(refusals)


@dataclass(frozen=True)
class Customers:
    """The customers of a fit, in the columns that are not constant.

    points : (n, width). blur : the same with tied values blurred. different : the number of distinct points.
    """

    points: Floats
    blur: Floats
    different: int

    @classmethod
    def blurred(cls, points: Floats, columns: Indices, tie_variance: Sequence[float], seed: int) -> Customers:
        """From points in all columns, (n, all columns); `columns` are those that are not constant."""
        noise = np.random.default_rng(seed).normal(size=points.shape) * np.sqrt(tie_variance)
        kept = np.ascontiguousarray(points[:, columns])
        return cls(kept, kept + noise[:, columns], len(np.unique(kept, axis=0)))


@dataclass(frozen=True)
class Mixture:
    """A mixture without a degenerate component; labels : (n,) the most probable component of each customer."""

    components: int
    covariance: Covariance
    fitted: FittedMixture
    bic: float
    labels: Indices


def most_confused(probabilities: Floats) -> float:
    """The largest share of a component's customers whom another one component takes in; 0 with one component.

    probabilities : (n, components) of each customer to belong to each component. The share is the directly estimated
    misclassification probability (Hennig 2010): of customers of component j, weighted by their probability to be of it,
    those who are most probably of component i.
    """
    assigned = np.eye(probabilities.shape[1])[probabilities.argmax(axis=1)]
    shares = probabilities.T @ assigned / np.maximum(probabilities.sum(axis=0)[:, None], np.finfo(float).tiny)
    np.fill_diagonal(shares, 0.0)
    return float(shares.max())


def _fit_em(points: Floats, components: int, covariance: Covariance, search: Search) -> FittedMixture:
    """A mixture fitted by at most `MOST_STEPS` steps of expectation maximisation; random starts are KMeans partitions.

    Raises
    ------
    NoSegmentsError
        If a covariance is not positive definite, or scikit-learn cannot fit for another reason.
    """
    regularisation = REGULARISATION * float(points.var(axis=0).min())
    with warnings.catch_warnings():
        # a mixture that still improves after so many steps is compared as it is; KMeans may find fewer groups
        warnings.simplefilter("ignore", ConvergenceWarning)
        try:
            start = {} if search.at is None else start_at(points, search.at, covariance, regularisation)
            return FittedMixture(
                components,
                covariance_type=SKLEARN_NAMES[covariance],
                n_init=search.starts,
                max_iter=MOST_STEPS,
                reg_covar=regularisation,
                random_state=search.seed,
                **start,
            ).fit(points)
        except (ValueError, np.linalg.LinAlgError) as error:
            raise NoSegmentsError(_fault_of_fit(str(error))) from error


def _fault_of_fit(reason: str) -> str:
    """Why scikit-learn cannot fit a mixture: a covariance that is not positive definite, or its own first sentence."""
    if any(sign in reason for sign in ILL_COVARIANCE):
        return "a covariance is not positive definite"
    return f"the mixture cannot be fitted: {reason.splitlines()[0] if reason else 'no reason given'}"


def _sound_mixture(
    fitted: FittedMixture, reference: FittedMixture, customers: Customers, components: int, covariance: Covariance
) -> Mixture:
    """The mixture, unless a component is degenerate; `reference` is the one-component mixture of its covariance.

    Raises
    ------
    NoSegmentsError
        If a component is not finite, has too few customers, or all alike, or its covariance collapses.
    """
    if not (np.isfinite(fitted.means_).all() and np.isfinite(fitted.precisions_cholesky_).all()):
        raise NoSegmentsError("a component has a mean or covariance that is not finite")
    labels = fitted.predict(customers.points).astype(np.intp)
    fewest = int(np.bincount(labels, minlength=components).min())
    if fewest < FEWEST_CUSTOMERS:
        raise NoSegmentsError(
            f"the smallest component has {counted(fewest, 'customer')}, {FEWEST_CUSTOMERS} are needed"
        )
    shares = _variances(fitted) / _variances(reference)
    if shares.min() < COLLAPSED:
        raise NoSegmentsError(f"the covariance of a component collapses to {shares.min():.1g} of that of all customers")
    if any(np.all(own == own[0]) for own in (customers.points[labels == each] for each in range(components))):
        raise NoSegmentsError("all customers of a component are the same, so it has no spread")
    return Mixture(components, covariance, fitted, float(fitted.bic(customers.blur)), labels)


def _variances(fitted: FittedMixture) -> Floats:
    """Of each component, every column's marginal variance, then its variance given all other columns.

    Full and diagonal covariance: (components, 2 · columns); tied: (1, 2 · columns); spherical: (components, 2).
    """
    covariances, precisions = fitted.covariances_, fitted.precisions_
    if fitted.covariance_type in ("full", "tied"):
        covariances, precisions = (np.diagonal(array, axis1=-2, axis2=-1) for array in (covariances, precisions))
    components = 1 if fitted.covariance_type == "tied" else len(fitted.means_)
    return np.hstack([covariances.reshape(components, -1), 1 / precisions.reshape(components, -1)])


def _assigner(fitted: FittedMixture, order: Indices, columns: Indices, middle: Floats) -> GaussianMixture:
    """The mixture in all columns, as it is served. A constant column has no weight; its mean is that in `middle`."""
    components, width = len(order), len(middle)
    means = np.tile(middle, (components, 1))
    means[:, columns] = fitted.means_[order]
    if fitted.covariance_type == "tied":
        roots = np.tile(fitted.precisions_cholesky_, (components, 1, 1))
    elif fitted.covariance_type == "full":
        roots = fitted.precisions_cholesky_[order]
    else:
        roots = fitted.precisions_cholesky_[order].reshape(components, -1, 1) * np.eye(len(columns))
    factors = np.zeros((components, width, width))
    factors[np.ix_(np.arange(components), columns, columns)] = roots
    heights = np.log(fitted.weights_[order]) + np.log(np.diagonal(roots, axis1=1, axis2=2)).sum(axis=1)
    return GaussianMixture(means, factors, heights)
