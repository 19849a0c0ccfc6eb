"""Exports of WooCommerce's orders, a row an order or an item. A customer is an e-mail address: guests have the user 0.

Where each item has a row, the total of its order stands in every one of them: only the items may be summed.
"""

from __future__ import annotations

from features.presets.preset import Layout, Preset

PRESET = Preset(
    "woocommerce",
    "orders",
    (
        Layout(  # before the other, whose columns it has as well
            "Customer/Order/Coupon Export with one row an item, without tax and shipping",
            {
                "customer_id": "billing_email",
                "ordered_at": "date",
                "order_id": "order_id",
                "amount": "item_total",
                "refunded_amount": "item_refunded",
                "currency": "order_currency",
            },
            "status in ('completed', 'processing', 'refunded')",
        ),
        Layout(
            "Customer/Order/Coupon Export",
            {
                "customer_id": "billing_email",
                "ordered_at": "date",
                "order_id": "order_id",
                "amount": "order_total",
                "discount": "discount_total",
                "refunded_amount": "refunded_total",
                "currency": "order_currency",
            },
            "status in ('completed', 'processing', 'refunded')",
        ),
        Layout(  # does not say what was given back of an order
            "Import Export Suite",
            {
                "customer_id": "customer_email",
                "ordered_at": "order_date",
                "order_id": "order_id",
                "amount": "order_total",
                "discount": "discount_total",
                "currency": "order_currency",
            },
            "status in ('completed', 'processing')",
            {"order_date": "%m/%d/%Y %H:%M:%S"},
        ),
    ),
    (
        "https://woocommerce.com/document/ordercustomer-csv-export-developer-documentation/",
        "https://woocommerce.com/document/import-and-export-of-woocommerce-orders/",
    ),
    "the vendor's page for the Import Export Suite, and the source of the vendor's own plugin for the other. Its "
    "older versions lack `refunded_total` and `order_currency`",
)
