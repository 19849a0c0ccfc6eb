"""Commands that lead from raw tables to registered versions: features, discover, sync, sweep, ablate."""

from __future__ import annotations

from pathlib import Path

import click

from commands.results import AnyFile, TableFile, TableOrFolder, is_csv, refuse_inputs, write_bytes, write_table
from commands.segment_counts import SegmentCounts
from commands.settings_file import FilePath, config_option, moment_of, settings_and_text, settings_of
from commands.terminal import progress, show_cards, show_table, show_words

EXIT_NOT_SENT = 3


@click.command()
@click.argument("config", type=FilePath)
@click.option("--as-of", metavar="DATE", help="As-of date or time; by default that of the settings.")
@click.option(
    "--model",
    "which",
    metavar="TEXT",
    help="Compute the vectors as this alias or version needs them, for `segments assign`.",
)
@click.option("--out", type=TableOrFolder, help=".parquet or .csv to write; a CSV is for other programs.")
@click.option("--to", type=click.Choice(["spark"]), help="Write a table of the catalogue of `engine: spark` instead.")
@click.option("--table", help="TABLE or SCHEMA.TABLE for `--to`.  [default: customer_vectors]")
def features(
    config: Path, as_of: str | None, which: str | None, out: Path | None, to: str | None, table: str | None
) -> None:
    """Write the customer vectors.

    Reads the raw tables and writes one row a customer. `segments assign` and the like read the Parquet file, which
    also holds what the vectors are; a CSV holds the values alone. Prints how many rows were used and left out, and
    which columns shape the segments. With `engine: spark`, the file is a folder that Spark writes, or with `--to spark`
    a table of its catalogue, which keeps the vectors of each as-of moment.
    """
    if (out is None) == (to is None):
        raise click.UsageError("name where the vectors go: --out FILE, or with `engine: spark` --to spark")
    if to is None and table is not None:
        raise click.UsageError("--table goes with --to spark")
    from features.vector_file import write_vectors
    from jobs.customer_vectors import describe_vectors, learned_by, vectors_of

    settings = settings_of(config)
    if to is not None and settings.engine.spark is None:
        raise click.UsageError("--to spark needs `engine: spark` in the settings")
    if as_of is not None:
        settings = settings.model_copy(update={"as_of": moment_of(as_of)})
    learned = None
    if which is not None:
        from jobs.registry_location import location_of
        from registry.versions.versions import fetch

        learned = learned_by(fetch(location_of(settings, config.parent), which).model)
    if out is None or settings.engine.spark is not None:
        from features.spark.places import place_to_write
        from jobs.spark.written_vectors import write_spark_vectors

        place = place_to_write(out, table or "customer_vectors")
        written = write_spark_vectors(settings, config.parent, place, learned)
        click.echo(written.summary)
        click.echo(f"wrote {written.where} ({written.digest})")
        return
    refuse_inputs(out, settings, config.parent)
    vectors = vectors_of(settings, config.parent, learned)
    write_table(vectors.frame, out) if is_csv(out) else write_vectors(vectors, out)
    click.echo(describe_vectors(vectors, settings.discovery if learned is None else None))
    click.echo(f"wrote {out} ({vectors.digest})")


@click.command()
@click.argument("config", type=FilePath)
@click.option("--promote", "promoted", is_flag=True, help="Make the new version the champion at once.")
@click.option("--report", type=AnyFile, help="Write the report page here too.")
@click.option("--force", is_flag=True, help="Make a model even without reproducible structure; its verdict says so.")
@click.option(
    "--prefer",
    type=click.Choice(["continuity", "quality"]),
    help="Keep the champion's segments, or take new ones that are clearly better; by default that of the settings.",
)
@click.option("--fresh", is_flag=True, help="Ignore the champion: none of its segments, ids and names go on.")
@click.option(
    "--segments", type=SegmentCounts(), help="How many: a number such as 5, or from least to most such as 4-8."
)
def discover(
    config: Path,
    promoted: bool,
    report: Path | None,
    force: bool,
    prefer: str | None,
    fresh: bool,
    segments: tuple[int, int] | None,
) -> None:
    """Discover segments, log them to MLflow and register a version.

    Tries every candidate and registers the chosen one; if a step fails, nothing is registered. If MLflow does not
    answer, the results are kept beside the settings file for `segments sync`, and the exit code is 3.
    """
    from jobs.discover import run_discovery
    from jobs.registry_location import location_of
    from registry.versions.promotions import promote as promote_version

    if fresh and prefer is not None:
        raise click.UsageError("--fresh ignores the champion, and --prefer weighs it: leave out one of them")
    settings = settings_of(config)
    refuse_inputs(report, settings, config.parent, config)
    preferred = "fresh" if fresh else prefer
    asked = {**({"force": True} if force else {}), **({"prefer": preferred} if preferred else {})}
    discovery = settings.discovery.model_copy(update=asked)
    if segments is not None:
        discovery = discovery.with_segments(*segments)
    settings = settings.model_copy(update={"discovery": discovery})
    with progress() as (announce, step):
        outcome = run_discovery(settings, config.parent, announce, step)
    show_cards(outcome.discovery.model)
    if outcome.kept is not None:
        click.echo(
            f"segments: finished, but MLflow did not answer, so nothing is registered. Kept in {outcome.kept}; send it "
            f"once MLflow answers: segments sync --config {config}",
            err=True,
        )
        _write_report(outcome.report, report)
        click.get_current_context().exit(EXIT_NOT_SENT)
    click.echo(f"registered {settings.registry.model_name} version {outcome.version} (run {outcome.run_id})")
    if promoted:
        promote_version(location_of(settings, config.parent), outcome.version)
        click.echo(f"version {outcome.version} is now the champion")
    else:
        click.echo(f"make it the champion: segments promote {outcome.version} --config {config}")
    _write_report(outcome.report, report)  # last: a full disk hides neither the version nor stops its promotion


def _write_report(page: str, out: Path | None) -> None:
    if out is not None:
        write_bytes(page.encode(), out)


@click.command()
@config_option
def sync(config: Path) -> None:
    """Send the discoveries kept while MLflow did not answer.

    Each is logged and registered exactly once, even if a sync is interrupted. If the champion has changed since, the
    discovery is repeated on the kept customers, so that it continues the segments of the present champion.
    """
    from jobs.sync import sync as send_all
    from segment_model.errors import SettingsError

    settings = settings_of(config)
    with progress() as (announce, step):
        outcome = send_all(settings, config.parent, announce, step)
    if not outcome.sent and not outcome.failed:
        click.echo("there is nothing to send")
    for sent in outcome.sent:
        click.echo(f"registered {settings.registry.model_name} version {sent.version} (run {sent.run_id})")
    if outcome.sent:
        click.echo(f"make it the champion: segments promote {outcome.sent[-1].version} --config {config}")
    if outcome.others:
        click.echo(f"kept for another model_name or experiment, and left there: {outcome.others}")
    if outcome.failed:
        raise SettingsError("; ".join(outcome.failed))


@click.command()
@click.option(
    "--trials",
    metavar="NUMBER",
    type=click.IntRange(1),
    help="Number of trials in all; by default that of the settings.",
)
@config_option
def sweep(trials: int | None, config: Path) -> None:
    """Try many settings and show the best.

    The block `sweep` of the settings says which. Trials are kept beside the settings file, so the same command
    continues a sweep that was interrupted. Every trial is logged to MLflow; nothing is registered.
    """
    import yaml

    from jobs.sweep.sweep import run_sweep
    from jobs.sweep.sweep_files import best_file, best_settings, best_table, snippet
    from segment_model.errors import counted

    settings, text = settings_and_text(config)  # the file may change while the sweep runs
    with progress() as (announce, step):
        outcome = run_sweep(settings, config, trials, announce, step)
    done = outcome.sweep
    best = done.best
    show_table(best_table(done))
    tried = f"{len(done.trials)} of {counted(done.wanted, 'trial')} done"
    if done.finished and outcome.before == len(done.trials):
        click.echo(f"{tried}: this sweep was finished before; more --trials continue it")
    else:
        click.echo(f"{tried}{'' if done.finished else ', and the time is over: the same command continues'}")
    if outcome.run_id is not None:
        click.echo(f"logged to MLflow (run {outcome.run_id}); nothing is registered")
    write_bytes(best_settings(yaml.safe_load(text), settings, best).encode(), best_file(config))
    click.echo(f"the best settings, of trial {best.number}:\n\n{snippet(settings, best)}")
    click.echo(f"to discover with them: segments discover {best_file(config)}")


@click.command()
@click.option("--out", type=TableFile, help=".csv or .parquet to write the table to.")
@click.option(
    "--segments", type=SegmentCounts(), help="How many: a number such as 5, or from least to most such as 4-8."
)
@config_option
def ablate(out: Path | None, segments: tuple[int, int] | None, config: Path) -> None:
    """Compare fits without each kind of data, and with each alone.

    Prints for each fit the verdict, the stability, the agreement with the segments of all groups, and what the
    segments explain of each goal. Logs one run to MLflow; registers and promotes nothing.
    """
    from jobs.ablation.ablate import run_ablation
    from jobs.ablation.shown_table import shown_table

    settings = settings_of(config)
    refuse_inputs(out, settings, config.parent)
    if segments is not None:
        settings = settings.model_copy(update={"discovery": settings.discovery.with_segments(*segments)})
    with progress() as (announce, step):
        outcome = run_ablation(settings, config.parent, announce, step)
    show_words(shown_table(outcome.table))
    for note in outcome.notes:
        click.echo(note)
    if outcome.run_id is not None:
        click.echo(f"logged to MLflow (run {outcome.run_id}); nothing is registered")
    if out is not None:
        write_table(outcome.table, out)
        click.echo(f"wrote {out}")
