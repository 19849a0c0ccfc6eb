"""Which files a source names: one file, all of a folder, or those that a pattern matches; all of one kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from features.source_settings import TableSource
from segment_model.errors import SourceError, nearest_word


class FileKind(StrEnum):
    """How a file is read."""

    CSV = "CSV"
    PARQUET = "Parquet"
    EXCEL = "Excel"
    JSON_LINES = "JSON lines"


ENDINGS = {
    ".csv": FileKind.CSV,
    ".tsv": FileKind.CSV,
    ".txt": FileKind.CSV,
    ".csv.gz": FileKind.CSV,
    ".tsv.gz": FileKind.CSV,
    ".txt.gz": FileKind.CSV,
    ".parquet": FileKind.PARQUET,
    ".xlsx": FileKind.EXCEL,
    ".xlsm": FileKind.EXCEL,
    ".jsonl": FileKind.JSON_LINES,
    ".ndjson": FileKind.JSON_LINES,
    ".jsonl.gz": FileKind.JSON_LINES,
    ".ndjson.gz": FileKind.JSON_LINES,
}
IN_FOLDERS = tuple(ending for ending in ENDINGS if not ending.startswith(".txt"))  # a README.txt is no table
READ = ".csv, .tsv, .csv.gz, .parquet, .xlsx and .jsonl are read"
ADVICE = {
    ".xls": "save it as .xlsx or CSV",
    ".ods": "save it as .xlsx or CSV",
    ".xlsb": "save it as .xlsx or CSV",
    ".json": "write one object a line, as .jsonl",
    ".zip": "unpack it, and name the files in it",
    ".feather": "write it as Parquet",
    ".duckdb": "name it by `duckdb:`, and its table by `table:`",
    ".db": "name it by `duckdb:`, and its table by `table:`",
    "": "give it the ending that says what it is",
}
UNASKED = (".", "~$")  # how names of what programs leave beside the tables begin
HIDDEN = (*UNASKED, "_")  # such names in a folder


@dataclass(frozen=True, slots=True)
class FileList:
    """The files of one source, sorted by path; `kind` is that of all."""

    kind: FileKind
    paths: tuple[Path, ...]


def list_files(base: Path, file: str, table: str) -> FileList:
    """The files that `file` names from the folder `base`, for the raw table `table`.

    Raises
    ------
    SourceError
        If there is none, one is of no kind that is read, or their kinds differ.
    """
    path = base / file
    if path.is_dir():
        paths = _in_folder(path)
        if not paths:
            raise SourceError(f"{table}: the folder {file} holds no file that is read; {READ}")
    elif path.exists() or not any(letter in file for letter in "*?["):
        _require_file(path, table)
        return FileList(kind_of(path, file, table), (path,))
    else:
        paths = _matching(base, file)
        if not paths:
            raise SourceError(
                f"{table}: no file matches {file} in {base.resolve()}; patterns are relative to the settings file"
            )
    kinds = {kind_of(match, shown_path(match, base), table): match for match in reversed(paths)}
    if len(kinds) > 1:
        examples = " and ".join(f"{shown_path(match, base)} ({kind})" for kind, match in kinds.items())
        raise SourceError(
            f"{table}: {file} holds files of several kinds, {examples}; name those of one kind by a pattern"
        )
    return FileList(next(iter(kinds)), tuple(paths))


def kind_of(path: Path, shown: str, table: str) -> FileKind:
    """How a file of this name is read; upper and lower case are one.

    Raises
    ------
    SourceError
        If files of this ending are not read.
    """
    name = path.name.lower()
    for ending, kind in ENDINGS.items():
        if name.endswith(ending):
            return kind
    advice = ADVICE.get(path.suffix.lower())
    remedy = f"; {advice}" if advice else ""
    raise SourceError(f"{table}: {shown} must end in .csv, .tsv, .csv.gz, .parquet, .xlsx or .jsonl{remedy}")


def refuse_other_settings(source: TableSource, kind: FileKind, name: str) -> None:
    """Settings of one kind of file mean nothing for another.

    Raises
    ------
    SourceError
        If such a setting is there.
    """
    text = (FileKind.CSV, FileKind.JSON_LINES)
    homes = {
        "encoding": text,
        "delimiter": (FileKind.CSV,),
        "sheet": (FileKind.EXCEL,),
        "header_line": (FileKind.CSV, FileKind.EXCEL),
    }
    for setting, kinds in homes.items():
        if getattr(source, setting) is not None and kind not in kinds:
            raise SourceError(f"{name}: `{setting}` belongs to {' and '.join(kinds)}; {source.file} is read as {kind}")


def _in_folder(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file()
        and path.name.lower().endswith(IN_FOLDERS)
        and not any(part.startswith(HIDDEN) for part in path.relative_to(folder).parts)
    )


def _matching(base: Path, pattern: str) -> list[Path]:
    """The files that a pattern matches; what programs leave beside the tables only if the pattern names it."""
    root = Path(pattern).anchor
    matches = Path(root).glob(pattern[len(root) :]) if root else base.glob(pattern)
    hidden = () if Path(pattern).name.startswith(UNASKED) else UNASKED
    return sorted(match for match in matches if match.is_file() and not match.name.startswith(hidden or "/"))


def _require_file(path: Path, table: str) -> None:
    if path.exists():
        return
    folder = path.parent.resolve()
    siblings = _names(folder)
    near = nearest_word(path.name, siblings)
    raise SourceError(
        f"{table}: there is no {path.name} in {folder}; paths are relative to the settings file; {READ}.{near}"
    )


def _names(folder: Path) -> Sequence[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def shown_path(path: Path, base: Path) -> str:
    """A path for messages: relative to the folder of the settings file, if it lies there."""
    return str(path.relative_to(base)) if path.is_relative_to(base) else str(path)
