"""What made a model: the data, the settings and the versions of the libraries, which are stored with it."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from features.vector_table import CustomerVectors
from training.settings import Settings

LIBRARIES = ("hdbscan", "ibis-framework", "mlflow", "numpy", "pandas", "scikit-learn", "scipy", "umap-learn")


def provenance(settings: Settings, vectors: CustomerVectors) -> dict[str, Any]:
    """The provenance of a model: data, settings and library versions, as plain JSON values."""
    return {
        **({"as_of": vectors.as_of.isoformat()} if vectors.as_of else {}),
        "data_digest": vectors.digest,
        "learned_features": vectors.learned.to_json(),
        "raw_columns": {name: list(columns) for name, columns in vectors.columns.items()},
        "settings": settings.model_dump(
            mode="json", exclude={"analytics", "conditions", "engine", "registry", "sweep", "title"}
        ),
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """The versions of the libraries that a model depends on."""
    return {name: version(name) for name in LIBRARIES}
