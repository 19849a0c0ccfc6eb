"""The errors: one root class; each message says what is wrong, the value, and how to correct it.

The words that messages share are here too: a counted noun, a refused value, the nearest known name.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from numbers import Number

LONGEST_WORD = 100  # no name of ours is longer, and the search takes time with the square of the length
LONGEST_SHOWN = 60  # characters of a refused value


class SegmentsError(Exception):
    """Root of all errors that a user can cause and correct; the command line prints it as one line.

    Examples
    --------
    >>> import segments
    >>> try:
    ...     segments.load("no-folder")
    ... except segments.SegmentsError as error:
    ...     print(type(error).__name__)
    ArtefactError
    """


class HiddenPackageError(SegmentsError, ImportError):
    """A module of the user has the name of one of our packages, and Python would import it instead."""


class SettingsError(SegmentsError):
    """The settings file is not valid."""


class SourceError(SegmentsError):
    """A raw table cannot be opened or does not hold what its contract asks."""


class DestinationError(SegmentsError):
    """A table of results cannot be made or written; it holds what it held before."""


class ContractError(SegmentsError):
    """A table's columns are not those that the model was trained on."""


class DiscoveryError(SegmentsError):
    """Discovery cannot run, or found nothing worth registering."""


class ArtefactError(SegmentsError):
    """A saved model is missing, changed, written by a newer version, or cannot be saved."""


class SelfTestError(ArtefactError):
    """A model gives another answer than it gave where it was trained."""


class NewerFormatError(ArtefactError):
    """A newer version of the software wrote the saved model."""


class RegistryError(SegmentsError):
    """The registry does not hold what was asked of it, or cannot be reached."""


class UnreachableError(RegistryError):
    """The registry's address does not answer."""


class LocalFileError(RegistryError):
    """A file of this machine cannot be read or written while the registry is used; the registry refuses nothing."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with one value that came in.

    `row` counts from 0 in the order the customers came; `column` is None when the whole row is meant.
    """

    row: int
    column: str | None
    got: str
    expected: str

    def __str__(self) -> str:
        where = f"row {self.row}" if self.column is None else f"row {self.row}, {self.column}"
        return f"{where}: got {self.got}, expected {self.expected}"


class InputError(SegmentsError):
    """Values of one or more customers cannot be used; `problems` lists each of them (at most `LIMIT`).

    Problems beyond `LIMIT` are not taken from the iterable, so a generator does not compute their costly hints.
    """

    LIMIT = 20

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(islice(problems, self.LIMIT))
        super().__init__("; ".join(str(problem) for problem in self.problems))


def nearest_word(word: object, options: Iterable[str]) -> str:
    """A hint such as " Did you mean 'monetary_value'?", or an empty string when no option is similar.

    word : what was written; usually text. One of more than `LONGEST_WORD` characters gets no hint.
    """
    written = str(word)  # also of a member of an enumeration
    if len(written) > LONGEST_WORD:
        return ""
    close = difflib.get_close_matches(written, list(map(str, options)), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


def counted(count: int, singular: str, plural: str = "") -> str:
    """A count with its noun: "1 customer", "1,200 customers"; `plural` is the singular with an s unless it is named."""
    return f"{count:,} {singular if count == 1 else plural or f'{singular}s'}"


def percent(share: float, decimals: int = 1) -> str:
    """A share as a percentage, on every page, in every message and on the console: "12.3 %"."""
    return f"{100 * share:.{decimals}f} %"


def shown(refused: object) -> str:
    """A refused value on one line of at most `LONGEST_SHOWN` characters: text in quotes, a moment in ISO form, the
    rest as JSON.

    What NumPy and pandas made looks like Python's own.
    """
    plain = _plain(refused)
    if isinstance(plain, str):
        text = repr(str(plain[: LONGEST_SHOWN + 1])) if isinstance(refused, str) else plain
    elif isinstance(plain, Number) and not isinstance(plain, int | float):
        text = str(plain)
    else:
        try:
            text = json.dumps(plain, default=_text_of, ensure_ascii=False)
        except TypeError:  # a key that JSON does not know
            text = "a block with keys that are not text"
        except (ValueError, RecursionError):  # more digits than Python prints; a value inside itself
            text = "a value too large to show"
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 3]}..."


def _plain(refused: object) -> object:
    """A NumPy scalar as Python's own; a moment as ISO text."""
    if getattr(refused, "ndim", None) == 0 and hasattr(refused, "item"):
        refused = refused.item()
    return refused.isoformat() if hasattr(refused, "isoformat") else refused


def _text_of(refused: object) -> object:
    """What JSON does not know: the plain form, where that differs, else text."""
    plain = _plain(refused)
    return str(plain) if plain is refused else plain
