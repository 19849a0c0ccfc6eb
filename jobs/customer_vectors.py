"""The customer vectors that the settings describe, and a summary of them in words.

A file of its own, because `segments features` needs the vectors and neither clustering nor drawing libraries.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from features.customer_vector import build_vectors
from features.learned import LearnedFeatures
from features.vector_table import CustomerVectors, counts_in_words
from segment_model.contract import Role
from segment_model.errors import ContractError, counted
from training.settings import Settings

if TYPE_CHECKING:
    from segment_model.model import SegmentModel


def vectors_of(settings: Settings, base: Path, learned: LearnedFeatures | None = None) -> CustomerVectors:
    """The customer vectors that the settings describe.

    learned : the score edges and pooled categories to apply; None learns them from these customers.

    Raises
    ------
    SegmentsError
        If a table cannot be read, or no vectors can be made of it.
    """
    return build_vectors(settings.sources, settings.features, settings.as_of, base, learned)


def learned_by(model: SegmentModel) -> LearnedFeatures:
    """The score edges and pooled categories of a model's own training, to make vectors for it.

    Raises
    ------
    ContractError
        If the model was made from vectors of another source, so that it does not know them.
    """
    if "learned_features" not in model.provenance:
        raise ContractError("the model does not say how its features were made; pass the vectors of a file instead")
    return LearnedFeatures.from_json(model.provenance["learned_features"])


def describe_vectors(vectors: CustomerVectors) -> str:
    """A summary in a few lines: customers, rows of each table, basis and descriptor columns, notices."""
    lines = [f"{counted(len(vectors.frame), 'customer')}{vectors.moment}"]
    for table, counts in vectors.report.items():
        left_out = counts_in_words({kind: count for kind, count in counts.items() if count and kind != "rows"})
        line = f"  {table}: {counted(counts.get('rows', 0), 'row')}"
        lines.append(line + (f" ({left_out})" if left_out else ""))
    for role, verb, target in ((Role.BASIS, "shape", "the segments"), (Role.DESCRIPTOR, "describe", "them")):
        names = [column.name for column in vectors.contract.columns if column.role is role]
        few = counted(len(names), f"column {verb}s", f"columns {verb}")
        lines.append(f"  {few} {target}{': ' if names else ''}{', '.join(names)}")
    lines += [f"  {notice.line}" for notice in vectors.notices]
    return "\n".join(lines)
