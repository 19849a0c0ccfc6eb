"""How a model's vectors were made, as the model itself tells it: enough to make the vector of a new customer."""

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
class VectorRecipe:
    """The raw tables that a model was made from, with those of their columns that were there, and what was learned."""

    tables: Mapping[str, RawTable]
    attributes: Mapping[str, Attribute]
    settings: FeatureSettings
    learned: LearnedFeatures

    @classmethod
    def of(cls, provenance: Mapping[str, Any]) -> Self:
        """Read it from what `jobs.discovery_record` stored with the model.

        Raises
        ------
        ContractError
            If the model does not know how its features were made, or tells it in a way that this version cannot read.
        """
        absent = [name for name in ("settings", "learned_features", "raw_columns") if name not in provenance]
        if absent:
            raise ContractError(f"this model does not know how its features were made (no {absent[0]}); {REMEDY}")
        try:
            sources = Sources.model_validate(provenance["settings"]["sources"])
            settings = FeatureSettings.model_validate(provenance["settings"]["features"])
            there = {name: frozenset(columns) for name, columns in provenance["raw_columns"].items()}
        except (ValidationError, KeyError, TypeError, AttributeError) as error:
            raise ContractError(f"how this model's features were made cannot be read; {REMEDY}") from error
        attributes = sources.customers.attributes if sources.customers else {}
        contracts = (ORDERS, EVENTS, SUBSCRIPTIONS, firmographics.contract(attributes))
        tables = {
            one.name: RawTable(one.name, one.moment, tuple(c for c in one.columns if c.name in there[one.name]))
            for one in contracts
            if one.name in there
        }
        return cls(tables, attributes, settings, LearnedFeatures.from_json(provenance["learned_features"]))

    def columns(self, table: str) -> tuple[RawColumn, ...]:
        """What a row of the table may hold, beside whose it is."""
        return tuple(column for column in self.tables[table].columns if column.name != "customer_id")

    def sources(self) -> Sources:
        """The same tables under our own names, wherever they are."""
        nowhere = {"file": "rows of a request"}
        plain = {name: TableSource(**nowhere) for name in self.tables if name != ATTRIBUTES}
        attributes = {name: one.model_copy(update={"column": None}) for name, one in self.attributes.items()}
        customers = CustomersSource(attributes=attributes, **nowhere) if ATTRIBUTES in self.tables else None
        return Sources(customers=customers, **plain)
