"""The figures of orders. Revenue of a month belongs to where its customers are at the month's end."""

from __future__ import annotations

from analytics.record import Definition, Unit

REVENUE = Definition(
    "revenue", "Revenue", Unit.MONEY, "Sum of the money of the orders in the period.", "high", ("monetary_value",)
)
REVENUE_SHARE = Definition(
    "revenue_share",
    "Share of revenue",
    Unit.SHARE,
    "Revenue of the group / revenue of everyone, in the period.",
    "",
    ("monetary_value",),
)
ORDERS = Definition(
    "orders", "Orders", Unit.ORDERS, "Orders in the period; lines of one order id are one order.", "high"
)
BUYERS = Definition(
    "buyers",
    "Buying customers",
    Unit.COUNT,
    "Customers with an order in the period; of all months, by where they are at the last month end.",
    "high",
)
BASKET = Definition(
    "basket",
    "Basket",
    Unit.MONEY,
    "Revenue / orders, in the period.",
    "high",
    ("average_order_value", "monetary_value"),
)
MARGIN = Definition(
    "margin",
    "Margin",
    Unit.SHARE,
    "(Revenue - cost) / revenue, of the order lines of the period whose cost is known.",
    "high",
)
REVENUE_PER_CUSTOMER = Definition(
    "revenue_per_customer",
    "Revenue a customer",
    Unit.MONEY,
    "Revenue / customers with an order, of all months, by where customers are at the last month end.",
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
