"""The mapping does not depend on the order of the columns, nor on which of the usual words names them."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from features.inspection.settings_text import content_of
from jobs.initial_settings import initial_settings

SYNONYMS = {
    "customer_id": [
        *(
            "customer_id",
            "client_id",
            "ClientID",
            "KundenNr",
            "Kundennummer",
            "user",
            "userId",
            "account",
            "Account No",
        ),
        *(
            "buyer_email",
            "member_id",
            "id_client",
            "cliente",
            "klantnummer",
            "CUST_NO",
            "Customer ID",
            "shopper",
            "acct",
        ),
        *("Kunden-Nr.", "codice_cliente", "numéro client", "household_key", "user_pseudo_id"),
    ],
    "order_id": [
        *(
            "order_id",
            "OrderNo",
            "invoice",
            "InvoiceNo",
            "Rechnungsnummer",
            "Bestellnr",
            "basket_id",
            "receipt",
            "txn_id",
        ),
        *("transaction_id", "commande", "numéro de facture", "pedido", "Beleg-Nr", "Order Number", "id_ordine"),
    ],
    "ordered_at": [
        *("ordered_at", "invoice_date", "InvoiceDate", "created_at", "Created At", "date", "Datum", "Bestelldatum"),
        *(
            "order_ts",
            "timestamp",
            "purchase_time",
            "fecha",
            "date_commande",
            "placed_on",
            "transaction date",
            "TXN_DT",
        ),
    ],
    "amount": [
        *("amount", "total", "total_eur", "Total (USD)", "Betrag", "Gesamtbetrag", "Umsatz", "revenue", "order_value"),
        *("grand_total", "net_sales", "montant", "importe", "amount_paid", "OrderTotal", "sales", "TOTAL_AMT"),
    ],
}
OTHERS = ["shipping_cost", "tax", "country", "coupon_code", "shipped_at", "note", "payment_method", "sku_count"]
ROWS = 60


def cells(meaning: str, row: int) -> str:
    return {
        "customer_id": f"u{row * 7 % 11}@shop.example",
        "order_id": f"N-{1000 + row // 2}",
        "ordered_at": f"2026-0{1 + row // 56}-{1 + row // 2 % 28:02d} 10:{row % 60:02d}:00",
        "amount": f"{20 + row * 13 % 77}.{row % 90 + 10}",
        "shipping_cost": "4.90",
        "tax": f"{row % 9}.19",
        "country": ("DE", "FR", "AT")[row % 3],
        "coupon_code": ("", "SPRING")[row % 2],
        "shipped_at": f"2026-04-{1 + row % 28:02d}",
        "note": "please ring twice",
        "payment_method": ("card", "cash")[row % 2],
        "sku_count": str(1 + row % 3),
    }[meaning]


@st.composite
def headers(draw: st.DrawFn) -> dict[str, str]:
    """The columns in their order: what each means, and its name."""
    names = {meaning: draw(st.sampled_from(words)) for meaning, words in SYNONYMS.items()}
    others = draw(st.lists(st.sampled_from(OTHERS), unique=True))
    order = draw(st.permutations([*names, *others]))
    return {meaning: names.get(meaning, meaning) for meaning in order}


@settings(max_examples=30)
@given(headers())
def test_synonyms_in_any_order_are_mapped_alike(header: dict[str, str]) -> None:
    owner = {row // 2: row for row in range(ROWS)}  # the rows of one order have one customer
    lines = [",".join(header.values())]
    lines += [
        ",".join(cells(meaning, owner[row // 2] if meaning == "customer_id" else row) for meaning in header)
        for row in range(ROWS)
    ]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "export.csv"
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        content = content_of(initial_settings([file], Path(folder) / "segments.yaml").text)
    assert list(content["sources"]) == ["orders"]
    assert content["sources"]["orders"]["columns"] == {meaning: header[meaning] for meaning in SYNONYMS}
