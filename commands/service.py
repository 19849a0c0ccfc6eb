"""Commands for the service: serve, package, key."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from commands.results import AnyFile, write_bytes
from commands.settings_file import FilePath, config_option, location_of, which_option


@click.command()
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
    """Serve the champion over HTTP until interrupted.

    While there is no model to serve (for example, the registry is down) it stays up, unready, and keeps trying.
    """
    from serving.launcher import serve as serve_until_ended
    from serving.settings import ServiceSettings

    def ready(url: str) -> None:
        click.echo(f"serving {which} at {url} (open it to explore; documentation at {url}/docs); Ctrl-C stops it")

    def no_model(why: str) -> None:
        click.echo(f"not ready yet: {why}. Still trying; Ctrl-C stops it", err=True)

    location = location_of(config)
    settings = ServiceSettings.of_pointer(location.tracking_uri, location.model_name, which)
    with _interrupted_by_sigterm():
        serve_until_ended(settings, port=port, host=host, ready=ready, no_model=no_model)


@click.command()
@config_option
@which_option
@click.option(
    "--dockerfile",
    metavar="FILE",
    type=AnyFile,
    help="Write the Dockerfile of its image here; needs no container engine.",
)
def package(config: Path, which: str, dockerfile: Path | None) -> None:
    """Build a Bento that needs no registry.

    It carries the model and serves it anywhere: `bentoml serve` or `bentoml containerize` take it from there.
    """
    from registry.runs.finished_files import fetch_files
    from registry.versions.versions import fetch
    from segment_model.errors import counted
    from serving import packaging
    from serving.model.finished_pages import FILES, FinishedPages

    location = location_of(config)
    fetched = fetch(location, which)
    pages = FinishedPages.of(fetch_files(location, fetched.run_id, FILES))
    tag = packaging.package(fetched.model, location.model_name, fetched.version, pages=pages)
    weight = packaging.weigh(tag)
    click.echo(
        f"built {tag} ({weight.bento / 1e6:.1f} MB; {counted(weight.packages, 'package')} that it needs: "
        f"{weight.requirements / 1e6:,.0f} MB); serve it: bentoml serve {tag}"
    )
    if dockerfile is not None:
        write_bytes(packaging.dockerfile(tag).encode(), dockerfile)
        click.echo(f"wrote {dockerfile}: what `bentoml containerize {tag}` builds from")


@click.command()
@click.argument("name")
@click.option(
    "--file",
    type=FilePath,
    default=Path("keys.json"),
    show_default=True,
    help="File of keys, as SEGMENTS_API_KEYS_FILE names it to the service.",
)
@click.option("--revoke", is_flag=True, help="Remove the key of this name from the file.")
def key(name: str, file: Path, revoke: bool) -> None:
    """Make an API key for the service, or revoke one.

    The key is printed once; the file keeps its hash. A running service reads the file within a second of a change.
    """
    from serving.gateway.api_keys import add_key, revoke_key

    if revoke:
        revoke_key(file, name)
        click.echo(f"revoked {name!r} in {file}")
        return
    click.echo(add_key(file, name))
    click.echo(f"the key of {name!r}; {file} keeps its hash only", err=True)


@contextmanager
def _interrupted_by_sigterm() -> Iterator[None]:
    """Treat SIGTERM as Ctrl-C, so that a plain `kill` also stops the workers in order."""
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
