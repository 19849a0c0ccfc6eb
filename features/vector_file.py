"""Customer vectors as a Parquet file, with contract, as-of moment, digest and learned values in its metadata."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.joining.id_type import typed_ids
from features.learned import LearnedFeatures
from features.notices import Notice
from features.vector_table import CustomerVectors, IdType, Moment, digest, digest_of_parts, validated
from segment_model.contract import VectorContract
from segment_model.errors import SourceError
from segment_model.storage.atomic_write import atomic_file

CUSTOMER = "customer_id"
KEY = b"customer_vectors"
FORMAT = 2
WITH_TEXT_IDS = 1  # also the format of a file with text ids, so that an earlier version can read it


class AnyVectors(Protocol):
    """What is known of vectors, whether they are in memory or in an engine."""

    @property
    def contract(self) -> VectorContract: ...
    @property
    def learned(self) -> LearnedFeatures: ...
    @property
    def as_of(self) -> Moment | None: ...
    @property
    def moment(self) -> str: ...
    @property
    def customers(self) -> int: ...
    @property
    def digest(self) -> str: ...
    @property
    def report(self) -> Mapping[str, Mapping[str, int]]: ...
    @property
    def notices(self) -> tuple[Notice, ...]: ...
    @property
    def id_type(self) -> IdType: ...


def write_vectors(vectors: CustomerVectors, path: str | Path) -> None:
    """Write one row a customer, `customer_id` first, in the type that the raw tables have it in.

    The file is written whole or not at all.

    Raises
    ------
    SourceError
        If the file cannot be written.
    """
    folder = Path(path).parent
    if not folder.is_dir():
        raise SourceError(f"cannot write the vectors to {path}: there is no folder {folder}")
    story = story_of(vectors)
    frame = vectors.frame.set_axis(typed_ids(vectors.frame.index, vectors.id_type))
    table = pa.Table.from_pandas(frame.reset_index(), preserve_index=False)
    table = table.replace_schema_metadata({**(table.schema.metadata or {}), KEY: json.dumps(story).encode()})
    try:
        with atomic_file(Path(path)) as temporary:
            pq.write_table(table, temporary, compression="zstd")
    except OSError as error:
        raise SourceError(f"cannot write the vectors to {path}: {error.strerror or error}") from error


def story_of(vectors: AnyVectors) -> dict[str, Any]:
    """What a file says of its vectors, as plain JSON values."""
    return {
        "format": WITH_TEXT_IDS if vectors.id_type is IdType.TEXT else FORMAT,
        "id_type": vectors.id_type.value,
        "as_of": vectors.as_of.isoformat() if vectors.as_of else None,
        "digest": vectors.digest,
        "contract": vectors.contract.to_json(),
        "learned": vectors.learned.to_json(),
        "report": {name: dict(counts) for name, counts in vectors.report.items()},
        "notices": [notice.to_json() for notice in vectors.notices],
    }


def read_vectors(path: str | Path) -> CustomerVectors:
    """The vectors that `write_vectors` wrote.

    Raises
    ------
    SourceError
        If the file is absent, is not such a file, or was changed since.
    ContractError
        If the contract or the learned values in its metadata are damaged.
    """
    with open_vectors(path) as file:
        frame = validated(file.frame_of(file.table()), file.contract)
        if digest(frame) != file.digest:
            raise SourceError(f"{path} was changed after it was written: its contents do not have the digest it names")
        return CustomerVectors(
            frame,
            file.contract,
            file.learned,
            file.as_of,
            file.digest,
            file.report,
            notices=file.notices,
            id_type=file.id_type,
        )


@dataclass(frozen=True)
class VectorFile:
    """An open vector file: what it says of its vectors. Customers are read when they are asked for.

    The rest is as in `features.vector_table.CustomerVectors`.
    """

    path: Path
    parquet: pq.ParquetFile
    contract: VectorContract
    learned: LearnedFeatures
    as_of: Moment | None
    digest: str
    report: Mapping[str, Mapping[str, int]]
    notices: tuple[Notice, ...]
    id_type: IdType

    def frames(self, customers: int) -> Iterator[pd.DataFrame]:
        """All customers in the order of the file, at most so many in memory at a time, as `read_vectors` has them.

        The whole file is compared with its digest before the first of them. That needs the ids in rising order, as they
        are written; a file in another order is read whole.

        Raises
        ------
        SourceError
            If the file was changed since it was written.
        """
        if not self._has_its_digest(customers):
            whole = read_vectors(self.path).frame  # refuses what was changed, and says what is wrong with it
            yield from (whole.iloc[start : start + customers] for start in range(0, len(whole), customers))
            return
        for batch in self._batches(customers):
            yield validated(self.frame_of(batch), self.contract)

    def frame_of(self, rows: pa.Table) -> pd.DataFrame:
        """Rows of the file by customer, whose id is text.

        Raises
        ------
        SourceError
            If they have no id, or hold what is no text.
        """
        if CUSTOMER not in rows.column_names:
            raise SourceError(damaged(self.path))
        frame = self._plain(rows).set_index(CUSTOMER)
        return frame if self.id_type is IdType.TEXT else frame.set_axis(frame.index.astype("str"))

    def table(self) -> pa.Table:
        """All rows of the file.

        Raises
        ------
        SourceError
            If they cannot be read.
        """
        with _plain_errors(self.path):
            return self.parquet.read()

    def _has_its_digest(self, customers: int) -> bool:
        """Whether the ids rise from row to row, and the file holds what was written."""

        def column(name: str) -> Iterator[pd.Series[Any]]:
            return (self._plain(batch)[name] for batch in self._batches(customers, [name]))

        ids = _RisingIds(self.frame_of(batch).index for batch in self._batches(customers, [CUSTOMER]))
        names = [name for name in self.parquet.schema_arrow.names if name != CUSTOMER]
        return digest_of_parts(names, ids, map(column, names)) == self.digest and ids.rise

    def _plain(self, rows: pa.Table) -> pd.DataFrame:
        """The columns by their own types; what pandas noted of them, and no digest protects, is not read."""
        try:
            frame: pd.DataFrame = rows.to_pandas(ignore_metadata=True)
        except (ValueError, pa.ArrowException) as error:
            raise SourceError(damaged(self.path)) from error
        return frame

    def _batches(self, customers: int, columns: list[str] | None = None) -> Iterator[pa.Table]:
        with _plain_errors(self.path):
            for batch in self.parquet.iter_batches(customers, columns=columns):
                yield pa.Table.from_batches([batch])


class _RisingIds:
    """Passes on ids, and sees whether each is larger than the one before."""

    def __init__(self, parts: Iterator[pd.Index]) -> None:
        self._parts = parts
        self.rise = True

    def __iter__(self) -> Iterator[pd.Index]:
        last = None
        for ids in self._parts:
            self.rise = self.rise and ids.is_monotonic_increasing and ids.is_unique and (last is None or last < ids[0])
            last = ids[-1]
            yield ids


@contextmanager
def open_vectors(path: str | Path) -> Iterator[VectorFile]:
    """Open a file that `write_vectors` wrote.

    Raises
    ------
    SourceError
        If the file is absent, or is not such a file.
    ContractError
        If the contract or the learned values in its metadata are damaged.
    """
    mend = "write one with `segments features CONFIG --out FILE.parquet`"
    if Path(path).suffix.lower() == ".csv":
        raise SourceError(
            f"{path} is a CSV, which holds values but not what the vectors are; a vector file does: {mend}"
        )
    other = f"{path} is not a vector file; {mend}"
    if Path(path).is_dir():
        raise SourceError(other)
    try:
        parquet = pq.ParquetFile(path)
    except FileNotFoundError as error:
        raise SourceError(f"there is no file {path}") from error
    except pa.ArrowInvalid as error:
        raise SourceError(other) from error
    except (OSError, UnicodeError, pa.ArrowException) as error:  # the names of columns may be no text
        raise SourceError(f"cannot read vectors from {path}: {str(error).splitlines()[0]}") from error
    with parquet:
        stored = (parquet.schema_arrow.metadata or {}).get(KEY)
        if stored is None:
            raise SourceError(other)
        yield _opened(Path(path), parquet, stored)


def _opened(path: Path, parquet: pq.ParquetFile, stored: bytes) -> VectorFile:
    try:
        story = json.loads(stored)
        if story["format"] > FORMAT:
            raise SourceError(
                f"{path} is of format {story['format']}; this version reads up to {FORMAT}: upgrade to read it"
            )
        return VectorFile(
            path,
            parquet,
            VectorContract.from_json(story["contract"]),
            LearnedFeatures.from_json(story["learned"]),
            moment_in(story),
            story["digest"],
            {str(table): dict(counts) for table, counts in story["report"].items()},
            tuple(Notice.from_json(notice) for notice in story.get("notices", ())),
            IdType(story.get("id_type", IdType.TEXT)),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:  # the digest is of the customers only
        raise SourceError(damaged(path)) from error


def damaged(path: Path) -> str:
    """That a file is not what it says of itself."""
    return f"what {path} says of its vectors is damaged: write it again"


@contextmanager
def _plain_errors(path: Path) -> Iterator[None]:
    """The reader's error as one line."""
    try:
        yield
    except (OSError, UnicodeError, pa.ArrowException) as error:
        raise SourceError(f"cannot read vectors from {path}: {str(error).splitlines()[0]}") from error


def moment_in(story: Mapping[str, Any]) -> Moment | None:
    """The as-of moment of vectors, by their story."""
    text = story["as_of"]
    if text is None:
        return None
    return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)
