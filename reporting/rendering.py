"""HTML from the templates of this package: jinja2 escapes every text, so that no text of the data becomes markup."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from segment_model.errors import counted
from segment_model.language.wording import plain_number

LARGE_DIGITS = 4  # of an amount of millions


def render(template: str, **context: Any) -> str:
    """The template filled with the context; a name that the context lacks raises `jinja2.UndefinedError`."""
    return _environment().get_template(template).render(**context)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("reporting"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters.update(counted=counted, percent=percent, short_amount=short_amount, signed=signed)
    return environment


def percent(share: float) -> str:
    """A share as a percentage: "12.3 %"."""
    return f"{100 * share:.1f} %"


def short_amount(amount: float) -> str:
    """A large amount in few letters: "55.4 M"."""
    for size, letter in ((1e9, "B"), (1e6, "M")):
        if abs(amount) >= size:
            return f"{plain_number(amount / size)} {letter}"
    return plain_number(amount)


def signed(count: float) -> str:
    """A change with its sign: "+12", "−3", "0"."""
    return f"{count:+,.0f}".replace("-", "−") if round(count) else "0"


def money_words(amount: float) -> str:
    """An amount of money without its unit: "7.25", "1,234", "1.235 M"."""
    for size, letter in ((1e9, "B"), (1e6, "M")):
        if abs(amount) >= size:
            digits = max(0, LARGE_DIGITS - len(f"{abs(amount) / size:.0f}"))
            text = f"{amount / size:,.{digits}f}"
            return (text.rstrip("0").rstrip(".") if digits else text) + f" {letter}"
    if abs(amount) >= 100:
        return f"{amount:,.0f}"
    text = f"{amount:,.2f}"
    return text.removesuffix(".00")
