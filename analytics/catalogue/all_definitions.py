"""All figures of the catalogue, in the order in which they are shown."""

from __future__ import annotations

from collections.abc import Iterable

from analytics.catalogue import lifetime_value, orders, retention, subscriptions
from analytics.options import RecordOptions
from analytics.record import Definition

DEFINITIONS: tuple[Definition, ...] = (
    subscriptions.MRR,
    subscriptions.MRR_SHARE,
    subscriptions.MRR_CUSTOMERS,
    subscriptions.ARPA,
    *subscriptions.MOVEMENTS,
    *subscriptions.COUNTS,
    subscriptions.CHURN_RATE,
    subscriptions.REVENUE_CHURN,
    subscriptions.GRR,
    subscriptions.NRR,
    subscriptions.QUICK_RATIO,
    subscriptions.TRIAL_CONVERSION,
    orders.REVENUE,
    orders.REVENUE_SHARE,
    orders.ORDERS,
    orders.BUYERS,
    orders.BASKET,
    orders.MARGIN,
    orders.REVENUE_PER_CUSTOMER,
    orders.REPEAT_RATE,
    orders.TOP_DECILE_SHARE,
    orders.DECILE_SHARE,
    lifetime_value.LTV_FORMULA,
    lifetime_value.LTV_EXPECTED,
    lifetime_value.MONEY_SO_FAR,
    *retention.PAYING_RETENTION.values(),
    *retention.RETENTION.values(),
    retention.LIFETIME_MEDIAN,
    retention.SURVIVAL_12,
)


def definitions_of(names: Iterable[str], options: RecordOptions) -> tuple[Definition, ...]:
    """The definitions of figures under the choices of a record, in the order of the catalogue."""
    wanted = set(names)
    chosen = {}
    if options.churn_denominator == "start_and_new":
        chosen["churn_rate"] = subscriptions.CHURN_RATE_OF_ALL
    if options.reactivation_in_nrr:
        chosen["nrr"] = subscriptions.NRR_WITH_REACTIVATION
    return tuple(chosen.get(each.name, each) for each in DEFINITIONS if each.name in wanted)
