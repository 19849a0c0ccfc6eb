"""The page of questions prints what its commands print, on one company; only ids differ from run to run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cli import main
from reference.questions import MOST_LINES, PAGE, Answer, answered, answers, comparable, shortened

TWENTY = 20


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[Answer]:
    return list(answers(tmp_path_factory.mktemp("questions"), PAGE.read_text(encoding="utf-8")))


def test_every_answer_is_what_its_command_prints(made: list[Answer]) -> None:
    for answer in made:
        assert comparable(answer.written) == comparable(answer.printed), f"segments {answer.command}"


def test_there_are_twenty_questions_of_one_command_each() -> None:
    text = PAGE.read_text(encoding="utf-8")
    questions = re.findall(r"^### (\d+)\. .*[?.]\n\n```console\n\$ segments .*\n", text, re.M)
    assert questions == [str(number) for number in range(1, TWENTY + 1)]


def test_commands_of_many_kinds_are_asked() -> None:
    asked = set(re.findall(r"^\$ segments (\w+)", PAGE.read_text(encoding="utf-8"), re.M))
    assert {"list", "figures", "explain", "history", "conditions", "select", "rank", "effects", "ablate"} <= asked
    assert asked <= set(main.commands)


def test_ids_are_numbered_and_runs_are_masked() -> None:
    first = "seg-aaaaaaaa before seg-bbbbbbbb, seg-aaaaaaaa (run 0123456789abcdef0123456789abcdef)\n"
    other = "seg-zzzzzzzz before seg-yyyyyyyy, seg-zzzzzzzz (run fedcba9876543210fedcba9876543210)\n"
    assert comparable(first) == comparable(other)
    assert comparable(first) != comparable(other.replace("yyyyyyyy", "zzzzzzzz"))
    assert comparable("0.90\n") != comparable("0.91\n")


def test_long_answers_are_cut_and_progress_is_left_out() -> None:
    long = "".join(f"line {number}  \n" for number in range(MOST_LINES + 3))
    assert shortened("reading the tables\n" + long).splitlines() == [*(f"line {n}" for n in range(MOST_LINES)), "..."]


def test_a_page_takes_new_answers(tmp_path: Path) -> None:
    text = "Before\n\n```console\n$ segments simulate . --customers 3\nold\n```\nAfter\n"
    (answer,) = answers(tmp_path, text)
    assert answer.written == "old\n"
    assert answer.printed.splitlines()[0] == "wrote accounts.parquet"
    page = answered(text, [answer])
    assert page.startswith("Before\n\n```console\n$ segments simulate . --customers 3\nwrote accounts.parquet\n")
    assert page.endswith("```\nAfter\n")
    assert (tmp_path / "truth.parquet").exists()


def test_a_command_that_fails_says_so(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="there is no settings file"):
        list(answers(tmp_path, "```console\n$ segments list\n```\n"))
