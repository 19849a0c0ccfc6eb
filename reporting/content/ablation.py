"""The table of an ablation as pages show it, and its form in the run of the ablation."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from segment_model.errors import ArtefactError

FILE_NAME = "ablation.json"


@dataclass(frozen=True, slots=True)
class AblationContent:
    """headings : of the columns, the fit's first. rows : the cells of each fit. notes : sentences on what they mean."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()

    def to_json(self) -> str:
        """The text of the file."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1)


def ablation_from_json(stored: bytes) -> AblationContent:
    """What `to_json` wrote.

    Raises
    ------
    ArtefactError
        If it is no such file.
    """
    try:
        content = json.loads(stored)
        headings, notes = tuple(map(str, content["headings"])), tuple(map(str, content["notes"]))
        rows = tuple(tuple(map(str, row)) for row in content["rows"])
    except (ValueError, KeyError, TypeError) as error:
        raise ArtefactError(f"{FILE_NAME} of the ablation's run cannot be read: {error}; ablate again") from error
    if any(len(row) != len(headings) for row in rows):
        raise ArtefactError(f"{FILE_NAME} of the ablation's run has rows of another length than its headings")
    return AblationContent(headings, rows, notes)
