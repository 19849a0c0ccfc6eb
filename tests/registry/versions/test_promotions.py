"""Promotions and rollbacks: recorded, verified after the write, and undone in order."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.connection import RegistryLocation, connected, load_mlflow
from registry.versions import promotions as room
from registry.versions.promotions import Act, Outcome, Promotion, line_of, promote, promotions, rollback
from registry.versions.versions import alias_state
from segment_model.errors import ArtefactError, RegistryError


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "SETTLING_SECONDS", 0.05)


@pytest.fixture
def four(tmp_path: Path, logged: tuple[RegistryLocation, str], make_location: Any) -> RegistryLocation:
    """Versions 1 to 4 of the same stored model, none of them promoted."""
    with connected(logged[0]) as connection:
        first = connection.client.get_model_version(logged[0].model_name, "1")
    tags = {key: value for key, value in first.tags.items() if not key.startswith("promotion.")}
    location: RegistryLocation = make_location(tmp_path)
    with connected(location) as connection:
        connection.client.create_registered_model(location.model_name)
        for _ in range(4):
            connection.client.create_model_version(location.model_name, first.source, first.run_id, tags=tags)
    return location


def history(location: RegistryLocation) -> list[tuple[str, str | None, str, str]]:
    return [
        (promotion.act.value, promotion.before, promotion.after, promotion.outcome.value)
        for promotion in reversed(promotions(location))
    ]


def test_each_rollback_undoes_one_promotion_and_all_is_recorded(
    four: RegistryLocation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "ana")
    for version in "123":
        promote(four, version)
    assert (rollback(four).after, alias_state(four).version) == ("2", "2")
    assert (rollback(four).after, alias_state(four).version) == ("1", "1")
    with pytest.raises(RegistryError, match="no version before 1: there is nothing to go back to"):
        rollback(four)
    promote(four, "4")
    done = rollback(four)
    assert (done.before, done.after, done.by, alias_state(four).version) == ("4", "1", "ana", "1")
    assert history(four) == [
        ("promotion", None, "1", "done"),
        ("promotion", "1", "2", "done"),
        ("promotion", "2", "3", "done"),
        ("rollback", "3", "2", "done"),
        ("rollback", "2", "1", "done"),
        ("promotion", "1", "4", "done"),
        ("rollback", "4", "1", "done"),
    ]
    assert promotions(four)[0].sentence.endswith(" champion: version 4 -> 1 (rollback by ana)")
    assert [promotion.number for promotion in promotions(four)] == [7, 6, 5, 4, 3, 2, 1]


def test_an_alias_is_no_number(four: RegistryLocation) -> None:
    """`segments promote 1 --alias 3` would set an alias that everyone reads as version 3."""
    for move in (lambda: promote(four, "1", "3"), lambda: rollback(four, "3")):
        with pytest.raises(RegistryError, match="the alias '3' is a number, which names a version; take a word"):
            move()
    assert promotions(four) == []
    assert alias_state(four, "3").version == "3"


@pytest.mark.parametrize("alias", ["", "my shop", "a/b", "Latest", "v12", "champion\n", "x" * 256])
def test_what_mlflow_takes_for_no_alias_is_refused_before_it_is_recorded(four: RegistryLocation, alias: str) -> None:
    with pytest.raises(RegistryError, match="is no alias: take letters, digits, _ and -, such as 'champion'"):
        promote(four, "1", alias)
    assert promotions(four) == [], "no attempt that is not known to have ended"


def test_aliases_have_lines_of_their_own(four: RegistryLocation) -> None:
    promote(four, "1")
    promote(four, "2")
    promote(four, "3", "challenger")
    promote(four, "champion", "challenger")
    assert (rollback(four, "challenger").after, alias_state(four).version) == ("3", "2")
    assert [promotion.alias for promotion in promotions(four)].count("challenger") == 3
    with pytest.raises(RegistryError, match=r"no version or alias 'shadow'.*aliases: challenger, champion"):
        rollback(four, "shadow")


def test_a_move_by_other_means_can_be_rolled_back_too(four: RegistryLocation) -> None:
    promote(four, "1")
    with connected(four) as connection:
        connection.client.set_registered_model_alias(four.model_name, "champion", "3")
    assert rollback(four).after == "1"


def test_promoting_the_champion_again_is_no_step(four: RegistryLocation) -> None:
    for version in ("1", "2", "2", "champion"):
        promote(four, version)
    assert rollback(four).after == "1"


def test_a_version_that_is_gone_is_not_gone_back_to(four: RegistryLocation) -> None:
    promote(four, "1")
    promote(four, "2")
    with connected(four) as connection:
        connection.client.delete_model_version(four.model_name, "1")
    with pytest.raises(RegistryError, match="no version or alias '1'"):
        rollback(four)
    assert alias_state(four).version == "2"


def test_a_damaged_version_is_not_gone_back_to(four: RegistryLocation) -> None:
    promote(four, "1")
    promote(four, "2")
    with connected(four) as connection:
        connection.client.set_model_version_tag(four.model_name, "1", "digest", "sha256:" + "0" * 64)
    with pytest.raises(ArtefactError, match="but sha256:0000"):
        rollback(four)
    assert alias_state(four).version == "2"


def test_of_two_promotions_at_once_one_wins_and_both_are_recorded(four: RegistryLocation) -> None:
    """Both have seen the same champion before either writes: the dangerous case, made certain by a barrier."""
    promote(four, "1")
    for round_ in range(3):
        barrier = threading.Barrier(2)
        real = room._pointed_at
        looked: dict[int, int] = {}

        def pointed_at(connection: Any, alias: str, barrier: Any = barrier, looked: Any = looked) -> str | None:
            named = real(connection, alias)  # noqa: B023  # the same in every round
            looked[threading.get_ident()] = looked.get(threading.get_ident(), 0) + 1
            if looked[threading.get_ident()] == 2:  # the last look before setting the alias
                barrier.wait(30)
            return named

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(room, "_pointed_at", pointed_at)
            patch.setattr(room, "SETTLING_SECONDS", 1.0)
            with ThreadPoolExecutor(2) as pool:
                attempts = {version: pool.submit(promote, four, version) for version in ("2", "3")}
                failures = {version: attempt.exception(60) for version, attempt in attempts.items()}
        winner = alias_state(four).version
        (loser,) = {"2", "3"} - {winner}
        assert failures[winner] is None
        assert isinstance(failures[loser], RegistryError)
        assert f"it names version {winner} now, not {loser}" in str(failures[loser])
        outcomes = {promotion.after: promotion.outcome for promotion in promotions(four)[:2]}
        assert outcomes == {winner: Outcome.DONE, loser: Outcome.OVERTAKEN}
        promote(four, "1")
        assert len(promotions(four)) == 1 + 3 * (round_ + 1)


def test_an_alias_that_two_make_at_once_is_set_by_both_in_turn(
    four: RegistryLocation, monkeypatch: pytest.MonkeyPatch
) -> None:
    mlflow = load_mlflow()
    real = mlflow.MlflowClient.set_registered_model_alias

    def refused_once(client: Any, name: str, alias: str, version: str) -> None:
        monkeypatch.setattr(mlflow.MlflowClient, "set_registered_model_alias", real)
        real(client, name, alias, "3")  # another one's row came first
        raise mlflow.exceptions.MlflowException(
            'duplicate key value violates unique constraint "registered_model_alias_pk"'
        )

    monkeypatch.setattr(mlflow.MlflowClient, "set_registered_model_alias", refused_once)
    assert promote(four, "2").version == "2"
    assert alias_state(four).version == "2"


def test_whoever_looked_before_another_promoted_is_told_without_overwriting(
    four: RegistryLocation, monkeypatch: pytest.MonkeyPatch
) -> None:
    promote(four, "1")
    real = room.load_version

    def slow(connection: Any, version: Any) -> Any:
        monkeypatch.setattr(room, "load_version", real)
        promote(four, "3")  # somebody else, while our version is being checked
        return real(connection, version)

    monkeypatch.setattr(room, "load_version", slow)
    with pytest.raises(RegistryError, match="names version 3 now, not 2"):
        promote(four, "2")
    assert alias_state(four).version == "3"
    assert {promotion.after: promotion.outcome for promotion in promotions(four)} == {
        "1": Outcome.DONE,
        "2": Outcome.OVERTAKEN,
        "3": Outcome.DONE,
    }
    assert rollback(four).after == "1"


def test_records_edited_into_nonsense_are_passed_over(four: RegistryLocation) -> None:
    promote(four, "1")
    promote(four, "2")
    with connected(four) as connection:
        whole = {"number": 9, "alias": "champion", "act": "promotion", "before": "1", "after": "2", "by": "me"}
        whole |= {"at": "2026-01-01T00:00:00", "outcome": "done"}
        wrong = [{"number": "9"}, {"after": 2}, {"before": 1}, {"alias": ["champion"]}, {"at": 5}, {"outcome": "well"}]
        edited = [json.dumps({**whole, **change}) for change in wrong]
        for number, text in enumerate(("gone", "[]", "[" * 4000, json.dumps({"act": "promotion"}), *edited)):
            connection.client.set_model_version_tag(four.model_name, "2", f"promotion.9.{number}", text)
    assert history(four) == [("promotion", None, "1", "done"), ("promotion", "1", "2", "done")]
    assert rollback(four).after == "1"


def test_a_number_longer_than_any_database_holds_is_no_version(four: RegistryLocation) -> None:
    with pytest.raises(RegistryError, match=r"no version or alias '9{30}'\. Versions: 4, 3, 2, 1"):
        promote(four, "9" * 30)


@given(st.lists(st.one_of(st.integers(1, 5), st.just(0)), max_size=25))
def test_the_line_is_a_stack(steps: list[int]) -> None:
    """Promotions push, rollbacks (0) pop: against a plain list."""
    stack: list[str] = []
    records: list[Promotion] = []
    for step in steps:
        before = stack[-1] if stack else None
        if step:
            if before != str(step):
                stack.append(str(step))
            act = Act.PROMOTION
        elif len(stack) > 1:
            stack.pop()
            act = Act.ROLLBACK
        else:
            continue
        records.append(Promotion(len(records), "champion", act, before, stack[-1], "ana", "", Outcome.DONE))
    assert line_of(records, stack[-1] if stack else None) == stack
