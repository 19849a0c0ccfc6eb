"""Where expectation maximisation starts: at segments that are there already.

A start is the share, the mean and the precision (the inverse of the covariance) of each segment, in the form that
scikit-learn's GaussianMixture takes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from segment_model.encoding.encoder import Floats, Indices
from training.fitting.mixture_covariance import Covariance


def start_at(points: Floats, labels: Indices, covariance: Covariance, regularisation: float) -> dict[str, Any]:
    """Scikit-learn's arguments for a mixture that starts at the segments of (n, width) points.

    labels : (n,) positions 0..k-1, each of which has a point. regularisation : is added to every variance.

    Raises
    ------
    numpy.linalg.LinAlgError
        If the covariance of a segment cannot be inverted.
    """
    members = np.eye(int(labels.max()) + 1)[labels]
    sizes = members.sum(axis=0)
    means = members.T @ points / sizes[:, None]
    return {
        "weights_init": sizes / len(points),
        "means_init": means,
        "precisions_init": _precisions(points - means[labels], members, sizes, covariance, regularisation),
    }


def _precisions(rest: Floats, members: Floats, sizes: Floats, covariance: Covariance, regularisation: float) -> Floats:
    """Of (n, width) differences from the means: (k, width, width), (width, width), (k, width) or (k,), by the form."""
    if covariance in ("full", "tied"):
        ridge = regularisation * np.eye(rest.shape[1])
        scatters = np.array([(rest * own[:, None]).T @ rest for own in members.T])
        shared = covariance == "tied"
        inverse = np.linalg.inv(
            (scatters.sum(axis=0) / len(rest) if shared else scatters / sizes[:, None, None]) + ridge
        )
        return np.asarray((inverse + np.swapaxes(inverse, -1, -2)) / 2)  # scikit-learn asks for symmetry
    variances = members.T @ rest**2 / sizes[:, None]
    return np.asarray(1 / ((variances.mean(axis=1) if covariance == "spherical" else variances) + regularisation))
