"""Stripe's charges: the dashboard exports units of money and times of UTC, the API has cents and Unix time."""

from __future__ import annotations

from features.presets.preset import Layout, Preset

DASHBOARD = {
    "customer_id": "Customer ID",
    "order_id": "id",
    "amount": "Amount",
    "refunded_amount": "Amount Refunded",
    "currency": "Currency",
}
SUCCEEDED = "Status in ('Paid', 'Refunded', 'Partially Refunded')"

PRESET = Preset(
    "stripe_charges",
    "orders",
    (
        Layout("dashboard's export", {"ordered_at": "Created date (UTC)", **DASHBOARD}, SUCCEEDED, utc=True),
        Layout("dashboard's older export", {"ordered_at": "Created (UTC)", **DASHBOARD}, SUCCEEDED, utc=True),
        Layout(
            "table of the API",
            {
                "customer_id": "customer",
                "ordered_at": "created",
                "order_id": "id",
                "amount": "amount",
                "refunded_amount": "amount_refunded",
                "currency": "currency",
            },
            "status = 'succeeded' and captured",
            {"created": "unix"},
            utc=True,
            minor_units=True,
        ),
    ),
    (
        "https://docs.stripe.com/api/charges/object",
        "https://docs.stripe.com/data/data-pipeline/real-time-sync-to-postgres/schema",
        "https://support.stripe.com/questions/exporting-payment-reports",
    ),
    "the vendor's pages for the API; its page on the export lists no columns (they are chosen there), so those are of "
    "exports that their owners published whole, in which a charge refunded in part is `Paid`, not `Partially Refunded`",
)
