"""How to correct a text that is no number, or no key."""

from __future__ import annotations

import re

from features.grammar.keys import ROUNDED_PATTERN
from features.grammar.numbers import COMMA, POINT, UNKNOWN, read_number

CURRENCY = re.compile(r"[$€£¥₹₽₺₩฿]|\b[A-Z]{3}\b|\b(?:kr|zł|Fr)\b")


def number_advice(text: str, decimal: str) -> str:
    """What to set or to change so that a text is read as a number; empty where it is no number at all."""
    fitting = [mark for mark in (POINT, COMMA) if read_number(text, mark) is not None]
    if decimal == UNKNOWN and len(fitting) == 2:
        first, second = (f"{read_number(text, mark):g}" for mark in fitting)
        return (
            f'or say what it means by the setting `decimal`: {first} with `decimal: "."`, {second} with `decimal: ","`'
        )
    if fitting and decimal != fitting[0]:
        return f'or set `decimal: "{fitting[0]}"` if all numbers of this table are written so'
    if "%" in text:
        return "as a share such as 0.45, without the percent sign"
    sign = CURRENCY.search(text)
    if sign and read_number(CURRENCY.sub("", text), decimal or POINT) is not None:
        return f"without {sign[0]}: `features.currency` says the currency, or a column that is mapped to `currency`"
    return ""


def key_advice(text: str) -> str:
    """Why a number is no key; empty where there is nothing to say."""
    if re.match(ROUNDED_PATTERN, text.strip()):
        return "for digits were lost when it was written with a power of ten: export the column as text"
    if re.match(r"^-?[0-9.]+(?:[eE]\+[0-9]+)?$", text.strip()) and "." not in text.strip().removesuffix(".0"):
        return "for a floating-point number does not hold all its digits: write the column as whole numbers or text"
    return ""


def missing_advice(text: str) -> str:
    """What to set where a text without a digit other than 0, such as `-` or `0000-00-00`, means missing; else empty."""
    return "" if re.search("[1-9]", text) else f"or where it means missing, set `null_values: [{text!r:.60}]`"
