"""The raw tables' columns and the features' formulas, from their declarations."""

from __future__ import annotations

from features.catalogue import every_column
from features.tables.raw_tables import EXPERIMENTS, RAW_TABLES, RawTable
from reference.markdown import code, table
from segment_model.contract import Column
from segment_model.feature_groups import feature_group
from training.profiling.words.word_table import WORD_RULES, rules_of, text_of

RAW_HEADER = ("column", "holds", "required", "meaning")
FEATURE_HEADER = ("feature", "kind", "unit", "group", "role", "may be missing", "words for low / high", "formula")


def blocks() -> dict[str, str]:
    """One table for each raw table, and one for each group of features."""
    groups = dict.fromkeys(column.group for column in every_column())
    return (
        {"words of names": word_table()}
        | {f"raw table {contract.name}": raw_table(contract) for contract in (*RAW_TABLES, EXPERIMENTS)}
        | {f"features {group}": feature_table(group) for group in groups}
    )


def raw_table(contract: RawTable) -> str:
    """The columns of one raw table."""
    return table(
        RAW_HEADER,
        [
            (code(column.name), column.type.value, "yes" if column.needed else "", column.description)
            for column in contract.columns
        ],
    )


def feature_table(group: str) -> str:
    """The features of one group."""
    return table(FEATURE_HEADER, [_row(column) for column in every_column() if column.group == group])


def word_table() -> str:
    """The words of features that hold by more than thirds, and what must be true of a customer for each."""
    listed = [column for column in every_column() if column.name in WORD_RULES]
    rows = [
        (code(column.name), text_of(rule, column)[0], rule.meaning) for column in listed for rule in rules_of(column)
    ]
    return table(("feature", "word", "true of a customer with"), rows)


def _row(column: Column) -> tuple[str, ...]:
    words = f"{column.low} / {column.high}" if column.low or column.high else ""
    missing = "yes" if column.nullable else ""
    kind, role, group = column.kind.value, column.role.value, feature_group(column)
    return code(column.name), kind, column.unit, group, role, missing, words, column.description
