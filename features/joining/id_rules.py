"""The rules by which differently written ids are one customer: applied in the engine, and to ids in memory alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis.expr.types as ir

from features.expressions.portable import replaced
from features.settings import IdSettings

if TYPE_CHECKING:
    import pandas as pd

CUSTOMER = "customer_id"
ZEROS, FIRST_OTHER = "^0+(.)", r"\1"  # the last zero of "000" stays


def under_id_rules(table: ir.Table, ids: IdSettings) -> ir.Table:
    """A canonical table whose ids follow the rules; whole numbers have neither case nor leading zeros."""
    written = table[CUSTOMER]
    if not ids.merges or not written.type().is_string():
        return table
    if ids.case == "fold":
        written = written.lower()
    if ids.leading_zeros == "strip":
        written = replaced(written, ZEROS, FIRST_OTHER)
    return table.mutate(**{CUSTOMER: written})


def rewritten(ids: pd.Index, fold: bool = True, strip: bool = True) -> pd.Index:
    """Text ids as `under_id_rules` writes them under the rules that are asked for."""
    import pandas as pd

    texts = pd.Series(ids, dtype="str")
    if fold:
        texts = texts.str.lower()
    return pd.Index(texts.str.replace(ZEROS, FIRST_OTHER, regex=True) if strip else texts)
