"""The tutorial prints what the demo prints: ids, digests, dates and seconds may differ, nothing else.

In a block of the tutorial a line `...` stands for any lines, and `, ...` at the end of a line for its rest.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
TUTORIAL = REPOSITORY / "docs" / "tutorial.md"
DEMO_SECONDS = 1200  # one to two minutes on two free cores; the tests of other files run beside it
SEGMENT = r"seg-[a-z0-9]{8}"
CHANGING = (r"sha256:[0-9a-f]+", r"\d{4}-\d\d-\d\d(?: \d\d:\d\d)?", r"\d+(?:\.\d+)? s\b")


def blocks(language: str) -> list[str]:
    text = TUTORIAL.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.S | re.M)


def pattern(block: str) -> re.Pattern[str]:
    """What a block stands for: each segment id is a group."""
    lines = [r"(?:.*\n)*?" if line == "..." else line_pattern(line) + r"\n" for line in block.strip("\n").splitlines()]
    return re.compile("^" + "".join(lines), re.M)


def line_pattern(line: str) -> str:
    beginning = line.removesuffix(", ...")
    changing = re.compile("|".join((SEGMENT, *CHANGING)))
    pieces, end = [], 0
    for match in changing.finditer(beginning):
        form = next(form for form in (SEGMENT, *CHANGING) if re.fullmatch(form, match[0]))
        pieces += [re.escape(beginning[end : match.start()]), f"({form})" if form == SEGMENT else form]
        end = match.end()
    return "".join([*pieces, re.escape(beginning[end:])]) + (".*" if beginning != line else "")


@dataclass
class Reader:
    """Follows the tutorial; keeps which of its segment ids is which of the demo's."""

    ids: dict[str, str] = field(default_factory=dict)

    def compare(self, block: str, output: str) -> None:
        match = pattern(block).search(output)
        assert match, f"the tutorial says\n{block}\nbut the output is\n{output}"
        for written, printed in zip(re.findall(SEGMENT, block), match.groups(), strict=True):
            assert self.ids.setdefault(written, printed) == printed, f"{written} stands for two segments"

    def translated(self, command: str) -> list[str]:
        return shlex.split(re.sub(SEGMENT, lambda written: self.ids[written[0]], command))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """`run("segments", "demo", "demo")` is the output of a command in the reader's folder."""
    folder = tmp_path_factory.mktemp("reader")

    def segments(program: str, *arguments: str) -> str:
        assert program == "segments", program
        command = [sys.executable, "-m", "cli", *arguments]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=DEMO_SECONDS)
        log = folder / "demo" / "service.log"
        assert done.returncode == 0, done.stdout + done.stderr + (log.read_text()[-2000:] if log.exists() else "")
        return done.stdout

    return segments


@pytest.fixture(scope="module")
def demo(run: Callable[..., str]) -> str:
    """The output of `make demo`."""
    return run("segments", "demo", "demo")


def test_the_demo_prints_what_the_tutorial_shows(demo: str) -> None:
    reader = Reader()
    for block in blocks("text"):
        reader.compare(block, demo)


@pytest.mark.usefixtures("demo")
def test_the_commands_print_what_the_tutorial_shows(run: Callable[..., str]) -> None:
    reader = Reader()
    shown = [block for block in blocks("console") if block.startswith("$ ")]
    assert shown
    for block in shown:
        command, _, output = block.partition("\n")
        reader.compare(output, run(*reader.translated(command.removeprefix("$ "))))


def test_a_changed_figure_is_noticed() -> None:
    block = "...\nverdict: 0.90\nchosen: KMeans (seg-aaaaaaaa), ...\n"
    Reader().compare(block, "loading\nverdict: 0.90\nchosen: KMeans (seg-bbbbbbbb), 5 segments\n")
    with pytest.raises(AssertionError, match=r"0\.90"):
        Reader().compare(block, "loading\nverdict: 0.95\nchosen: KMeans (seg-bbbbbbbb), 5 segments\n")


def test_one_id_of_the_tutorial_is_one_segment() -> None:
    block = "seg-aaaaaaaa rather than seg-aaaaaaaa\n"
    with pytest.raises(AssertionError, match="two segments"):
        Reader().compare(block, "seg-bbbbbbbb rather than seg-cccccccc\n")
