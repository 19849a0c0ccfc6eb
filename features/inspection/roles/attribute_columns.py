"""Attributes: the columns of a table of one row a customer, with their kinds; ids and free text are left out."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from features.grammar.plain_names import is_plain_name
from features.grammar.units import are_with_units
from features.inspection.looks.column_profile import ColumnProfile, ColumnType
from features.inspection.looks.table_look import TableLook
from features.inspection.names.meanings import KNOWN_AT
from features.inspection.names.name_words import concepts_of, currency_of, without_currency, words_of
from features.inspection.names.vocabulary import CONCEPTS, Concept
from features.inspection.roles.personal_traits import ColumnValues, tells_of_a_person
from features.inspection.roles.table_proposal import AttributeProposal, TableProposal, best, is_moment
from features.inspection.shared_keys import CustomerKey
from segment_model.contract import Kind
from segment_model.errors import counted

FEW_LEVELS = 20  # texts with a unit, such as 10 %, that may be levels
FEW_ROWS = 40  # of a table so small that its texts are no evidence of free text
LARGEST_CODE = 30  # different whole numbers of a column whose name says that they are codes
LEAST_LEVEL = 0.005  # share of the most common level, below which text is no category
RESERVED = frozenset({"customer_id", "known_at"})
CODED = frozenset({Concept.TYPE, Concept.CODE, Concept.PLACE, Concept.STATUS, Concept.KEY})
MONEY = frozenset({Concept.AMOUNT, Concept.PRICE, Concept.PART})
NO_SUM = frozenset({Concept.RATE, Concept.PRICE, Concept.UNIT, Concept.QUANTITY, Concept.MOMENT, Concept.KEY})
AVERAGES = frozenset({"avg", "average", "mean", "median"})
COUNTING = frozenset({"num", "number", "no", "nr", "anzahl"})  # at the beginning of a name
OUTCOMES = frozenset({"churn", "churned", "attrition", "attrited", "exited", "outcome"})  # as one word of a name
OUTCOME_NAMES = frozenset({"target", "label", "response", "converted", "defaulted", "y"})  # as the whole name
NAMING = frozenset({Concept.EMAIL, Concept.FREE_TEXT, Concept.PERSONAL})
NO_TOPIC = frozenset({Concept.JOINT, Concept.KEY, Concept.CUSTOMER, Concept.ORDER})  # says only whose address it is
MOST_TOPICS = 12  # levels of what is said about an address


def propose_customers(look: TableLook, key: CustomerKey) -> TableProposal | None:
    """The table as customers; None where customers have several rows, or no attribute can be taken."""
    if not look[key.column].is_unique:
        return None
    columns = {"customer_id": key.column}
    known, known_at = best(look, KNOWN_AT, is_moment, set(columns.values()), least=0.8)
    if known_at is not None and look[known_at].present == 1.0:
        columns["known_at"] = known_at
    attributes, left_out = attributes_of(look, set(columns.values()))
    if not attributes:
        return None
    stem = 0.7 if Concept.CUSTOMER in concepts_of(look.stem) else 0.0
    score = 1.0 + stem + 0.3 * known + 0.05 * min(len(attributes), 10)
    return TableProposal("customers", look, columns, score, attributes=attributes, left_out=left_out)


def outcome_columns(table: TableProposal) -> list[str]:
    """The columns of attributes whose names say what became of a customer."""
    words = {attribute.column: words_of(attribute.column) for attribute in table.attributes}
    return [name for name, own in words.items() if OUTCOMES & {*own} or (len(own) == 1 and own[0] in OUTCOME_NAMES)]


def money_units(table: TableProposal, currency: str) -> Mapping[str, str]:
    """By column, the unit of the attributes whose names say money that a customer pays: "USD" or "USD a month"."""
    units = {}
    for attribute in table.attributes:
        concepts, words = concepts_of(attribute.column), {*words_of(attribute.column)}
        own = currency_of(attribute.column)
        is_paid = Concept.PAID in concepts and not (NO_SUM & concepts or AVERAGES & words)
        if attribute.settings["kind"] == Kind.NUMBER.value and (own is not None or is_paid):
            month = " a month" if {Concept.MONTH, Concept.RECURRING} & concepts else ""
            units[attribute.column] = f"{own or currency}{month}"
    return units


def attributes_of(
    look: TableLook, taken: Collection[str]
) -> tuple[tuple[AttributeProposal, ...], tuple[tuple[str, str], ...]]:
    """The attributes, and the columns that are none, with the reason."""
    attributes: list[AttributeProposal] = []
    left_out: list[tuple[str, str]] = []
    for column in look.columns:
        if column.name in taken:
            continue
        if reason := _no_attribute(column):
            left_out.append((column.name, reason))
        else:
            attributes.append(_attribute(column, [attribute.name for attribute in attributes]))
    return tuple(attributes), tuple(left_out)


def _no_attribute(column: ColumnProfile) -> str:
    """Why a column is no attribute, or an empty text."""
    concepts, text = concepts_of(column.name), column.type is ColumnType.TEXT
    if column.type in (ColumnType.EMPTY, ColumnType.OTHER):
        return {"empty": "empty", "other": "neither text, number nor date"}[column.type]
    if column.type is ColumnType.MOMENT:
        return "a date"
    if column.distinct == 1 and column.present == 1.0 and column.rows > 1:
        return "one value only"
    many = column.distinct > 0.5 * column.rows * column.present
    if NAMING & concepts and Concept.SENSITIVE not in concepts and (text or many) and not _is_about(column):
        return "names a person, or free text"
    if many and column.is_key_like and (Concept.KEY in concepts and not _counts(column.name)):
        return "an id"
    if text and Concept.NAME in concepts and (many or Concept.CUSTOMER in concepts):
        return "a name"
    if column.type is ColumnType.NUMBER and Concept.CODE in concepts and column.distinct > LARGEST_CODE:
        return f"codes, {column.distinct:,} of them"
    if text and column.distinct > FEW_LEVELS and are_with_units([level for level, _ in column.levels], ""):
        return "numbers with a unit: write the numbers alone"
    if text and column.rows >= FEW_ROWS and column.levels[0][1] < LEAST_LEVEL * sum(n for _, n in column.levels):
        return "too many levels"
    if text and column.rows >= FEW_ROWS and many:
        return f"text of {counted(column.distinct, 'different value')}"
    return ""


def _is_about(column: ColumnProfile) -> bool:
    """Whether a column of few levels says something about what names a person, such as email_opt_in or phone_type."""
    others = [word for word in words_of(column.name) if not CONCEPTS.get(word, frozenset()) & (NAMING | NO_TOPIC)]
    return bool(others) and Concept.NAME not in concepts_of(column.name) and column.distinct <= MOST_TOPICS


def _attribute(column: ColumnProfile, taken: Sequence[str]) -> AttributeProposal:
    currency = currency_of(column.name)
    name = attribute_name(column.name, taken)
    settings: dict[str, Any] = {"kind": kind_of(column).value}
    if currency is not None and column.type is ColumnType.NUMBER:
        name = attribute_name(without_currency(column.name), taken)
        settings["unit"] = currency
    if name != column.name:
        settings["column"] = column.name
    if tells_of_a_person(column.name, _values_of(column)):
        settings["sensitive"] = True
    return AttributeProposal(name, column.name, settings)


def _values_of(column: ColumnProfile) -> ColumnValues:
    if column.type is ColumnType.FLAG:
        return ColumnValues(numbers=(0.0, 1.0))
    if column.type is ColumnType.NUMBER:
        return ColumnValues(numbers=tuple(sorted({*column.numbers})))
    return ColumnValues(levels=tuple(level for level, _ in column.levels))


def attribute_name(name: str, taken: Sequence[str] = ()) -> str:
    """A name for an attribute: words in lower case joined by underscores, unlike those taken."""
    if is_plain_name(name) and name not in (*taken, *RESERVED):
        return name
    plain = "_".join(words_of(name)) or "attribute"
    plain = re.sub(r"[^a-z0-9_]", "", plain if not plain[0].isdigit() else f"a_{plain}") or "attribute"
    number, free = 2, plain
    while free in taken or free in RESERVED:
        free, number = f"{plain}_{number}", number + 1
    return free


def kind_of(column: ColumnProfile) -> Kind:
    """How the values of a column behave."""
    if column.type is ColumnType.FLAG:
        return Kind.FLAG
    if column.type is not ColumnType.NUMBER:
        return Kind.CATEGORY
    numbers = set(column.numbers)
    if numbers <= {0.0, 1.0}:
        return Kind.FLAG
    concepts = concepts_of(column.name)
    if MONEY & concepts or currency_of(column.name) is not None:
        return Kind.NUMBER
    if column.is_whole and len(numbers) <= LARGEST_CODE and CODED & concepts and not _counts(column.name):
        return Kind.CATEGORY
    if column.is_whole and min(numbers) >= 0:
        return Kind.COUNT
    if min(numbers) >= 0 and max(numbers) <= 1:
        return Kind.SHARE
    return Kind.NUMBER


def _counts(name: str) -> bool:
    """Whether a name is that of a number of things, such as num_orders."""
    return (words_of(name)[:1] != () and words_of(name)[0] in COUNTING and len(words_of(name)) > 1) or (
        Concept.QUANTITY in concepts_of(name)
    )
