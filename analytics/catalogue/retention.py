"""The figures of retention and of lifetimes."""

from __future__ import annotations

from analytics.record import Definition, Unit

ACTIVE = (
    "Active: paying at the end of that month; in a company without subscriptions, an order in that month; without "
    "orders, an event."
)


def _retention(months: int) -> Definition:
    return Definition(
        f"retention_{months}",
        f"Retention after {months} months",
        Unit.SHARE,
        f"Members at a month end who are active in month {months} after it, whatever group they are in then / members "
        f"at the month end, among whom are those who left before; {_pooled(months)}. {ACTIVE}",
        "high",
    )


def _paying_retention(months: int) -> Definition:
    return Definition(
        f"paying_retention_{months}",
        f"Subscribers kept after {months} months",
        Unit.SHARE,
        f"Customers with MRR at a month end who have MRR {months} months later, whatever group they are in then / "
        f"customers with MRR at the month end; {_pooled(months)}.",
        "high",
    )


def _pooled(months: int) -> str:
    return (
        f"all month ends with {months} finished months after them are pooled, and a customer who counts at several is "
        "one customer of n"
    )


RETENTION = {months: _retention(months) for months in (3, 6, 12)}
PAYING_RETENTION = {months: _paying_retention(months) for months in RETENTION}
LIFETIME_MEDIAN = Definition(
    "lifetime_median",
    "Median lifetime",
    Unit.MONTHS,
    "Months of life after which half of the subscribers have left (Kaplan-Meier, from the first paid start to the end "
    "of the last paid term).",
    "high",
)
SURVIVAL_12 = Definition(
    "survival_12",
    "Still subscribed after 12 months",
    Unit.SHARE,
    "Share of subscribers who have not left 12 months after their first paid start (Kaplan-Meier).",
    "high",
)
