"""The figures of orders.

What happens in a month belongs to where its customers are at the month's end, and what happens in all months together
to where they are at the last month end: the money of those who are in a segment now.
"""

from __future__ import annotations

from analytics.record import Definition, Unit

WHERE = "a month's by where customers are at its end, all months' by where they are at the last month end"

REVENUE = Definition(
    "revenue",
    "Revenue",
    Unit.MONEY,
    f"Sum of the money of the orders in the period; {WHERE}.",
    "high",
    ("monetary_value",),
)
REVENUE_SHARE = Definition(
    "revenue_share",
    "Share of revenue",
    Unit.SHARE,
    f"Revenue of the group / revenue of everyone, in the period; {WHERE}.",
    "",
    ("monetary_value",),
)
ORDERS = Definition(
    "orders", "Orders", Unit.ORDERS, f"Orders in the period, lines of one order id being one order; {WHERE}.", "high"
)
BUYERS = Definition(
    "buyers",
    "Buying customers",
    Unit.COUNT,
    f"Customers with an order in the period; {WHERE}.",
    "high",
)
BASKET = Definition(
    "basket",
    "Basket",
    Unit.MONEY,
    f"Revenue / orders, in the period; {WHERE}.",
    "high",
    ("average_order_value", "monetary_value"),
)
MARGIN = Definition(
    "margin",
    "Margin",
    Unit.SHARE,
    f"(Revenue - cost) / revenue, of the order lines of the period whose cost is known; {WHERE}.",
    "high",
)
REVENUE_PER_CUSTOMER = Definition(
    "revenue_per_customer",
    "Revenue a customer",
    Unit.MONEY,
    "Revenue of customers with an order / these customers, of all months, by where customers are at the last month "
    "end.",
    "high",
    ("monetary_value",),
)
REPEAT_RATE = Definition(
    "repeat_rate",
    "Repeat rate",
    Unit.SHARE,
    "Customers with 2 orders or more / customers with an order, of all months, by where customers are at the last "
    "month end.",
    "high",
    ("frequency",),
)
TOP_DECILE_SHARE = Definition(
    "top_decile_share",
    "Share of the top tenth",
    Unit.SHARE,
    "Revenue of the tenth of the buying customers who spent most / revenue of all, of all months.",
)
DECILE_SHARE = Definition(
    "decile_share",
    "Share of revenue by decile",
    Unit.SHARE,
    "Revenue of a tenth of the buying customers, ordered by what they spent (1: the most) / revenue of all, of all "
    "months.",
)
