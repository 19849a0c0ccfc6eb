"""The front door: commands that only wire the rooms together.

Heavy imports wait inside the commands, so that --help is quick.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from terminal import progress, show_cards, show_change, show_explanation, show_table

if TYPE_CHECKING:
    import pandas as pd

    from registry.connection import RegistryLocation
    from segments.model import SegmentModel
    from training.settings import Settings

EXIT_USER_ERROR = 2
EXIT_NOT_SENT = 3
PROMOTIONS_SHOWN = 10

FilePath = click.Path(dir_okay=False, path_type=Path)
config_option = click.option(
    "--config", "-c", type=FilePath, default=Path("segments.yaml"), show_default=True, help="Settings file."
)
which_option = click.option(
    "--model", "which", default="champion", show_default=True, help="Alias or version in the registry."
)


class OneLineErrors(click.Group):
    """Our own errors become one line and exit code 2; --debug shows the trace."""

    def invoke(self, ctx: click.Context) -> Any:
        from segments.errors import SegmentsError

        try:
            return super().invoke(ctx)
        except SegmentsError as error:
            if ctx.params.get("debug"):
                raise
            click.echo(f"segments: {error}", err=True)
            ctx.exit(EXIT_USER_ERROR)


@click.group(cls=OneLineErrors, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option("--debug", is_flag=True, help="Show the whole trace of an error.")
def main(debug: bool) -> None:
    """Discover customer segments, serve them, explain them."""


@main.command()
@click.argument("config", type=FilePath)
@click.option("--as-of", metavar="DATE", help="The moment to describe; by default the settings' own.")
@click.option("--model", "which", metavar="TEXT", help="Apply what this alias or version learned, for `assign`.")
@click.option("--out", type=FilePath, required=True, help="Parquet file to write.")
def features(config: Path, as_of: str | None, which: str | None, out: Path) -> None:
    """Write one vector a customer as Parquet.

    Made from the raw tables; says how many rows were used and left out, and which columns shape the segments.
    """
    from features.vector_file import write_vectors
    from training.run import described, learned_by, vectors_of

    settings = _read(config)
    if as_of is not None:
        settings = settings.model_copy(update={"as_of": _moment(as_of)})
    learned = None
    if which is not None:
        from registry.versions import fetch
        from training.run import location_of

        learned = learned_by(fetch(location_of(settings, config.parent), which).model)
    vectors = vectors_of(settings, config.parent, learned)
    write_vectors(vectors, out)
    click.echo(described(vectors))
    click.echo(f"wrote {out} ({vectors.digest})")


@main.command()
@click.argument("config", type=FilePath)
@click.option("--promote", "promoted", is_flag=True, help="Make the new version the champion at once.")
@click.option("--report", type=FilePath, help="Write the report page here too.")
@click.option("--force", is_flag=True, help="Make a model even of no reproducible structure; it will say so for ever.")
def discover(config: Path, promoted: bool, report: Path | None, force: bool) -> None:
    """Discover segments, log them to MLflow and register a version.

    If MLflow does not answer, the results are kept beside the settings file for `segments sync`; the exit code is 3.
    """
    from registry.promotions import promote as promote_version
    from training.run import location_of, run_discovery

    settings = _read(config)
    if force:
        forced = settings.discovery.model_copy(update={"force": True})
        settings = settings.model_copy(update={"discovery": forced})
    if report is not None and not report.parent.is_dir():
        raise click.BadParameter(f"there is no folder {report.parent}", param_hint="--report")
    with progress() as (announce, step):
        outcome = run_discovery(settings, config.parent, announce, step)
    if report is not None:
        report.write_text(outcome.report, encoding="utf-8")
    show_cards(outcome.discovery.model)
    if outcome.kept is not None:
        click.echo(
            f"segments: finished, but MLflow did not answer, so nothing is registered. Kept in {outcome.kept}; send it "
            f"once MLflow answers: segments sync --config {config}",
            err=True,
        )
        click.get_current_context().exit(EXIT_NOT_SENT)
    click.echo(f"registered {settings.registry.model_name} version {outcome.version} (run {outcome.run_id})")
    if promoted:
        promote_version(location_of(settings, config.parent), outcome.version)
        click.echo(f"version {outcome.version} is now the champion")
    else:
        click.echo(f"make it the champion: segments promote {outcome.version} --config {config}")


@main.command()
@config_option
def sync(config: Path) -> None:
    """Send discoveries that MLflow did not take yet.

    They were kept beside the settings file when MLflow did not answer. Each is logged and registered once, whatever
    breaks off in between. Where another champion has come since, it is discovered anew from the kept customers, to
    continue that champion's segments.
    """
    from training.sync import sync as send_all

    settings = _read(config)
    with progress() as (announce, step):
        outcome = send_all(settings, config.parent, announce, step)
    if not outcome.sent:
        click.echo("there is nothing to send")
    for sent in outcome.sent:
        click.echo(f"registered {settings.registry.model_name} version {sent.version} (run {sent.run_id})")
    if outcome.sent:
        click.echo(f"make it the champion: segments promote {outcome.sent[-1].version} --config {config}")
    if outcome.others:
        click.echo(f"kept for another model_name or experiment, and left there: {outcome.others}")


@main.command()
@click.option("--trials", metavar="NUMBER", type=click.IntRange(1), help="How many; by default the settings' own.")
@config_option
def sweep(trials: int | None, config: Path) -> None:
    """Try many settings and show the best.

    The settings' block `sweep` says which. The trials are kept beside the settings file: a sweep that was interrupted
    goes on with the same command. Every trial is logged to MLflow; nothing is registered.
    """
    import yaml

    from training.sweep_run import best_file, best_settings, best_table, run_sweep, snippet

    settings = _read(config)
    with progress() as (announce, step):
        outcome = run_sweep(settings, config, trials, announce, step)
    done = outcome.sweep
    best = done.best
    show_table(best_table(done))
    tried = f"{len(done.trials)} of {done.wanted} trials done"
    if done.finished and outcome.before == len(done.trials):
        click.echo(f"{tried}: this sweep was finished before; --trials NUMBER goes on")
    else:
        click.echo(f"{tried}{'' if done.finished else ', the time is over: the same command goes on'}")
    if outcome.run_id is not None:
        click.echo(f"logged to MLflow (run {outcome.run_id}); nothing is registered")
    _write_bytes(
        best_settings(yaml.safe_load(config.read_text(encoding="utf-8")), settings, best).encode(), best_file(config)
    )
    click.echo(f"the best settings, of trial {best.number}:\n\n{snippet(settings, best)}")
    click.echo(f"in whole: segments discover {best_file(config)}")


@main.command()
@click.argument("version")
@click.option("--alias", default="champion", show_default=True, help="Alias to set.")
@config_option
def promote(version: str, alias: str, config: Path) -> None:
    """Make a version the champion.

    The alias points at VERSION (a number, or another alias) once that version is seen to load. A running service
    follows within seconds, if the version suits it; else it goes on with the one it has, and says why.
    """
    from registry.promotions import promote as promote_version

    found = promote_version(_location(config), version, alias)
    click.echo(f"{alias} is now version {found.version} ({found.digest})")


@main.command()
@click.option("--alias", default="champion", show_default=True, help="Alias to set back.")
@config_option
def rollback(alias: str, config: Path) -> None:
    """Make the version before the champion again.

    The alias goes back to what it named before the present version was promoted; once more, and it goes back one
    promotion further. To go forward again, promote. A running service follows within seconds.
    """
    from registry.promotions import rollback as roll_back

    done = roll_back(_location(config), alias)
    click.echo(f"{alias} is version {done.after} again; it was version {done.before}")


@main.command()
@click.argument("file", type=FilePath)
@click.option("--out", type=FilePath, required=True, help=".parquet or .csv to write.")
@click.option("--explain", "explained", is_flag=True, help="Add base, score and each column's contribution.")
@click.option(
    "--policy",
    type=click.Choice(["unassigned", "nearest"]),
    default="unassigned",
    show_default=True,
    help="What a customer outside every segment gets: no segment, or the nearest.",
)
@config_option
@which_option
def assign(file: Path, out: Path, explained: bool, policy: str, config: Path, which: str) -> None:
    """Assign customers to segments.

    FILE is what `segments features` wrote.
    """
    from features.vector_file import read_vectors
    from registry.versions import fetch

    vectors = read_vectors(file)
    fetched = fetch(_location(config), which)
    frame, left_out = _assignable(fetched.model, vectors.frame)
    answer = _answer(fetched.model, frame, explained, policy)
    answer["model_version"] = fetched.version
    _write_table(answer, out)
    counts = answer["segment_name"].fillna("unassigned").value_counts()
    for name, count in counts.items():
        click.echo(f"{count:>10,}  {name}")
    novel = int(answer["novel"].sum())
    for message in left_out:
        click.echo(message, err=True)
    click.echo(f"wrote {len(answer):,} assignments to {out} (version {fetched.version}; {novel:,} novel)")


@main.command()
@click.argument("customer")
@click.option("--vectors", type=FilePath, help="File from `segments features`; by default the raw tables are read.")
@click.option("--against", metavar="SEGMENT", help="Segment id to compare with, instead of the runner-up.")
@click.option("--change-to", metavar="SEGMENT", help="Also find the smallest change that would move them there.")
@click.option("--changeable", metavar="COLUMNS", help="What may change for that, with commas between.")
@config_option
@which_option
def explain(
    customer: str,
    vectors: Path | None,
    against: str | None,
    change_to: str | None,
    changeable: str | None,
    config: Path,
    which: str,
) -> None:
    """Say which segment a customer belongs to, and why.

    With --change-to and --changeable, say also what would change it.
    """
    if (change_to is None) != (changeable is None):
        raise click.UsageError("--change-to SEGMENT and --changeable COLUMNS go together")
    from features.customer_vector import build_vectors
    from features.learned import LearnedFeatures
    from features.vector_file import read_vectors
    from registry.versions import fetch
    from segments.errors import ContractError, nearest_word

    settings = _read(config)
    fetched = fetch(_location(config), which)
    if vectors is not None:
        frame = read_vectors(vectors).frame
    else:
        learned = LearnedFeatures.from_json(fetched.model.provenance["learned_features"])
        frame = build_vectors(settings.sources, settings.features, settings.as_of, config.parent, learned).frame
    if customer not in frame.index:
        hint = nearest_word(customer, frame.index)
        raise ContractError(f"there is no customer {customer!r} among the {len(frame):,}.{hint}")
    show_explanation(fetched.model, frame.loc[[customer]], against)
    if change_to is not None and changeable is not None:
        columns = [name.strip() for name in changeable.split(",") if name.strip()]
        show_change(fetched.model, frame.loc[[customer]], change_to, columns)


@main.command()
@click.argument("a")
@click.argument("b")
@click.option("--vectors", type=FilePath, required=True, help="Customers to follow, from `segments features`.")
@click.option("--vectors-before", type=FilePath, help="The same customers earlier: tells who moved by themselves.")
@click.option("--out", type=FilePath, help="Write the picture here too (.png).")
@config_option
def compare(a: str, b: str, vectors: Path, vectors_before: Path | None, out: Path | None, config: Path) -> None:
    """Show how customers flow between two versions.

    A and B are aliases or versions. Customers whom version B puts elsewhere are reassigned; with --vectors-before,
    those who moved because they changed are told apart. Table and picture are logged on B's run.
    """
    from features.vector_file import read_vectors
    from registry.additions import add_to_run
    from registry.versions import fetch
    from training.comparison import compare as followed
    from training.drawing import png
    from training.flow_picture import flow_picture

    location = _location(config)
    old, new = fetch(location, a), fetch(location, b)
    earlier = None if vectors_before is None else read_vectors(vectors_before).frame
    titles = (f"version {old.version}", f"version {new.version}")
    found = followed(old.model, new.model, read_vectors(vectors).frame, earlier, titles)
    picture, flow = png(flow_picture(found)), found.flow()
    show_table(flow.drop(columns=["from_id", "to_id"]))
    lineage = new.model.provenance.get("lineage", {})
    if lineage.get("incumbent") == old.model.digest:
        click.echo(f"version {new.version} continues version {old.version}: {lineage['summary']}")
    for sentence in found.sentences:
        click.echo(sentence)
    if out is not None:
        _write_bytes(picture, out)
    name = f"flow_from_version_{old.version}"
    add_to_run(location, new.run_id, {name: flow}, {name: picture}, found.metrics)
    click.echo(f"logged on the run of version {new.version} ({new.run_id}): figures/{name}.png, tables/{name}.html")


@main.command("list")
@config_option
@which_option
def list_segments(config: Path, which: str) -> None:
    """Show the champion's segments, all versions, and who promoted them."""
    from registry.promotions import promotions
    from registry.versions import fetch, list_versions

    location = _location(config)
    fetched = fetch(location, which)
    show_cards(fetched.model)
    for found in list_versions(location):
        aliases = f" ({', '.join(found.aliases)})" if found.aliases else ""
        click.echo(
            f"version {found.version}{aliases}: {len(found.segment_ids)} segments, {found.created:%Y-%m-%d %H:%M}"
        )
    for moved in promotions(location)[:PROMOTIONS_SHOWN]:
        click.echo(moved.sentence)


@main.command()
@click.argument("segment")
@click.argument("name")
@click.option("--notes", default="", help="Anything worth remembering about the segment.")
@config_option
def rename(segment: str, name: str, notes: str, config: Path) -> None:
    """Name a segment.

    SEGMENT is an id that `segments list` shows. The name stays with this id, in the registry, and never touches the
    model. A running service shows it within seconds.
    """
    from registry.versions import rename_segment

    rename_segment(_location(config), segment, name, notes)
    click.echo(f"{segment} is now called {name!r}")


@main.command()
@config_option
@which_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    metavar="NUMBER",
    default=3000,
    show_default=True,
    type=click.IntRange(1, 65535),
    help="Port to listen on.",
)
def serve(config: Path, which: str, host: str, port: int) -> None:
    """Serve the champion over HTTP until interrupted."""
    from serving.launcher import serve as serve_until_ended

    def ready(url: str) -> None:
        click.echo(f"serving {which} at {url} (documentation at {url}/docs); Ctrl-C stops it")

    with _interrupted_by_sigterm():
        serve_until_ended(_service_settings(_location(config), which), port=port, host=host, ready=ready)


@main.command()
@config_option
@which_option
@click.option(
    "--dockerfile",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the Dockerfile of its image here.",
)
def package(config: Path, which: str, dockerfile: Path | None) -> None:
    """Build a Bento that needs no registry.

    It carries the model and serves it anywhere: `bentoml serve` or `bentoml containerize` take it from there.
    """
    from registry.versions import fetch
    from serving import packaging

    location = _location(config)
    fetched = fetch(location, which)
    tag = packaging.package(fetched.model, location.model_name, fetched.version)
    weight = packaging.weigh(tag)
    click.echo(
        f"built {tag} ({weight.bento / 1e6:.1f} MB; the {weight.packages} packages that it needs take "
        f"{weight.requirements / 1e6:,.0f} MB); serve it: bentoml serve {tag}"
    )
    if dockerfile is not None:
        dockerfile.write_text(packaging.dockerfile(tag), encoding="utf-8")
        click.echo(f"wrote {dockerfile}: what `bentoml containerize {tag}` builds from")


@main.command()
@click.argument("name")
@click.option(
    "--file",
    type=FilePath,
    default=Path("keys.json"),
    show_default=True,
    help="File of keys, as SEGMENTS_API_KEYS_FILE names it to the service.",
)
@click.option("--revoke", is_flag=True, help="Take the key of this name out of the file.")
def key(name: str, file: Path, revoke: bool) -> None:
    """Make an API key for the service, or revoke one.

    The key is printed once; the file keeps its hash. A running service follows the file within a second.
    """
    from serving.keys import add_key, revoke_key

    if revoke:
        revoke_key(file, name)
        click.echo(f"revoked {name!r} in {file}")
        return
    click.echo(add_key(file, name))
    click.echo(f"the key of {name!r}; {file} keeps its hash only", err=True)


@main.command()
def schema() -> None:
    """Print the JSON Schema of the settings file, for editors."""
    import json

    from training.settings import Settings

    click.echo(json.dumps(Settings.model_json_schema(), indent=2))


@main.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--customers", metavar="NUMBER", default=2000, show_default=True, type=click.IntRange(1), help="How many accounts."
)
@click.option(
    "--seed", metavar="NUMBER", default=1, show_default=True, type=click.IntRange(0), help="Same seed, same company."
)
@click.option("--as-of", metavar="DATE", default="2026-07-01", show_default=True, help="Day the company is seen on.")
def simulate(folder: Path, customers: int, seed: int, as_of: str) -> None:
    """Write a made-up software company.

    It has eight planted segments, their truth in a file of its own, and settings to discover them.
    """
    from experiments.simulate import simulate as simulated
    from experiments.simulate import write_company

    moment = _moment(as_of)
    company = simulated(customers, seed, moment.date() if isinstance(moment, datetime) else moment)
    for path in write_company(company, folder):
        click.echo(f"wrote {path}")
    click.echo(f"next: segments discover {folder / 'segments.yaml'} --promote")


@main.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=Path("demo"))
def demo(folder: Path) -> None:
    """Do the main job on a real retailer.

    Discover, register, serve, and ask about two customers never seen.
    """
    from experiments.demo import run_demo

    with progress() as (announce, step):
        run_demo(folder, announce, step)


# -- what the commands share ------------------------------------------------------------------------------------------


def _read(config: Path) -> Settings:
    from segments.errors import SettingsError
    from training.settings import read_settings

    chosen = click.get_current_context().get_parameter_source("config")
    if chosen is ParameterSource.DEFAULT and not config.exists():
        raise SettingsError(f"there is no settings file {config} here; name yours with --config")

    return read_settings(config)[0]


def _location(config: Path) -> RegistryLocation:
    from training.run import location_of

    return location_of(_read(config), config.parent)


def _moment(text: str) -> date | datetime:
    try:
        return date.fromisoformat(text) if len(text) == len("2026-07-01") else datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is not a date such as 2026-07-01 or a time such as 2026-07-01T12:00"
        ) from None


def _service_settings(location: RegistryLocation, which: str) -> Any:
    from serving.settings import ServiceSettings

    pointer = {"version": which} if which.isdigit() else {"alias": which}
    return ServiceSettings.model_validate(
        {"tracking_uri": location.tracking_uri, "model_name": location.model_name, **pointer}
    )


def _assignable(model: SegmentModel, frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The customers whose every needed value is known, and a line on those left out for each column that lacks one."""
    needed = [column.name for column in model.contract.basis if not column.nullable and column.name in frame.columns]
    missing = frame[needed].isna()
    messages = [
        f"left out {int(missing[name].sum()):,} customers whose {name} is missing, as no training customer's was: "
        f"{', '.join(frame.index[missing[name]][:5])}{', ...' if missing[name].sum() > 5 else ''}"
        for name in needed
        if missing[name].any()
    ]
    return frame[~missing.any(axis=1)], messages


def _answer(model: SegmentModel, frame: pd.DataFrame, explained: bool, policy: Any) -> pd.DataFrame:
    answer = model.assign(frame, policy)
    if explained:
        found = model.explain_table(frame)
        answer["base"], answer["score"] = found.base, found.score
        for number, column in enumerate(found.columns):
            answer[f"contribution__{column}"] = found.contributions[:, number]
    return answer


def _write_table(table: pd.DataFrame, out: Path) -> None:
    from segments.errors import SettingsError

    if out.suffix not in (".parquet", ".csv"):
        raise SettingsError(f"{out} must end in .parquet or .csv")
    try:
        table.to_csv(out) if out.suffix == ".csv" else table.to_parquet(out)
    except OSError as error:
        raise SettingsError(f"{out} cannot be written: {error.strerror or error}") from error


def _write_bytes(content: bytes, out: Path) -> None:
    from segments.errors import SettingsError

    try:
        out.write_bytes(content)
    except OSError as error:
        raise SettingsError(f"{out} cannot be written: {error.strerror or error}") from error


@contextmanager
def _interrupted_by_sigterm() -> Iterator[None]:
    """A plain `kill` ends the service as orderly as Ctrl-C does, workers and all."""
    import signal

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    except KeyboardInterrupt:
        click.echo("stopped")
    finally:
        signal.signal(signal.SIGTERM, before)


if __name__ == "__main__":
    main()
