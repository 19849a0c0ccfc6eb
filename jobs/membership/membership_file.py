"""The file that keeps a membership beside the settings, so that it is computed once.

Its name is a digest of all that it was computed from, so a file that exists is the right one. A file that cannot be
read counts as absent.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from segment_model.storage.atomic_write import atomic_file

FOLDER = ".segments"
PREFIX = "membership-"
FORMAT = 1  # another one where the same tables would give other rows
MOST_FILES = 8  # older ones are deleted
IGNORED = "*\n"  # the content of a .gitignore: what is computed anew at will is not versioned


def membership_file(base: Path, made_from: Mapping[str, Any]) -> Path:
    """The file of the membership that is made from these plain values."""
    text = json.dumps({"format": FORMAT, **made_from}, sort_keys=True, default=str)
    return base / FOLDER / f"{PREFIX}{hashlib.sha256(text.encode()).hexdigest()[:32]}.parquet"


def read_members(file: Path) -> pd.DataFrame | None:
    """The rows in the file; None where there is none that can be read."""
    try:
        return pd.read_parquet(file)
    except (OSError, pa.ArrowException):
        return None


def write_members(members: pd.DataFrame, file: Path) -> None:
    """Write the file whole or not at all, and delete the oldest of more than `MOST_FILES`.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    file.parent.mkdir(exist_ok=True)
    ignored = file.parent / ".gitignore"
    if not ignored.exists():
        ignored.write_text(IGNORED, encoding="utf-8")
    with atomic_file(file) as temporary:
        members.to_parquet(temporary, index=False)
    kept = sorted(file.parent.glob(f"{PREFIX}*.parquet"), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in kept[MOST_FILES:]:
        old.unlink(missing_ok=True)
