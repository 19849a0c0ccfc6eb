"""Damaged files of every kind give rows that stand in them, or one line that says what is wrong; memory stays small."""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from segment_model.errors import SourceError

MOST_MB = 500  # above what the same command needs for a small file
CUTS = 25
MEGABYTES = 1_000 if os.environ.get("SEGMENTS_TORTURE") == "full" else 100  # of a huge file
ROWS = [{"customer_id": f"C{n}", "ordered_at": f"2026-06-{n % 28 + 1:02}", "note": f'a "{n}",\nb'} for n in range(300)]


def whole(kind: str) -> bytes:
    """The rows in a file of one kind."""
    frame, buffer = pd.DataFrame(ROWS), io.BytesIO()
    if kind == "parquet":
        frame.to_parquet(buffer, index=False)
        return buffer.getvalue()
    if kind == "jsonl":
        return "".join(json.dumps(row) + "\n" for row in ROWS).encode()
    text = frame.to_csv(index=False).encode("utf-16" if kind == "utf-16.csv" else "utf-8")
    return gzip.compress(text) if kind == "csv.gz" else text


def damaged(content: bytes, seed: int) -> bytes:
    """Cut off, with bytes shuffled or replaced, or all of them random."""
    chance = random.Random(seed)  # noqa: S311
    place = chance.randrange(len(content))
    length = chance.randrange(1, 40)
    piece = bytearray(content[place : place + length])
    if seed % 4 == 0:
        return content[:place]
    if seed % 4 == 1:
        chance.shuffle(piece)
        return content[:place] + bytes(piece) + content[place + length :]
    if seed % 4 == 2:
        return content[:place] + chance.randbytes(length) + content[place + length :]
    return chance.randbytes(len(content))


@pytest.mark.parametrize("kind", ["csv", "utf-16.csv", "csv.gz", "parquet", "jsonl"])
def test_damaged_bytes_are_read_or_refused_in_one_line(kind: str, read: Any, tmp_path: Path) -> None:
    content, refused = whole(kind), []
    for seed in range(4 * CUTS):
        (tmp_path / f"a.{kind}").write_bytes(damaged(content, seed))
        try:
            rows, _ = read(f"a.{kind}")
        except SourceError as error:
            refused.append(str(error))
        else:
            assert len(rows) <= len(ROWS) + 40
    assert len(refused) > CUTS
    assert all("\n" not in line and line.startswith(f"orders: a.{kind}") for line in refused), refused


def test_a_csv_file_cut_anywhere_gives_only_rows_that_were_there(read: Any, tmp_path: Path) -> None:
    content = whole("csv")
    for place in range(60, len(content), 199):
        (tmp_path / "a.csv").write_bytes(content[:place])
        try:
            rows, _ = read("a.csv")
        except SourceError:
            continue
        assert rows[:-1] == ROWS[: len(rows) - 1]
        assert all(ROWS[len(rows) - 1][name].startswith(text or "") for name, text in rows[-1].items())


@pytest.fixture(scope="module")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> float:
    """The peak memory in MB of the same command on a small file."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "good.csv").write_text("customer_id,ordered_at,amount\n7,2026-06-01,5\n8,2026-06-02,6\n")
    code, output, peak = features_of(folder, "good.csv")
    assert code == 0, output
    return peak


def features_of(folder: Path, file: str) -> tuple[int, str, float]:
    """Exit code, error output and peak memory in MB of `segments features` on a file of orders."""
    config = folder / "segments.yaml"
    config.write_text(f"as_of: 2026-07-01\nsources:\n  orders:\n    file: {file}\n")
    command = [sys.executable, "-m", "cli", "features", str(config), "--out", str(folder / "out.parquet")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, output, usage.ru_maxrss / 1024


@pytest.mark.parametrize(
    ("file", "filling", "message"),
    [
        ("long.csv", b"7", "long.csv, line 3, is longer than 2 MB"),
        ("zeros.csv", b"\0", "zeros.csv, line 3, holds a NUL byte"),
        ("quote.csv", b'"7,2026-06-01,5\n', "quote.csv, line 3: "),
        ("bomb.csv.gz", b"7,2026-06-01,5\n", "bomb.csv.gz unpacks to over 200 times its size"),
        ("long.jsonl", b"7", "long.jsonl, line 3, is longer than 2 MB"),
    ],
)
def test_huge_damaged_files_cost_little_memory(
    file: str, filling: bytes, message: str, small_run: float, tmp_path: Path, record_property: Any
) -> None:
    head = b"customer_id,ordered_at,amount\n7,2026-06-01,5\n"
    head = b'{"customer_id": 7}\n{"customer_id": 7}\n' if file.endswith("jsonl") else head
    chunk = (filling * 1_000_000)[: 1_000_000 // len(filling) * len(filling)]
    with gzip.open(tmp_path / file, "wb") if file.endswith("gz") else (tmp_path / file).open("wb") as target:
        target.write(head)
        for _ in range(MEGABYTES):
            target.write(chunk)
    code, output, peak = features_of(tmp_path, file)
    assert code == 2, output
    assert output.strip().count("\n") == 0
    assert message in output
    assert peak - small_run < MOST_MB
    record_property(f"MB of memory for {file} above those of a small file", round(peak - small_run))
