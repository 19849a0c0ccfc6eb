"""Values learned from the training customers: the edges of scores. They are learned once, stored with the model and
only applied afterwards, so a customer's score does not depend on the other customers of a batch.

What a feature meant when a model was made is stored beside them, where its meaning has changed since: a model gets its
features as it was trained on them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from features.own_vectors.vector_columns import NO_COLUMNS, VectorColumns
from features.scores.learned_edges import learn_edges, points
from features.scores.score_columns import SCORED
from features.settings import FeatureSettings
from segment_model.contract import VectorContract
from segment_model.errors import ContractError

if TYPE_CHECKING:
    import pandas as pd

OTHER = "other"


@dataclass(frozen=True, slots=True)
class LearnedFeatures:
    """Score edges by score, ascending: a value above one scores higher; own : the columns of the user's vectors, with
    their kinds.

    categories : by column, the levels that keep their name, all others become "other". Only models that were made
    before the encoder alone pooled rare levels have them (decision 25).

    partial_use : `seat_use` and `quota_use` are computed although a running term says only one of what is used and
    what is allowed. Only models that were made before decision 34 have it.
    """

    score_edges: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    categories: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    own: VectorColumns = NO_COLUMNS
    partial_use: bool = False

    @classmethod
    def learn(
        cls,
        frame: pd.DataFrame,
        contract: VectorContract,
        settings: FeatureSettings,
        own: VectorColumns = NO_COLUMNS,
    ) -> Self:
        """Edges as `features.rfm.score_edges` says."""
        return cls(learn_edges(frame, contract.names, settings.rfm.score_edges), own=own)

    def apply(self, frame: pd.DataFrame, contract: VectorContract) -> pd.DataFrame:
        """The frame with scores filled in, and levels pooled where `categories` says so; the rest is untouched."""
        import pandas as pd

        filled: dict[str, Any] = {}
        for column in contract.columns:
            if column.name in SCORED:
                numbers = frame[SCORED[column.name]].to_numpy(dtype=float)
                filled[column.name] = pd.Series(self.points(column.name, numbers), index=frame.index)
            elif column.name in self.categories:
                values = frame[column.name]
                filled[column.name] = values.where(values.isna() | values.isin(self.categories[column.name]), OTHER)
        return frame.assign(**filled)

    def points(self, score: str, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The score of each value of the column that it is made from; NaN where that is missing or has no edges."""
        if score not in self.score_edges:
            return np.full(values.shape, np.nan)
        return points(score, self.score_edges[score], values)

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON file."""
        return {
            "score_edges": {name: list(edges) for name, edges in self.score_edges.items()},
            "categories": {name: list(kept) for name, kept in self.categories.items()},
            **({"own": self.own.to_json()} if self.own else {}),
            "partial_use": self.partial_use,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """What `to_json` wrote.

        Raises
        ------
        ContractError
            If it is not that.
        """
        try:
            return cls(
                {str(name): tuple(float(edge) for edge in edges) for name, edges in stored["score_edges"].items()},
                {str(name): tuple(str(value) for value in kept) for name, kept in stored["categories"].items()},
                VectorColumns.from_json(stored.get("own", {})),
                bool(stored.get("partial_use", True)),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ContractError(
                "the learned score edges and categories cannot be read: discover anew, or write the vectors again"
            ) from error
