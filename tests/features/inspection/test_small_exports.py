"""Small exports as shops, products and billing systems write them, in several styles and languages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from jobs.initial_settings import InitialSettings, initial_settings


@dataclass(frozen=True)
class Export:
    """A file with a header and rows, and what is expected of it: its role and our column for theirs."""

    header: str
    rows: Sequence[str]
    role: str
    columns: Mapping[str, str]
    file: str = "export.csv"
    options: Mapping[str, Any] = field(default_factory=dict)
    attributes: Mapping[str, Mapping[str, Any]] | None = None
    checks: tuple[str, ...] = ()

    def write(self, folder: Path) -> Path:
        path = folder / self.file
        path.write_text("\n".join([self.header, *self.rows]) + "\n", encoding="utf-8")
        return path


def days(count: int) -> list[str]:
    return [f"2026-{1 + number // 28:02d}-{1 + number % 28:02d}" for number in range(count)]


def rows(row: Callable[[int, str], str], dates: Sequence[str] | None = None) -> list[str]:
    """Forty rows, each of its number and its date."""
    return [row(number, day) for number, day in enumerate(dates or days(40))]


PLAIN_ORDERS = rows(lambda n, day: f"K-{n % 7},INV-{n},{day} 09:{n % 60:02d}:00,{10 + 3 * n}.90")
DOTTED = [f"{1 + n % 28:02d}.{1 + n // 28:02d}.2026" for n in range(40)]
SLASHED = [f"{1 + n // 28:02d}/{1 + n % 28:02d}/2026" for n in range(40)]

EXPORTS = {
    "the README's orders": Export(
        "client,invoice,invoice_date,total_eur",
        PLAIN_ORDERS,
        "orders",
        {"customer_id": "client", "order_id": "invoice", "ordered_at": "invoice_date", "amount": "total_eur"},
    ),
    "camel case": Export(
        "CustomerId,OrderId,OrderDate,OrderTotal",
        PLAIN_ORDERS,
        "orders",
        {"customer_id": "CustomerId", "order_id": "OrderId", "ordered_at": "OrderDate", "amount": "OrderTotal"},
    ),
    "upper case of a warehouse": Export(
        "CUST_NO,TXN_ID,TXN_DT,AMT",
        PLAIN_ORDERS,
        "orders",
        {"customer_id": "CUST_NO", "order_id": "TXN_ID", "ordered_at": "TXN_DT", "amount": "AMT"},
    ),
    "words with blanks": Export(
        "Client ID,Receipt Number,Purchase Date,Amount Paid",
        PLAIN_ORDERS,
        "orders",
        {
            "customer_id": "Client ID", "order_id": "Receipt Number", "ordered_at": "Purchase Date",
            "amount": "Amount Paid",
        },
    ),
    "an account, no order id": Export(
        "account,created_at,total_eur",
        rows(lambda n, day: f"A{n % 7},{day}T10:00:00Z,{n}.50"),
        "orders",
        {"customer_id": "account", "ordered_at": "created_at", "amount": "total_eur"},
    ),
    "the buyer's address of mail": Export(
        "order_id,buyer_email,created_at,total",
        rows(lambda n, day: f"{n},b{n % 7}@shop.example,{day},{n}.50"),
        "orders",
        {"customer_id": "buyer_email", "order_id": "order_id", "ordered_at": "created_at", "amount": "total"},
    ),
    "an id beside the address of mail": Export(
        "id,customer_id,customer_email,placed_at,grand_total,tax,shipping",
        rows(lambda n, day: f"{n},{n % 7},b{n % 7}@shop.example,{day},{n}.50,1.10,4.90"),
        "orders",
        {"customer_id": "customer_id", "order_id": "id", "ordered_at": "placed_at", "amount": "grand_total"},
    ),
    "German": Export(
        "KundenNr;Bestellnummer;Bestelldatum;Betrag",
        rows(lambda n, day: f"{n % 7};B{n};{day};{10 + n},90", DOTTED),
        "orders",
        {"customer_id": "KundenNr", "order_id": "Bestellnummer", "ordered_at": "Bestelldatum", "amount": "Betrag"},
        options={"decimal": ",", "date_format": "%d.%m.%Y"},
    ),
    "German lines of invoices": Export(
        "Rechnungsnr;Position;Kunde;Rechnungsdatum;Artikel;Menge;Einzelpreis",
        rows(lambda n, day: f"R{n // 3};{n % 3};Firma {n // 3 % 7};{day};Schraube;{1 + n % 5};{n % 11},49", DOTTED),
        "orders",
        {
            "customer_id": "Kunde", "order_id": "Rechnungsnr", "ordered_at": "Rechnungsdatum", "quantity": "Menge",
            "price": "Einzelpreis",
        },
        options={"decimal": ",", "date_format": "%d.%m.%Y"},
    ),
    "French": Export(
        "id_client,numero_commande,date_commande,montant_ttc",
        PLAIN_ORDERS,
        "orders",
        {
            "customer_id": "id_client", "order_id": "numero_commande", "ordered_at": "date_commande",
            "amount": "montant_ttc",
        },
    ),
    "Spanish": Export(
        "cliente,factura,fecha,importe",
        PLAIN_ORDERS,
        "orders",
        {"customer_id": "cliente", "order_id": "factura", "ordered_at": "fecha", "amount": "importe"},
    ),
    "Italian": Export(
        "codice_cliente,ordine,data_ordine,importo",
        PLAIN_ORDERS,
        "orders",
        {"customer_id": "codice_cliente", "order_id": "ordine", "ordered_at": "data_ordine", "amount": "importo"},
    ),
    "Dutch": Export(
        "klantnummer,factuur,factuurdatum,bedrag",
        PLAIN_ORDERS,
        "orders",
        {"customer_id": "klantnummer", "order_id": "factuur", "ordered_at": "factuurdatum", "amount": "bedrag"},
    ),
    "American dates": Export(
        "user_id,order_number,order_date,revenue",
        rows(lambda n, day: f"u{n % 7},{n},{day},{n}.25", SLASHED),
        "orders",
        {"customer_id": "user_id", "order_id": "order_number", "ordered_at": "order_date", "amount": "revenue"},
        options={"date_format": "%m/%d/%Y"},
    ),
    "lines with quantity and unit price": Export(
        "order_id,line_id,user,ordered_at,sku,qty,unit price",
        rows(lambda n, day: f"O{n // 3},{n},u{n // 3 % 7},{day},S-{n % 5},{1 + n % 4},{n % 9}.99"),
        "orders",
        {
            "customer_id": "user", "order_id": "order_id", "ordered_at": "ordered_at", "quantity": "qty",
            "price": "unit price",
        },
    ),
    "lines with their own total": Export(
        "order_id,user_id,date,product,qty,unit_price,line_total,discount_amount",
        rows(lambda n, day: f"O{n // 3},u{n // 3 % 7},{day},S,{1 + n % 4},{n % 9}.00,{(1 + n % 4) * (n % 9)}.00,0.50"),
        "orders",
        {
            "customer_id": "user_id", "order_id": "order_id", "ordered_at": "date", "amount": "line_total",
            "discount": "discount_amount",
        },
    ),
    "the total of the order on each of its lines": Export(
        "order_id,user_id,date,sku,quantity,price,order_total",
        [
            f"O{n // 4},u{n // 4 % 7},2026-01-{1 + n // 4:02d},S{n},{1 + n % 4},{n % 9}.50,{20 + n // 4}.00"
            for n in range(80)
        ],
        "orders",
        {
            "customer_id": "user_id", "order_id": "order_id", "ordered_at": "date", "quantity": "quantity",
            "price": "price",
        },
    ),
    "cancelled orders": Export(
        "order_id,customer,order_date,total,status",
        rows(lambda n, day: f"{n},c{n % 7},{day},{n}.00,{('paid', 'shipped', 'cancelled')[n % 3]}"),
        "orders",
        {"customer_id": "customer", "order_id": "order_id", "ordered_at": "order_date", "amount": "total"},
        options={"where": "status not in ('cancelled')"},
        checks=("where",),
    ),
    "a flag of cancelled orders": Export(
        "order_id,customer,order_date,total,is_cancelled",
        rows(lambda n, day: f"{n},c{n % 7},{day},{n}.00,{str(n % 5 == 0).lower()}"),
        "orders",
        {"customer_id": "customer", "order_id": "order_id", "ordered_at": "order_date", "amount": "total"},
        options={"where": "not is_cancelled"},
        checks=("where",),
    ),
    "cancellations by the letter of their id": Export(
        "InvoiceNo,InvoiceDate,CustomerID,Amount",
        rows(lambda n, day: f"{'C' if n % 10 == 9 else ''}{536365 + n},{day},{n % 7},{n + 1}.00"),
        "orders",
        {"customer_id": "CustomerID", "order_id": "InvoiceNo", "ordered_at": "InvoiceDate", "amount": "Amount"},
        options={"where": "InvoiceNo not like 'C%'"},
        checks=("where",),
    ),
    "two currencies": Export(
        "customer,date,amount,currency",
        rows(lambda n, day: f"c{n % 7},{day},{n + 1}.00,{('EUR', 'EUR', 'USD')[n % 3]}"),
        "orders",
        {"customer_id": "customer", "ordered_at": "date", "amount": "amount", "currency": "currency"},
        options={"where": "currency = 'EUR'"},
        checks=("where",),
    ),
    "cents and milliseconds": Export(
        "event_ts,user,amount_cents",
        rows(lambda n, _: f"{(1767225600 + n * 86400) * 1000},u{n % 7},{(n + 1) * 100}"),
        "orders",
        {"customer_id": "user", "ordered_at": "event_ts", "amount": "amount_cents"},
        options={"date_format": "unix_ms", "minor_units": True},
    ),
    "days as whole numbers": Export(
        "cust,dt,amt",
        rows(lambda n, day: f"c{n % 7},{day.replace('-', '')},{n + 1}.00"),
        "orders",
        {"customer_id": "cust", "ordered_at": "dt", "amount": "amt"},
        options={"date_format": "%Y%m%d"},
    ),
    "seconds, and money by its currency": Export(
        "ts,uid,usd",
        rows(lambda n, _: f"{1767225600 + n * 86400},{n % 7},{n + 1}.99"),
        "orders",
        {"customer_id": "uid", "ordered_at": "ts", "amount": "usd"},
        options={"date_format": "unix"},
    ),
    "days first or months first": Export(
        "customer,date,total",
        rows(lambda n, _: f"c{n % 7},{1 + n % 12:02d}/{1 + n % 11:02d}/2026,{n + 1}.00"),
        "orders",
        {"customer_id": "customer", "ordered_at": "date", "amount": "total"},
        options={"date_format": "%d/%m/%Y"},
        checks=("date_format",),
    ),
    "days first, in the order of time": Export(
        "customer,date,total",
        rows(lambda n, _: f"c{n % 7},{1 + n % 10:02d}/0{1 + n // 10}/2026,{n + 1}.00"),
        "orders",
        {"customer_id": "customer", "ordered_at": "date", "amount": "total"},
        options={"date_format": "%d/%m/%Y"},
    ),
    "months first, in the order of time": Export(
        "customer,date,total",
        rows(lambda n, _: f"c{n % 7},0{1 + n // 10}/{1 + n % 10:02d}/2026,{n + 1}.00"),
        "orders",
        {"customer_id": "customer", "ordered_at": "date", "amount": "total"},
        options={"date_format": "%m/%d/%Y"},
    ),
    "Japanese": Export(
        "顧客ID,注文日,金額",
        rows(lambda n, day: f"C{n % 7},{day},{1000 + n * 10}"),
        "orders",
        {"customer_id": "顧客ID", "ordered_at": "注文日", "amount": "金額"},
        checks=("amount",),
    ),
    "net and gross": Export(
        "Kd.-Nr.;Beleg;Belegdatum;Nettobetrag;Bruttobetrag;MwSt",
        rows(lambda n, day: f"{n % 7:05d};B{n};{day};{n + 1},00;{n + 2},19;0,19", DOTTED),
        "orders",
        {"customer_id": "Kd.-Nr.", "order_id": "Beleg", "ordered_at": "Belegdatum", "amount": "Bruttobetrag"},
        options={"decimal": ",", "date_format": "%d.%m.%Y"},
        checks=("amount",),
    ),
    "customers who bought once": Export(
        "customer,date,total",
        rows(lambda n, day: f"c{n},{day},{n + 1}.00"),
        "orders",
        {"customer_id": "customer", "ordered_at": "date", "amount": "total"},
    ),
    "accounts with their revenue": Export(
        "account_id,created_at,industry,country,total_revenue",
        rows(lambda n, day: f"a{n},{day},{'xyz'[n % 3]},{'DF'[n % 2]},{n + 1}.00"),
        "vectors",
        {"customer_id": "account_id"},
    ),
    "rides": Export(
        "ride_id,rider,started_at,ended_at,fare,distance_km",
        rows(lambda n, day: f"r{n},u{n % 7},{day} 10:00:00,{day} 10:30:00,{n + 3}.20,{n}.1"),
        "orders",
        {"customer_id": "rider", "order_id": "ride_id", "ordered_at": "started_at", "amount": "fare"},
    ),
    "refunds as negative amounts": Export(
        "customer_id,date,amount",
        rows(lambda n, day: f"c{n % 7},{day},{-5 if n % 10 == 9 else n + 1}.00"),
        "orders",
        {"customer_id": "customer_id", "ordered_at": "date", "amount": "amount"},
        checks=("refunds",),
    ),
    "a rate is no discount": Export(
        "customer_id,order_id,date,amount,discount_pct",
        rows(lambda n, day: f"c{n % 7},{n},{day},{n + 20}.00,0.{n % 3}"),
        "orders",
        {"customer_id": "customer_id", "order_id": "order_id", "ordered_at": "date", "amount": "amount"},
    ),
    "a rate that is called a discount": Export(
        "customer_id,order_id,date,amount,Discount",
        rows(lambda n, day: f"c{n % 7},{n},{day},{n + 20}.00,0.{n % 3}"),
        "orders",
        {"customer_id": "customer_id", "order_id": "order_id", "ordered_at": "date", "amount": "amount"},
        checks=("not_read",),
        options={"not_read": ["discount"]},
    ),
    "numbers of orders that start again each day": Export(
        "OrderID,Seq,OrderDate,Amt,CustomerID",
        rows(lambda n, day: f"{n % 3},{n % 2},{day},{n + 20}.00,c{n % 7}"),
        "orders",
        {"customer_id": "CustomerID", "ordered_at": "OrderDate", "amount": "Amt"},
        checks=("not_read",),
        options={"not_read": ["order_id"]},
    ),
    "more than one date": Export(
        "order_id,customer_id,order_purchase_timestamp,order_delivered_customer_date,order_estimated_delivery_date,payment_value",
        rows(lambda n, day: f"{n},c{n % 7},{day} 10:00:00,{day} 20:00:00,2026-12-24,{n}.99"),
        "orders",
        {
            "customer_id": "customer_id", "order_id": "order_id", "ordered_at": "order_purchase_timestamp",
            "amount": "payment_value",
        },
    ),
    "events of a product": Export(
        "user_id,timestamp,event,page,device_type",
        rows(lambda n, day: f"u{n % 7},{day} 10:00:00,{('login', 'view')[n % 2]},/p{n % 4},{('ios', 'web')[n % 2]}"),
        "events",
        {
            "customer_id": "user_id", "occurred_at": "timestamp", "name": "event", "feature": "page",
            "device": "device_type",
        },
    ),
    "a click stream with prices": Export(
        "event_time,event_type,product_id,price,user_id",
        rows(lambda n, day: f"{day} 10:00:00 UTC,{('view', 'cart', 'purchase')[n % 3]},{n % 9},{n % 9}.99,{n % 7}"),
        "events",
        {"customer_id": "user_id", "occurred_at": "event_time", "name": "event_type"},
    ),
    "German events": Export(
        "Benutzer,Zeitpunkt,Aktion,Modul",
        rows(lambda n, day: f"b{n % 7},{day} 10:00:00,{('Anmeldung', 'Export')[n % 2]},M{n % 4}"),
        "events",
        {"customer_id": "Benutzer", "occurred_at": "Zeitpunkt", "name": "Aktion", "feature": "Modul"},
    ),
    "subscriptions": Export(
        "subscription_id,account_id,plan,seats,mrr,start_date,end_date",
        rows(lambda n, day: f"s{n},a{n % 30},{'pt'[n % 2]},{1 + n % 9},{n}.00,{day},{'' if n % 3 else '2026-12-31'}"),
        "subscriptions",
        {
            "customer_id": "account_id", "subscription_id": "subscription_id", "started_at": "start_date",
            "ended_at": "end_date", "mrr": "mrr", "plan": "plan", "seats": "seats",
        },
        checks=("as_of",),
    ),
    "subscriptions by the month and by the year": Export(
        "id,Customer ID,Plan,Quantity,Amount,Interval,Start Date (UTC),Ended At (UTC)",
        rows(
            lambda n, day: f"sub_{n},cus_{n % 30},{'pt'[n % 2]},1,{n}.00,{('month', 'year')[n % 2]},{day},"
            f"{'' if n % 3 else '2026-12-31'}"
        ),
        "subscriptions",
        {
            "customer_id": "Customer ID", "subscription_id": "id", "started_at": "Start Date (UTC)",
            "ended_at": "Ended At (UTC)", "mrr": "Amount", "plan": "Plan", "seats": "Quantity",
        },
        checks=("as_of", "mrr"),
        file="subscriptions.csv",
    ),
    "subscriptions of Stripe's API": Export(
        "id,customer,status,created,start_date,current_period_end,cancel_at,canceled_at,ended_at,plan_nickname,"
        "plan_interval,unit_amount,quantity",
        rows(
            lambda n, _: f"sub_{n:05d},cus_{n % 30:05d},{('active', 'canceled')[n % 2]},{1767225600 + n * 86400},"
            f"{1767225600 + n * 86400},1798761600,,{1767225600 + n * 86400 + 900_000 if n % 2 else ''},"
            f"{1767225600 + n * 86400 + 990_000 if n % 2 else ''},{('team', 'pro')[n % 2]},"
            f"{('month', 'year')[n % 2]},{1900 + 100 * n},{1 + n % 3}"
        ),
        "subscriptions",
        {
            "customer_id": "customer", "subscription_id": "id", "started_at": "start_date", "ended_at": "ended_at",
            "mrr": "unit_amount", "plan": "plan_nickname", "seats": "quantity",
        },
        checks=("as_of", "mrr", "minor_units"),
        options={"date_format": "unix", "minor_units": True},
        file="export_2026.csv",
    ),
    "German contracts": Export(
        "Kundennummer;Tarif;Monatsbetrag;Vertragsbeginn;Vertragsende",
        rows(lambda n, day: f"{n % 30};{'BP'[n % 2]};{n},50;{day};{'' if n % 3 else '31.12.2026'}", DOTTED),
        "subscriptions",
        {
            "customer_id": "Kundennummer", "started_at": "Vertragsbeginn", "ended_at": "Vertragsende",
            "mrr": "Monatsbetrag", "plan": "Tarif",
        },
        file="vertraege.csv",
        checks=("as_of",),
        options={"decimal": ",", "date_format": "%d.%m.%Y"},
    ),
}  # fmt: skip


def proposed(export: Export, folder: Path) -> tuple[dict[str, Any], InitialSettings]:
    initial = initial_settings([export.write(folder)], folder / "segments.yaml")
    return yaml.safe_load(initial.text), initial


@pytest.mark.parametrize("export", EXPORTS.values(), ids=EXPORTS)
def test_an_export_is_mapped(export: Export, tmp_path: Path) -> None:
    content, initial = proposed(export, tmp_path)
    assert list(content["sources"]) == [export.role], initial.text
    source = content["sources"][export.role]
    assert source["columns"] == export.columns, initial.text
    assert {name: source.get(name) for name in export.options} == export.options, initial.text
    assert [
        line
        for line in initial.text.splitlines()
        if "# check:" in line and not any(line.strip().startswith(f"{name}:") for name in export.checks)
    ] == []
    assert len(initial.checks) == len(export.checks)
    if export.attributes is not None:
        assert source["attributes"] == export.attributes


def test_stripes_dashboard_writes_money_in_units(tmp_path: Path) -> None:
    """Its ids are those of the API, but 19.00 is no number of cents."""
    of_api = EXPORTS["subscriptions of Stripe's API"]
    of_dashboard = replace(of_api, rows=[f"{head},{money}.00,{count}" for head, money, count in _ends(of_api.rows)])
    assert "minor_units" not in proposed(of_dashboard, tmp_path)[0]["sources"]["subscriptions"]


def _ends(lines: Sequence[str]) -> list[tuple[str, str, str]]:
    """Each line in three: its beginning, and its last two fields."""
    return [(head, money, count) for head, money, count in (line.rsplit(",", 2) for line in lines)]


def test_the_price_of_one_unit_is_no_money_of_a_month(tmp_path: Path) -> None:
    _, initial = proposed(EXPORTS["subscriptions of Stripe's API"], tmp_path)
    assert "it is named as that of one unit: write it times quantity" in "; ".join(initial.checks)


def test_money_of_other_periods_than_a_month_is_marked(tmp_path: Path) -> None:
    _, initial = proposed(EXPORTS["subscriptions by the month and by the year"], tmp_path)
    assert initial.checks == (
        "as_of: Ended At (UTC) reaches to 2026-12-31: if these terms are over, write the day after; as it is, they run",
        "subscriptions.mrr: Interval says 'year' too: write the money of one month, a year's divided by 12",
    )


def test_terms_that_ended_before_the_newest_row_leave_nothing_to_check(tmp_path: Path) -> None:
    plain = EXPORTS["subscriptions"]
    ended = replace(plain, rows=[line.replace("2026-12-31", "2026-02-01") for line in plain.rows])
    assert proposed(ended, tmp_path)[1].checks == ()
