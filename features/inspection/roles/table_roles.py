"""Decides which table is which: orders, events, subscriptions and customers, or vectors of one row a customer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from features.catalogue import every_column
from features.inspection.looks.table_look import TableLook
from features.inspection.names.name_words import concepts_of
from features.inspection.names.vocabulary import Concept
from features.inspection.roles.attribute_columns import outcome_columns, propose_customers
from features.inspection.roles.event_columns import propose_events
from features.inspection.roles.order_columns import propose_orders
from features.inspection.roles.subscription_columns import propose_subscriptions
from features.inspection.roles.table_proposal import AttributeProposal, TableProposal
from features.inspection.roles.vendor_presets import propose_preset
from features.inspection.shared_keys import CustomerKey

ROLES = ("orders", "events", "subscriptions", "customers")
SECOND_BEST = 0.75  # of its best score, from which a table takes another role than its best
OF_CUSTOMERS = {"subscription_id": Concept.SUBSCRIPTION, "order_id": Concept.ORDER}  # keys of what a customer has


@dataclass(frozen=True, slots=True)
class Unused:
    """A table that is not used, and why."""

    file: str
    reason: str


def assigned_roles(
    looks: Sequence[TableLook], keys: Sequence[CustomerKey | None]
) -> tuple[tuple[TableProposal, ...], tuple[Unused, ...]]:
    """At most one table for each role, the best fit first; and the tables that are not used."""
    options = [
        proposal for look, key in zip(looks, keys, strict=True) if key is not None for proposal in _proposals(look, key)
    ]
    best = {look.file: max((o.score for o in options if o.look is look), default=0.0) for look in looks}
    taken: dict[str, TableProposal] = {}
    for option in sorted(options, key=lambda option: (-option.score, option.look.file)):
        used = {proposal.look.file for proposal in taken.values()}
        if option.role not in taken and option.look.file not in used and _is_plausible(option, best):
            taken[option.role] = option
    if set(taken) == {"customers"}:
        taken = {"vectors": with_outcomes(_as_vectors(taken["customers"]))}
    elif "customers" in taken:
        taken["customers"] = _with_own_names(taken["customers"])
    used = {proposal.look.file for proposal in taken.values()}
    unused = tuple(
        Unused(look.file, _why(look, key, options, taken))
        for look, key in zip(looks, keys, strict=True)
        if look.file not in used
    )
    return tuple(taken[role] for role in (*ROLES, "vectors") if role in taken), unused


def _proposals(look: TableLook, key: CustomerKey) -> list[TableProposal]:
    """The table in each role that it can have; the export of a known vendor in that of its preset alone."""
    preset = propose_preset(look)
    if preset is not None:
        return [preset]
    proposals = [propose(look, key) for propose in (propose_orders, propose_events, propose_subscriptions)]
    return [proposal for proposal in (*proposals, propose_customers(look, key)) if proposal is not None]


def _as_vectors(customers: TableProposal) -> TableProposal:
    """The table as the user's own vectors."""
    return replace(customers, role="vectors", columns={"customer_id": customers.columns["customer_id"]})


def with_outcomes(vectors: TableProposal) -> TableProposal:
    """The proposal in which what became of a customer describes segments and does not shape them."""
    outcomes = outcome_columns(vectors)
    if not outcomes:
        return vectors
    roles = {"roles": dict.fromkeys(outcomes, "descriptor")}
    doubt = {"roles": "an outcome only describes the segments; or shall it shape them?"}
    return replace(vectors, options={**vectors.options, **roles}, checks={**vectors.checks, **doubt})


def _with_own_names(customers: TableProposal) -> TableProposal:
    """The proposal without attributes that have the name of a column computed from the other tables."""
    computed = {column.name for column in every_column()}
    renamed = tuple(
        AttributeProposal(f"own_{attribute.name}", attribute.column, {**attribute.settings, "column": attribute.column})
        if attribute.name in computed
        else attribute
        for attribute in customers.attributes
    )
    return replace(customers, attributes=renamed)


def _is_plausible(option: TableProposal, best: dict[str, float]) -> bool:
    return option.score > 0 and option.score >= SECOND_BEST * best[option.look.file]


def _why(
    look: TableLook, key: CustomerKey | None, options: Sequence[TableProposal], taken: dict[str, TableProposal]
) -> str:
    if key is None:
        return _without_customers(look, taken)
    roles = [option.role for option in sorted(options, key=lambda o: -o.score) if option.look is look]
    if not roles and look[key.column].is_unique:
        return f"one row for each {key.column}, with nothing that describes a customer but ids, names or dates"
    if not roles:
        return "neither dates nor one row a customer"
    return f"more {roles[0]}; {taken[roles[0]].look.file} is used" if roles[0] in taken else "no table of ours"


def _without_customers(look: TableLook, taken: Mapping[str, TableProposal]) -> str:
    """Why a table is not used that does not say whose rows it has; and where it could be read, if another says it."""
    for table in taken.values():
        for ours, what in OF_CUSTOMERS.items():
            if ours not in table.columns:
                continue
            keys = [column for column in look.columns if what in concepts_of(column.name)]
            if theirs := next((column.name for column in keys if column.is_key_like), None):
                customer = table.columns["customer_id"]
                return (
                    f"it has {theirs} and no customer; to use it, write the {customer} that {table.look.file} has for "
                    f"each {table.columns[ours]} into it"
                )
    return "no column shares customers with the other files"
