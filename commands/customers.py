"""What a registered model says of customers: assign, explain."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from commands.results import write_table
from commands.settings_file import FilePath, config_option, location_of, settings_of, which_option
from commands.terminal import show_change, show_explanation

if TYPE_CHECKING:
    import pandas as pd

    from segment_model.model import SegmentModel


@click.command()
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
    """Assign the customers of a file to segments.

    FILE is one that `segments features` wrote. Prints how many customers each segment has.
    """
    from features.vector_file import read_vectors
    from registry.versions.versions import fetch

    vectors = read_vectors(file)
    fetched = fetch(location_of(config), which)
    frame, left_out = _assignable(fetched.model, vectors.frame)
    answer = _answer(fetched.model, frame, explained, policy)
    answer["model_version"] = fetched.version
    write_table(answer, out)
    counts = answer["segment_name"].fillna("unassigned").value_counts()
    for name, count in counts.items():
        click.echo(f"{count:>10,}  {name}")
    novel = int(answer["novel"].sum())
    for message in left_out:
        click.echo(message, err=True)
    click.echo(f"wrote {len(answer):,} assignments to {out} (version {fetched.version}; {novel:,} novel)")


@click.command()
@click.argument("customer")
@click.option("--vectors", type=FilePath, help="File from `segments features`; by default the raw tables are read.")
@click.option("--against", metavar="SEGMENT", help="Segment id to compare with, instead of the runner-up.")
@click.option(
    "--change-to", metavar="SEGMENT", help="Also find the smallest change that moves the customer to this segment."
)
@click.option("--changeable", metavar="COLUMNS", help="Basis columns that may change for that, separated by commas.")
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

    With `--change-to` and `--changeable`, also say what would change it.
    """
    if (change_to is None) != (changeable is None):
        raise click.UsageError("--change-to SEGMENT and --changeable COLUMNS go together")
    from features.vector_file import read_vectors
    from registry.versions.versions import fetch
    from segment_model.errors import ContractError, nearest_word

    settings = settings_of(config)
    fetched = fetch(location_of(config), which)
    if vectors is not None:
        frame = read_vectors(vectors).frame
    else:
        from jobs.customer_vectors import learned_by, vectors_of

        frame = vectors_of(settings, config.parent, learned_by(fetched.model)).frame
    if customer not in frame.index:
        hint = nearest_word(customer, frame.index)
        raise ContractError(f"there is no customer {customer!r} among the {len(frame):,}.{hint}")
    show_explanation(fetched.model, frame.loc[[customer]], against)
    if change_to is not None and changeable is not None:
        columns = [name.strip() for name in changeable.split(",") if name.strip()]
        show_change(fetched.model, frame.loc[[customer]], change_to, columns)


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
