"""Chargebee's invoices as its API and its data catalogue have them: cents, and Unix time or timestamps of UTC.

Invoices of 0, such as those of a trial, are no purchases. Credit notes are not in the table.
"""

from __future__ import annotations

from features.presets.preset import Layout, Preset

PRESET = Preset(
    "chargebee",
    "orders",
    (
        Layout(
            "table of invoices",
            {
                "customer_id": "customer_id",
                "ordered_at": "date",
                "order_id": "id",
                "amount": "amount_paid",
                "currency": "currency_code",
            },
            "status = 'paid' and amount_paid > 0",
            {"date": "unix"},
            utc=True,
            minor_units=True,
        ),
    ),
    ("https://datacatalog.chargebee.com/invoices", "https://apidocs.chargebee.com/docs/api/invoices"),
    "the vendor's pages and the types of its own client",
)
