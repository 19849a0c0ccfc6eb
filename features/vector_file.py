"""Customer vectors as a Parquet file, with contract, as-of moment, digest and learned values in its metadata."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from features.joining.id_type import typed_ids
from features.learned import LearnedFeatures
from features.notices import Notice
from features.vector_table import CustomerVectors, IdType, Moment, digest, validated
from segment_model.contract import VectorContract
from segment_model.errors import SourceError
from segment_model.storage.atomic_write import atomic_file

KEY = b"customer_vectors"
FORMAT = 2
WITH_TEXT_IDS = 1  # also the format of a file with text ids, so that an earlier version can read it


class ToldVectors(Protocol):
    """Vectors wherever they are: in memory, or in an engine."""

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


def story_of(vectors: ToldVectors) -> dict[str, Any]:
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
    mend = "write one with `segments features CONFIG --out FILE.parquet`"
    if Path(path).suffix.lower() == ".csv":
        raise SourceError(
            f"{path} is a CSV, which holds values but not what the vectors are; a vector file does: {mend}"
        )
    other = f"{path} is not a vector file; {mend}"
    try:
        table = pq.read_table(path)
    except FileNotFoundError as error:
        raise SourceError(f"there is no file {path}") from error
    except pa.ArrowInvalid as error:
        raise SourceError(other) from error
    except (OSError, pa.ArrowException) as error:
        raise SourceError(f"cannot read vectors from {path}: {str(error).splitlines()[0]}") from error
    stored = (table.schema.metadata or {}).get(KEY)
    if stored is None:
        raise SourceError(other)
    try:
        story = json.loads(stored)
        if story["format"] > FORMAT:
            raise SourceError(f"{path} is of format {story['format']}; this version reads up to {FORMAT}: update it")
        contract = VectorContract.from_json(story["contract"])
        id_type = IdType(story.get("id_type", IdType.TEXT))
        frame = table.to_pandas().set_index("customer_id")
        frame = validated(frame if id_type is IdType.TEXT else frame.set_axis(frame.index.astype("str")), contract)
        if digest(frame) != story["digest"]:
            raise SourceError(f"{path} was changed after it was written: its contents do not have the digest it names")
        as_of = moment_in(story)
        learned = LearnedFeatures.from_json(story["learned"])
        report = {str(table): dict(counts) for table, counts in story["report"].items()}
        notices = tuple(Notice.from_json(notice) for notice in story.get("notices", ()))
    except (KeyError, TypeError, ValueError, AttributeError) as error:  # the digest is of the customers only
        raise SourceError(f"what {path} says of its vectors is damaged: write it again") from error
    return CustomerVectors(frame, contract, learned, as_of, story["digest"], report, notices=notices, id_type=id_type)


def moment_in(story: Mapping[str, Any]) -> Moment | None:
    """The as-of moment of vectors, by their story."""
    text = story["as_of"]
    if text is None:
        return None
    return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)
