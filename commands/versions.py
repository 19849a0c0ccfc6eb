"""The registered versions: promote, rollback, list, rename, compare."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from commands.results import write_bytes
from commands.settings_file import FilePath, config_option, location_of, which_option
from commands.terminal import show_cards, show_table

if TYPE_CHECKING:
    from registry.connection import RegistryLocation

PROMOTIONS_SHOWN = 10


@click.command()
@click.argument("version")
@click.option("--alias", default="champion", show_default=True, help="Alias to set.")
@config_option
def promote(version: str, alias: str, config: Path) -> None:
    """Make a version the champion.

    Points the alias at VERSION (a number, or another alias) after loading that version. A running service follows
    within seconds; a version that it refuses leaves the present one in service, and its log says why.
    """
    from registry.versions.promotions import promote as promote_version

    found = promote_version(location_of(config), version, alias)
    click.echo(f"{alias} is now version {found.version} ({found.digest})")


@click.command()
@click.option("--alias", default="champion", show_default=True, help="Alias to set back.")
@config_option
def rollback(alias: str, config: Path) -> None:
    """Make the version before the champion again.

    Points the alias at the version that it named before the last promotion; a second rollback goes back one promotion
    further. `segments promote` goes forward again. A running service follows within seconds.
    """
    from registry.versions.promotions import rollback as roll_back

    done = roll_back(location_of(config), alias)
    click.echo(f"{alias} is version {done.after} again; it was version {done.before}")
    warn_of_contracts(location_of(config), str(done.before), done.after)


def warn_of_contracts(location: RegistryLocation, before: str, after: str) -> None:
    """Say on standard error what callers of one version must know before they are served by another, if anything."""
    from registry.versions.versions import fetch
    from segment_model.errors import SegmentsError
    from serving.model.compatibility import breaks

    try:
        broken = breaks(fetch(location, before).model.contract, fetch(location, after).model.contract)
    except SegmentsError as error:  # a version that cannot be read is a good reason to go back
        click.echo(f"warning: the contracts of versions {before} and {after} were not compared: {error}", err=True)
        return
    if broken:
        click.echo(
            f"warning: callers of version {before} may stumble: {'; '.join(broken)}. A service that served version "
            f"{after} before takes it back all the same; another one needs SEGMENTS_ANY_CONTRACT=true",
            err=True,
        )


@click.command("list")
@config_option
@which_option
def list_segments(config: Path, which: str) -> None:
    """Show the champion's segments, all versions, and who promoted them."""
    from registry.versions.promotions import promotions
    from registry.versions.versions import fetch, list_versions

    location = location_of(config)
    fetched = fetch(location, which)
    show_cards(fetched.model)
    for found in list_versions(location):
        aliases = f" ({', '.join(found.aliases)})" if found.aliases else ""
        verdict = f", {found.verdict}" if found.verdict else ""
        click.echo(
            f"version {found.version}{aliases}: {len(found.segment_ids)} segments{verdict}, "
            f"{found.created:%Y-%m-%d %H:%M}"
        )
    for moved in promotions(location)[:PROMOTIONS_SHOWN]:
        click.echo(moved.sentence)


@click.command()
@click.argument("segment")
@click.argument("name")
@click.option("--notes", default="", help="Anything worth remembering about the segment.")
@config_option
def rename(segment: str, name: str, notes: str, config: Path) -> None:
    """Name a segment.

    SEGMENT is an id that `segments list` shows. The registry keeps the name for this id; the saved model does not
    change. A running service shows the name within seconds.
    """
    from registry.versions.versions import rename_segment

    if remark := rename_segment(location_of(config), segment, name, notes):
        click.echo(remark, err=True)
    click.echo(f"{segment} is now called {name!r}")


@click.command()
@click.argument("a")
@click.argument("b")
@click.option("--vectors", type=FilePath, required=True, help="Customers to follow, from `segments features`.")
@click.option(
    "--vectors-before",
    type=FilePath,
    help="The same customers at an earlier moment, to tell those who moved from those whom B reassigns.",
)
@click.option("--out", type=FilePath, help="Write the picture here too (.png).")
@config_option
def compare(a: str, b: str, vectors: Path, vectors_before: Path | None, out: Path | None, config: Path) -> None:
    """Show how customers flow between two versions.

    A and B are aliases or versions. A customer is reassigned if B puts the same vector into another segment than A;
    with `--vectors-before`, a customer has moved if A itself puts the later vector elsewhere. Table and picture are
    logged on the run of B.
    """
    from features.vector_file import read_vectors
    from registry.runs.additions import add_to_run
    from registry.versions.versions import fetch
    from reporting.pictures.drawing import png
    from reporting.pictures.flow_picture import flow_picture
    from training.succession.comparison import compare as followed

    location = location_of(config)
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
        write_bytes(picture, out)
    name = f"flow_from_version_{old.version}"
    shares = {f"{share}_from_version_{old.version}": value for share, value in found.metrics.items()}
    add_to_run(location, new.run_id, {name: flow}, {name: picture}, shares)
    click.echo(f"logged on the run of version {new.version} ({new.run_id}): figures/{name}.png, tables/{name}.html")
