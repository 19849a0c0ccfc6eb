"""Commands for registered versions: promote, rollback, list, rename, compare."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from commands.results import PictureFile, write_bytes
from commands.settings_file import FilePath, config_option, location_of, which_option
from commands.terminal import show_cards, show_table

if TYPE_CHECKING:
    from registry.versions.versions import RegisteredVersion

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

    promoted = promote_version(location_of(config), version, alias)
    click.echo(f"{alias} is now version {promoted.version} ({promoted.digest})")


@click.command()
@click.option("--alias", default="champion", show_default=True, help="Alias to set back.")
@config_option
def rollback(alias: str, config: Path) -> None:
    """Make the version before the champion again.

    Points the alias at the version that it named before the last promotion; a second rollback goes back one promotion
    further. `segments promote` goes forward again. A running service follows within seconds.
    """
    from jobs.champion.rollback import contract_warning
    from registry.versions.promotions import rollback as roll_back

    location = location_of(config)
    promotion = roll_back(location, alias)
    click.echo(f"{alias} is version {promotion.after} again; it was version {promotion.before}")
    if warning := contract_warning(location, str(promotion.before), promotion.after):
        click.echo(f"warning: {warning}", err=True)


@click.command("list")
@config_option
@which_option
def list_segments(config: Path, which: str) -> None:
    """Show the champion's segments and all versions.

    Without a champion, or with one that cannot be read, the versions are shown all the same.
    """
    from registry.versions.entities import CHAMPION
    from registry.versions.promotions import promotions
    from registry.versions.versions import fetch, list_versions
    from segment_model.errors import ArtefactError, RegistryError, UnreachableError

    location, failure = location_of(config), None
    try:
        show_cards(fetch(location, which).model)
    except UnreachableError:
        raise
    except (RegistryError, ArtefactError) as error:
        failure = error
    versions = list_versions(location)
    for version in versions:
        click.echo(_version_line(version))
    for promotion in promotions(location)[:PROMOTIONS_SHOWN]:
        click.echo(promotion.sentence)
    if failure is None:
        return
    champion_is_missing = which == CHAMPION and not any(CHAMPION in version.aliases for version in versions)
    if not versions or not champion_is_missing:
        raise failure
    click.echo("there is no champion yet: set one by `segments promote VERSION`", err=True)


def _version_line(version: RegisteredVersion) -> str:
    from segment_model.errors import counted

    aliases = f" ({', '.join(version.aliases)})" if version.aliases else ""
    segments = counted(len(version.segment_ids), "segment") if version.is_ours else "not registered by `segments`"
    verdict = f", {version.verdict}" if version.verdict else ""
    return f"version {version.version}{aliases}: {segments}{verdict}, {version.created:%Y-%m-%d %H:%M}"


@click.command()
@click.argument("segment")
@click.argument("name")
@click.option("--notes", default="", help="Anything worth remembering about the segment.")
@click.option("--by", default="", metavar="NAME", help="Who gives the name; by default the user who runs the command.")
@config_option
def rename(segment: str, name: str, notes: str, by: str, config: Path) -> None:
    """Name a segment.

    SEGMENT is an id or a name that `segments list` shows. The registry keeps the name for this id, who gave it and
    when; the saved model does not change. A running service shows the name within seconds.
    """
    from datetime import UTC, datetime

    from registry.versions.current_person import current_person
    from registry.versions.segment_names import find_segment_id, rename_segment

    location = location_of(config)
    segment_id = find_segment_id(location, segment)
    if remark := rename_segment(
        location, segment_id, name, notes, by=by.strip() or current_person(), at=datetime.now(UTC)
    ):
        click.echo(remark, err=True)
    click.echo(f"{segment_id} is now called {name.strip()!r}")


@click.command()
@click.argument("a")
@click.argument("b")
@click.option("--vectors", type=FilePath, required=True, help="Customers to follow, from `segments features`.")
@click.option(
    "--vectors-before",
    type=FilePath,
    help="The same customers at an earlier moment, to distinguish those who moved from those whom B reassigns.",
)
@click.option("--out", type=PictureFile, help="Write the picture here too (.png).")
@config_option
def compare(a: str, b: str, vectors: Path, vectors_before: Path | None, out: Path | None, config: Path) -> None:
    """Show how customers flow between two versions.

    A and B are aliases or versions. A customer is reassigned if B puts the same vector into another segment than A;
    with `--vectors-before`, a customer has moved if A itself puts the later vector elsewhere. Table and picture are
    logged on the run of B.
    """
    from jobs.compare import compare_versions, log_comparison

    location = location_of(config)
    compared = compare_versions(location, a, b, vectors, vectors_before)
    show_table(compared.flow.drop(columns=["from_id", "to_id"]))
    for sentence in compared.sentences:
        click.echo(sentence)
    if out is not None:
        write_bytes(compared.picture, out)
    log_comparison(location, compared)
    click.echo(
        f"logged on the run of version {compared.new.version} ({compared.new.run_id}): figures/{compared.name}.png, "
        f"tables/{compared.name}.html"
    )
