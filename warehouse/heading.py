"""What stands above a statement: the model, the command, and what to know before it is run."""

from __future__ import annotations

from collections.abc import Sequence

from warehouse.dialects.dialect import Dialect

RUN = "the tests of customer-segments run this dialect on a real engine"
NOT_RUN = "written, not run: no test of customer-segments has run it on this engine"
OF_ENGINE = {
    "postgres": "SET jit = off before you run it: compiling the expressions takes longer than computing them",
}


def heading(lines: Sequence[str], dialect: Dialect) -> str:
    """Lines of comment, each on a line of its own whatever names they hold."""
    own = [OF_ENGINE[dialect.name]] if dialect.name in OF_ENGINE else []
    whole = [*lines, f"{dialect.title}: {RUN if dialect.is_run else NOT_RUN}", *own]
    return "".join(f"-- {' '.join(line.split())}\n" for line in whole)


def view(name: str, dialect: Dialect) -> str:
    """What makes a view of a statement that follows.

    Raises
    ------
    SettingsError
        If the name is none in the dialect.
    """
    return f"CREATE OR REPLACE VIEW {dialect.table(name).sql(dialect.name)} AS\n"
