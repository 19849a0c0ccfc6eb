"""Three values of a customer's lifetime, each with its own name, because they legitimately differ."""

from __future__ import annotations

from analytics.record import Definition, Unit

LTV_FORMULA = Definition(
    "ltv_formula",
    "LTV (ARPA / churn)",
    Unit.MONEY,
    "ARPA at the last month end * margin / customer churn a month, of all months; undefined where fewer customers left "
    "than the setting `floor`. Without the setting `margin` the margin is 1.",
    "high",
    ("mrr",),
)
LTV_EXPECTED = Definition(
    "ltv_expected",
    "LTV (survival curve)",
    Unit.MONEY,
    "ARPA at the last month end * margin * expected paying months: the sum of the survival curve over the months of "
    "the setting `horizon_months`, or as far as the curve is known. Without the setting `margin` the margin is 1.",
    "high",
    ("mrr",),
)
MONEY_SO_FAR = Definition(
    "money_so_far",
    "Money in the first year",
    Unit.MONEY,
    "Money of the first 365 days of customers who came at least 365 days ago / these customers; a subscription pays "
    "by the day. By where customers are at the last month end.",
    "high",
)
