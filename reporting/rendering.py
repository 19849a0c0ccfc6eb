"""HTML from the templates of this package: jinja2 escapes every text, so that no text of the data becomes markup."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from segment_model.errors import counted, percent
from segment_model.language.wording import plain_number

LARGE_DIGITS = 4  # of an amount of millions
UNITS = ((1e9, " B"), (1e6, " M"))
WriteAmount = Callable[[float], str]


def render(template: str, **context: Any) -> str:
    """The template filled with the context; a name that the context lacks raises `jinja2.UndefinedError`."""
    return _environment().get_template(template).render(**context)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("reporting"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters.update(counted=counted, percent=percent, signed=signed)
    return environment


def moment_words(moment: str) -> str:
    """A moment in ISO form as people write it: "2026-06-17 09:30"; a day as it is."""
    day, _, clock = moment.partition("T")
    return f"{day} {clock[:5] if clock[5:] == ':00' else clock}" if clock else day


def signed(count: float) -> str:
    """A change with its sign: "+12", "−3", "0"."""
    return f"{count:+,.0f}".replace("-", "−") if round(count) else "0"


def money_words(amount: float) -> str:
    """A lone amount of money without its unit: "7.25", "1,234", "1.235 M"."""
    return money_column([amount])(amount)


def money_column(amounts: Iterable[float | None]) -> WriteAmount:
    """How to write amounts that are compared, such as those of a column: all in millions, or none.

    The smallest that is not 0 decides, so that none loses its digits: 526,464 beside 1,363,412, not beside "1.363 M".
    Where all are below 1, each has three digits that matter: 0.00125.
    """
    known = [abs(amount) for amount in amounts if amount is not None and math.isfinite(amount) and amount]
    are_small = bool(known) and max(known) < 1
    size, letter = next((unit for unit in UNITS if known and min(known) >= unit[0]), (1.0, ""))

    def write(amount: float) -> str:
        if letter:
            digits = max(0, LARGE_DIGITS - len(f"{abs(amount) / size:.0f}"))
            text = f"{amount / size:,.{digits}f}"
            return (text.rstrip("0").rstrip(".") if digits else text) + letter
        if are_small:
            return plain_number(amount)
        return f"{amount:,.0f}" if abs(amount) >= 100 else f"{amount:,.2f}".removesuffix(".00")

    return write
