"""The customer vectors that the settings describe, and a summary of them in words.

Separate from discovery: making vectors needs neither what fits clusters nor what draws.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from features.customer_vector import build_vectors
from features.learned import LearnedFeatures
from features.vector_table import CustomerVectors
from segment_model.contract import Role
from training.settings import Settings

if TYPE_CHECKING:
    from segment_model.model import SegmentModel


def vectors_of(settings: Settings, base: Path, learned: LearnedFeatures | None = None) -> CustomerVectors:
    """The customer vectors that the settings describe, by rules learned before or from these customers."""
    return build_vectors(settings.sources, settings.features, settings.as_of, base, learned)


def learned_by(model: SegmentModel) -> LearnedFeatures:
    """The score edges and pooled categories of a model's own training, to make vectors for it."""
    return LearnedFeatures.from_json(model.provenance["learned_features"])


def describe_vectors(vectors: CustomerVectors) -> str:
    """The vectors in a few lines: how many, from which rows, which columns shape the segments or describe them."""
    customers = len(vectors.frame)
    lines = [f"{customers:,} customer{'' if customers == 1 else 's'} as of {vectors.as_of.isoformat()}"]
    for table, counts in vectors.report.items():
        left_out = [f"{count:,} {kind.replace('_', ' ')}" for kind, count in counts.items() if count and kind != "rows"]
        rows = counts.get("rows", 0)
        line = f"  {table}: {rows:,} row{'' if rows == 1 else 's'}"
        lines.append(line + (f" ({', '.join(left_out)})" if left_out else ""))
    for role, verb, target in ((Role.BASIS, "shape", "the segments"), (Role.DESCRIPTOR, "describe", "them")):
        names = [column.name for column in vectors.contract.columns if column.role is role]
        few = f"1 column {verb}s" if len(names) == 1 else f"{len(names)} columns {verb}"
        lines.append(f"  {few} {target}{': ' if names else ''}{', '.join(names)}")
    return "\n".join(lines)
