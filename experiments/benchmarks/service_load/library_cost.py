"""What a change of the service costs it in processor time: `python -m experiments.benchmarks.service_load.library_cost
--base CHECKOUT` compares the service of another checkout, installed in its own `.venv`, with the service of this one.

Both services run at the same time, with one worker each, and serve the same model. They take turns in the order
A B B A, so that a drift of the machine's speed affects both equally. A rate is requests per processor second of the
worker, which other load on the machine disturbs less than requests per second. Two processes of the same code differ by
some per cent throughout their lives (by the place of their memory), so the rounds are spread over several starts. The
cost is 1 - the median of the paired ratios; its 90 % interval is the bootstrap's.
"""

from __future__ import annotations

import json
import math
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
import psutil

from experiments.benchmarks.serve import Bodies, small_model
from experiments.benchmarks.service_load.serve_sides import CONNECTIONS, service_settings
from experiments.benchmarks.service_load.wrk import LoadError, find_wrk, load
from experiments.load.service_process import HOST, START_SECONDS, free_port
from serving.gateway.api_keys import add_key
from serving.launcher import CHECKOUT, SERVICE, Launched, serve_command, serve_environment, stop, wait_until_ready

ROUNDS = 12
STARTS = 4
SECONDS = 5
RESAMPLES = 10_000
WORKER = "_bentoml_impl.worker.service"


@dataclass(frozen=True, slots=True)
class Cost:
    """The lost share of the base's requests per processor second, with its 90 % interval."""

    median: float
    lower: float
    upper: float

    def __str__(self) -> str:
        return f"{self.median:+.1%} [{self.lower:+.1%}, {self.upper:+.1%}]"


def cost_of(ratios: Sequence[float], seed: int = 0) -> Cost:
    """The cost by paired ratios, changed over base: 1 - their median, with the interval of the percentile bootstrap.

    Parameters
    ----------
    ratios : of shape (rounds,), at least one
    """
    paired = np.asarray(ratios, dtype=float)
    drawn = np.random.default_rng(seed).integers(0, len(paired), (RESAMPLES, len(paired)))
    lower, upper = np.quantile(1 - np.median(paired[drawn], axis=1), (0.05, 0.95))
    return Cost(1 - float(np.median(paired)), float(lower), float(upper))


@dataclass(frozen=True, slots=True)
class CheckoutService:
    """The running service of one checkout and its one worker."""

    url: str
    worker: psutil.Process

    def rate(self, bodies: list[str], headers: Mapping[str, str], seconds: float) -> float:
        """Requests per processor second of the worker, in one round of load."""
        before = self._processor_seconds()
        requests = load(f"{self.url}/assign", bodies, headers, CONNECTIONS, seconds).requests
        return requests / (self._processor_seconds() - before)

    def _processor_seconds(self) -> float:
        times = self.worker.cpu_times()
        return float(times.user + times.system)


@contextmanager
def checkout_service(checkout: Path, folder: Path, log: Path) -> Iterator[CheckoutService]:
    """Start the service of a checkout by its own interpreter, with the model and the keys of `folder`.

    Raises
    ------
    ServiceError
        If it does not become ready.
    LoadError
        If it does not have one worker.
    """
    port = free_port()
    _, *arguments = serve_command(port, HOST, SERVICE)
    environment = serve_environment(service_settings(folder, 1), {**os.environ, "BENTOML_HOME": str(log.parent)})
    with log.open("wb") as file:
        command = [str(checkout / ".venv" / "bin" / "python"), *arguments]
        process = Launched(command, environment, file, checkout)
        try:
            wait_until_ready(f"http://{HOST}:{port}", START_SECONDS, process)
            workers = [child for child in psutil.Process(process.pid).children(recursive=True) if is_worker(child)]
            if len(workers) != 1:
                raise LoadError(f"{checkout} runs {len(workers)} workers, expected 1")
            yield CheckoutService(f"http://{HOST}:{port}", workers[0])
        finally:
            stop(process)


def is_worker(process: psutil.Process) -> bool:
    """Whether the process answers requests, rather than starting those that do."""
    return WORKER in process.cmdline()


def paired_ratios(
    base: CheckoutService,
    changed: CheckoutService,
    bodies: list[str],
    headers: Mapping[str, str],
    rounds: int,
    seconds: float,
) -> list[float]:
    """The changed service's rate over the base's, once a round; every other round asks the changed one first."""
    ratios = []
    for number in range(rounds):
        order = (base, changed) if number % 2 == 0 else (changed, base)
        rates = {service.url: service.rate(bodies, headers, seconds) for service in order}
        ratios.append(rates[changed.url] / rates[base.url])
    return ratios


def measure(base: Path, changed: Path, rounds: int, seconds: float, starts: int) -> dict[str, Cost]:
    """The cost of one customer explained and of 500 customers in a list, of the changed checkout against the base.

    Raises
    ------
    LoadError
        If wrk is not installed, or a request was not answered by 200.
    """
    find_wrk()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model, frame = small_model()
        model.save(folder / "model")
        headers = {
            "Authorization": f"Bearer {add_key(folder / 'keys.json', 'benchmark')}",
            "Content-Type": "application/json",
        }
        bodies = Bodies(frame)
        sent = {"one customer explained": bodies.one_customer(explain=True), "500 customers": bodies.many()}
        ratios: dict[str, list[float]] = {request: [] for request in sent}
        for start in range(starts):
            with both_services(base, changed, folder, start) as services:
                for request, texts in sent.items():
                    for service in services:
                        service.rate(texts, headers, 1)
                    ratios[request] += paired_ratios(*services, texts, headers, math.ceil(rounds / starts), seconds)
    return {request: cost_of(paired) for request, paired in ratios.items()}


@contextmanager
def both_services(
    base: Path, changed: Path, folder: Path, start: int
) -> Iterator[tuple[CheckoutService, CheckoutService]]:
    """The services of base and changed checkout; every other start begins with the changed one."""
    order = (base, changed) if start % 2 == 0 else (changed, base)
    with ExitStack() as stack:
        services = []
        for place, checkout in enumerate(order):
            log = folder / f"{start}-{place}" / "log"
            log.parent.mkdir()
            services.append(stack.enter_context(checkout_service(checkout, folder, log)))
        yield (services[0], services[1]) if start % 2 == 0 else (services[1], services[0])


@click.command()
@click.option("--base", type=click.Path(path_type=Path, exists=True), required=True, help="The other checkout.")
@click.option("--changed", type=click.Path(path_type=Path, exists=True), default=CHECKOUT, help="By default this one.")
@click.option("--rounds", type=click.IntRange(1), default=ROUNDS, show_default=True)
@click.option("--seconds", type=click.IntRange(1), default=SECONDS, show_default=True, help="Of each round.")
@click.option("--starts", type=click.IntRange(1), default=STARTS, show_default=True, help="Of both services.")
def main(base: Path, changed: Path, rounds: int, seconds: int, starts: int) -> None:
    """Print the cost of a changed service against a base, and as the last line one JSON object."""
    costs = measure(base.resolve(), changed.resolve(), rounds, seconds, starts)
    for request, cost in costs.items():
        click.echo(f"{request:24} {cost}")
    click.echo(json.dumps({name: [cost.median, cost.lower, cost.upper] for name, cost in costs.items()}))


if __name__ == "__main__":
    main()
