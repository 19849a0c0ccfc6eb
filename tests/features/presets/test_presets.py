"""An export-like file of each preset, with vectors computed by hand.

The addresses in `Preset.documentation`, and beside each file below, are the vendors'; `Preset.checked` says what was read.
"""
# ruff: noqa: E501 # the lines of an export are as long as they are

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, get_args

import pandas as pd
import pytest
import yaml
from pydantic import ValidationError

from features.conditions.parse import parse_condition
from features.customer_vector import build_vectors
from features.presets.all_presets import PRESETS, with_preset
from features.settings import FeatureSettings, Sources
from features.source_settings import PresetName, TableSource
from features.tables.raw_tables import RAW_TABLES
from features.vector_table import CustomerVectors
from segment_model.errors import SettingsError, SourceError

AS_OF = date(2026, 7, 1)
COLUMNS = ["recency_days", "frequency", "monetary_value"]

# https://help.shopify.com/en/manual/fulfillment/managing-orders/exporting-orders: the columns of an order stand in its
# first row, and the other rows have the line items alone
SHOPIFY = """\
Name,Email,Financial Status,Paid at,Fulfillment Status,Currency,Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,Created at,Lineitem quantity,Lineitem name,Lineitem price,Refunded Amount,Id
#1001,ann@example.com,paid,2026-06-20 10:00:05 -0400,fulfilled,USD,90.00,5.00,5.00,100.00,TEN,10.00,2026-06-20 10:00:00 -0400,1,Cup,50.00,0.00,701
#1001,ann@example.com,,,,,,,,,,,2026-06-20 10:00:00 -0400,2,Plate,25.00,,
#1002,ann@example.com,partially_refunded,2026-06-30 23:30:05 -0400,fulfilled,USD,40.00,0.00,0.00,40.00,,0.00,2026-06-30 23:30:00 -0400,1,Cup,40.00,15.00,702
#1003,bob@example.com,refunded,2026-06-01 09:00:05 -0400,,USD,60.00,0.00,0.00,60.00,,0.00,2026-06-01 09:00:00 -0400,1,Vase,60.00,60.00,703
#1004,bob@example.com,paid,2026-05-31 22:00:05 -0400,fulfilled,USD,30.00,0.00,0.00,30.00,,0.00,2026-05-31 22:00:00 -0400,1,Jar,30.00,0.00,704
#1005,bob@example.com,voided,,,USD,500.00,0.00,0.00,500.00,,0.00,2026-06-02 09:00:00 -0400,1,Sofa,500.00,0.00,705
#1006,cat@example.com,pending,,,USD,20.00,0.00,0.00,20.00,,0.00,2026-06-03 09:00:00 -0400,1,Jar,20.00,0.00,706
"""

# https://woocommerce.com/document/ordercustomer-csv-export-developer-documentation/: the default format, one row an order
WOOCOMMERCE = """\
order_id,order_number,date,status,shipping_total,discount_total,order_total,refunded_total,order_currency,payment_method,customer_id,billing_email
11,11,2026-06-20 10:00:00,completed,5.00,10.00,100.00,0.00,EUR,stripe,3,ann@example.com
12,12,2026-06-30 23:30:00,processing,0.00,0.00,40.00,15.00,EUR,stripe,0,ann@example.com
13,13,2026-06-01 09:00:00,refunded,0.00,0.00,60.00,60.00,EUR,paypal,0,bob@example.com
14,14,2026-05-31 22:00:00,completed,0.00,0.00,30.00,0.00,EUR,paypal,0,bob@example.com
15,15,2026-06-02 09:00:00,cancelled,0.00,0.00,500.00,0.00,EUR,paypal,0,bob@example.com
16,16,2026-06-03 09:00:00,failed,0.00,0.00,20.00,0.00,EUR,paypal,4,cat@example.com
"""

# the same plugin with one row an item: the order's total and refund stand in each row of it
WOOCOMMERCE_ITEMS = """\
order_id,order_number,date,status,shipping_total,tax_total,discount_total,order_total,refunded_total,order_currency,customer_id,billing_email,item_name,item_quantity,item_subtotal,item_total,item_total_tax,item_refunded
11,11,2026-06-20 10:00:00,completed,5.00,10.00,10.00,115.00,0.00,EUR,3,ann@example.com,Cup,1,50.00,50.00,5.00,0.00
11,11,2026-06-20 10:00:00,completed,5.00,10.00,10.00,115.00,0.00,EUR,3,ann@example.com,Plate,2,60.00,50.00,5.00,0.00
12,12,2026-06-30 23:30:00,processing,0.00,4.00,0.00,44.00,15.00,EUR,0,ann@example.com,Cup,1,20.00,20.00,2.00,15.00
12,12,2026-06-30 23:30:00,processing,0.00,4.00,0.00,44.00,15.00,EUR,0,ann@example.com,Jar,1,20.00,20.00,2.00,0.00
13,13,2026-06-01 09:00:00,refunded,0.00,0.00,0.00,60.00,60.00,EUR,0,bob@example.com,Vase,1,60.00,60.00,0.00,60.00
14,14,2026-05-31 22:00:00,completed,0.00,3.00,0.00,33.00,0.00,EUR,0,bob@example.com,Jar,1,30.00,30.00,3.00,0.00
"""

# https://woocommerce.com/document/import-and-export-of-woocommerce-orders/: the Import Export Suite, month first
WOOCOMMERCE_SUITE = """\
order_id,order_number,order_date,paid_date,status,shipping_total,discount_total,order_total,order_currency,payment_method,customer_id,customer_email
11,11,6/20/2026  10:00:00,6/20/2026  10:01:00,completed,5.00,10.00,100.00,EUR,stripe,3,ann@example.com
12,12,6/30/2026  23:30:00,6/30/2026  23:31:00,processing,0.00,0.00,25.00,EUR,stripe,0,ann@example.com
13,13,6/1/2026  9:00:00,6/1/2026  9:01:00,refunded,0.00,0.00,60.00,EUR,paypal,0,bob@example.com
14,14,5/31/2026  22:00:00,5/31/2026  22:01:00,completed,0.00,0.00,30.00,EUR,paypal,0,bob@example.com
"""

# https://support.stripe.com/questions/exporting-payment-reports: the dashboard's export, in units and in UTC
STRIPE_CHARGES = """\
id,Created date (UTC),Amount,Amount Refunded,Currency,Captured,Converted Amount,Fee,Status,Seller Message,Customer ID,Customer Email
ch_1,2026-06-20 14:00:00,100.00,0.00,usd,true,100.00,3.20,Paid,Payment complete.,cus_ann,ann@example.com
ch_2,2026-07-01 03:30:00,40.00,15.00,usd,true,40.00,1.46,Paid,Payment complete.,cus_ann,ann@example.com
ch_3,2026-06-01 13:00:00,60.00,60.00,usd,true,60.00,2.04,Refunded,Payment complete.,cus_bob,bob@example.com
ch_4,2026-06-01 02:00:00,30.00,0.00,usd,true,30.00,1.17,Paid,Payment complete.,cus_bob,bob@example.com
ch_5,2026-06-02 13:00:00,500.00,0.00,usd,false,500.00,0.00,Failed,Your card was declined.,cus_bob,bob@example.com
ch_6,2026-06-03 13:00:00,20.00,0.00,usd,true,20.00,0.88,Paid,Payment complete.,,guest@example.com
"""

# https://docs.stripe.com/data/data-pipeline/real-time-sync-to-postgres/schema: cents, and seconds since 1970
STRIPE_CHARGES_API = """\
id,amount,amount_captured,amount_refunded,captured,created,currency,customer,paid,refunded,status
ch_1,10000,10000,0,true,1781964000,usd,cus_ann,true,false,succeeded
ch_2,4000,4000,1500,true,1782876600,usd,cus_ann,true,false,succeeded
ch_3,6000,6000,6000,true,1780318800,usd,cus_bob,true,true,succeeded
ch_4,3000,3000,0,true,1780279200,usd,cus_bob,true,false,succeeded
ch_5,50000,0,0,false,1780405200,usd,cus_bob,false,false,failed
"""

# https://docs.stripe.com/api/invoices/object: the columns of the dashboard's export, in units and in UTC
STRIPE_INVOICES = """\
id,Number,Customer,Customer Name,Currency,Subtotal,Total,Amount Due,Amount Paid,Date (UTC),Due Date (UTC),Paid At (UTC),Status
in_1,A-1,cus_ann,Ann,eur,100.00,100.00,100.00,100.00,2026-06-20 14:00,,2026-06-20 15:00,paid
in_2,A-2,cus_ann,Ann,eur,25.00,25.00,25.00,25.00,2026-07-01 03:30,,2026-07-01 03:40,paid
in_3,B-1,cus_bob,Bob,eur,0.00,0.00,0.00,0.00,2026-06-15 02:00,,2026-06-15 02:00,paid
in_4,B-2,cus_bob,Bob,eur,30.00,30.00,30.00,30.00,2026-06-01 02:00,,2026-06-01 02:00,paid
in_5,B-3,cus_bob,Bob,eur,500.00,500.00,500.00,0.00,2026-06-02 02:00,2026-07-02 02:00,,open
in_6,C-1,cus_cat,Cat,eur,20.00,20.00,20.00,0.00,2026-06-03 02:00,,,void
"""

STRIPE_INVOICES_API = """\
id,amount_due,amount_paid,created,currency,customer,status,subtotal,total
in_1,10000,10000,1781964000,eur,cus_ann,paid,10000,10000
in_2,2500,2500,1782876600,eur,cus_ann,paid,2500,2500
in_3,0,0,1781488800,eur,cus_bob,paid,0,0
in_4,3000,3000,1780279200,eur,cus_bob,paid,3000,3000
in_5,50000,0,1780365600,eur,cus_bob,open,50000,50000
"""

# https://datacatalog.chargebee.com/invoices: amounts as long, in cents
CHARGEBEE = """\
id,customer_id,subscription_id,status,date,total,amount_paid,amount_due,currency_code
1,cus_ann,s1,paid,1781964000,10000,10000,0,EUR
2,cus_ann,s1,paid,1782876600,2500,2500,0,EUR
3,cus_bob,s2,paid,1781488800,0,0,0,EUR
4,cus_bob,s2,paid,1780279200,3000,3000,0,EUR
5,cus_bob,s2,not_paid,1780365600,50000,0,50000,EUR
6,cus_cat,s3,voided,1780452000,2000,0,0,EUR
"""


def built(folder: Path, text: str, currency: str, zone: str, **source: Any) -> CustomerVectors:
    (folder / "export.csv").write_text(text)
    sources = Sources.model_validate({"orders": {"file": "export.csv", **source}})
    settings = FeatureSettings.model_validate({"currency": currency, "time_zone": zone, "rfm": {"scores": False}})
    return build_vectors(sources, settings, AS_OF, folder)


# Whole headers of exports as the world has them: preset, form, where it stands, columns
PUBLIC_HEADERS = (
    (
        "shopify",
        "export of orders",
        "https://github.com/jadwro/allegro_csv_parser/blob/HEAD/src/Shopify/types/ShopifyOrderTypeCSV.ts",
        "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem compare at price,Lineitem sku,Lineitem requires shipping,Lineitem taxable,Lineitem fulfillment status,Billing Name,Billing Street,Billing Address1,Billing Address2,Billing Company,Billing City,Billing Zip,Billing Province,Billing Country,Billing Phone,Shipping Name,Shipping Street,Shipping Address1,Shipping Address2,Shipping Company,Shipping City,Shipping Zip,Shipping Province,Shipping Country,Shipping Phone,Notes,Note Attributes,Cancelled at,Payment Method,Payment Reference,Refunded Amount,Vendor,Outstanding Balance,Employee,Location,Device ID,Id,Tags,Risk Level,Source,Lineitem discount,Tax 1 Name,Tax 1 Value,Tax 2 Name,Tax 2 Value,Tax 3 Name,Tax 3 Value,Tax 4 Name,Tax 4 Value,Tax 5 Name,Tax 5 Value,Phone,Receipt Number,Duties,Billing Province Name,Shipping Province Name,Payment ID,Payment Terms Name,Next Payment Due At,Payment References",
    ),
    (
        "stripe_charges",
        "dashboard's export",
        "https://github.com/streaming-overlays/stripe-country-revenue-calculator/blob/HEAD/unified_payments.csv",
        "id,Created date (UTC),Amount,Amount Refunded,Currency,Captured,Converted Amount,Converted Amount Refunded,Converted Currency,Description,Fee,Is Link,Mode,PaymentIntent ID,Payment Source Type,Refunded date (UTC),Statement Descriptor,Status,Seller Message,Taxes On Fee,Card ID,Card Name,Card Brand,Card Issue Country,Customer ID,Customer Description,Customer Email,Disputed Amount,Dispute Status,Invoice ID,Invoice Number,Checkout Session ID,Transfer,Transfer Group",
    ),
    (
        "woocommerce",
        "Customer/Order/Coupon Export",
        "https://github.com/lafranceinsoumise/woocommerce-customer-order-csv-export/blob/HEAD/includes/class-wc-customer-order-csv-export-formats.php",
        "order_id,order_number_formatted,order_number,date,status,shipping_total,shipping_tax_total,fee_total,fee_tax_total,tax_total,discount_total,order_total,refunded_total,order_currency,payment_method,shipping_method,customer_id,billing_first_name,billing_last_name,billing_company,billing_email,billing_phone,shipping_first_name,customer_note,line_items,shipping_items,fee_items,tax_items,coupon_items,refunds,order_notes,download_permissions_granted",
    ),
    (
        "woocommerce",
        "Customer/Order/Coupon Export with one row an item, without tax and shipping",
        "https://github.com/lafranceinsoumise/woocommerce-customer-order-csv-export/blob/HEAD/includes/class-wc-customer-order-csv-export-formats.php",
        "order_id,order_number,date,status,shipping_total,shipping_tax_total,fee_total,fee_tax_total,tax_total,discount_total,order_total,refunded_total,order_currency,payment_method,shipping_method,customer_id,billing_first_name,billing_last_name,billing_company,billing_email,billing_phone,customer_note,item_id,item_product_id,item_name,item_sku,item_quantity,item_subtotal,item_subtotal_tax,item_total,item_total_tax,item_refunded,item_refunded_qty,item_meta,shipping_items,fee_items,tax_items,coupon_items,order_notes,download_permissions_granted",
    ),
    (
        "woocommerce",
        "Import Export Suite",
        "https://woocommerce.com/document/import-and-export-of-woocommerce-orders/",
        "order_id,order_number,order_date,paid_date,status,shipping_total,shipping_tax_total,fee_total,fee_tax_total,tax_total,cart_discount,order_discount,discount_total,order_total,order_subtotal,order_currency,payment_method,payment_method_title,transaction_id,customer_ip_address,customer_user_agent,shipping_method,customer_id,customer_user,customer_email,billing_first_name,billing_last_name",
    ),
)

ANN = (1, 2, 125)  # 100, and 40 of which 15 were given back, on the last evening of June in New York
BOB = (31, 1, 30)  # on the last evening of May; what was given back in full, or never paid, is no purchase


@pytest.mark.parametrize(
    ("preset", "text", "currency", "zone", "customers", "left_out"),
    [
        ("shopify", SHOPIFY, "USD", "America/New_York", "ann@example.com bob@example.com", 3),
        ("woocommerce", WOOCOMMERCE, "EUR", "America/New_York", "ann@example.com bob@example.com", 2),
        ("woocommerce", WOOCOMMERCE_ITEMS, "EUR", "America/New_York", "ann@example.com bob@example.com", 0),
        ("woocommerce", WOOCOMMERCE_SUITE, "EUR", "Europe/Berlin", "ann@example.com bob@example.com", 1),
        ("stripe_charges", STRIPE_CHARGES, "USD", "America/New_York", "cus_ann cus_bob", 1),
        (
            "stripe_charges",
            STRIPE_CHARGES.replace("Created date (UTC)", "Created (UTC)"),
            "USD",
            "America/New_York",
            "cus_ann cus_bob",
            1,
        ),
        ("stripe_charges", STRIPE_CHARGES_API, "USD", "America/New_York", "cus_ann cus_bob", 1),
        ("stripe_invoices", STRIPE_INVOICES, "EUR", "America/New_York", "cus_ann cus_bob", 3),
        ("stripe_invoices", STRIPE_INVOICES_API, "EUR", "America/New_York", "cus_ann cus_bob", 2),
        ("chargebee", CHARGEBEE, "EUR", "America/New_York", "cus_ann cus_bob", 3),
    ],
)
def test_the_vectors_of_an_export(
    preset: str, text: str, currency: str, zone: str, customers: str, left_out: int, tmp_path: Path
) -> None:
    vectors = built(tmp_path, text, currency, zone, preset=preset)
    rows = {
        str(name): tuple(row) for name, row in zip(vectors.frame.index, vectors.frame[COLUMNS].to_numpy(), strict=True)
    }
    assert rows == dict(zip(customers.split(), (ANN, BOB), strict=True))
    assert vectors.report["orders"]["left_out_by_where"] == left_out
    lines = [notice.line for notice in vectors.notices]
    assert lines[0].startswith(f"orders: preset {preset}: the ")
    assert f"orders: all money is in {currency}" in lines
    assert not any(line.startswith("warning") for line in lines)


@pytest.mark.parametrize(("preset", "form", "address", "header"), PUBLIC_HEADERS)
def test_the_header_of_a_public_export_is_known_whole(preset: str, form: str, address: str, header: str) -> None:
    filled, notices = with_preset(TableSource(file="export.csv", preset=preset), "orders", header.split(","))
    assert address.startswith("https://")
    assert notices[0].line.startswith(f"orders: preset {preset}: the {form}, where ")
    assert set(filled.columns.values()) <= set(header.split(","))


def test_discounts_of_shopify_stand_in_the_first_row_too(tmp_path: Path) -> None:
    frame = built(tmp_path, SHOPIFY, "USD", "America/New_York", preset="shopify").frame
    assert frame.discount_share["ann@example.com"] == pytest.approx(10 / 135)
    assert frame.discount_share["bob@example.com"] == 0


def test_explicit_keys_override_a_preset(tmp_path: Path) -> None:
    text = SHOPIFY.replace("Total", "Grand total")
    where = "\"Financial Status\" = 'paid'"
    columns = {"amount": "Grand total", "customer_id": "Name"}
    vectors = built(tmp_path, text, "USD", "America/New_York", preset="shopify", where=where, columns=columns)
    assert vectors.frame.monetary_value.to_dict() == {"#1001": 100, "#1004": 30}


def test_an_export_of_an_older_woocommerce_says_what_it_lacks(tmp_path: Path) -> None:
    """It has neither `refunded_total` nor `order_currency`: without the refunds its amounts would be too high."""
    lines = [line.split(",") for line in WOOCOMMERCE.splitlines()]
    older = "\n".join(",".join([*line[:7], *line[9:]]) for line in lines)
    with pytest.raises(SourceError, match="no column 'refunded_total' for refunded_amount"):
        built(tmp_path, older, "EUR", "UTC", preset="woocommerce")


@pytest.mark.parametrize("source", [{"columns": {"discount": None}}, {"not_read": ["discount"]}])
def test_a_column_can_be_left_out(source: dict[str, Any], tmp_path: Path) -> None:
    text = SHOPIFY.replace("Discount Amount", "Reduction")
    vectors = built(tmp_path, text, "USD", "America/New_York", preset="shopify", **source)
    assert "discount_share" not in vectors.contract.names
    plain = {"customer_id": "Email", "ordered_at": "Created at", "amount": "Total", **source.get("columns", {})}
    text = SHOPIFY.replace("Discount Amount", "discount")
    assert "discount_share" in built(tmp_path, text, "USD", "UTC", columns={**plain, "discount": "discount"}).frame
    assert "discount_share" not in built(tmp_path, text, "USD", "UTC", **source | {"columns": plain}).frame


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            {"not_read": ["amuont"]},
            "orders: not_read: 'amuont' is not ours. Did you mean 'amount'? Ours are customer_id, ",
        ),
        ({"columns": {"ordered_at": None}}, "orders: not_read: ordered_at is needed"),
    ],
)
def test_a_column_that_is_needed_or_unknown_cannot_be_left_out(
    source: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(SourceError) as caught:
        built(tmp_path, SHOPIFY, "USD", "UTC", preset="shopify", **source)
    assert str(caught.value).startswith(message)
    with pytest.raises(ValidationError, match="amount stands in columns and in not_read"):
        TableSource(file="a.csv", columns={"amount": "Total"}, not_read=["amount"])


def test_cents_can_be_denied(tmp_path: Path) -> None:
    vectors = built(tmp_path, CHARGEBEE, "EUR", "America/New_York", preset="chargebee", minor_units=False)
    assert vectors.frame.monetary_value["cus_ann"] == 12_500


def test_a_renamed_column_is_told_by_its_nearest_name(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        built(tmp_path, SHOPIFY.replace("Refunded Amount", "Refund amount"), "USD", "UTC", preset="shopify")
    assert str(caught.value).startswith(
        "orders: preset shopify: no column 'Refunded Amount' for refunded_amount. Did you mean 'Refund amount'? If it has "
        "another name, write columns: {refunded_amount: your_name}; if there is none, write the source without the preset."
    )
    assert "\n" not in str(caught.value)


def test_a_renamed_column_of_the_statuses_is_told_too(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"where: no column 'Financial Status'\. Did you mean 'Financial State'\?"):
        built(tmp_path, SHOPIFY.replace("Financial Status", "Financial State"), "USD", "UTC", preset="shopify")


def test_a_preset_is_of_one_table() -> None:
    source = TableSource(file="events.csv", preset="shopify")
    with pytest.raises(SettingsError, match=r"sources\.events: the preset shopify is for orders"):
        with_preset(source, "events", ["Email"])


def test_without_a_preset_a_source_stays_as_it_is() -> None:
    source = TableSource(file="orders.csv")
    assert with_preset(source, "orders", []) == (source, ())


def test_the_settings_name_every_preset_and_no_other() -> None:
    assert set(get_args(PresetName)) == set(PRESETS)


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_a_preset_speaks_of_our_columns_and_of_documented_ones(name: str) -> None:
    preset = PRESETS[name]
    contract = next(table for table in RAW_TABLES if table.name == preset.table)
    assert all(address.startswith("https://") for address in preset.documentation)
    assert preset.checked
    for layout in preset.layouts:
        assert set(layout.columns) <= {column.name for column in contract.columns}
        assert set(layout.date_format) <= set(layout.columns.values())
        parse_condition(layout.where)


def test_typed_moments_without_a_zone_are_in_utc_where_the_source_says_so(tmp_path: Path) -> None:
    """22:30 in UTC is the next day in Berlin."""
    orders = {"customer_id": ["a"], "ordered_at": pd.to_datetime(["2026-06-29 22:30"]), "amount": [1.0]}
    pd.DataFrame(orders).to_parquet(tmp_path / "orders.parquet")
    for utc, days in ((True, 1), (False, 2), (None, 2)):
        source = {"file": "orders.parquet", "utc": utc, "where": "ordered_at < DATE '2026-07-01'"}
        sources = Sources.model_validate({"orders": source})
        vectors = build_vectors(sources, FeatureSettings(time_zone="Europe/Berlin"), AS_OF, tmp_path)
        assert vectors.frame.recency_days["a"] == days
    early = Sources.model_validate({"orders": {**source, "utc": True, "where": "ordered_at >= DATE '2026-06-30'"}})
    assert len(build_vectors(early, FeatureSettings(time_zone="Europe/Berlin"), AS_OF, tmp_path).frame) == 1


def test_a_condition_that_is_advised_keeps_that_of_the_preset(tmp_path: Path) -> None:
    """Written as it was advised, `where` named a column of ours, and refunds and cancelled orders would have counted."""
    header, *_ = WOOCOMMERCE.splitlines()
    orders = [(f"c{n}@shop.example" if n % 4 == 0 else "guest@shop.example") for n in range(120)]
    rows = [f"{n},{n},2026-06-20 10:00:00,completed,0,0,9.50,0,EUR,card,0,{who}" for n, who in enumerate(orders)]
    text = "\n".join([header, *rows]) + "\n"
    advice = next(
        notice.text
        for notice in built(tmp_path, text, "EUR", "UTC", preset="woocommerce").notices
        if "guests" in notice.text
    )
    where = yaml.safe_load(advice.rpartition("leave it out by `")[2].rstrip("`"))["sources"]["orders"]["where"]
    kept = built(tmp_path, text, "EUR", "UTC", preset="woocommerce", where=where)
    assert sorted(kept.frame.index) == sorted({who for who in orders if not who.startswith("guest")})
    assert where == "(status in ('completed', 'processing', 'refunded')) and billing_email <> 'guest@shop.example'"
