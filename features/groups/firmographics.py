"""Attributes of a customer, of any kind that the user declares: taken as they are, missing kept as missing."""

from __future__ import annotations

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from features.settings import Attribute, CustomersSource
from features.tables.raw_tables import CUSTOMERS, RawColumn, RawTable, RawType
from segment_model.contract import Column, Kind

IS_DATED = "__is_dated"  # beside the attributes: whether the row says since when it is true
RAW_TYPES = {Kind.CATEGORY: RawType.TEXT, Kind.FLAG: RawType.FLAG}


def contract(attributes: Mapping[str, Attribute]) -> RawTable:
    """The contract of the customers table with the declared attributes in it."""
    declared = tuple(
        RawColumn(name, RAW_TYPES.get(attribute.kind, RawType.NUMBER), True, attribute.description)
        for name, attribute in attributes.items()
    )
    return RawTable(CUSTOMERS.name, CUSTOMERS.moment, CUSTOMERS.columns + declared)


def mapping(source: CustomersSource) -> dict[str, str]:
    """Our column names to the user's, those of the attributes included."""
    named = {name: attribute.column for name, attribute in source.attributes.items() if attribute.column}
    return {**source.columns, **named}


def firmographics(customers: ir.Table, attributes: Mapping[str, Attribute]) -> ir.Table:
    """One row a customer, as the table has it, and `IS_DATED`; where rows are dated, the latest."""
    dated: ir.BooleanValue = ibis.literal(False)
    if "known_at" in customers.columns:
        newest = ibis.rank().over(group_by="customer_id", order_by=customers.known_at.desc(nulls_first=False))
        customers = customers.mutate(newest=newest).filter(lambda table: table.newest == 0)
        dated = customers.known_at.notnull()
    return customers.select("customer_id", *attributes, **{IS_DATED: dated})


def columns(attributes: Mapping[str, Attribute]) -> tuple[Column, ...]:
    """The declared attributes; descriptors unless declared otherwise."""
    return tuple(
        Column(
            name,
            attribute.kind,
            attribute.role,
            attribute.unit,
            attribute.group,
            attribute.description or f"{name.replace('_', ' ')}, as the customers table has it",
            True,
            attribute.sensitive,
            attribute.low,
            attribute.high,
        )
        for name, attribute in attributes.items()
    )
