"""The command line `segments`: its commands by name; an error of ours is one line and exit code 2."""

from __future__ import annotations

import errno
import gc
from typing import Any

import click

from commands import (
    accounts,
    check_packages,
    conditions,
    customers,
    discovery,
    examples,
    goals,
    initial_settings,
    record,
    service,
    versions,
)

EXIT_USER_ERROR = 2
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
# new objects before a garbage collection: importing MLflow makes a million that stay, and a fifth of the processor time
# of a short command was spent on looking at them
BEFORE_COLLECTION = 1_000_000
COMMANDS = (
    initial_settings.init,
    *(discovery.features, discovery.discover, discovery.sync, discovery.sweep, discovery.ablate),
    *(versions.promote, versions.rollback, versions.list_segments, versions.rename, versions.compare),
    *(customers.assign, customers.explain, customers.sql),
    *(record.report, record.figures, record.history, record.effects, goals.odds),
    *(accounts.rank, accounts.split),
    *(conditions.select, conditions.conditions),
    *(service.serve, service.package, service.key),
    *(examples.schema, examples.simulate, examples.demo, examples.experiment),
)


class OneLineErrors(click.Group):
    """Our own errors become one line and exit code 2; --debug shows the trace."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does; bytes that are no UTF-8, which Python passes on as half characters, go to no library."""
        for argument in args:
            if any("\ud800" <= letter <= "\udfff" for letter in argument):
                raise click.UsageError(f"{argument!r:.80} is no text in UTF-8: set the terminal to UTF-8", ctx)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        from segment_model.errors import SegmentsError

        gc.set_threshold(BEFORE_COLLECTION)
        try:
            check_packages()
            return super().invoke(ctx)
        except SegmentsError as error:
            if ctx.params.get("debug"):
                raise
            click.echo(f"segments: {error}", err=True)
            ctx.exit(EXIT_USER_ERROR)
        except OSError as error:  # of what is printed; a file of ours has an error of its own
            if error.errno not in NO_ROOM or ctx.params.get("debug"):
                raise
            click.echo(f"segments: {error.strerror}: make room, and run the command again", err=True)
            ctx.exit(EXIT_USER_ERROR)


@click.group(cls=OneLineErrors, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option("--debug", is_flag=True, help="Show the whole trace of an error.")
def main(debug: bool) -> None:
    """Discover customer segments, serve them, explain them."""


for command in COMMANDS:
    main.add_command(command)


if __name__ == "__main__":
    main()
