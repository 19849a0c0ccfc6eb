"""The ladder of a discovery on a continuum: a table for the run."""

from __future__ import annotations

import pandas as pd

from training.discovery.discovery import Discovery

COLUMNS = (
    *("segments", "has_top", "steady", "chosen", "recovered", "lower", "upper", "resamples", "agreement"),
    *("prediction_strength", "united", "union_agreement"),
)


def ladder_table(discovery: Discovery) -> pd.DataFrame:
    """One row a division of the continuum, coarsest first; without rows where no other numbers were compared.

    Columns: segments, has_top (one is that of the top spenders), steady, chosen, recovered (mean Jaccard similarity of
    the least steady segment), lower, upper (its 90 % interval), resamples, agreement (least similarity between five
    seeds), prediction_strength; united (which of the chosen segments make up each union, in words), union_agreement
    (adjusted Rand index of the two divisions).
    """
    unions = {union.segments: union for union in discovery.unions}
    rows = []
    for rung in discovery.ladder.rungs if discovery.ladder else ():
        union = None if rung.position == discovery.choice.chosen else unions.get(rung.segments)
        rows.append(
            {
                **{name: getattr(rung, name) for name in COLUMNS if hasattr(rung, name)},
                "chosen": rung.position == discovery.choice.chosen,
                "united": "" if union is None else _in_words(discovery, union.members),
                "union_agreement": None if union is None else union.agreement,
            }
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _in_words(discovery: Discovery, members: tuple[int, ...]) -> str:
    """The unions by the names of their segments: "a + b; c"."""
    names = discovery.model.names
    return "; ".join(
        " + ".join(name for name, union in zip(names, members, strict=True) if union == number)
        for number in range(max(members) + 1)
    )
