"""`python -m reference` writes the generated blocks of the documentation; `--check` fails where one is stale."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from reference import analytics, commands, features, service, settings
from reference.pages import filled, names_in
from segment_model.errors import SettingsError

DOCS = Path(__file__).parents[1] / "docs"
PAGES = ("reference.md", "operations.md")


def all_blocks() -> dict[str, str]:
    """Every generated block by its name."""
    return commands.blocks() | settings.blocks() | features.blocks() | analytics.blocks() | service.blocks()


def current(pages: Mapping[Path, str], blocks: Mapping[str, str]) -> dict[Path, str]:
    """The pages with the present content of their blocks.

    Raises
    ------
    SettingsError
        If no page has a place for some block, or a page has a place for an unknown one.
    """
    placed = {name for text in pages.values() for name in names_in(text)}
    if homeless := sorted(blocks.keys() - placed):
        markers = ", ".join(f"`<!-- generated: {name} -->`" for name in homeless)
        raise SettingsError(f"no page has a place for {markers}; add it, followed by `<!-- end -->`")
    return {path: filled(text, blocks) for path, text in pages.items()}


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; fail where a page is stale.")
@click.option("--docs", "folder", type=click.Path(path_type=Path), default=DOCS, help="Folder of the pages.")
def main(check: bool, folder: Path) -> None:
    """Write the generated blocks of the documentation."""
    pages = {folder / name: (folder / name).read_text(encoding="utf-8") for name in PAGES}
    try:
        written = current(pages, all_blocks())
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
    stale = [path for path in pages if written[path] != pages[path]]
    if check and stale:
        raise click.ClickException(f"stale: {', '.join(path.name for path in stale)}; write them anew by `make docs`")
    for path in stale:
        path.write_text(written[path], encoding="utf-8")
        click.echo(f"wrote {path.name}")


if __name__ == "__main__":
    main()
