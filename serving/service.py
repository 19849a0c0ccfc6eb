"""The BentoML service: BentoML runs the processes, counts and times; `serving.routes` answers."""

from __future__ import annotations

from typing import Any

import bentoml

from serving.door import Door
from serving.live_model import LiveModel, chosen_fetch
from serving.messages import Receive, Scope, Send
from serving.packaging import packed_model
from serving.settings import ServiceSettings

# The levers that docs/decisions/0004-service-routes.md measured: no access log, no tracing of any URL.
CONFIG: dict[str, Any] = {
    "workers": 1,
    "traffic": {"timeout": 60},
    "logging": {"access": {"enabled": False}},
    "tracing": {"excluded_urls": ".*"},
}


@bentoml.service(name="segments", **CONFIG)
class SegmentService:
    """Assigns customers to the segments of one model and explains why."""

    def __init__(self) -> None:
        settings = ServiceSettings.from_environment()
        self.live = LiveModel(chosen_fetch(settings, self._packed()), settings.retry_seconds)
        self.door = Door(self.live, settings)
        self.live.start()

    @staticmethod
    def _packed() -> Any:
        bento = SegmentService.bento  # type: ignore[attr-defined]  # the decorator makes a bentoml.Service
        return None if bento is None else lambda: packed_model(bento)

    @bentoml.on_shutdown  # type: ignore[untyped-decorator]
    def stop(self) -> None:
        """Stop looking for a model."""
        self.live.stop()


class FrontDoor:
    """ASGI middleware that lets every HTTP request in by the service's own door, before BentoML's routes."""

    def __init__(self, app: Any) -> None:
        self._bentoml = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await bentoml.get_current_service().door(scope, receive, send, behind=self._bentoml)
        else:
            await self._bentoml(scope, receive, send)


SegmentService.add_asgi_middleware(FrontDoor)  # type: ignore[attr-defined]
