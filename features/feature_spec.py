"""The feature specification that a model carries: raw tables, settings and learned values, which together are enough
to compute the vector of a new customer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from pydantic import ValidationError

from features.groups import firmographics
from features.learned import LearnedFeatures
from features.settings import Attribute, CustomersSource, FeatureSettings, Sources, TableSource
from features.tables.raw_tables import EVENTS, ORDERS, SUBSCRIPTIONS, RawColumn, RawTable
from segment_model.errors import ContractError

ATTRIBUTES = "customers"
REMEDY = "discover anew, and the model will know"


@dataclass(frozen=True, slots=True)
class FeatureSpec:
    """The raw tables of the training data with the columns that they had, feature settings, learned values."""

    tables: Mapping[str, RawTable]
    attributes: Mapping[str, Attribute]
    settings: FeatureSettings
    learned: LearnedFeatures

    @classmethod
    def of(cls, provenance: Mapping[str, Any]) -> Self:
        """Read the specification from the provenance that `jobs.discovery_record` stored with the model.

        Raises
        ------
        ContractError
            If the provenance lacks a part of the specification, or this version cannot read it.
        """
        absent = [name for name in ("settings", "learned_features", "raw_columns") if name not in provenance]
        if absent:
            raise ContractError(f"this model does not know how its features were made (no {absent[0]}); {REMEDY}")
        try:
            sources = Sources.model_validate(provenance["settings"]["sources"])
            settings = FeatureSettings.model_validate(provenance["settings"]["features"])
            raw_columns = {name: frozenset(columns) for name, columns in provenance["raw_columns"].items()}
        except (ValidationError, KeyError, TypeError, AttributeError) as error:
            raise ContractError(f"how this model's features were made cannot be read; {REMEDY}") from error
        attributes = sources.customers.attributes if sources.customers else {}
        contracts = (ORDERS, EVENTS, SUBSCRIPTIONS, firmographics.contract(attributes))
        tables = {
            contract.name: RawTable(
                contract.name,
                contract.moment,
                tuple(c for c in contract.columns if c.name in raw_columns[contract.name]),
            )
            for contract in contracts
            if contract.name in raw_columns
        }
        return cls(tables, attributes, settings, LearnedFeatures.from_json(provenance["learned_features"]))

    def columns(self, table: str) -> tuple[RawColumn, ...]:
        """The columns of the raw table, without `customer_id`."""
        return tuple(column for column in self.tables[table].columns if column.name != "customer_id")

    def sources(self) -> Sources:
        """The same tables under our column names, with a placeholder for their place."""
        nowhere = {"file": "rows of a request"}
        plain = {name: TableSource(**nowhere) for name in self.tables if name != ATTRIBUTES}
        attributes = {
            name: attribute.model_copy(update={"column": None}) for name, attribute in self.attributes.items()
        }
        customers = CustomersSource(attributes=attributes, **nowhere) if ATTRIBUTES in self.tables else None
        return Sources(customers=customers, **plain)
