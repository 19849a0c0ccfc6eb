"""Who makes a run: a process, named so that another one on the same machine can tell whether it still lives.

A process number alone is given out again, so the moment of the process's start goes with it, and the machine's start,
since numbers and moments begin anew after each; in a container, whose numbers are its own, also the container.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

HOST = "process.host"
PROCESS = "process.id"
_KERNEL = Path("/proc")
_BEHIND_THE_NAME = ") "  # a program's name may hold spaces and brackets; the last bracket ends it
_STATE, _STARTED = 0, 19  # fields of /proc/PID/stat behind the name (man 5 proc: 3 and 22)
_DEAD = ("Z", "X")


@dataclass(frozen=True, slots=True)
class Process:
    """A process: its machine, and there `boot/space/number/start`; parts that the system does not tell are empty."""

    host: str
    identity: str

    @classmethod
    def mine(cls) -> Process:
        """This process."""
        number = os.getpid()
        return cls(socket.gethostname(), "/".join([_boot(), _space(), str(number), _start(number) or ""]))

    @classmethod
    def of(cls, tags: Mapping[str, str]) -> Process | None:
        """The maker that tags tell of, if they do."""
        return cls(tags[HOST], tags[PROCESS]) if tags.get(HOST) and tags.get(PROCESS) else None

    @property
    def tags(self) -> dict[str, str]:
        """What to write on a run."""
        return {HOST: self.host, PROCESS: self.identity}

    @property
    def surely_dead(self) -> bool:
        """Whether it is known that the process is no more; of another machine or container nothing is known."""
        parts = self.identity.split("/")
        if self.host != socket.gethostname() or len(parts) != 4 or not parts[2].isdigit():
            return False
        boot, space, number, started = parts
        if boot != _boot():
            return True
        if space != _space():
            return False
        return _start(int(number)) != (started or None) if _KERNEL.is_dir() else not psutil.pid_exists(int(number))


def _boot() -> str:
    file = _KERNEL / "sys" / "kernel" / "random" / "boot_id"
    return file.read_text().strip() if file.is_file() else ""


def _space() -> str:
    link = _KERNEL / "self" / "ns" / "pid"
    return link.readlink().name if link.is_symlink() else ""


def _start(number: int) -> str | None:
    """Clock ticks from the machine's start to the process's; None where there is no such process."""
    try:
        fields = (_KERNEL / str(number) / "stat").read_text().rpartition(_BEHIND_THE_NAME)[2].split()
    except OSError:
        return None
    return None if fields[_STATE] in _DEAD else fields[_STARTED]
