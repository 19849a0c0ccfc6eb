"""Whether a new version may replace an old one.

It must accept every request that the old one accepts, with the same meaning, and have a self-test if the old one has.
"""

from __future__ import annotations

from collections.abc import Iterator

from segment_model.contract import Column, Role, VectorContract
from segment_model.errors import SelfTestError
from serving.model.load_failures import IncompatibleError
from serving.model.served_model import ServedModel


def check_replaces(before: ServedModel, after: ServedModel) -> None:
    """Pass if `after` may be served in place of `before`.

    Raises
    ------
    IncompatibleError
        If requests that the old version accepts would fail or change their meaning.
    SelfTestError
        If the old version has a self-test and the new one has none, so that less could be verified than before.
    """
    # imported late, so that a process that loads no model does not wait for the import
    from segment_model.self_test import examples_of

    broken = breaks(before.model.contract, after.model.contract)
    if broken:
        raise IncompatibleError(
            f"it does not take what version {before.version} takes: {'; '.join(broken)}. Serve it by "
            "SEGMENTS_ANY_CONTRACT=true, once its callers are ready"
        )
    if examples_of(before.model) and not examples_of(after.model):
        raise SelfTestError(
            f"it has no stored examples to be asked, and version {before.version} has. Train it anew, or serve it by "
            "SEGMENTS_ANY_CONTRACT=true"
        )


def breaks(old: VectorContract, new: VectorContract) -> tuple[str, ...]:
    """The breaking changes from the old contract to the new one, in words; empty if there are none.

    Breaking are: a basis feature that the old version did not require; a feature that the new version does not know,
    since unknown features are refused; another kind or unit; a null that is no longer accepted. A new descriptor, a
    basis feature that becomes a descriptor, and a null that is accepted now, break nothing.
    """
    old_columns = {column.name: column for column in old.columns}
    return tuple(
        [line for column in new.columns for line in _column_breaks(old_columns.get(column.name), column)]
        + [f"{name} is not known any more" for name in old_columns if name not in new.names]
    )


def _column_breaks(old: Column | None, new: Column) -> Iterator[str]:
    if new.role is Role.BASIS and (old is None or old.role is not Role.BASIS):
        yield f"{new.name} is needed now"
    if old is None:
        return
    if old.kind is not new.kind:
        yield f"{new.name} was of kind {old.kind}, now {new.kind}"
    if old.measure[1] != new.measure[1]:
        yield f"{new.name} was in {old.unit or 'no unit'}, now in {new.unit or 'no unit'}"
    if old.nullable and not new.nullable and new.role is Role.BASIS:
        yield f"{new.name} may not be null any more"
