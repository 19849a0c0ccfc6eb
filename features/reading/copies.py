"""Files of one source that are copies of each other, such as an export that was saved twice: their rows count twice."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from features.notices import Notice

SHOWN = 3  # groups of copies, each with a warning of its own


def same_files(paths: Iterable[Path]) -> list[list[Path]]:
    """Groups of files that hold the same bytes, in the order of the paths; only files of one size are read.

    Raises
    ------
    OSError
        If a file cannot be read.
    """
    sizes = {path: path.stat().st_size for path in paths}
    counts = Counter(sizes.values())
    groups: dict[bytes, list[Path]] = {}
    for path, size in sizes.items():
        if counts[size] > 1:
            with path.open("rb") as file:
                groups.setdefault(hashlib.file_digest(file, "sha256").digest(), []).append(path)
    return [group for group in groups.values() if len(group) > 1]


def notices_of_copies(labels: Mapping[Path, str], has_rows: Callable[[Path], bool], table: str) -> list[Notice]:
    """Warnings that name files with the same bytes; of those without rows, such as months without data, nothing.

    labels : how messages name each file. has_rows : whether a file has any.
    """
    groups = [group for group in same_files(labels) if has_rows(group[0])]
    return [_notice([labels[path] for path in group], table) for group in groups[:SHOWN]]


def _notice(names: Sequence[str], table: str) -> Notice:
    return Notice(
        table,
        f"{' and '.join(map(repr, names))} hold the same bytes, so each of their rows counts "
        f"{'twice' if len(names) == 2 else f'{len(names)} times'}: where one is a copy, delete it, or name the "
        "others by a pattern",
        warning=True,
    )
