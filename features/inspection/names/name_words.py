"""Splits the names of columns and files into words, and tells what the words are about."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from pathlib import PurePath

from features.inspection.names.vocabulary import CONCEPTS, CURRENCIES, Concept

LONGEST_NAME = 80  # characters that are looked at
SHORTEST_PART = 2  # letters of a part of a compound
LINKS = ("", "s", "n", "en", "es", "er")  # what German puts between the parts of a compound
TRANSCRIBED = str.maketrans({"ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d"})
_PIECE = re.compile(r"[A-Za-z]+|\d+|[€$£¥%#]")
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+")
_NOTHING = frozenset({Concept.JOINT})
_TAXES = "tax taxes vat gst mwst ust steuer tva iva btw taxe"
_WITH = "incl inc including included inclusive inkl inklusive with after mit"
_WITHOUT = "excl ex excluding excluded exclusive exkl exklusive without before ohne zzgl hors"
TAXES, WITH, WITHOUT = (frozenset(words.split()) for words in (_TAXES, _WITH, _WITHOUT))
SIGNS = {"%": "percent", "#": "number"}


@lru_cache(maxsize=4096)
def words_of(name: str) -> tuple[str, ...]:
    """The words of a name in lower case without accents: "KundenNr" gives kunden, nr; compounds are split."""
    plain = unicodedata.normalize("NFKD", name[:LONGEST_NAME].translate(TRANSCRIBED))
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    words = tuple(part for piece in _PIECE.findall(letters) for word in _written(piece) for part in _parts(word))
    return _without_taxes(words)


@lru_cache(maxsize=4096)
def concepts_of(name: str) -> frozenset[Concept]:
    """Everything that the words of a name are about."""
    return frozenset(concept for word in words_of(name) for concept in CONCEPTS.get(word, ()))


def says_nothing(name: str) -> bool:
    """Whether no word of a name is about anything."""
    return all(CONCEPTS.get(word, _NOTHING) <= _NOTHING and word not in CURRENCIES for word in words_of(name))


def printable(text: str) -> str:
    """A text on one line, without characters that YAML or a terminal does not show."""
    return "".join(letter if letter.isprintable() else "?" for letter in " ".join(text.split()))


def currency_of(name: str) -> str | None:
    """The currency that a name ends or begins with, such as EUR of `total_eur`."""
    words = words_of(name)
    ends = [word for word in (words[-1], words[0]) if word in CURRENCIES] if len(words) > 1 else []
    return CURRENCIES[ends[0]] if ends else None


def without_currency(name: str) -> str:
    """A name less the currency that it ends or begins with, such as `total` of `total_eur`."""
    word = rf"(?P<word>{_WORD.pattern}|[€$£¥])"
    for edge in (rf"[_\W]*{word}[_\W]*$", rf"^[_\W]*{word}[_\W]*"):
        match = re.search(edge, name)
        if match is not None and match["word"].lower() in CURRENCIES:
            return name[: match.start()] + name[match.end() :]
    return name


def stem_of(file: str) -> str:
    """The name of a file without its endings."""
    return PurePath(file).name.split(".")[0]


def _without_taxes(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words of money with or without taxes, less those for taxes: total, incl of "Total (incl. VAT)"."""
    if len(words) < 3 or TAXES.isdisjoint(words):
        return words
    kept: list[str] = []
    for place, word in enumerate(words):
        near = {*words[max(place - 1, 0) : place], *words[place + 1 : place + 2]}
        if word in TAXES and near & (WITH | WITHOUT):
            continue
        stands_by = word in WITH | WITHOUT and near & TAXES
        kept.append(("incl" if word in WITH else "excl") if stands_by else word)
    return tuple(kept)


def _written(piece: str) -> tuple[str, ...]:
    """A piece as it is where it is a word, such as MwSt, else split at its capitals."""
    whole = SIGNS.get(piece, piece.lower())
    known = whole in CONCEPTS or whole in CURRENCIES or not whole.isalpha()
    return (whole,) if known else tuple(word.lower() for word in _WORD.findall(piece))


def _parts(word: str) -> tuple[str, ...]:
    """The word, or the parts of a compound of known words: bestelldatum gives bestell, datum."""
    if word in CONCEPTS or word in CURRENCIES or word.isdigit():
        return (word,)
    return _compound(word) or (word,)


def _compound(word: str) -> tuple[str, ...] | None:
    if word in CONCEPTS:
        return (word,)
    for end in range(len(word) - SHORTEST_PART, SHORTEST_PART - 1, -1):
        if word[:end] not in CONCEPTS:
            continue
        for link in LINKS:
            if word[end:].startswith(link) and (rest := _compound(word[end + len(link) :])):
                return (word[:end], *rest)
    return None
