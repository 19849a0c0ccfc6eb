"""A list of accounts as it is printed."""

from __future__ import annotations

import math

import pandas as pd

from segment_model.language.wording import plain_number

MISSING = "-"


def accounts_in_words(accounts: pd.DataFrame, unit: str) -> pd.DataFrame:
    """The columns of `jobs.accounts.rank` as texts for people; representatives have a star before their id."""
    stars = accounts["representative"].map({True: "* ", False: ""})
    return pd.DataFrame(
        {
            "rank": [f"{rank:,}" for rank in accounts["rank"]],
            "customer (* typical)": stars + accounts["customer_id"].astype("str"),
            f"value ({unit})" if unit else "value": [_number(each) for each in accounts["value"]],
            "change": [_signed(each) for each in accounts["change"]],
            "segment": accounts["segment_name"].fillna("no segment"),
            "strength": [MISSING if math.isnan(each) else f"{each:.2f}" for each in accounts["strength"]],
            "reasons": accounts["reasons"],
        }
    ).astype("str")


def _number(amount: float) -> str:
    """A number in full, since people compare it with their own: to two decimals, and below 1 to three digits."""
    if math.isnan(amount):
        return MISSING
    if amount.is_integer():
        return f"{amount:,.0f}"
    return f"{amount:,.2f}" if abs(amount) >= 1 else plain_number(amount)


def _signed(amount: float) -> str:
    return f"+{_number(amount)}" if amount > 0 else _number(amount)
