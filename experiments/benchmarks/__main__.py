"""`python -m experiments.benchmarks NAME`: prints a table and, as its last line, one JSON object.

`all` runs each in a process of its own, so that no benchmark inherits the memory and caches of the one before, and a
benchmark that fails costs the others nothing; it ends with the minutes that each took.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from time import perf_counter

import click

from segment_model.errors import SegmentsError


@dataclass(frozen=True)
class Benchmark:
    """The module of a benchmark, its full size, and the size at which a test runs it."""

    module: str
    size: int
    tiny: int

    def run(self, size: int | None = None) -> dict[str, object]:
        """Run it; every benchmark module has `run(size)`."""
        result: dict[str, object] = import_module(self.module).run(self.size if size is None else size)
        return result


BENCHMARKS = {
    "analytics": Benchmark("experiments.benchmarks.analytics.all_figures", 10_000_000, 2_000),  # orders
    "assign": Benchmark("experiments.benchmarks.assigning.assign", 1_000_000, 300),
    "compared": Benchmark("experiments.benchmarks.compared", 2_446, 2_446),  # households
    "discovery": Benchmark("experiments.benchmarks.discovery.all_figures", 100, 1),
    "features": Benchmark("experiments.benchmarks.features", 10_000_000, 2_000),
    "hysteresis": Benchmark("experiments.benchmarks.hysteresis", 3_000, 300),
    "notebook": Benchmark("experiments.benchmarks.notebook", 1_000_000, 300),
    "predictions": Benchmark("experiments.benchmarks.predictions", 3_000, 300),
    "questions": Benchmark("experiments.benchmarks.questions.all_figures", 1_000_000, 400),  # accounts
    "reading": Benchmark("experiments.benchmarks.reading", 10_000_000, 2_000),
    "scale": Benchmark("experiments.benchmarks.scale.all_figures", 2_000_000, 1_000),  # customers at 10x
    "serve": Benchmark("experiments.benchmarks.serve", 10, 1),  # seconds a round
    "simulated": Benchmark("experiments.benchmarks.simulated", 100_000, 400),
    "startup": Benchmark("experiments.benchmarks.startup", 5, 1),  # runs of each command
    "succession": Benchmark("experiments.benchmarks.succession", 3_000, 300),
}


@click.command()
@click.argument("name", type=click.Choice([*BENCHMARKS, "all"]))
@click.option("--tiny", is_flag=True, help="As small as it runs at all: for tests, not for figures.")
@click.option("--size", type=click.IntRange(1), help="Instead of the full size; what it counts is in each benchmark.")
def main(name: str, tiny: bool, size: int | None) -> None:
    """Measure the numbers that the README quotes."""
    if name == "all":
        if size is not None:
            raise click.UsageError("--size counts something else in each benchmark; name one, or leave --size out.")
        run_all(BENCHMARKS, tiny=tiny)
        return
    try:
        figures = BENCHMARKS[name].run(BENCHMARKS[name].tiny if tiny else size)
    except SegmentsError as error:
        raise click.ClickException(str(error)) from error
    click.echo(json.dumps(figures))


def run_all(benchmarks: Mapping[str, Benchmark], *, tiny: bool) -> None:
    """Run each benchmark in a process of its own; raises ClickException at the end if any of them failed."""
    failed, minutes = [], {}
    for name in benchmarks:
        click.echo(f"== {name}")
        started = perf_counter()
        command = [sys.executable, "-m", "experiments.benchmarks", name, *(["--tiny"] if tiny else [])]
        if subprocess.run(command, check=False).returncode:
            failed.append(name)
        minutes[name] = round((perf_counter() - started) / 60, 1)
    click.echo(f"== minutes\n{json.dumps(minutes)}")
    if failed:
        raise click.ClickException(f"{', '.join(failed)} of {len(minutes)} benchmarks failed; their errors are above.")


if __name__ == "__main__":
    main()
