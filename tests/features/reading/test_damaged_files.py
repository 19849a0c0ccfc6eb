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


def test_a_line_of_a_hundred_megabytes_costs_no_memory(tmp_path: Path) -> None:
    (tmp_path / "good.csv").write_text("customer_id,ordered_at,amount\n7,2026-06-01,5\n8,2026-06-02,6\n")
    with (tmp_path / "long.csv").open("wb") as file:
        file.write(b"customer_id,ordered_at,amount\n7,2026-06-01,5\n")
        for _ in range(100):
            file.write(b"7" * 1_000_000)
    code, output, start = features_of(tmp_path, "good.csv")
    assert code == 0, output
    code, output, peak = features_of(tmp_path, "long.csv")
    assert code == 2
    assert output.strip().count("\n") == 0
    assert "long.csv, line 3, is longer than 2 MB" in output
    assert peak - start < MOST_MB
