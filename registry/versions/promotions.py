"""Which version an alias names, who said so, and the way back.

MLflow itself keeps only the last word: setting an alias overwrites whoever set it before, silently. So every attempt is
written down first, as a tag of the version it promotes; after setting the alias we look again, and tell whoever was
overtaken. Nothing is ever deleted.
"""

from __future__ import annotations

import getpass
import json
import secrets
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from registry.connection import Connection, RegistryLocation, connected
from registry.versions.entities import all_versions, find_version, load_version
from registry.versions.versions import CHAMPION, RegisteredVersion, described
from segment_model.errors import RegistryError

RECORD = "promotion."
SETTLING_SECONDS = 0.5  # longer than setting an alias takes: whoever set it at the same moment is seen after it


class Act(StrEnum):
    """What moved the alias."""

    PROMOTION = "promotion"
    ROLLBACK = "rollback"


class Outcome(StrEnum):
    """How it ended; what stays at `BEGUN` was interrupted."""

    BEGUN = "begun"
    DONE = "done"
    OVERTAKEN = "overtaken"


@dataclass(frozen=True, slots=True)
class Promotion:
    """One attempt to point `alias` at the version `after`; `before` is what it named, if anything.

    `number` counts the attempts on the model; two at the same moment may have the same one. `at` is an ISO time, UTC.
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
        """What happened, in a line."""
        what = f"{self.alias}: version {self.before or 'none'} -> {self.after}"
        remark = {Outcome.BEGUN: ", not known to have ended", Outcome.OVERTAKEN: ", overtaken by another"}
        return f"{self.at[:16].replace('T', ' ')} {what} ({self.act} by {self.by}{remark.get(self.outcome, '')})"


def promote(location: RegistryLocation, version: str, alias: str = CHAMPION) -> RegisteredVersion:
    """Point an alias at a version (a number, or another alias), once the version is seen to load.

    Raises
    ------
    RegistryError
        If there is no such version, the alias is not a word that MLflow allows, or somebody else moved it meanwhile.
    ArtefactError
        If the stored model is not complete.
    """
    with connected(location) as connection:
        found = find_version(connection, version)
        before = _pointed_at(connection, alias)
        _move(connection, alias, Act.PROMOTION, before, found)
        return described(find_version(connection, str(found.version)))


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
    with connected(location) as connection:
        current = str(find_version(connection, alias).version)
        line = line_of(reversed(_records(connection, alias)), current)
        if len(line) < 2:  # the present one, and one to go back to
            raise RegistryError(f"{alias} has named no version before {current}: there is nothing to go back to")
        return _move(connection, alias, Act.ROLLBACK, current, find_version(connection, line[-2]))


def promotions(location: RegistryLocation, alias: str | None = None) -> list[Promotion]:
    """Every recorded attempt, of one alias or of all, newest first."""
    with connected(location) as connection:
        return _records(connection, alias)


def line_of(records: Iterable[Promotion], current: str | None = None) -> list[str]:
    """The versions that an alias can go back through, oldest first, the present one last.

    `records` come oldest first. A move that nobody recorded (by MLflow's own pages, say) counts as a promotion.
    """
    line: list[str] = []
    for record in records:
        if record.outcome is not Outcome.DONE:
            continue
        if record.before is not None and line[-1:] != [record.before]:
            line.append(record.before)
        if record.act is Act.ROLLBACK and record.after in line:
            while line[-1] != record.after:
                line.pop()
        elif line[-1:] != [record.after]:
            line.append(record.after)
    return line if current is None or line[-1:] == [current] else [*line, current]


def _move(connection: Connection, alias: str, act: Act, before: str | None, version: Any) -> Promotion:
    client, name, number = connection.client, connection.location.model_name, str(version.version)
    load_version(connection, version)
    highest = max((record.number for record in _records(connection)), default=0)
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    attempt = Promotion(highest + 1, alias, act, before, number, _who(), now)
    key = f"{RECORD}{attempt.number:06d}.{secrets.token_hex(4)}"

    def note(outcome: Outcome) -> Promotion:
        noted = replace(attempt, outcome=outcome)
        client.set_model_version_tag(name, number, key, json.dumps(asdict(noted), ensure_ascii=False))
        return noted

    note(Outcome.BEGUN)
    there = _pointed_at(connection, alias)
    if there in (before, number):
        client.set_registered_model_alias(name, alias, number)
        time.sleep(SETTLING_SECONDS)
        there = _pointed_at(connection, alias)
        if there == number:
            return note(Outcome.DONE)
    note(Outcome.OVERTAKEN)
    raise RegistryError(
        f"somebody else moved {alias} at the same moment: it names version {there or 'none'} now, not {number}. "
        "Look at `segments list`, and try again if that is not what you want"
    )


def _pointed_at(connection: Connection, alias: str) -> str | None:
    aliases = connection.client.get_registered_model(connection.location.model_name).aliases
    return str(aliases[alias]) if alias in aliases else None


def _records(connection: Connection, alias: str | None = None) -> list[Promotion]:
    """Newest first; what somebody edited into nonsense is passed over, since it promotes nothing any more."""
    found = [
        record
        for version in all_versions(connection)
        for key, text in version.tags.items()
        if key.startswith(RECORD) and (record := _read(text)) is not None and alias in (None, record.alias)
    ]
    return sorted(found, key=lambda record: (record.number, record.at), reverse=True)


def _read(text: str) -> Promotion | None:
    try:
        values = json.loads(text)
        found = Promotion(**{**values, "act": Act(values["act"]), "outcome": Outcome(values["outcome"])})
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    words = (found.alias, found.before or "", found.after, found.by, found.at)
    return found if isinstance(found.number, int) and all(isinstance(word, str) for word in words) else None


def _who() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container without a name for its user
        return "unknown"
