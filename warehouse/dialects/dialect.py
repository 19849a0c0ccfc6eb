"""A dialect of SQL: how it quotes, what it calls infinity, which functions it has.

The allow-lists are written by hand from the documentation that they name, because sqlglot writes any function in any
dialect, whether the engine has it or not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from segment_model.errors import ContractError, SettingsError, shown
from warehouse.dialects.functions import functions_of
from warehouse.dialects.reserved_words import RESERVED
from warehouse.expressions import TAKEN_BY_OTHERS, as_text, text

LOWER_CASE = re.compile(r"[a-z_][a-z0-9_]*")
ANY_CASE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
ONE_CASE = re.compile(r"[a-z_][a-z0-9_]*|[A-Z_][A-Z0-9_]*")


@dataclass(frozen=True)
class Dialect:
    """One dialect, under the name that sqlglot and the option have for it.

    is_run : a test runs the statements on the engine. fence : ends a step, so that the planner does not merge it with
    the next; hint : the same, before the step. plain : names that need no quotes, unless they are reserved.
    casts_numbers : a number with an exponent is no double by itself. truth_is_text : true and false can be cast to
    text. longest_name : bytes of an identifier. most_columns : of one SELECT, where that is bounded. ignores_case : of
    quoted names too. raises_case : a name without quotes is one in upper case. forbidden : characters that no column's
    name has. end_of_text : closes the texts that are compared, where blanks at their end would not count. collation :
    by which they are compared; a column's own may take other letters for the same.
    """

    name: str
    title: str
    is_run: bool = False
    fence: str = ""
    hint: str = ""
    plain: re.Pattern[str] = ANY_CASE
    reserved: frozenset[str] = RESERVED
    infinity: str = "Infinity"
    casts_numbers: bool = False
    truth_is_text: bool = True
    longest_name: int = 128
    most_columns: int | None = None
    ignores_case: bool = True
    raises_case: bool = False
    forbidden: str = ""
    end_of_text: str = ""
    collation: str = ""
    functions: Mapping[str, str] = field(default_factory=dict)

    def identifier(self, name: str) -> exp.Identifier:
        """The name of a column, in quotes where the dialect needs them.

        Raises
        ------
        ContractError
            If no identifier can hold the name.
        """
        if not name or "\0" in name or any(pair in name for pair in TAKEN_BY_OTHERS):
            raise ContractError(f"SQL cannot have a column of the name {shown(name)}: rename it and discover anew")
        if wrong := [letter for letter in self.forbidden if letter in name]:
            raise ContractError(
                f"{self.title} cannot have a column of the name {shown(name)}, because of {' '.join(wrong)}: rename it "
                "in the table and say so by --column, and leave out --explain"
            )
        return exp.to_identifier(name, quoted=not self._is_plain(name))

    def read_as(self, name: str) -> str:
        """The name as the engine compares it with others: it folds case, and cuts what is too long, without a word."""
        kept = name.encode()[: self.longest_name].decode(errors="ignore")
        if self.ignores_case:
            return kept.lower()
        return kept.upper() if self.raises_case and self._is_plain(name) else kept

    def _is_plain(self, name: str) -> bool:
        """Whether the name needs no quotes."""
        return self.plain.fullmatch(name) is not None and name.upper() not in self.reserved

    def table(self, name: str) -> exp.Table:
        """A table or view as a person writes it in this dialect, with its schema where it has one.

        Raises
        ------
        SettingsError
            If it is no such name.
        """
        try:
            table = sqlglot.parse_one(name, into=exp.Table, dialect=self.name)
        except SqlglotError:
            table = None
        extras = {key for key, part in table.args.items() if part} - {"this", "db", "catalog"} if table else set()
        if not isinstance(table, exp.Table) or not isinstance(table.this, exp.Identifier) or extras:
            raise SettingsError(
                f"{shown(name)} names no table in {self.title}; write it as in a query there, such as marts.customers"
            )
        return table

    def sql(self, expression: exp.Expression) -> str:
        """The expression as text.

        Raises
        ------
        ContractError
            If it calls a function that the dialect does not have.
        """
        if absent := functions_of(expression) - self.functions.keys():
            raise ContractError(f"{self.title} is not known to have {', '.join(sorted(absent))}")
        if self.casts_numbers:
            expression = expression.transform(_cast)
        return expression.sql(dialect=self.name)

    def exact_text(self, expression: exp.Expression) -> exp.Expression:
        """The expression as a text that equals another where they have the same letters, followed by `end_of_text`."""
        words = as_text(expression)
        if self.collation:
            words = exp.Collate(this=words, expression=exp.to_identifier(self.collation, quoted=True))
        return exp.DPipe(this=words, expression=text(self.end_of_text)) if self.end_of_text else words

    def short(self, name: str, position: int) -> str:
        """The name of an output column, cut and numbered where the dialect would cut it silently."""
        if len(name.encode()) <= self.longest_name:
            return name
        ending = f"_{position}"
        return name.encode()[: self.longest_name - len(ending)].decode(errors="ignore") + ending


def _cast(node: exp.Expression) -> exp.Expression:
    if isinstance(node, exp.Literal) and not node.is_string and "E" in node.this:
        return exp.Cast(this=exp.Literal.string(node.this), to=exp.DataType.build("DOUBLE"))
    return node
