"""Paths as people write them, where `~` is a home folder: a shell puts it in place, Python and YAML do not."""

from __future__ import annotations

import os
from pathlib import Path


def user_path(written: str | os.PathLike[str]) -> Path:
    """The path with the home folder in place of a leading `~` or `~NAME`; as it is where no such user is known."""
    return Path(os.path.expanduser(written))  # noqa: PTH111  # a Path takes ./~ for ~, and refuses a file named ~$x
