"""The customer vectors that the settings describe, and a summary of them in words.

A file of its own, because `segments features` needs the vectors and neither clustering nor drawing libraries.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from features.customer_vector import build_vectors
from features.inspection.roles.sensitive_columns import sensitive_notices
from features.learned import LearnedFeatures
from features.notices import Notice
from features.vector_file import AnyVectors
from features.vector_table import CustomerVectors, counts_in_words
from segment_model.contract import VectorContract
from segment_model.errors import ContractError, SettingsError, counted
from training.settings import DiscoverySettings, Settings
from training.variation import as_descriptors, constant_columns, held_out_columns, listed

if TYPE_CHECKING:
    from segment_model.model import SegmentModel


def vectors_of(settings: Settings, base: Path, learned: LearnedFeatures | None = None) -> CustomerVectors:
    """The customer vectors that the settings describe, in memory.

    learned : the score edges to apply (of an older model, pooled levels too); None learns them from these customers.

    Raises
    ------
    SegmentsError
        If a table cannot be read, or no vectors can be made of it.
    SettingsError
        If the settings name a Spark, from which nothing as long as the customers is fetched.
    """
    refuse_spark(settings)
    vectors = build_vectors(settings.sources, settings.features, settings.as_of, base, learned)
    if learned is not None:
        return vectors
    return replace(vectors, notices=(*vectors.notices, *personal_notices(vectors.frame, vectors, settings)))


def personal_notices(frame: pd.DataFrame, vectors: AnyVectors, settings: Settings) -> Iterator[Notice]:
    """A warning of the user's own columns that tell of a person and shape segments, unless the settings allow it.

    frame : rows of the vectors, all or a sample.
    """
    source = settings.sources.vectors
    if source is not None and not settings.discovery.allow_sensitive:
        yield from sensitive_notices(frame, vectors.contract, vectors.learned, source)


def refuse_spark(settings: Settings) -> None:
    """Refuse work on customers in memory where the settings keep them in Spark.

    Raises
    ------
    SettingsError
        If the settings name a Spark.
    """
    if settings.engine.spark is not None:
        raise SettingsError(
            "this command works on customers in memory, and `engine: spark` keeps them in Spark: `segments features`, "
            "`assign`, `figures`, `history` and `odds` run there, and `segments discover` on a sample"
        )


def learned_by(model: SegmentModel) -> LearnedFeatures:
    """What a model learned of the features in its own training, to make vectors for it.

    Raises
    ------
    ContractError
        If the model was made from vectors of another source, so that it does not know them.
    """
    if "learned_features" not in model.provenance:
        raise ContractError("the model does not say how its features were made; pass the vectors of a file instead")
    return LearnedFeatures.from_json(model.provenance["learned_features"])


def describe_vectors(vectors: CustomerVectors, discovery: DiscoverySettings | None = None) -> str:
    """A summary in a few lines: customers, rows of each table, basis and descriptor columns, notices.

    discovery : the settings of that for which they are made, to name the basis columns that shape nothing under them.

    Raises
    ------
    SettingsError
        If a group to hold out is none of the vectors'.
    """
    held_out = held_out_columns(vectors.contract, discovery.hold_out_groups) if discovery else {}
    contract = as_descriptors(vectors.contract, held_out)
    constant = constant_columns(vectors.frame, contract, discovery.encoding) if discovery else {}
    return in_words(vectors, as_descriptors(contract, constant), constant, held_out)


def in_words(
    vectors: AnyVectors, contract: VectorContract, constant: Mapping[str, str], held_out: Mapping[str, str]
) -> str:
    """The summary of vectors wherever they are.

    contract : with the roles that the columns have. constant, held_out : basis columns that shape nothing, and why.
    """
    lines = [f"{counted(vectors.customers, 'customer')}{vectors.moment}"]
    for table, counts in vectors.report.items():
        left_out = counts_in_words({kind: count for kind, count in counts.items() if count and kind != "rows"})
        line = f"  {table}: {counted(counts.get('rows', 0), 'row')}"
        lines.append(line + (f" ({left_out})" if left_out else ""))
    lines.append(_columns_line([column.name for column in contract.basis], "shape", "the segments"))
    if constant:
        words = "basis column shapes nothing, and only describes", "basis columns shape nothing, and only describe"
        lines.append(f"  {counted(len(constant), *words)}: {listed(constant)}")
    if held_out:
        lines.append(f"  held out by `discovery.hold_out_groups`: {', '.join(held_out)}")
    lines.append(_columns_line([column.name for column in contract.descriptors], "describe", "them"))
    lines += [f"  {notice.line}" for notice in vectors.notices]
    return "\n".join(lines)


def _columns_line(names: list[str], verb: str, target: str) -> str:
    few = counted(len(names), f"column {verb}s", f"columns {verb}")
    return f"  {few} {target}{': ' if names else ''}{', '.join(names)}"
