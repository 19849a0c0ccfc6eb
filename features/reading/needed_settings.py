"""Settings of a source that a file asks for.

A file is refused, or read with a warning, and both carry the settings that mend it; `segments init` proposes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from features.notices import Notice
from segment_model.errors import SourceError


class NeededSettingError(SourceError):
    """A file that is read with further settings of its source only.

    `settings` are these, by key; `reason` says what a person should check of them.
    """

    def __init__(self, message: str, settings: Mapping[str, Any], reason: str) -> None:
        super().__init__(message)
        self.settings, self.reason = settings, reason


@dataclass(frozen=True, slots=True)
class SettingNotice(Notice):
    """A warning that a file is rather to be read with further settings of its source; `reason` as of the error."""

    settings: Mapping[str, Any] = field(default_factory=dict, hash=False)
    reason: str = ""
