"""What an endpoint may use besides its request: the model in service, the settings, the metrics, the challenger."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from serving.contracts.requests import Policy
from serving.metrics.service_metrics import ServiceMetrics
from serving.model.live_model import LiveModel
from serving.model.served_model import ServedModel
from serving.settings import ServiceSettings
from serving.wire.messages import Answer
from serving.wire.refusals import Refusal
from serving.wire.strict_json import dump

if TYPE_CHECKING:
    from serving.model.shadow import Shadow

Content = TypeVar("Content")


@dataclass(frozen=True, slots=True)
class Context:
    """The service around an endpoint; `metrics_page` renders the metrics of all workers."""

    live: LiveModel
    settings: ServiceSettings
    metrics: ServiceMetrics
    metrics_page: Callable[[], Answer]
    shadow: Shadow | None = None

    def served(self) -> ServedModel:
        """The model in service.

        Raises
        ------
        Refusal
            503 if there is none: it is being loaded, or could not be.
        """
        if self.live.current is None:
            raise _unready(self.live.failure)
        return self.live.current

    def assigned(
        self, served: ServedModel, customers: Sequence[Mapping[str, Any]], policy: Policy, content: Mapping[str, Any]
    ) -> Answer:
        """The answer that assigns `customers`: counted, and offered to the challenger for comparison."""
        self.metrics.assigned(content["assignments"])
        if self.shadow is not None:
            self.shadow.offer(served, customers, policy, content["assignments"])
        return Answer(dump(content))


@dataclass(frozen=True, slots=True)
class ForModel(Generic[Content]):
    """A request together with the model that answers it: the one in service when the request was read."""

    served: ServedModel
    content: Content


def _unready(failure: str | None) -> Refusal:
    if failure is None:
        return Refusal(503, "loading", "the model is being loaded", headers={"Retry-After": "1"})
    return Refusal(503, "no_model", f"there is no model to serve: {failure}", headers={"Retry-After": "5"})
