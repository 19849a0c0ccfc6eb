"""`python -m experiments.torture`: runs all torture tests and writes their results into the table of `docs/torture.md`.

Each demand names the tests that verify it; `tests/conftest.py` marks just these, so that `pytest -m torture` runs them
too, in a short version unless `SEGMENTS_TORTURE=full`. They run once; their results, and the properties that they
record, become the table.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree  # of a file that pytest has just written

import click

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "torture.md"
FULL = "SEGMENTS_TORTURE"


@dataclass(frozen=True, slots=True)
class Demand:
    """What the service must stand, and the tests that show it, as `folder/module.py` or `folder/module.py::test`."""

    what: str
    tests: tuple[str, ...]


DEMANDS = (
    Demand(
        "Twice its capacity",
        (
            "torture/test_overload.py",
            "serving/transport/test_connections.py::test_a_crowd_gets_200_or_503_and_nothing_else",
        ),
    ),
    Demand("A soak: memory does not grow", ("torture/test_soak.py",)),
    Demand(
        "64 callers, distinct customers: no answer reaches another caller",
        ("torture/test_many_callers.py::test_nobody_gets_another_customers_answer",),
    ),
    Demand(
        "Single, batch, shuffled: identical",
        (
            "torture/test_many_callers.py::test_alone_in_a_batch_and_shuffled_the_answer_is_the_same",
            "serving/endpoints/test_assign.py::test_the_answer_is_the_models_own_one_by_one_in_batches_and_shuffled",
        ),
    ),
    Demand(
        "Promotions under load: no error, one version a response",
        (
            "serving/model/test_registry_follower_for_real.py::test_promotions_under_load_lose_no_request_and_mix_no_versions",
        ),
    ),
    Demand(
        "A new model that is corrupt, truncated, of another contract, of a newer format or slow: the old one serves",
        (
            "serving/model/test_registry_follower_for_real.py::test_no_bad_version_is_served_and_nothing_in_it_runs",
            "serving/model/test_registry_follower.py::test_a_bad_version_leaves_the_old_one_serving_and_is_told_once",
            "serving/model/test_registry_follower.py::test_a_slow_version_blocks_nothing_and_its_late_arrival_changes_nothing",
        ),
    ),
    Demand(
        "The registry ends before the start, or under load, and restarts",
        (
            "serving/model/test_registry_follower_for_real.py::test_the_registrys_death_is_not_felt_and_its_return_is",
            "serving/model/test_registry_follower.py::test_without_registry_and_copy_there_is_nothing_to_serve",
            "serving/test_serve_command.py::"
            "test_started_without_registry_and_copy_it_stays_unready_and_follows_when_the_registry_is_back",
            "serving/model/test_registry_follower.py::test_the_last_verified_copy_serves_until_the_registry_is_back",
        ),
    ),
    Demand(
        "SIGTERM under load: unready first, no request lost, ended in time",
        ("serving/test_workers.py::test_two_workers_from_their_start_to_their_end",),
    ),
    Demand(
        "A worker is killed: replaced within 30 s",
        (
            "serving/test_workers.py::test_two_workers_from_their_start_to_their_end",
            "serving/test_one_worker.py::test_the_only_worker_is_back_after_it_was_killed",
        ),
    ),
    Demand(
        "Clients that disconnect, send slowly or stay silent do not delay others",
        (
            "serving/transport/test_connections.py::test_slow_heads_slow_bodies_and_the_silent_do_not_hold_up_others",
            "serving/transport/test_connections.py::test_who_goes_away_and_who_does_not_read_leave_nothing_behind",
            "serving/transport/test_connections.py::test_connections_are_bounded_and_the_process_with_them",
            "serving/test_one_worker.py::test_who_leaves_after_his_whole_request_does_not_disturb_others",
        ),
    ),
    Demand(
        "The disk full while a model is fetched",
        (
            "serving/model/test_registry_follower_for_real.py::test_a_full_disk_leaves_the_old_version_and_no_half_copy",
            "serving/model/test_stored_copies.py::test_no_room_at_any_write_leaves_the_old_copies_and_no_half_one",
        ),
    ),
    Demand(
        "Bodies that are malformed, of another shape, nested too deeply, or hold NaN or infinity",
        (
            "serving/wire/test_refusals.py",
            "serving/wire/test_fuzz.py",
            "serving/endpoints/test_assign.py::test_a_finite_value_far_outside_is_answered_and_flagged",
        ),
    ),
    Demand("schemathesis over the OpenAPI document, all checks", ("torture/test_openapi_cases.py",)),
    Demand(
        "100 MB in one piece and in chunks, a gzip bomb: refused early, memory bounded",
        (
            "serving/transport/test_connections.py::test_a_hundred_megabytes_and_a_bomb_are_refused_with_memory_bounded",
            "serving/test_one_worker.py::test_a_hundred_megabytes_that_are_announced_and_sent_are_refused_early",
            "serving/gateway/test_admission.py::test_a_hundred_megabytes_are_refused_with_little_of_them_kept",
        ),
    ),
    Demand(
        "Every route without a key, with an invalid or a revoked one: 401",
        (
            "serving/gateway/test_api_keys.py::test_every_route_but_the_probes_asks_for_a_key",
            "serving/gateway/test_api_keys.py::test_over_real_sockets_too_no_route_opens_without_a_key_that_counts",
            "serving/gateway/test_api_keys.py::test_a_revoked_key_and_an_empty_password_open_nothing",
        ),
    ),
    Demand(
        "A pickle, a crafted file, a changed array in the registry: refused, no code in it runs",
        (
            "serving/model/test_registry_follower_for_real.py::test_no_bad_version_is_served_and_nothing_in_it_runs",
            "segment_model/storage/test_directory.py::test_no_array_needs_pickle",
        ),
    ),
    Demand(
        "Path traversal in URLs, ids, names and versions",
        (
            "torture/test_paths.py::test_no_path_leads_out_of_the_table",
            "torture/test_paths.py::test_an_id_is_a_text_and_nothing_else",
            "torture/test_paths.py::test_a_models_name_and_version_are_no_path",
            "serving/model/test_stored_copies.py::test_a_damaged_pointer_leads_nowhere_else",
        ),
    ),
    Demand(
        "10,000 random paths: metrics bounded",
        (
            "torture/test_paths.py::test_ten_thousand_paths_make_no_new_series",
            "serving/metrics/test_metrics.py::test_ten_thousand_paths_and_methods_make_no_more_series",
        ),
    ),
    Demand(
        "No secret in a log, an error, an image or MLflow",
        (
            "torture/test_secrets.py",
            "serving/transport/test_connections.py::test_the_workers_log_is_json_and_holds_no_key",
            "registry/runs/test_discovery_runs.py::test_a_password_in_a_url_is_not_logged",
        ),
    ),
    Demand(
        "Two concurrent promotions: one succeeds, both are recorded",
        ("registry/versions/test_promotions.py::test_of_two_promotions_at_once_one_wins_and_both_are_recorded",),
    ),
    Demand(
        "Files of tables that are cut, shuffled, binary, one line of 1 GB or unpack to 1 GB: one line, memory bounded",
        (
            "features/reading/test_damaged_files.py::test_damaged_bytes_are_read_or_refused_in_one_line",
            "features/reading/test_damaged_files.py::test_huge_damaged_files_cost_little_memory",
        ),
    ),
)


@dataclass
class Result:
    """The outcomes of the cases of one test."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    measured: dict[str, str] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """For the table."""
        if self.failed:
            outcome = f"**failed** ({self.failed} of {self.passed + self.failed})"
        elif not self.passed:
            outcome = "not run"
        else:
            outcome = f"passed ({self.passed} cases)" if self.passed > 1 else "passed"
        return f"{outcome}, {self.skipped} skipped" if self.skipped else outcome


def read_results(report: str) -> dict[str, Result]:
    """Results by `folder/module.py::test`, from a JUnit report of the first family."""
    results: dict[str, Result] = {}
    for case in ElementTree.fromstring(report).iter("testcase"):  # noqa: S314  # pytest's own, just written
        module = case.get("classname", "").removeprefix("tests.").replace(".", "/")
        name = case.get("name", "").partition("[")[0]
        result = results.setdefault(f"{module}.py::{name}", Result())
        if case.find("failure") is not None or case.find("error") is not None:
            result.failed += 1
        elif case.find("skipped") is not None:
            result.skipped += 1
        else:
            result.passed += 1
        for measurement in case.iter("property"):
            result.measured[measurement.get("name", "")] = measurement.get("value", "")
    return results


def total(tests: Iterable[str], results: Mapping[str, Result]) -> Result:
    """The results of some tests together; of a module those of all its tests."""
    together = Result()
    for wanted in tests:
        for name, outcome in results.items():
            if name == wanted or name.partition("::")[0] == wanted:
                together.passed += outcome.passed
                together.failed += outcome.failed
                together.skipped += outcome.skipped
                together.measured |= outcome.measured
    return together


def page(results: Mapping[str, Result], machine: str, date: str, full: bool) -> str:
    """The page as Markdown."""
    size = "at full size" if full else "in the short versions that CI runs; `make torture` runs the long ones"
    lines = [
        "# Torture",
        "",
        "The load and the faults under which the service is tested. Written by `make torture`; do not edit.",
        "",
        f"Measured on {date}, {machine}, {size}.",
        "",
        "| | demand | result | measured | tests |",
        "|---|---|---|---|---|",
    ]
    for number, demand in enumerate(DEMANDS, 1):
        outcome = total(demand.tests, results)
        measured = "; ".join(f"{name}: {value}" for name, value in outcome.measured.items())
        tests = ", ".join(f"`{test}`" for test in demand.tests)
        lines.append(f"| {number} | {demand.what} | {outcome.words} | {measured} | {tests} |")
    return "\n".join([*lines, ""])


@click.command()
@click.option("--machine", required=True, help="What it ran on, for readers: cores, and whether others used it too.")
@click.option("--date", required=True, help="The day, for readers.")
@click.option("--short", is_flag=True, help="The short versions that CI runs.")
def main(machine: str, date: str, short: bool) -> None:
    """Run everything and write docs/torture.md."""
    # in order, so that what the tests of a module share is made once
    chosen = sorted({f"tests/{test}" for demand in DEMANDS for test in demand.tests})
    environment = {name: value for name, value in os.environ.items() if name != FULL}
    if not short:
        environment[FULL] = "full"
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-o", "junit_family=xunit1", f"--junitxml={report}", *chosen]
        done = subprocess.run(command, cwd=ROOT, env=environment, check=False)
        if not report.exists():
            raise click.ClickException("pytest wrote no report; see above")
        PAGE.write_text(page(read_results(report.read_text()), machine, date, not short), encoding="utf-8")
    click.echo(f"wrote {PAGE.relative_to(ROOT)}")
    raise SystemExit(done.returncode)


if __name__ == "__main__":
    main()
