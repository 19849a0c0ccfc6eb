"""The process that makes a run, named so that another process of the same machine can tell whether it still lives.

A process number alone is given out again. So the moment of the process's start goes with it, and the machine's boot,
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
TICKS = 100  # a second, in which Linux counts the start of a process
_BOOT = Path("/proc/sys/kernel/random/boot_id")  # psutil has neither: its time of boot moves with the clock
_CONTAINER = Path("/proc/self/ns/pid")
_DEAD = (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)


@dataclass(frozen=True, slots=True)
class Process:
    """A process: its machine, and there `boot/container/number/start`; parts that a system does not know are empty."""

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
        """Whether it is known that the process has ended; of another machine or container nothing is known."""
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
    """Hundredths of a second from the machine's boot to the process's start; None where no such process lives.

    Empty on systems whose time of boot moves with the clock while a process's start does not.
    """
    try:
        process = psutil.Process(number)
        if process.status() in _DEAD:
            return None
        if not psutil.LINUX:
            return ""
        booted, started = psutil.boot_time(), process.create_time()
        clock_was_set = psutil.boot_time() != booted  # the start is counted from the boot's time on the clock
        return _start(number) if clock_was_set else str(round((started - booted) * TICKS))
    except psutil.NoSuchProcess:
        return None
