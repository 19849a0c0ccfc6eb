"""The catalogue of columns is complete, and says what a reader needs."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from features.catalogue import every_column
from features.customer_vector import build_vectors
from features.groups import rfm
from features.settings import FeatureSettings, Sources
from segment_model.contract import Kind


def test_what_is_built_is_in_the_catalogue(case_folder: Path) -> None:
    settings = FeatureSettings.model_validate({"rfm": {"cdnow_summary": True}})
    sources = {name: {"file": f"{name}.parquet"} for name in ("orders", "events", "subscriptions")}
    built = build_vectors(Sources.model_validate(sources), settings, date(2024, 7, 1), case_folder).contract
    catalogue = {column.name: column for column in every_column(settings)}
    # the case table has no quota
    assert catalogue.keys() - set(built.names) == {"quota_use"}
    for column in built.columns:  # beside subscriptions, orders are invoices
        listed = catalogue[column.name]
        assert column == (rfm.of_invoices(listed) if listed.group == rfm.GROUP else listed)


def test_beside_subscriptions_orders_describe_and_have_no_words_of_buying(case_folder: Path) -> None:
    sources = {name: {"file": f"{name}.parquet"} for name in ("orders", "subscriptions")}
    for chosen, role, low in (({}, "descriptor", ""), ({"roles": {"frequency": "basis"}}, "basis", "")):
        settings = FeatureSettings.model_validate(chosen)
        built = build_vectors(Sources.model_validate(sources), settings, date(2024, 7, 1), case_folder).contract
        assert (built["frequency"].role, built["frequency"].low) == (role, low)
        assert built["r_score"].high == ""
    alone = Sources.model_validate({"orders": sources["orders"]})
    built = build_vectors(alone, FeatureSettings(), date(2024, 7, 1), case_folder).contract
    assert (built["frequency"].role, built["frequency"].low) == ("basis", "few orders")


def test_every_column_tells_its_formula_and_names_its_ends() -> None:
    columns = every_column()
    assert len({column.name for column in columns}) == len(columns)
    for column in columns:
        assert column.description, column.name
        if not column.is_category:
            assert column.low, column.name
            assert column.high, column.name
            assert column.low != column.high
        if column.kind not in (Kind.CATEGORY, Kind.FLAG):
            assert column.unit or "(" in column.label, column.name  # a pure ratio names its range instead


def test_the_bases_are_few_and_name_segments_apart() -> None:
    bases = [column for column in every_column() if column.role == "basis"]
    assert 8 <= len(bases) <= 14
    words = [word for column in bases for word in (column.low, column.high)]
    assert len(set(words)) == len(words)
