"""How long work reports its progress to its caller: in sentences, and in steps for a bar."""

from __future__ import annotations

from collections.abc import Callable

Announce = Callable[[str], None]  # one sentence
Progress = Callable[[int, int, str], None]  # steps done, steps in all, what is done now
