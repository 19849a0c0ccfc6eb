"""The content of a report page, as plain values without a discovery.

`DiscoveryContent` is what only a discovery knows: it goes through JSON (`stored_content`), so that a later page can be
made from the registry. `ReportContent` adds the page's title, version and day, and the analyst's record. Segments are
named by id everywhere but in `SegmentContent`, so that a page shows today's names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from analytics.experiments.record import ExperimentRecord
from analytics.record import AnalystRecord
from reporting.content.ablation import AblationContent
from segment_model.cards import SegmentLabel

TYPICAL, BORDER = "typical", "border"


@dataclass(frozen=True, slots=True)
class TypicalRow:
    """A column's typical value in a segment and of everyone, in words; direction : "above", "below" or empty."""

    title: str
    here: str
    everyone: str
    direction: str = ""


@dataclass(frozen=True, slots=True)
class RuleContent:
    """A segment's rule in words and as the condition of a `WHERE` clause; a figure is None where nobody matches."""

    words: str
    sql: str
    precision: float | None
    coverage: float | None


@dataclass(frozen=True, slots=True)
class ExampleCustomer:
    """A customer to look at; why : TYPICAL, or BORDER for the one nearest to another segment.

    strength : 0 on the border to 1 at the centre. beside : the id of the nearest other segment, empty where there is
    none. values : in words, in the order of the segment's `columns`.
    """

    customer: str
    why: str
    strength: float
    beside: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MoneyShare:
    """The total of a column of money over a segment, and its share of everyone's (0 to 1)."""

    title: str
    unit: str
    total: float
    share: float


@dataclass(frozen=True, slots=True)
class SegmentContent:
    """A segment as a reader sees it.

    share : of all customers, 0 to 1. first_rows : typical values of the columns that set it apart, strongest first;
    other_rows : of all other columns. columns : the titles of the values of `examples`. noted_by, noted_on : who gave
    name and notes, and on which day; empty where nobody did.
    """

    id: str
    name: str
    size: int
    share: float
    sentence: str
    notes: str = ""
    noted_by: str = ""
    noted_on: str = ""
    differences: tuple[str, ...] = ()
    first_rows: tuple[TypicalRow, ...] = ()
    other_rows: tuple[TypicalRow, ...] = ()
    money: tuple[MoneyShare, ...] = ()
    rule: RuleContent | None = None
    columns: tuple[str, ...] = ()
    examples: tuple[ExampleCustomer, ...] = ()


@dataclass(frozen=True, slots=True)
class NeighbourPair:
    """Two neighbouring segments (ids), and what decides whether a gap separates them, as in `reporting.evidence`.

    A figure is None where it is not a finite number.
    """

    segment_a: str
    segment_b: str
    gap: bool
    depth: float | None
    chance: float | None
    belt: float | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """The figures behind the verdict; recovered : by segment id, its mean Jaccard similarity in new draws."""

    recovered: dict[str, float]
    pairs: tuple[NeighbourPair, ...]
    silhouette: float
    silhouette_without_groups: float
    stability: float
    smallest_share: float
    unassigned_share: float


@dataclass(frozen=True, slots=True)
class Division:
    """One rung of the ladder, as in `reporting.ladder`; united : which segments (ids) make up each union."""

    label: str
    steady: bool
    chosen: bool
    recovered: float
    lower: float
    upper: float
    agreement: float | None
    prediction_strength: float
    united: tuple[tuple[str, ...], ...] = ()
    union_agreement: float | None = None


@dataclass(frozen=True, slots=True)
class LadderContent:
    """The divisions, coarsest first; sentence : the others in words; is_finest : the finest steady one is chosen."""

    divisions: tuple[Division, ...]
    sentence: str
    is_finest: bool


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """A candidate that was tried; scores : in words, as the headings of `CandidateTable`."""

    name: str
    parameters: str
    scores: tuple[str, ...]
    remark: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class CandidateTable:
    """Every candidate, in the order in which they were tried."""

    headings: tuple[str, ...]
    rows: tuple[CandidateRow, ...]


@dataclass(frozen=True, slots=True)
class MapContent:
    """The map of a sample of the customers: (m,) whole numbers 0 to 1,000 each way, and positions of segments or -1."""

    across: tuple[int, ...]
    up: tuple[int, ...]
    segment: tuple[int, ...]
    method: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """Customers whom a segment of the new model has from one of the last champion; source : its id, or empty."""

    source: str
    customers: int


@dataclass(frozen=True, slots=True)
class SegmentChange:
    """What became of a segment.

    fate : "kept", "new", "ended", "split" or "merged". size_then : when the last champion was made; size_old and
    size_new : today's customers, by the last champion and by the new model. money_old, money_new : theirs. A missing
    value is None: the model does not have the segment, or no money adds up.
    """

    id: str
    name: str
    fate: str
    size_then: int | None = None
    size_old: int | None = None
    size_new: int | None = None
    money_old: float | None = None
    money_new: float | None = None
    arrivals: tuple[Arrival, ...] = ()


@dataclass(frozen=True, slots=True)
class WhatChanged:
    """What a retrain changed since the last champion.

    champion : which it was, such as "version 3, as of 2026-06-01"; empty where that is not known.
    compared : the customers whom both models can read. reassigned : how many the new model puts elsewhere, the
    customers being the same. notes : what could not be compared.
    """

    segments: tuple[SegmentChange, ...]
    compared: int
    reassigned: int | None
    money_title: str = ""
    money_unit: str = ""
    notes: tuple[str, ...] = ()
    champion: str = ""


@dataclass(frozen=True, slots=True)
class ColumnContent:
    """A column of the vectors: its name in tables and figures, its title with the unit, whether it is in percent."""

    name: str
    title: str
    in_percent: bool = False


@dataclass(frozen=True)
class DiscoveryContent:
    """What a discovery knows of its segments, in the model's order; all of it plain values.

    as_of : the moment of the vectors, empty without one. kind, verdict : the verdict's kind and sentence. scores : the
    separation and steadiness in words. lineage : what became of the champion's segments, in sentences. facts : pairs of
    a name and a text. settings : JSON as text. of_whom : which numbers are of all customers and which of a sample, in
    sentences; empty where there is no sample. doubts : what may be wrong with the tables, in sentences.
    """

    as_of: str
    customers: int
    unassigned: int
    segments: tuple[SegmentContent, ...]
    kind: str
    verdict: str
    reason: str
    scores: str
    evidence: Evidence
    candidates: CandidateTable
    map: MapContent
    ladder: LadderContent | None = None
    lineage: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    settings: str = ""
    what_changed: WhatChanged | None = None
    columns: tuple[ColumnContent, ...] = ()
    of_whom: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()

    def column(self, name: str) -> ColumnContent:
        """The column of a name; one that is none of the vectors', such as adoption, is called by its name."""
        return next((own for own in self.columns if own.name == name), ColumnContent(name, name.replace("_", " ")))

    def labelled(self, labels: Mapping[str, SegmentLabel]) -> DiscoveryContent:
        """The same content under the names and notes that people gave since, by segment id."""
        return replace(
            self,
            segments=tuple(
                replace(segment, name=label.name, notes=label.notes, noted_by=label.by, noted_on=label.at[:10])
                if (label := labels.get(segment.id))
                else segment
                for segment in self.segments
            ),
        )


@dataclass(frozen=True)
class ReportContent:
    """Everything that a page shows.

    version : of the registered model, empty before it is registered. day : on which the page is made ("2026-07-01").
    record : None where there is none, then record_note says why. experiments : None without a table of experiments.
    ablation : None where none was made of the same data.
    downloads : the names of files beside the page.
    """

    title: str
    discovery: DiscoveryContent
    version: str = ""
    day: str = ""
    record: AnalystRecord | None = None
    record_note: str = ""
    experiments: ExperimentRecord | None = None
    ablation: AblationContent | None = None
    downloads: tuple[str, ...] = ()
