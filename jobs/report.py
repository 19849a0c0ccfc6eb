"""The report page of a registered model, made anew: what its discovery stored, today's names, and a fresh record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from jobs.ablation.ablate import stored_ablation
from jobs.effects.experiment_effects import experiment_record
from jobs.record import compute, with_months
from jobs.registry_location import location_of
from registry.runs.finished_files import fetch_files
from registry.versions.versions import FetchedModel, fetch
from reporting.content.report_content import DiscoveryContent, ReportContent
from reporting.content.stored_content import FILE_NAME, content_from_json
from reporting.page import html_report
from reporting.record_tables import chosen_figures
from segment_model.errors import ArtefactError
from training.progress import Announce
from training.settings import Settings


@dataclass(frozen=True)
class FreshReport:
    """The page as HTML, and all figures of its record as CSV, which it names as its download."""

    version: str
    page: str
    figures: str


def make_report(
    settings: Settings, base: Path, which: str, months: int | None, day: date, download: str, announce: Announce
) -> FreshReport:
    """The report of the model that an alias or version names, without discovering anew.

    months : how many months the record covers, instead of those of the settings. day : on which it is made. download :
    the name under which the figures will lie beside the page.

    Raises
    ------
    SegmentsError
        If the model, what its discovery stored or a table cannot be read: there is no report without a record.
    """
    location = location_of(settings, base)
    fetched = fetch(location, which)
    stored = fetch_files(location, fetched.run_id, [FILE_NAME])
    discovery = _content(fetched, stored.get(FILE_NAME))
    record = compute(with_months(settings, months), base, fetched.model, announce).record
    source = settings.sources.experiments
    trials = None if source is None else experiment_record(settings, source, base, fetched.model, announce)
    ablation = stored_ablation(location, str(fetched.model.provenance.get("data_digest", "")))
    announce("making the page")
    title = settings.title or settings.registry.model_name
    content = ReportContent(
        title,
        discovery,
        fetched.version,
        day.isoformat(),
        record,
        experiments=trials,
        ablation=ablation,
        downloads=(download,),
    )
    names = dict(zip(fetched.model.ids, fetched.model.names, strict=True))
    return FreshReport(fetched.version, html_report(content), chosen_figures(record, names).to_csv(index=False))


def _content(fetched: FetchedModel, stored: bytes | None) -> DiscoveryContent:
    """What the discovery stored, under today's names and notes."""
    if stored is None:
        raise ArtefactError(
            f"the run of version {fetched.version} holds no {FILE_NAME}, since an older version of the software made "
            "it; discover again: with the same settings the segments stay, and reports can be made"
        )
    return content_from_json(stored).labelled(fetched.model.overlay)
