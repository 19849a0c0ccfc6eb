"""A numbered experiment: one YAML file with a question, the tables, a matrix of variants, and the decision.

A variant is one choice of every axis of the matrix. A choice sets values by dotted paths of a settings file, such as
`discovery.encoding.transform`, or `customers`, the size of a sample.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator

from features.settings import Settings as Block
from segment_model.errors import SettingsError, nearest_word
from training.settings import parse_as
from training.yaml_text import read_yaml

FOLDER = Path(__file__).parents[1]
NUMBERED = "[0-9][0-9]_*.yaml"
CUSTOMERS = "customers"
Command = Literal["discover", "ablate", "odds", "history"]
Overrides = dict[str, Any]  # value by dotted path of a setting, or by `customers`


class Experiment(Block):
    """A question about public data, and how it is answered.

    command : what is done with every variant beside discovering its segments.
    """

    question: str = Field(min_length=1, description="what is to be decided, as a question")
    tables: dict[str, Overrides] = Field(min_length=1, description="settings by table; `{}` where a table needs none")
    settings: Overrides = Field(default_factory=dict, description="settings of every variant")
    matrix: dict[str, dict[str, Overrides]] = Field(
        default_factory=dict, description="by axis, the choices and the settings of each; variants combine all axes"
    )
    command: Command = Field("discover", description="discover, ablate, odds or history")
    answered: date = Field(description="the day of the decision")
    result: str = Field(min_length=1, description="what the run showed")
    decision: str = Field(min_length=1, description="what was decided, and why")

    @field_validator("matrix")
    @classmethod
    def _with_choices(cls, matrix: dict[str, dict[str, Overrides]]) -> dict[str, dict[str, Overrides]]:
        if empty := [axis for axis, choices in matrix.items() if not choices]:
            raise ValueError(f"an axis needs a choice: {', '.join(empty)}")
        return matrix

    def variants(self) -> Iterator[tuple[str, Overrides]]:
        """The name and the overrides of each variant: one choice of every axis, the last axis changing fastest."""
        for chosen in itertools.product(*(choices.items() for choices in self.matrix.values())):
            merged = dict(self.settings)
            for _, overrides in chosen:
                merged |= overrides
            yield ", ".join(name for name, _ in chosen) or "as it is", merged


@dataclass(frozen=True)
class NumberedExperiment:
    """An experiment and the name of its file without the ending, such as `08_mixed_types`."""

    name: str
    content: Experiment


def all_experiments() -> list[NumberedExperiment]:
    """The experiments in the order of their numbers.

    Raises
    ------
    SettingsError
        If a file is not valid.
    """
    return [read_experiment(path) for path in sorted(FOLDER.glob(NUMBERED))]


def experiment_named(name: str) -> NumberedExperiment:
    """The experiment of a number such as `8` or `08`, a name such as `mixed_types`, or a file's name.

    Raises
    ------
    SettingsError
        If there is none.
    """
    known = [path.stem for path in sorted(FOLDER.glob(NUMBERED))]
    asked = name.removesuffix(".yaml")
    for stem in known:
        number, _, words = stem.partition("_")
        if asked in (stem, words, number) or asked.zfill(len(number)) == number:
            return read_experiment(FOLDER / f"{stem}.yaml")
    raise SettingsError(f"no experiment {name!r}.{nearest_word(name, known)} There are {', '.join(known)}")


def read_experiment(path: Path) -> NumberedExperiment:
    """The experiment in a file.

    Raises
    ------
    SettingsError
        If the file is absent or not valid.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror or error}") from error
    return NumberedExperiment(path.stem, parse_as(Experiment, read_yaml(text, path.name), path.name))


def settings_only(overrides: Mapping[str, Any]) -> Overrides:
    """The overrides that are settings, without the size of a sample."""
    return {path: setting for path, setting in overrides.items() if path != CUSTOMERS}
