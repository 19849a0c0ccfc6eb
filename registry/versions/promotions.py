"""Promote a version, list the promotions, and roll back.

MLflow keeps no history of an alias: setting it overwrites the version that it named before. So every attempt is first
recorded as a tag of the version that it promotes. A promotion reads the alias again after setting it, to detect another
promotion at the same moment. No record is ever deleted.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from registry.connection import Connection, RegistryLocation, connected
from registry.versions.current_person import current_person
from registry.versions.entities import CHAMPION, all_versions, find_version, is_number, load_version
from registry.versions.versions import RegisteredVersion, describe_version
from segment_model.errors import RegistryError, shown

TAG = "promotion."
ALIAS = re.compile(r"(?!(?i:latest|v\d+)$)[\w-]{1,255}")
SETTLING_SECONDS = 0.5  # longer than setting an alias takes, so that a promotion at the same moment has ended


class Act(StrEnum):
    """Why an alias is moved."""

    PROMOTION = "promotion"
    ROLLBACK = "rollback"


class Outcome(StrEnum):
    """How a move ended; one that stays at `BEGUN` was interrupted."""

    BEGUN = "begun"
    DONE = "done"
    OVERTAKEN = "overtaken"


@dataclass(frozen=True, slots=True)
class Promotion:
    """One attempt to point `alias` at the version `after`; `before` is the version that it named, if any.

    `number` counts the attempts on the model; two at the same moment may share a number. `at` is an ISO time, UTC.
    """

    number: int
    alias: str
    act: Act
    before: str | None
    after: str
    by: str
    at: str
    outcome: Outcome = Outcome.BEGUN

    @property
    def sentence(self) -> str:
        """The attempt in a line."""
        what = f"{self.alias}: version {self.before or 'none'} -> {self.after}"
        remark = {Outcome.BEGUN: ", not known to have ended", Outcome.OVERTAKEN: ", overtaken by another"}
        return f"{self.at[:16].replace('T', ' ')} {what} ({self.act} by {self.by}{remark.get(self.outcome, '')})"


def promote(location: RegistryLocation, version: str, alias: str = CHAMPION) -> RegisteredVersion:
    """Point an alias at a version (a number, or another alias), once the version is seen to load.

    Raises
    ------
    RegistryError
        If there is no such version, the alias is a number or not a word that MLflow allows, or somebody else moved it
        meanwhile.
    ArtefactError
        If the stored model is not complete.
    """
    _check_alias(alias)
    with connected(location) as connection:
        target = find_version(connection, version)
        _move(connection, alias, Act.PROMOTION, _pointed_at(connection, alias), target)
        return describe_version(find_version(connection, str(target.version)))


def rollback(location: RegistryLocation, alias: str = CHAMPION) -> Promotion:
    """Point an alias back at the version that it named before the present one was promoted.

    A second rollback goes one promotion further back; to go forward again, promote.

    Raises
    ------
    RegistryError
        If no earlier version is known, it was deleted, or somebody else moved the alias meanwhile.
    ArtefactError
        If its stored model is not complete any more.
    """
    _check_alias(alias)
    with connected(location) as connection:
        current = str(find_version(connection, alias).version)
        line = line_of(reversed(_promotions(connection, alias)), current)
        if len(line) < 2:  # the present one, and one to go back to
            raise RegistryError(f"{alias} has named no version before {current}: there is nothing to go back to")
        return _move(connection, alias, Act.ROLLBACK, current, find_version(connection, line[-2]))


def promotions(location: RegistryLocation) -> list[Promotion]:
    """Every recorded attempt, of all aliases, newest first.

    Raises
    ------
    RegistryError
        If the registry does not answer or refuses.
    """
    with connected(location) as connection:
        return _promotions(connection)


def line_of(oldest_first: Iterable[Promotion], current: str | None = None) -> list[str]:
    """The versions to which rollbacks lead, oldest first; the last is the version that the alias names now.

    A move without a record, such as one made in MLflow's own pages, counts as a promotion.
    """
    line: list[str] = []
    for move in oldest_first:
        if move.outcome is not Outcome.DONE:
            continue
        if move.before is not None and line[-1:] != [move.before]:
            line.append(move.before)
        if move.act is Act.ROLLBACK and move.after in line:
            while line[-1] != move.after:
                line.pop()
        elif line[-1:] != [move.after]:
            line.append(move.after)
    return line if current is None or line[-1:] == [current] else [*line, current]


def _check_alias(alias: str) -> None:
    """Refuse what names a version, or what MLflow would refuse after the attempt is recorded.

    MLflow allows digits: wherever an alias or a version is named, they are the version.
    """
    if is_number(alias):
        raise RegistryError(f"the alias {alias!r} is a number, which names a version; take a word such as {CHAMPION!r}")
    if ALIAS.fullmatch(alias) is None:
        raise RegistryError(
            f"{shown(alias)} is no alias: take letters, digits, _ and -, such as {CHAMPION!r}; 'latest' and 'v1' are "
            "MLflow's own words"
        )


def _move(connection: Connection, alias: str, act: Act, before: str | None, version: Any) -> Promotion:
    client, name, number = connection.client, connection.location.model_name, str(version.version)
    load_version(connection, version)
    highest = max((promotion.number for promotion in _promotions(connection)), default=0)
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    attempt = Promotion(highest + 1, alias, act, before, number, current_person(), now)
    key = f"{TAG}{attempt.number:06d}.{secrets.token_hex(4)}"

    def note(outcome: Outcome) -> Promotion:
        noted = replace(attempt, outcome=outcome)
        client.set_model_version_tag(name, number, key, json.dumps(asdict(noted), ensure_ascii=False))
        return noted

    note(Outcome.BEGUN)
    current = _pointed_at(connection, alias)
    if current in (before, number):
        connection.write_shared(lambda: client.set_registered_model_alias(name, alias, number))
        time.sleep(SETTLING_SECONDS)
        current = _pointed_at(connection, alias)
        if current == number:
            return note(Outcome.DONE)
    note(Outcome.OVERTAKEN)
    raise RegistryError(
        f"somebody else moved {alias} at the same moment: it names version {current or 'none'} now, not {number}. "
        "Look at `segments list`, and try again if that is not what you want"
    )


def _pointed_at(connection: Connection, alias: str) -> str | None:
    aliases = connection.client.get_registered_model(connection.location.model_name).aliases
    return str(aliases[alias]) if alias in aliases else None


def _promotions(connection: Connection, alias: str | None = None) -> list[Promotion]:
    """Newest first; a tag that cannot be read, because a person edited it, is no promotion."""
    promotions = [
        promotion
        for version in all_versions(connection)
        for key, text in version.tags.items()
        if key.startswith(TAG) and (promotion := _read(text)) is not None and alias in (None, promotion.alias)
    ]
    return sorted(promotions, key=lambda promotion: (promotion.number, promotion.at), reverse=True)


def _read(text: str) -> Promotion | None:
    try:
        fields = json.loads(text)
        promotion = Promotion(**{**fields, "act": Act(fields["act"]), "outcome": Outcome(fields["outcome"])})
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    words = (promotion.alias, promotion.before or "", promotion.after, promotion.by, promotion.at)
    return promotion if isinstance(promotion.number, int) and all(isinstance(word, str) for word in words) else None
