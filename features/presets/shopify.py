"""Shopify's export of orders: one row a line item, with the columns of the order in its first row only.

The other rows of an order have no status, so `where` leaves them out. A customer is an e-mail address.
"""

from __future__ import annotations

from features.presets.preset import Layout, Preset

PRESET = Preset(
    "shopify",
    "orders",
    (
        Layout(
            "export of orders",
            {
                "customer_id": "Email",
                "ordered_at": "Created at",
                "order_id": "Name",
                "amount": "Total",
                "discount": "Discount Amount",
                "refunded_amount": "Refunded Amount",
                "currency": "Currency",
            },
            "\"Financial Status\" in ('paid', 'partially_refunded', 'refunded')",
        ),
    ),
    ("https://help.shopify.com/en/manual/fulfillment/managing-orders/exporting-orders",),
    "a whole export of 2026 that its owner published, and headers that public programs read, which have the same "
    "names back to 2012 (the oldest lack `Refunded Amount`); the vendor's page was not opened",
)
