"""The reasons why a version is not served, one word each, for metrics and logs."""

from __future__ import annotations

import errno
import os
from enum import StrEnum

from segment_model.errors import (
    ArtefactError,
    LocalFileError,
    NewerFormatError,
    RegistryError,
    SegmentsError,
    SelfTestError,
    UnreachableError,
)
from serving.model.call_timeout import TooSlowError


class Reason(StrEnum):
    """Why a version is not served."""

    UNREACHABLE = "unreachable"
    MISSING = "missing"
    SLOW = "slow"
    DISK_FULL = "disk_full"
    CORRUPT = "corrupt"
    NEWER_FORMAT = "newer_format"
    INCOMPATIBLE = "incompatible"
    SELF_TEST = "self_test"
    FAILED = "failed"


class IncompatibleError(SegmentsError):
    """The version would break callers of the version in service."""


def reason_of(error: Exception) -> Reason:
    """The reason that an error stands for."""
    kinds: tuple[tuple[type[Exception], Reason], ...] = (
        (TooSlowError, Reason.SLOW),
        (IncompatibleError, Reason.INCOMPATIBLE),
        (UnreachableError, Reason.UNREACHABLE),
        (NewerFormatError, Reason.NEWER_FORMAT),
        (SelfTestError, Reason.SELF_TEST),
        (ArtefactError, Reason.CORRUPT),
        (LocalFileError, Reason.FAILED),
        (RegistryError, Reason.MISSING),
    )
    if _is_disk_full(error):
        return Reason.DISK_FULL
    return next((reason for kind, reason in kinds if isinstance(error, kind)), Reason.FAILED)


def _is_disk_full(error: BaseException | None) -> bool:
    """Whether a cause in the chain of causes is a full disk; MLflow passes the system's error on as text only."""
    full = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    while error is not None:
        if (isinstance(error, OSError) and error.errno in full) or any(os.strerror(n) in str(error) for n in full):
            return True
        error = error.__cause__ or error.__context__
    return False
