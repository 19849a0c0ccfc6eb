"""Who may ask: named API keys, known by their hashes, changed on disk while the service runs."""

from __future__ import annotations

import binascii
import hashlib
import hmac
import json
import logging
import re
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from segment_model.errors import SettingsError, nearest_word
from segment_model.storage.atomic_write import atomic_write
from serving.wire.messages import Headers
from serving.wire.refusals import Refusal

logger = logging.getLogger("bentoml.segments")

FORM = 'a JSON object {"name": "sha256:<64 hex digits>", ...}'
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}")
HASH = re.compile(r"(sha256:)?[0-9a-fA-F]{64}")
KEY_BYTES = 32
LOOK_SECONDS = 1.0
OPEN = "anyone"  # the caller's name where the service has no keys


class ApiKeys:
    """The keys of one file, read again within a second of its change.

    A file that was changed into something that is no file of keys, or is gone, changes nothing: the keys that were
    read last go on, and `broken` says so until the file is whole again. A file of no keys lets nobody in; only a
    service without a file is open.
    """

    def __init__(self, path: Path | None, clock: Callable[[], float] = time.monotonic) -> None:
        """Read the file for the first time.

        Raises
        ------
        SettingsError
            If it cannot be read or is not of that form; its content is never shown.
        """
        self._path = path
        self._clock = clock
        self._next_look = clock() + LOOK_SECONDS
        self._seen = None if path is None else _stamp(path)
        self._hashes = {} if path is None else read_keys(path)
        self.broken = False

    def caller(self, headers: Headers) -> str:
        """The name of the key that was sent, as `Authorization: Bearer <key>` or as the password of `Basic`.

        Raises
        ------
        Refusal
            401 if keys are asked for and none of them was sent.
        """
        if self._path is None:
            return OPEN
        if self._clock() >= self._next_look:
            self._look_again(self._path)
        sent = hashlib.sha256(sent_key(headers)).digest()
        found = ""
        # every stored key is compared, so that the time taken says nothing about which one is near
        for name, stored in self._hashes.items():
            if hmac.compare_digest(sent, stored):
                found = name
        if not found:
            raise Refusal(
                401,
                "unauthorized",
                "this service asks for an API key: send the header 'Authorization: Bearer <key>'",
                # a browser asks its user for the key by itself, as the password of any user; Chromium does not where
                # the header names another scheme beside it
                headers={"WWW-Authenticate": 'Basic realm="API key as password", charset="UTF-8"'},
            )
        return found

    def _look_again(self, path: Path) -> None:
        self._next_look = self._clock() + LOOK_SECONDS
        stamp = _stamp(path)
        if stamp == self._seen:
            return
        self._seen = stamp
        try:
            self._hashes = read_keys(path)
        except SettingsError as error:
            self.broken = True
            logger.error("%s. The keys that were read before go on.", error)
        else:
            self.broken = False
            logger.info("read %d API keys again", len(self._hashes))


def read_keys(path: Path) -> dict[str, bytes]:
    """Names and hashes of a file of keys.

    Raises
    ------
    SettingsError
        If it cannot be read or is not of that form; its content is never shown.
    """
    try:
        found: Any = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_names_once)
    except (OSError, ValueError) as error:
        raise SettingsError(f"the API keys file {path} cannot be read; expected {FORM}") from error
    if not isinstance(found, dict):
        raise SettingsError(f"the API keys file {path} is not {FORM}")
    for name, value in found.items():
        if not NAME.fullmatch(name) or not isinstance(value, str) or not HASH.fullmatch(value):
            raise SettingsError(f"the API keys file {path} is not {FORM}")
    return {name: bytes.fromhex(value.removeprefix("sha256:")) for name, value in found.items()}


def add_key(path: Path, name: str) -> str:
    """A new key under that name: its hash goes into the file (made where there is none), the key to the caller alone.

    Raises
    ------
    SettingsError
        If the name is taken or not usable, or the file is no file of keys.
    """
    if not NAME.fullmatch(name):
        raise SettingsError(f"{name!r} is no name for a key; expected 1 to 64 letters, digits, spaces and . _ -")
    hashes = read_keys(path) if path.exists() else {}
    if name in hashes:
        raise SettingsError(
            f"{path} has a key named {name!r} already; take another name, and revoke the old key when nobody sends it"
        )
    key = secrets.token_urlsafe(KEY_BYTES)
    # a fast hash is enough: the key is 256 random bits, which nobody can guess one by one
    _write(path, {**hashes, name: hashlib.sha256(key.encode()).digest()})
    return key


def revoke_key(path: Path, name: str) -> None:
    """Take the key of that name out of the file.

    Raises
    ------
    SettingsError
        If there is none.
    """
    hashes = read_keys(path)
    if name not in hashes:
        raise SettingsError(f"{path} has no key named {name!r}.{nearest_word(name, hashes)}")
    _write(path, {other: stored for other, stored in hashes.items() if other != name})


def _write(path: Path, hashes: Mapping[str, bytes]) -> None:
    """Whole or not at all, and readable by its owner only."""
    content = {name: f"sha256:{stored.hex()}" for name, stored in sorted(hashes.items())}
    try:
        atomic_write(path, f"{json.dumps(content, indent=1)}\n".encode(), private=True)
    except OSError as error:
        raise SettingsError(f"the API keys file {path} cannot be written: {error.strerror}") from error


def _names_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands there twice")
    return found


def _stamp(path: Path) -> tuple[int, int, int] | None:
    with suppress(OSError):
        found = path.stat()
        return found.st_mtime_ns, found.st_ino, found.st_size
    return None


def sent_key(headers: Headers) -> bytes:
    """What was sent as a key, empty where nothing was."""
    scheme, _, rest = headers.get(b"authorization", b"").partition(b" ")
    if scheme.lower() == b"bearer":
        return rest.strip()
    if scheme.lower() == b"basic":
        with suppress(binascii.Error):
            return binascii.a2b_base64(rest, strict_mode=True).partition(b":")[2]
    return b""
