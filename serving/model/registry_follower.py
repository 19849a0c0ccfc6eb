"""Follows the registry: fetches and checks the version that the alias names, and puts it into service.

One thread polls the registry every few seconds, also while a version loads; requests never do. A version is fetched in
a thread of its own. Its digest is verified before anything of it is used, its contract is compared with that of the
model in service, and its self-test must pass. If any of this fails, the model in service stays.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import serving
from segment_model.errors import LocalFileError, RegistryError, SegmentsError, UnreachableError
from segment_model.hidden_packages import require_packages
from serving.model.call_timeout import CallTimeout
from serving.model.compatibility import breaks, check_replaces
from serving.model.finished_pages import FILES, FinishedPages
from serving.model.live_model import LiveModel, ModelEvents, failure_of, warm
from serving.model.load_failures import Reason, reason_of
from serving.model.served_model import Fetch, ServedModel, from_directory
from serving.model.stored_copies import StoredCopies
from serving.settings import ServiceSettings

if TYPE_CHECKING:
    from registry.connection import RegistryLocation
    from registry.versions.versions import AliasState

logger = logging.getLogger("bentoml.segments")

ASK_SECONDS = 10.0  # timeout of a poll
LONGEST_PAUSE = 60.0  # between attempts to load a version that was refused


@dataclass(frozen=True)
class RegistrySource:
    """One pointer (an alias or a pinned version) to one model of one registry."""

    tracking_uri: str
    model_name: str
    pointer: str

    @property
    def pinned(self) -> bool:
        return self.pointer.isdigit()

    @property
    def _location(self) -> RegistryLocation:
        # a built Bento contains neither this package nor MLflow
        from registry.connection import RegistryLocation

        return RegistryLocation(self.tracking_uri, self.model_name)

    @property
    def title(self) -> str:
        """Where a model comes from, for people."""
        return f"registry, {self.pointer}"

    def prepare(self) -> None:
        """Import MLflow first: its import time must not count against the timeout of a poll.

        Raises
        ------
        HiddenPackageError
            If a module of the user hides the package `registry`.
        """
        require_packages(serving.__file__, "registry")
        from registry import connection
        from registry.versions import versions  # noqa: F401

        connection.load_mlflow()

    def alias_state(self) -> AliasState:
        """The version, digest and labels that the pointer names now."""
        from registry.versions import versions

        return versions.alias_state(self._location, self.pointer)

    def fetch(self, version: str | None = None, folder: Path | None = None) -> ServedModel:
        """Fetch the model of a version, by default the pointer's, with the current names of its segments."""
        from registry.versions import versions

        fetched = versions.fetch(self._location, version or self.pointer, folder)
        pages = self._pages(fetched.run_id, folder)
        return ServedModel(fetched.model, self.model_name, fetched.version, self.title, pages=pages)

    def _pages(self, run_id: str, folder: Path | None) -> FinishedPages:
        """What the run of the model holds for people; nothing, and a line in the log, where it cannot be fetched."""
        from registry.runs import finished_files

        try:
            return FinishedPages.of(finished_files.fetch_files(self._location, run_id, FILES, folder))
        except RegistryError as error:
            logger.warning("the model is served without its report: %s", error)
            return FinishedPages()


class OvertakenError(SegmentsError):
    """The pointer was moved to another version while one was being loaded."""

    def __init__(self, by: AliasState) -> None:
        super().__init__(f"version {by.version} is named now")
        self.by = by


class FollowedModel(LiveModel):
    """A LiveModel that follows the registry.

    refused : the version that the pointer names and the reason why it is not served, or None.
    registry_answers : whether the registry answered the last poll; None before the first.
    copies : the last verified models on disk, written after each swap and served at the start if nothing else can be.
    any_contract : serve a version even if it breaks the contract of the model in service.

    A model that was in service before is served again whatever came after it: a rollback must not be refused.
    """

    def __init__(
        self,
        source: RegistrySource,
        copies: StoredCopies | None = None,
        *,
        poll_seconds: float = 3.0,
        retry_seconds: float = 5.0,
        load_seconds: float = 60.0,
        any_contract: bool = False,
        events: ModelEvents | None = None,
    ) -> None:
        super().__init__(source.fetch, retry_seconds, events)
        self._source = source
        self._copies = copies
        self._poll_seconds = poll_seconds
        self._load_seconds = load_seconds
        self._any_contract = any_contract
        self._asking = CallTimeout(alike=1)
        self._loading = CallTimeout()
        self._refused_state: tuple[str, str] | None = None
        self._attempts = 0
        self._digests_served: set[str] = set()
        self._not_before = 0.0
        self.refused: tuple[str, Reason] | None = None
        self.registry_answers: bool | None = None

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self.check()
            except Exception as error:
                # no other thread follows the registry, so this one must not end
                if self.current is None:
                    self.failure = failure_of(error)
                logger.exception("following the registry failed. Trying again in %g s.", self._poll_seconds)
            self._pause(self._poll_seconds)

    def check(self) -> None:
        """Poll the registry, and serve the model that it names if it is not in service yet."""
        try:
            state = self._ask()
        except Exception as error:  # noqa: BLE001  # whatever MLflow or a driver raises, the model in service stays
            self._not_answered(error)
            return
        if self.registry_answers is False:
            logger.info("the registry answers again")
        self._answers(True)
        while True:
            try:
                self._keep_up(state)
            except OvertakenError as overtaken:
                logger.info("loading version %s is given up: %s", state.version, overtaken)
                state = overtaken.by
            else:
                return

    def _ask(self) -> AliasState:
        self._source.prepare()
        return self._asking.call(self._source.alias_state, ASK_SECONDS, "asking the registry")

    def _keep_up(self, state: AliasState) -> None:
        current = self.current
        named = (state.version, state.digest)
        serving = current and (current.version, current.model.digest)
        if current is None or (named != serving and not self._source.pinned):
            if named != self._refused_state or time.monotonic() >= self._not_before:
                self._follow(state)
            return
        self.refused = self._refused_state = None
        self._events.in_step(True)
        if current.is_copy or current.model.overlay != state.labels:
            renamed = current.model.with_overlay(state.labels)
            self._swap(replace(current, model=renamed, source=self._source.title, is_copy=False))

    def _follow(self, state: AliasState) -> None:
        what = f"loading version {state.version} ({state.digest.removeprefix('sha256:')[:12]})"
        try:
            served = self._loading.call(
                lambda: self._prepared(state),
                self._load_seconds,
                what,
                meanwhile=lambda: self._see_whether_named(state),
                every=self._poll_seconds,
            )
        except OvertakenError:
            raise
        except Exception as error:  # noqa: BLE001  # whatever it is, the model in service stays
            self._refuse(state, error)
            return
        self.refused = self._refused_state = None
        self._swap(served)
        self._events.in_step(True)

    def _see_whether_named(self, state: AliasState) -> None:
        """Raise an OvertakenError if the pointer names another version now."""
        try:
            now = self._ask()
        except Exception:  # noqa: BLE001  # the next poll reports it
            return
        if (now.version, now.digest) != (state.version, state.digest):
            raise OvertakenError(now)

    def _prepared(self, state: AliasState) -> ServedModel:
        """The new version, checked and warm. It changes no state, since its thread may be abandoned at the timeout."""
        folder = self._copies.ensure_folder() if self._copies else None
        served = self._source.fetch(state.version, folder)
        before = self.current or (self._copies.last("") if self._copies else None)
        if before is not None and not self._any_contract:
            if self._served_before(served):
                _log_breaks(before, served)
            else:
                check_replaces(before, served)
        warm(served)
        return served

    def _served_before(self, served: ServedModel) -> bool:
        """Whether this process, or one that shares our copies, had this very model in service."""
        return served.model.digest in self._digests_served or (self._copies is not None and self._copies.holds(served))

    def _put(self, served: ServedModel) -> None:
        super()._put(served)
        self._digests_served.add(served.model.digest)

    def _swap(self, served: ServedModel) -> None:
        self._put(served)
        if self._copies is None:
            return
        try:
            self._copies.store(served)
        except (OSError, SegmentsError) as error:
            logger.error("version %s is served, but no copy of it could be kept: %s", served.version, error)

    def _refuse(self, state: AliasState, error: Exception) -> None:
        reason = reason_of(error)
        named = (state.version, state.digest)
        self._attempts = self._attempts + 1 if named == self._refused_state else 1
        # an unreachable registry is retried at the same pace, every other failure less and less often
        doubled = 1.0 if reason is Reason.UNREACHABLE else 2.0 ** min(self._attempts - 1, 10)
        self._not_before = time.monotonic() + min(self._retry_seconds * doubled, LONGEST_PAUSE)
        known = named == self._refused_state and self.refused == (state.version, reason)
        self._refused_state, self.refused = named, (state.version, reason)
        self._events.refused(state.version, reason)
        self._events.in_step(False)
        if not known:
            stays = f"version {self.current.version} stays" if self.current else "there is no other"
            trace = error if reason is Reason.FAILED else None
            text = "version %s is not served (%s): %s. %s; it is tried again now and then."
            logger.error(text, state.version, reason, error, stays.capitalize(), exc_info=trace)
        self._fall_back(error)

    def _not_answered(self, error: Exception) -> None:
        missing = isinstance(error, RegistryError) and not isinstance(error, UnreachableError | LocalFileError)
        pointed = (self._source.pointer, Reason.MISSING)
        known = self.registry_answers is missing and (not missing or self.refused == pointed)
        self._answers(missing)
        if missing:
            self.refused = pointed
            self._events.in_step(False)
        if not known:
            stays = f"version {self.current.version} stays in service" if self.current else "nothing to serve yet"
            logger.error("%s; %s. Asking again every %g s.", error, stays, self._poll_seconds)
        self._fall_back(error)

    def _answers(self, answers: bool) -> None:
        self.registry_answers = answers
        self._events.answered(answers)

    def _fall_back(self, error: Exception) -> None:
        """If there is no model in service, serve the last verified copy that passes its self-test."""
        if self.current is not None:
            return
        copy = self._copies and self._copies.last(f"last verified copy on disk ({self._source.title})", warm)
        if copy:
            self._put(copy)
        else:  # only now, since a launcher stops waiting for the service as soon as there is a failure
            self.failure = failure_of(error)


def _log_breaks(before: ServedModel, after: ServedModel) -> None:
    broken = breaks(before.model.contract, after.model.contract)
    if broken:
        text = "version %s served before and is taken back, though callers of version %s may stumble: %s"
        logger.warning(text, after.version, before.version, "; ".join(broken))


def source_of(settings: ServiceSettings, pointer: str | None = None) -> RegistrySource:
    """The registered model that the settings name, by their pointer or by another one."""
    return RegistrySource(settings.tracking_uri, settings.model_name, pointer or settings.pointer)


def live_model_of(
    settings: ServiceSettings, packed: Fetch | None = None, events: ModelEvents | None = None
) -> LiveModel:
    """The live model of this process: from a directory if one is set, else from the Bento, else from the registry."""
    if settings.model_path is not None:
        path = settings.model_path
        return LiveModel(lambda: from_directory(path), settings.retry_seconds, events)
    if packed is not None:
        return LiveModel(packed, settings.retry_seconds, events)
    source = source_of(settings)
    where = (source.tracking_uri.rpartition("@")[2], source.model_name, source.pointer)
    copies = None if settings.cache_dir is None else StoredCopies.of(settings.cache_dir, *where)
    return FollowedModel(
        source,
        copies,
        poll_seconds=settings.poll_seconds,
        retry_seconds=settings.retry_seconds,
        load_seconds=settings.load_seconds,
        any_contract=settings.any_contract,
        events=events,
    )
