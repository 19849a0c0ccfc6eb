"""Stripe's invoices: the dashboard exports units of money and times of UTC, the API has cents and Unix time.

Invoices of 0, such as those of a trial, are no purchases. Credit notes after the payment are not in the table.
"""

from __future__ import annotations

from features.presets.preset import Layout, Preset

PRESET = Preset(
    "stripe_invoices",
    "orders",
    (
        Layout(
            "dashboard's export",
            {
                "customer_id": "Customer",
                "ordered_at": "Date (UTC)",
                "order_id": "id",
                "amount": "Amount Paid",
                "currency": "Currency",
            },
            "Status in ('paid', 'Paid') and \"Amount Paid\" > 0",
            utc=True,
        ),
        Layout(
            "table of the API",
            {
                "customer_id": "customer",
                "ordered_at": "created",
                "order_id": "id",
                "amount": "amount_paid",
                "currency": "currency",
            },
            "status = 'paid' and amount_paid > 0",
            {"created": "unix"},
            utc=True,
            minor_units=True,
        ),
    ),
    (
        "https://docs.stripe.com/api/invoices/object",
        "https://docs.stripe.com/data/data-pipeline/real-time-sync-to-postgres/schema",
    ),
    "the vendor's pages for the API; the columns of the dashboard's export as public programs that load one name them",
)
