"""How a person names the table that assignments go to."""

from __future__ import annotations

import pytest

from jobs.segment_table.destination import SegmentTable, segment_table
from segment_model.errors import SettingsError


def test_a_table_with_and_without_a_schema() -> None:
    assert segment_table("postgres:SHOP_URL") == SegmentTable("SHOP_URL", "customer_segments")
    assert segment_table("postgres:SHOP_URL", "crm.Wer war wo?") == SegmentTable("SHOP_URL", "Wer war wo?", "crm")
    assert segment_table("postgres:SHOP_URL", "crm.who").shown == "crm.who"


@pytest.mark.parametrize(
    "to", ["SHOP_URL", "postgres:", "postgresql://ana:secret-word@host/shop", "postgres://ana:secret-word@host/shop"]
)
def test_an_address_is_refused_and_not_repeated(to: str) -> None:
    with pytest.raises(SettingsError, match="the NAME of the environment variable") as caught:
        segment_table(to)
    assert "secret-word" not in str(caught.value)


@pytest.mark.parametrize("table", ["", ".who", "crm.", "shop.crm.who", "crm.who\0", "ä" * 32])
def test_what_names_no_table(table: str) -> None:
    with pytest.raises(SettingsError, match=r"no name of a table|longer than the 63 bytes"):
        segment_table("postgres:SHOP_URL", table)
