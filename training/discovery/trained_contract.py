"""The contract of the customers on whom a model is trained, and which customers no model can be trained on."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import pandas as pd

from segment_model.contract import VectorContract
from segment_model.errors import DiscoveryError, counted, shown
from training.profiling.years import with_unit_of_years
from training.settings import DiscoverySettings
from training.variation import as_descriptors, constant_columns, held_out_columns, listed

FEWEST_CUSTOMERS = 20
LARGEST = 1e150  # the square root of the largest number, nearly


def trained_contract(frame: pd.DataFrame, contract: VectorContract, settings: DiscoverySettings) -> VectorContract:
    """The contract of the model: a column is nullable if some training customer has no value in it.

    A basis column that does not vary among the customers is a descriptor: nobody needs to send it. So is a column of a
    group that is held out. A column whose values are years gets that unit.

    Raises
    ------
    DiscoveryError
        If the table is too small, has an id twice, a sensitive column would shape the segments, or no basis column
        varies.
    ContractError
        If the columns of the table are not those of the contract.
    SettingsError
        If a group to hold out is none of the vectors'.
    """
    if len(frame) < FEWEST_CUSTOMERS:
        few = counted(len(frame), "customer is", "customers are")
        raise DiscoveryError(f"{few} too few to find segments in; {FEWEST_CUSTOMERS} are needed")
    if not frame.index.is_unique:
        twice = ", ".join(str(name) for name in frame.index[frame.index.duplicated()].unique()[:5])
        raise DiscoveryError(f"a customer must have one row; more than one have: {twice}. Keep one row each")
    contract = as_descriptors(contract, held_out_columns(contract, settings.hold_out_groups))
    sensitive = [column.name for column in contract.basis if column.sensitive]
    if sensitive and not settings.allow_sensitive:
        raise DiscoveryError(
            f"{', '.join(sensitive)} is marked sensitive and may not shape segments; make it a descriptor, "
            "or say `discovery: {allow_sensitive: true}`"
        )
    contract.check_names(str(name) for name in frame.columns)
    constant = constant_columns(frame, contract, settings.encoding)
    varying = as_descriptors(contract, constant)
    if contract.basis and not varying.basis:
        raise DiscoveryError(
            f"all {counted(len(frame), 'customer')} are the same in every basis column: {listed(constant)}; there is "
            "nothing to segment by. Make a column that varies a basis: `features: {roles: {COLUMN: basis}}`"
        )
    columns = (with_unit_of_years(column, frame[column.name]) for column in varying.columns)
    return VectorContract(tuple(replace(c, nullable=bool(frame[c.name].isna().any())) for c in columns))


def with_nullable(contract: VectorContract, missing: Collection[str]) -> VectorContract:
    """The contract, by which these columns may lack a value too."""
    return VectorContract(tuple(replace(c, nullable=c.nullable or c.name in missing) for c in contract.columns))


def refuse_huge(frame: pd.DataFrame, contract: VectorContract) -> None:
    """Refuse basis numbers whose squares overflow: no distance to such a customer is a number.

    Raises
    ------
    DiscoveryError
        Naming the column, the number and the customer.
    """
    for column in contract.basis:
        if column.is_category:
            continue
        sizes = frame[column.name].abs()
        if (sizes > LARGEST).any():
            raise DiscoveryError(
                f"{column.name} holds {sizes.max():g} (customer {shown(sizes.idxmax())}), and {LARGEST:g} is the most "
                "that distances can be computed of; correct the value, or make the column a descriptor"
            )
