"""A model's self-test: made-up typical customers with the answers that the model gave where it was trained.

They are part of the model's provenance, and so of its digest. A model that is loaded with other versions of the
libraries, or on another kind of processor, must still give these answers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from segment_model.contract import Kind, VectorContract
from segment_model.errors import SelfTestError
from segment_model.model import SegmentModel

if TYPE_CHECKING:
    import pandas as pd

EXAMPLES = "examples"
MOST_EXAMPLES = 16
TOLERANCE = 1e-6  # relative; the same arithmetic on another processor differs by 1e-12 at most


def typical_customers(model: SegmentModel, vectors: pd.DataFrame) -> list[dict[str, Any]]:
    """Each segment's medians and modes, where no real customer of `vectors` has just these basis values.

    The medians of a segment of one are that customer's own row: such rows are tried again with each number but the
    flags halved (still in range for every kind). Empty where every such row equals a real customer's.
    """
    flags = _flags(model)
    medians = [
        {name: _whole(value) if name in flags else value for name, value in card.medians.items()}
        for card in model.cards
    ]
    halved = [{name: value if name in flags else _half(value) for name, value in row.items()} for row in medians]
    basis = [column.name for column in model.contract.basis]
    return [row for row in [*medians, *halved] if not _is_someone(row, vectors, basis)]


def with_examples(model: SegmentModel, vectors: pd.DataFrame) -> SegmentModel:
    """The model with its self-test in its provenance; `vectors` are the training customers, none of whom is kept."""
    basis = [column.name for column in model.contract.basis]
    customers = [{name: row.get(name) for name in basis} for row in typical_customers(model, vectors)]
    examples = [{"customer": customer, "answer": _answer(model, customer)} for customer in customers[:MOST_EXAMPLES]]
    return replace(model, provenance={**model.provenance, EXAMPLES: examples})


def examples_of(model: SegmentModel) -> Sequence[Mapping[str, Any]]:
    """The stored examples; none in a model older than the self-test, or where each equalled a real customer."""
    examples: Sequence[Mapping[str, Any]] = model.provenance.get(EXAMPLES, ())
    return examples


def check_examples(model: SegmentModel) -> int:
    """Check that a model still gives its stored answers; return the number of examples.

    Raises
    ------
    SelfTestError
        If an answer differs from the stored one.
    """
    examples = examples_of(model)
    model = _with_flags_between(model) if any(_has_flags_between(model, example) for example in examples) else model
    for number, example in enumerate(examples):
        expected, answer = example["answer"], _answer(model, example["customer"])
        if any(not _same(answer[key], value) for key, value in expected.items()):
            raise SelfTestError(
                f"the model does not pass its self-test: example {number} was answered {expected}, here {answer}"
            )
    return len(examples)


def _has_flags_between(model: SegmentModel, example: Mapping[str, Any]) -> bool:
    """Whether an example has a flag between 0 and 1, as the medians and halves of models before decision 35 may be."""
    return any(example["customer"].get(name) not in (0, 1, None) for name in _flags(model))


def _with_flags_between(model: SegmentModel) -> SegmentModel:
    """The same model for flags between 0 and 1: as shares, which are encoded alike."""
    columns = [replace(c, kind=Kind.SHARE) if c.kind is Kind.FLAG else c for c in model.contract.columns]
    return replace(model, contract=VectorContract(tuple(columns)))


def _flags(model: SegmentModel) -> frozenset[str]:
    return frozenset(column.name for column in model.contract.columns if column.kind is Kind.FLAG)


def _answer(model: SegmentModel, customer: Mapping[str, Any]) -> dict[str, Any]:
    assignment, why = model.explain_record(dict(customer))
    return {"segment_id": assignment.segment_id, "strength": assignment.strength, "score": why.score}


def _same(answer: Any, expected: Any) -> bool:
    if isinstance(expected, float) and isinstance(answer, float):
        return math.isclose(answer, expected, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return bool(answer == expected)


def _whole(value: float | str | None) -> float | str | None:
    """A flag's median, which is between 0 and 1 where as many customers have either: then 1, as words say it."""
    return float(value >= 0.5) if isinstance(value, int | float) and not math.isnan(value) else value


def _half(value: float | str | None) -> float | str | None:
    return value / 2 if isinstance(value, int | float) else value


def _is_someone(row: Mapping[str, Any], vectors: pd.DataFrame, columns: list[str]) -> bool:
    import pandas as pd

    same = pd.Series(True, index=vectors.index)
    for name in columns:
        value = row[name]
        same &= vectors[name].isna() if value is None or pd.isna(value) else (vectors[name] == value).fillna(False)
    return bool(same.any())
