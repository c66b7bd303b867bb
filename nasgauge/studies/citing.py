"""What a publication of a study cites: the tool, and the sources of all that the study uses, as BibTeX."""

from pathlib import Path

from nasgauge.analyses import ANALYSES
from nasgauge.core import about
from nasgauge.core.kept import stored
from nasgauge.core.recorded import RECORDS
from nasgauge.core.store import Store
from nasgauge.studies import folders
from nasgauge.studies.components import of_study, sourced
from nasgauge.studies.listing import keys_in, references
from nasgauge.studies.schema import Study, Survey


def bibtex(folder: Path | None = None) -> str:
    """The BibTeX entry of the tool, and those of all that the study or survey in a folder uses.

    Before each entry a line says what it is cited for. What has no shipped entry is named at the end. UserError: the
    folder is of something else.
    """
    if folder is None:
        return about.bibtex()
    sources, unknown = cited(folder)
    known = references()
    entries = [f"% {', '.join(sources[key])}\n{known[key]}" for key in sorted(sources)]
    notes = [f"% no entry is shipped for {what}" for what in unknown]
    return "\n".join([about.bibtex(), *entries, *notes])


def cited(folder: Path) -> tuple[dict[str, list[str]], list[str]]:
    """By BibTeX key what it is cited for, and the components without a shipped entry, of a folder's study or survey."""
    parts = _studies(folder)
    uses = dict.fromkeys(use for study, _ in parts for use in of_study(study))
    sources, unknown = sourced(uses)
    for name in dict.fromkeys(name for _, store in parts for name in _analyses(store)):
        for key in keys_in(ANALYSES[name].compute.__doc__):
            sources.setdefault(key, []).append(f"analysis {name}")
    return sources, unknown


def _studies(folder: Path) -> list[tuple[Study, Store]]:
    """The studies in a folder, with where their tables are."""
    folders.reporter(folder)  # UserError for anything else
    store = Store.existing(folder)
    if folders.kind_of(folder) == "study":
        return [(stored(store, Study), store)]
    studies = stored(store, Survey).studies()
    return [(study, Store(folder / name)) for name, study in studies.items()]


def _analyses(store: Store) -> list[str]:
    """The analyses for which the folder has what they need."""
    there = {"complexity", "expenses"} | {name for name in RECORDS if store.keys(name)}
    return [name for name, analysis in ANALYSES.items() if set(analysis.needs) <= there]
