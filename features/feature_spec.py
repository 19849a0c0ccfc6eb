"""The feature specification that a model carries: raw tables, settings and learned values, which together are enough
to compute the vector of a new customer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from pydantic import ValidationError

from features.groups import firmographics, own_vectors
from features.learned import LearnedFeatures
from features.settings import (
    Attribute,
    CustomersSource,
    FeatureSettings,
    Sources,
    SubscriptionsSource,
    TableSource,
    VectorsSource,
)
from features.tables.raw_tables import EVENTS, ORDERS, SUBSCRIPTIONS, RawColumn, RawTable
from segment_model.errors import ContractError

ATTRIBUTES = "customers"
OF_ONE_ROW = frozenset({ATTRIBUTES, own_vectors.NAME})
REMEDY = "discover again from the raw tables, and promote the new version"


@dataclass(frozen=True, slots=True)
class FeatureSpec:
    """The raw tables of the training data with the columns that they had, feature settings, learned values."""

    tables: Mapping[str, RawTable]
    attributes: Mapping[str, Attribute]
    settings: FeatureSettings
    learned: LearnedFeatures
    null_values: Mapping[str, list[str] | dict[str, list[str]]] = field(default_factory=dict)  # by table, as settings
    ends: Literal["exclusive", "inclusive"] = "exclusive"  # of subscriptions

    @classmethod
    def of(cls, provenance: Mapping[str, Any]) -> Self:
        """Read the specification from the provenance that `jobs.run_content.provenance` stored with the model.

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
            settings = FeatureSettings.model_validate(_of_this_version(provenance["settings"]["features"]))
            raw_columns = {name: frozenset(columns) for name, columns in provenance["raw_columns"].items()}
        except (ValidationError, KeyError, TypeError, AttributeError) as error:
            raise ContractError(f"how this model's features were made cannot be read; {REMEDY}") from error
        attributes = sources.customers.attributes if sources.customers else {}
        learned = LearnedFeatures.from_json(provenance["learned_features"])
        contracts = (
            ORDERS,
            EVENTS,
            SUBSCRIPTIONS,
            firmographics.contract(attributes),
            own_vectors.contract(learned.own),
        )
        tables = {
            contract.name: RawTable(
                contract.name,
                contract.moment,
                tuple(c for c in contract.columns if c.name in raw_columns[contract.name]),
            )
            for contract in contracts
            if contract.name in raw_columns
        }
        null_values = {name: _null_values(sources, name, learned) for name in tables}
        ends = sources.subscriptions.ends if sources.subscriptions else "exclusive"
        return cls(tables, attributes, settings, learned, null_values, ends)

    def columns(self, table: str) -> tuple[RawColumn, ...]:
        """The columns of the raw table, without `customer_id`."""
        return tuple(column for column in self.tables[table].columns if column.name != "customer_id")

    def sources(self) -> Sources:
        """The same tables under our column names, with a placeholder for their place."""
        place = {
            name: {"file": "rows of a request", "null_values": self.null_values.get(name, [])} for name in self.tables
        }
        plain = {name: TableSource.model_validate(place[name]) for name in self.tables if name not in OF_ONE_ROW}
        if SUBSCRIPTIONS.name in plain:
            plain[SUBSCRIPTIONS.name] = SubscriptionsSource(**place[SUBSCRIPTIONS.name], ends=self.ends)
        attributes = {
            name: attribute.model_copy(update={"column": None}) for name, attribute in self.attributes.items()
        }
        customers, vectors = place.get(ATTRIBUTES), place.get(own_vectors.NAME)
        return Sources(
            **plain,
            customers=CustomersSource(attributes=attributes, **customers) if customers else None,
            vectors=VectorsSource.model_validate(vectors) if vectors else None,
        )


def _null_values(sources: Sources, table: str, learned: LearnedFeatures) -> list[str] | dict[str, list[str]]:
    """The words that mean missing in a table, by our names where they are given by column."""
    source: TableSource = getattr(sources, table)
    words = source.null_values
    if isinstance(words, list):
        return words
    named = firmographics.mapping(source) if isinstance(source, CustomersSource) else source.columns
    if table == own_vectors.NAME:
        named = {column.name: column.theirs for column in learned.own}
    yours = {theirs: ours for ours, theirs in named.items()}
    return {yours.get(column, column): own for column, own in words.items()}


def _of_this_version(features: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a model without the block `attributes`: what it did is in the model's learned values."""
    return {name: block for name, block in features.items() if name != "attributes"}
