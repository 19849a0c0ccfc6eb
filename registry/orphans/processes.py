"""The identity of the process that makes a run, by which another process of the machine sees whether it still lives.

A system reuses process numbers. So the identity also holds the start time of the process; the boot of the machine,
after which numbers and start times begin anew; and the container, which has process numbers of its own.
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
TICKS = 100  # per second: the unit in which Linux records when a process starts
_BOOT = Path("/proc/sys/kernel/random/boot_id")  # psutil knows no container, and its boot time changes with the clock
_CONTAINER = Path("/proc/self/ns/pid")
_DEAD = (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)


@dataclass(frozen=True, slots=True)
class Process:
    """A process: its host, and the identity `boot/container/number/start` there; unknown parts are empty."""

    host: str
    identity: str

    @classmethod
    def mine(cls) -> Process:
        """This process."""
        number = os.getpid()
        return cls(socket.gethostname(), "/".join([_boot(), _container(), str(number), _start(number) or ""]))

    @classmethod
    def of(cls, tags: Mapping[str, str]) -> Process | None:
        """The process that made a run with these tags; None where they name none."""
        return cls(tags[HOST], tags[PROCESS]) if tags.get(HOST) and tags.get(PROCESS) else None

    @property
    def tags(self) -> dict[str, str]:
        """The tags of a run that this process makes."""
        return {HOST: self.host, PROCESS: self.identity}

    @property
    def surely_dead(self) -> bool:
        """Whether the process has certainly ended; False for one of another machine or container, which may live."""
        parts = self.identity.split("/")
        if self.host != socket.gethostname() or len(parts) != 4 or not parts[2].isdigit():
            return False
        boot, container, number, started = parts
        if boot != _boot():
            return True
        if container != _container():
            return False
        return _start(int(number)) != started


def _boot() -> str:
    return _BOOT.read_text().strip() if _BOOT.is_file() else ""


def _container() -> str:
    return _CONTAINER.readlink().name if _CONTAINER.is_symlink() else ""


def _start(number: int) -> str | None:
    """Hundredths of a second from the machine's boot to the process's start; None if no such process lives.

    Empty on systems other than Linux, where setting the clock changes the boot time and not the start time.
    """
    try:
        process = psutil.Process(number)
        if process.status() in _DEAD:
            return None
        if not psutil.LINUX:
            return ""
        booted, started = psutil.boot_time(), process.create_time()
        clock_was_set = psutil.boot_time() != booted  # psutil counts the start from its boot time
        return _start(number) if clock_was_set else str(round((started - booted) * TICKS))
    except psutil.NoSuchProcess:
        return None
