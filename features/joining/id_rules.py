"""The rules by which differently written ids are one customer: applied in the engine, and to ids in memory alike."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import ibis.expr.types as ir

from features.expressions.portable import replaced
from features.settings import IdSettings

if TYPE_CHECKING:
    import pandas as pd

CUSTOMER = "customer_id"
NOT_SEEN = frozenset({"Cf", "Cc"})  # kinds of characters that a person does not see, such as one of no width
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


def rewritten(ids: pd.Index, fold: bool = True, strip: bool = True, see: bool = True) -> pd.Index:
    """Text ids as `under_id_rules` writes them under the rules that are asked for.

    see : in the usual characters of the letters that a person sees, for which there is no rule.
    """
    import pandas as pd

    texts = pd.Series(ids, dtype="str")
    if see:
        is_other = ~texts.str.isascii()  # few are, and those are written one by one
        texts = texts.mask(is_other, pd.Series([_as_seen(name) for name in texts[is_other]], texts.index[is_other]))
    if fold:
        texts = texts.str.lower()
    return pd.Index(texts.str.replace(ZEROS, FIRST_OTHER, regex=True) if strip else texts)


def _as_seen(name: str) -> str:
    """A text without what a person does not see: an `ë` of two characters is one, a character of no width none."""
    composed = unicodedata.normalize("NFKC", name)
    return " ".join("".join(letter for letter in composed if unicodedata.category(letter) not in NOT_SEEN).split())
