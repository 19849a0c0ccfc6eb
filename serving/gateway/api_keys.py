"""API keys: named, stored as hashes in a file that may change while the service runs."""

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
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from segment_model.errors import SettingsError, nearest_word
from segment_model.storage.atomic_write import atomic_write
from segment_model.storage.file_lock import waiting_lock
from serving.wire.messages import Headers
from serving.wire.refusals import Refusal

logger = logging.getLogger("bentoml.segments")

FORM = 'a JSON object {"name": "sha256:<64 hex digits>", ...}'
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}")
HASH = re.compile(r"(sha256:)?[0-9a-fA-F]{64}")
KEY_BYTES = 32
CHECK_SECONDS = 1.0
NO_KEY = hashlib.sha256(b"").digest()  # of a shell variable that was not set, and of a request without a key
OPEN = "anyone"  # the caller's name where the service has no keys


class ApiKeys:
    """The keys of one file, read again within a second of its change.

    While the file is absent or not of the documented form, the keys that were read last stay valid and `broken` is
    true. An empty file of keys admits nobody; only a service without a file is open.
    """

    def __init__(self, path: Path | None, clock: Callable[[], float] = time.monotonic) -> None:
        """Read the file.

        Raises
        ------
        SettingsError
            If it cannot be read or is not of that form; its content is never shown.
        """
        self._path = path
        self._clock = clock
        self._next_check = clock() + CHECK_SECONDS
        self._seen = None if path is None else _stamp(path)
        self._hashes = {} if path is None else read_keys(path)
        self.broken = False

    def caller(self, headers: Headers) -> str:
        """The name of the key that was sent, as `Authorization: Bearer <key>` or as the password of `Basic`.

        Raises
        ------
        Refusal
            401 if the service has keys and the request carries none of them.
        """
        if self._path is None:
            return OPEN
        if self._clock() >= self._next_check:
            self._read_if_changed(self._path)
        sent = hashlib.sha256(sent_key(headers)).digest()
        caller = ""
        # every stored key is compared, so that the duration does not tell which one is similar
        for name, stored in self._hashes.items():
            if hmac.compare_digest(sent, stored):
                caller = name
        if not caller:
            raise Refusal(
                401,
                "unauthorized",
                "this service asks for an API key: send the header 'Authorization: Bearer <key>'",
                # for `Basic` a browser asks its user for the key, as the password of any user name; Chromium does
                # not ask if the header names another scheme too
                headers={"WWW-Authenticate": 'Basic realm="API key as password", charset="UTF-8"'},
            )
        return caller

    def _read_if_changed(self, path: Path) -> None:
        self._next_check = self._clock() + CHECK_SECONDS
        stamp = _stamp(path)
        if stamp == self._seen:
            return
        self._seen = stamp
        try:
            self._hashes = read_keys(path)
        except SettingsError as error:
            self.broken = True
            logger.error("%s. The keys that were read before stay valid.", error)
        else:
            self.broken = False
            logger.info("the file of keys changed: read %d API keys", len(self._hashes))


def read_keys(path: Path) -> dict[str, bytes]:
    """Names and hashes of a file of keys.

    Raises
    ------
    SettingsError
        If it cannot be read or is not of that form; its content is never shown.
    """
    try:
        names: Any = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_names_once)
    except (OSError, ValueError) as error:
        raise SettingsError(f"the API keys file {path} cannot be read; expected {FORM}") from error
    if not isinstance(names, dict):
        raise SettingsError(f"the API keys file {path} is not {FORM}")
    for name, text in names.items():
        if not NAME.fullmatch(name) or not isinstance(text, str) or not HASH.fullmatch(text):
            raise SettingsError(f"the API keys file {path} is not {FORM}")
    hashes = {name: bytes.fromhex(text.removeprefix("sha256:")) for name, text in names.items()}
    for name, stored in hashes.items():
        if stored == NO_KEY:
            raise SettingsError(
                f"the API keys file {path}: the key of {name!r} is empty, which everybody sends: make another by "
                "`segments key`"
            )
    return hashes


def add_key(path: Path, name: str) -> str:
    """Create a key of that name: the file (created if absent) receives its hash, only the caller receives the key.

    Raises
    ------
    SettingsError
        If the name is taken or not usable, or the file cannot be read or written or is not of the documented form.
    """
    if not NAME.fullmatch(name):
        raise SettingsError(f"{name!r} is not a name for a key; expected 1 to 64 letters, digits, spaces and . _ -")
    key = secrets.token_urlsafe(KEY_BYTES)
    with _only_writer(path):
        hashes = read_keys(path) if path.exists() else {}
        if name in hashes:
            raise SettingsError(
                f"{path} has a key named {name!r} already; take another name, and revoke the old key when nobody sends "
                "it"
            )
        # a fast hash suffices: 256 random bits cannot be guessed
        _write(path, {**hashes, name: hashlib.sha256(key.encode()).digest()})
    return key


def revoke_key(path: Path, name: str) -> None:
    """Delete the key of that name from the file.

    Raises
    ------
    SettingsError
        If the file has no such key, cannot be read or written, or is not of the documented form.
    """
    read_keys(path)  # refuses a file that is not there before a lock file is made beside it
    with _only_writer(path):
        hashes = read_keys(path)
        if name not in hashes:
            raise SettingsError(f"{path} has no key named {name!r}.{nearest_word(name, hashes)}")
        _write(path, {other: stored for other, stored in hashes.items() if other != name})


def _only_writer(path: Path) -> ExitStack:
    """Keep other writers of the file waiting until the block ends, since each writes anew all the keys that it read.

    The lock is a file beside it, for the file of keys itself is replaced at each change.
    """
    target, held = path.resolve(), ExitStack()
    try:
        held.enter_context(waiting_lock(target.with_name(f".{target.name}.lock")))
    except OSError as error:
        raise SettingsError(f"the API keys file {path} cannot be written: {error.strerror}") from error
    return held


def _write(path: Path, hashes: Mapping[str, bytes]) -> None:
    """Write the file atomically, readable by its owner only."""
    content = {name: f"sha256:{stored.hex()}" for name, stored in sorted(hashes.items())}
    try:
        atomic_write(path, f"{json.dumps(content, indent=1)}\n".encode(), private=True)
    except OSError as error:
        raise SettingsError(f"the API keys file {path} cannot be written: {error.strerror}") from error


def _names_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a name is repeated")
    return members


def _stamp(path: Path) -> tuple[int, int, int] | None:
    with suppress(OSError):
        status = path.stat()
        return status.st_mtime_ns, status.st_ino, status.st_size
    return None


def sent_key(headers: Headers) -> bytes:
    """The key that a request carries, empty if it carries none."""
    scheme, _, rest = headers.get(b"authorization", b"").partition(b" ")
    if scheme.lower() == b"bearer":
        return rest.strip()
    if scheme.lower() == b"basic":
        with suppress(binascii.Error):
            return binascii.a2b_base64(rest, strict_mode=True).partition(b":")[2]
    return b""
