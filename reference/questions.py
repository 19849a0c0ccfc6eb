"""The page of questions, `docs/questions.md`: its commands run in order, and what they print is compared or written.

`python -m reference.questions` writes the answers anew, from one company that is made for them.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import pandas as pd
from click.testing import CliRunner

from cli import main as command_line
from jobs import conclusion, record, report
from segment_model.model import SegmentModel
from training.progress import Announce
from training.settings import Settings

PAGE = Path(__file__).parents[1] / "docs" / "questions.md"
MOST_LINES = 16  # of an answer; what follows is `...`
BLOCK = re.compile(r"^```console\n\$ segments (.*)\n((?:.*\n)*?)```$", re.M)
# what differs from run to run: ids of segments are numbered in the order in which they come, the others are masked
SEGMENT = re.compile(r"seg-[a-z0-9]{8}")
CHANGING = (
    (re.compile(r"\b[0-9a-f]{32}\b"), "(run id)"),
    (re.compile(r"sha256:[0-9a-f]+"), "sha256:(digest)"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d"), "(time)"),
    (re.compile(r"promotion by [^)]+"), "promotion by (person)"),
)
STEP = "  ["  # of a long command, such as [1/5]
LOG = ("reading the tables", "drawing", "computing", "logging to", "assigning", "ordering", "making")


@dataclass(frozen=True)
class Answer:
    """A command of the page, the answer that the page gives, and what the command printed now."""

    command: str
    written: str
    printed: str


def answers(folder: Path, text: str) -> Iterator[Answer]:
    """Run the commands of the page in a folder, one after another; segment ids of the page stand for those of now.

    Raises
    ------
    RuntimeError
        If a command fails; with its output.
    """
    now: dict[str, str] = {}
    with _working_in(folder), shared_record():
        for match in BLOCK.finditer(text):
            command, written = match[1], match[2]
            asked = SEGMENT.sub(lambda named: now.get(named[0], named[0]), command)
            done = CliRunner().invoke(command_line, shlex.split(asked), catch_exceptions=False)
            if done.exit_code:
                raise RuntimeError(f"segments {asked}\n{done.output}")
            printed = shortened(done.output)
            for named, own in zip(SEGMENT.findall(written), SEGMENT.findall(printed), strict=False):
                now.setdefault(named, own)
            yield Answer(command, written, printed)


def shortened(output: str) -> str:
    """What the page shows of an output: the first lines that follow the progress, without blanks at their ends."""
    whole = output.splitlines()
    begin = max((place for place, line in enumerate(whole) if line.startswith(STEP)), default=-1) + 1
    lines = [line.rstrip() for line in whole[begin:] if not line.startswith(LOG)]
    shown = [*lines[:MOST_LINES], "..."] if len(lines) > MOST_LINES else lines
    return "".join(f"{line}\n" for line in shown)


def comparable(text: str) -> str:
    """A text in which ids are numbered by their order and blanks do not count."""
    for changing, mask in CHANGING:
        text = changing.sub(mask, text)
    known: dict[str, str] = {}
    return SEGMENT.sub(lambda named: known.setdefault(named[0], f"seg-{len(known) + 1}"), text)


def answered(text: str, made: list[Answer]) -> str:
    """The page with these answers in it."""
    printed = iter(made)
    return BLOCK.sub(lambda match: f"```console\n$ segments {match[1]}\n{next(printed).printed}```", text)


@contextlib.contextmanager
def shared_record() -> Iterator[None]:
    """While it is open, commands that show parts of one record share it: it is computed once, not by each command.

    The figures do not depend on it; the test of the page takes a third of the time.
    """
    compute, known = record.compute, dict[str, record.ComputedRecord]()

    def computed(
        settings: Settings, base: Path, model: SegmentModel, announce: Announce, vectors: pd.DataFrame | None = None
    ) -> record.ComputedRecord:
        key = f"{model.digest} {settings.model_dump_json(exclude={'discovery', 'registry', 'sweep', 'title'})}"
        if key not in known:
            known[key] = compute(settings, base, model, announce, vectors)
        return known[key]

    with contextlib.ExitStack() as patches:
        for module in (record, report, conclusion):
            patches.enter_context(mock.patch.object(module, "compute", computed))
        yield


@contextlib.contextmanager
def _working_in(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(answered(page, list(answers(Path(name), page))), encoding="utf-8")
