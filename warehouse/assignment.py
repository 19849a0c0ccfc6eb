"""The whole statement that assigns the customers of a table, as `SegmentModel.assign` does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from sqlglot import exp

from segment_model.encoding.any_frame import CUSTOMER
from segment_model.errors import ContractError, counted, shown
from segment_model.explanation.explainer import CONTRIBUTION
from segment_model.model import SegmentModel
from warehouse.checked_rows import NOVEL, REFUSED, checked_columns, read_columns
from warehouse.customer_table import CustomerTable
from warehouse.dialects.dialect import Dialect
from warehouse.distances import NEAREST, RUNNER_UP, STRENGTH, by_segment, distance_steps
from warehouse.encoding import clipped_columns, encoding_steps
from warehouse.explanation import BASE, SCORE, explanation_steps
from warehouse.expressions import choose, column, is_null, text
from warehouse.previous import KEPT, PREVIOUS, SEGMENT, PreviousTable, hysteresis_steps, previous_position
from warehouse.steps import Step, render


@dataclass(frozen=True)
class Statement:
    """What to write: the model under its version, the table that it reads, and whether it explains.

    previous : a table of previous segments; with it, customers on a border stay in theirs.
    """

    model: SegmentModel
    version: str
    table: CustomerTable
    explained: bool = False
    previous: PreviousTable | None = None

    def sql(self, dialect: Dialect) -> str:
        """The SELECT, without a semicolon.

        Raises
        ------
        ContractError
            If the model cannot be written as SQL, or not for this dialect, with the reason.
        SettingsError
            If the table's name is none in the dialect, or two columns of the model are to be read from one of it.
        """
        distances = self.model.assigner.quadratic
        if distances is None:
            raise ContractError(_why_not(self.model))
        encoder = self.model.encoder
        self.table.check(self.model.contract, encoder.columns)
        names = [self.table.name_of(name) for name in (CUSTOMER, *encoder.columns)]
        _check_names(names, dialect, "give them other names in the table, and say so by --column")
        read, source = read_columns(self.model, self.table, dialect), self.table.source(dialect)
        checked = clipped_columns(encoder.numbers)
        if self.previous is None:
            checked |= checked_columns(self.model, dialect)
        else:
            read |= self.previous.read(dialect)
            source += self.previous.join(self.table, dialect)
            checked |= checked_columns(self.model, dialect, [self.previous.problem])
            checked[PREVIOUS] = previous_position(self.model, dialect)
        steps = [Step("rows_read", read), Step("rows_checked", checked), *encoding_steps(encoder)]
        steps += distance_steps(distances)
        if self.previous is not None:
            steps += hysteresis_steps()
        parts = self.model.explainer.by_segment
        if self.explained and parts is not None:
            steps += explanation_steps(parts, encoder)
        steps.append(Step("answers", self._answers(dialect)))
        others = "use `segments assign`, or take fewer columns into the basis"
        return render(source, steps, dialect, f"leave out --explain, {others}" if self.explained else others)

    def _answers(self, dialect: Dialect) -> dict[str, exp.Expression]:
        """The columns of the answer, in order; all but the first and the last are null in a refused row."""
        model = self.model
        ids = [text(segment_id) for segment_id in model.ids]
        segment = NEAREST if self.previous is None else SEGMENT
        answers = {
            "segment_id": by_segment(segment, ids),
            "segment_name": by_segment(segment, [text(name) for name in model.names]),
            "strength": column(STRENGTH),
            "runner_up_id": by_segment(RUNNER_UP, ids),
            "unassigned": exp.false(),
            NOVEL: column(NOVEL),
        }
        if self.previous is not None:
            answers |= {"kept_by_hysteresis": column(KEPT), "previous_segment_id": by_segment(PREVIOUS, ids)}
        if self.explained:
            answers |= {BASE: column(BASE), SCORE: column(SCORE)}
            for position, name in enumerate(model.encoder.columns):
                answers[dialect.short(f"{CONTRIBUTION}{name}", position)] = column(f"k{position}")
        answers["model_version"] = text(self.version)
        _check_names(answers, dialect, "leave out --explain")
        accepted = {name: choose([(is_null(column(REFUSED)), made)]) for name, made in answers.items()}
        return {CUSTOMER: column(CUSTOMER), **accepted, REFUSED: column(REFUSED)}


def _check_names(names: Collection[str], dialect: Dialect, remedy: str) -> None:
    """Refuse different names that the dialect takes for one."""
    counts = Counter(dialect.read_as(name) for name in names)
    if twice := [shown(name) for name in names if counts[dialect.read_as(name)] > 1]:
        raise ContractError(f"{dialect.title} takes {' and '.join(twice)} for one column: {remedy}")


def _why_not(model: SegmentModel) -> str:
    exemplars = counted(model.assigner.exemplar_count, "customer")
    return (
        f"a model made by {model.assigner.ALGORITHM} cannot be written as SQL: it compares everybody with {exemplars} "
        "of its training by a search tree. Use `segments assign`, or discover by an algorithm of one centre a segment"
    )
