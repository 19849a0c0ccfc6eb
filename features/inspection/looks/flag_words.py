"""Words for yes and no, also in other languages than English, which the settings of a source must name."""

from __future__ import annotations

from collections.abc import Collection

from features.grammar.flags import read_flag

OTHER_YES = frozenset(["ja", "oui", "si", "sí", "sim", "vrai", "wahr", "tak", "verdadero", "vero"])
OTHER_NO = frozenset(["nein", "non", "nee", "não", "nao", "faux", "falsch", "nie", "falso"])


def are_flags(texts: Collection[str]) -> bool:
    """Whether all texts are words for yes and no; words of other languages only where both are among them."""
    words = {text.strip().lower() for text in texts}
    if all(read_flag(word) is not None for word in words):
        return True
    yes = {word for word in words if word in OTHER_YES or read_flag(word) == 1.0}
    no = {word for word in words if word in OTHER_NO or read_flag(word) == 0.0}
    return bool(yes and no) and words == yes | no


def is_flag_word(text: str) -> bool:
    """Whether a text by itself is a word for yes or no, in any of the languages."""
    word = text.strip().lower()
    return read_flag(word) is not None or word in OTHER_YES | OTHER_NO


def other_flag_words(texts: Collection[str]) -> tuple[list[str], list[str]]:
    """The words for yes, and those for no, that the grammar does not know by itself."""
    words = {text.strip().lower() for text in texts}
    return sorted(words & OTHER_YES), sorted(words & OTHER_NO)
