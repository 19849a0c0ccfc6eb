"""Exports of WooCommerce's orders, one row an order. A customer is an e-mail address, as guests have the user 0."""

from __future__ import annotations

from features.presets.preset import Layout, Preset

PRESET = Preset(
    "woocommerce",
    "orders",
    (
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
    "the vendor's page for the Import Export Suite; that of the other export lists no columns, so those are as public "
    "programs read them. Its older versions lack `refunded_total` and `order_currency`",
)
