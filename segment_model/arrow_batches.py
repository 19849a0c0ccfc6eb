"""Assigns customers in Arrow record batches, as Spark's `mapInArrow` passes them.

A model travels as its saved files and is loaded once in each process. A customer who breaks the contract gets no
segment and a text that says why; the others of the batch are assigned all the same.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Self

from segment_model.cards import SegmentLabel
from segment_model.model import SegmentModel
from segment_model.scoring.scoring import CHUNK, Policy

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

CUSTOMER, REFUSED, VERSION = "customer_id", "refused", "model_version"
TEXTS = ("segment_id", "segment_name", "runner_up_id", VERSION, REFUSED)
FLAGS = ("unassigned", "novel")


@dataclass(frozen=True)
class SavedModel:
    """The files of a saved model, and the names that people gave its segments since; equal if both are equal."""

    digest: str
    labels: tuple[tuple[str, SegmentLabel], ...]
    files: Mapping[str, bytes] = field(compare=False, repr=False)

    @classmethod
    def of(cls, model: SegmentModel) -> Self:
        """The saved files and the names of a model."""
        with tempfile.TemporaryDirectory() as folder:
            saved = Path(folder) / "model"
            model.save(saved)
            files = {str(p.relative_to(saved)): p.read_bytes() for p in sorted(saved.rglob("*")) if p.is_file()}
        return cls(model.digest, tuple(sorted(model.overlay.items(), key=lambda pair: pair[0])), files)


@lru_cache(maxsize=2)
def load_once(saved: SavedModel) -> SegmentModel:
    """The model; the same object for the same files and names within a process."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in saved.files.items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        model = SegmentModel.load(folder, saved.digest)
    return model.with_overlay(dict(saved.labels))


@dataclass(frozen=True)
class BatchAssigner:
    """Maps record batches of customers to record batches of assignments, of at most `CHUNK` rows each.

    The batches have `customer_id` and the columns of the model's contract. explained : add base, score and each
    column's contribution.
    """

    saved: SavedModel
    version: str
    policy: Policy = "unassigned"
    explained: bool = False

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        model = load_once(self.saved)
        for batch in batches:
            for start in range(0, batch.num_rows, CHUNK):
                part = batch.slice(start, CHUNK)
                frame = part.select([name for name in part.schema.names if name != CUSTOMER]).to_pandas()
                answer = self.assigned(model, frame)
                arrays = [pa.Array.from_pandas(answer[name], type=arrow_type(name)) for name in answer.columns]
                yield pa.RecordBatch.from_arrays([part[CUSTOMER], *arrays], [CUSTOMER, *answer.columns])

    def columns(self, model: SegmentModel) -> list[str]:
        """The columns of an answer behind `customer_id`, in order."""
        return [str(name) for name in self.assigned(model, _no_customer(model)).columns]

    def assigned(self, model: SegmentModel, frame: pd.DataFrame) -> pd.DataFrame:
        """One row a customer, in order; a refused customer has a value in `refused` only, others in all other columns.

        Raises
        ------
        ContractError
            If the columns are not those of the model's contract.
        """
        import pandas as pd

        refused = pd.Series(model.scorer.reader.refusals(frame), dtype="str")
        kept = frame.drop(index=frame.index[refused.index]) if len(refused) else frame
        answer = model.assign(kept, self.policy)
        if self.explained:
            answer = pd.concat([answer, model.explain_table(kept).table(answer.index)], axis="columns")
        answer[REFUSED] = pd.array([None] * len(answer), dtype="str")
        answer = answer.reindex(frame.index) if len(refused) else answer
        answer.loc[frame.index[refused.index], REFUSED] = refused.to_numpy()
        answer[VERSION] = pd.array([self.version] * len(answer), dtype="str")
        return answer


def arrow_type(column: str) -> pa.DataType:
    """The Arrow type of a column of an answer."""
    import pyarrow as pa

    return pa.string() if column in TEXTS else pa.bool_() if column in FLAGS else pa.float64()


def _no_customer(model: SegmentModel) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(
        {c.name: pd.Series([], dtype="str" if c.is_category else float) for c in model.contract.columns}
    )
