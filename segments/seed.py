"""The seed of a discovery, which a caller names beside the block of settings or in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from segment_model.errors import SettingsError, shown


def with_seed(block: Mapping[str, Any], seed: Any) -> dict[str, Any]:
    """The block `discovery` with its seed: its own, or else the one beside it, of which 0 is the default.

    Raises
    ------
    SettingsError
        If they name two.
    """
    if "seed" in block and seed not in (0, block["seed"]):
        raise SettingsError(
            f"the seed is named twice, {shown(seed)} and {shown(block['seed'])}: leave it out of `discovery`"
        )
    return {"seed": seed, **block}
