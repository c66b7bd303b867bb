"""One self-contained HTML page: it sends no requests and is readable without scripts, in print and on a phone."""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from nasgauge.analyses import shared
from nasgauge.core.output import write_output
from nasgauge.core.progress import Progress, untold
from nasgauge.report.bundle import Bundle
from nasgauge.report.criteria_table import ceiling_rows, columns, estimator_rows, sources
from nasgauge.report.explorer import explorer
from nasgauge.report.forest import forest
from nasgauge.report.gallery import biases, exhibits, parts
from nasgauge.report.labels import best_first, heading, leading
from nasgauge.report.summary import summary
from nasgauge.report.wording import answer

_SEED = 0  # of the samples drawn for display, so that the same bundle gives the same page
_N_REASONS = 40
_SCRIPTS = ("sort", "figures", "explorer")


def render(bundle: Bundle, *, processes: int | None = None, progress: Progress = untold) -> str:
    """The page as one string; the same bundle gives the same bytes.

    processes: how many compute and draw the figures, None: one for each core; the page does not depend on it.
    All text from the bundle is escaped. Beyond the limit in its entry an analysis uses a seeded sample of the
    architectures, as the explorer does beyond 2,000, and downloads contain at most 20,000 rows; the captions state it.
    progress(done, total): reported after each analysis.
    """
    rng = np.random.default_rng(_SEED)
    rows = estimator_rows(bundle)
    by = leading(bundle.values)
    figure = forest(bundle, rng=rng)
    with shared():
        shown = exhibits(bundle, rng=rng, processes=processes, progress=progress)
        explored = explorer(bundle, rng=rng)
    biased = biases(shown)
    return rendered(
        "page.html.j2",
        title=bundle.title,
        provenance=dict(bundle.provenance),
        n_truth=bundle.truth["arch"].nunique(),
        answer=answer(bundle, biased),
        lines=summary(bundle, biased),
        leading=by,
        has_contest=len(bundle.contest) > 0,
        has_connected=len(bundle.connected) > 0,
        n_connected=int(bundle.connected["n"].max()) if len(bundle.connected) else 0,
        explorer=explored,
        first=best_first(bundle.values, by)[0],
        columns=columns(bundle),
        ceilings=ceiling_rows(bundle),
        notes=bundle.notes,
        any_absent=any(row.n_absent for row in rows),
        any_unknown=any(row.n_unknown for row in rows),
        rows=rows,
        sources=sources(rows),
        any_excluded=any(cell.excluded for row in rows for cell in row.cells),
        has_costs="expenses" in bundle.records,
        any_trained=any(row.n_trained for row in rows),
        forest=figure,
        parts=parts(shown, bundle),
        failures=_failures(bundle.errors),
        n_failures=len(bundle.errors),
        settings=list(_flat(bundle.study)),
        versions=list(_flat(bundle.environment)),
        references=_references(bundle),
    )


def rendered(template: str, **content: Any) -> str:
    """A rendered template, with its script and the hash by which the page allows only that script."""
    folder = resources.files("nasgauge.report")
    script = "\n".join((folder / f"{name}.js").read_text(encoding="utf-8") for name in _SCRIPTS)
    environment = Environment(
        loader=PackageLoader("nasgauge", "report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return environment.get_template(template).render(script=script, script_hash=digest, **content)


def write(bundle: Bundle, path: Path | str, *, progress: Progress = untold) -> None:
    """Render the page to a file, whole or not at all; UserError where the file cannot be written."""
    write_page(render(bundle, progress=progress), path)


def write_page(text: str, path: Path | str) -> None:
    """Write a page to a file, whole or not at all; UserError where the file cannot be written."""
    content = text.encode(errors="replace")  # a name of a file may hold half a character
    write_output(path, content, remedy="choose another file for the page")


def _failures(errors: pd.DataFrame) -> list[dict[str, Any]]:
    """Reasons of failures by estimator, with their number and the first architecture concerned; most frequent first."""
    if errors.empty:
        return []
    grouped = errors.groupby(["estimator", "error"], sort=False)
    table = grouped.agg(n=("arch", "size"), n_archs=("arch", "nunique"), example=("arch", "first")).reset_index()
    return table.sort_values("n", ascending=False, kind="stable").head(_N_REASONS).to_dict("records")


def _flat(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """(dotted name, text) of nested settings; lists of plain values in one line."""
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        elif isinstance(value, list | tuple):
            if any(isinstance(v, Mapping) for v in value):
                for i, v in enumerate(value, start=1):
                    yield from (
                        _flat(v, f"{prefix}{name}.{i}.")
                        if isinstance(v, Mapping)
                        else [(f"{prefix}{name}.{i}", str(v))]
                    )
            else:
                yield f"{prefix}{name}", ", ".join(map(str, value))
        else:
            yield f"{prefix}{name}", str(value)


def _references(bundle: Bundle) -> list[str]:
    """Bib keys: the criteria's, the space's, the paper behind the figures, and those the bundle brings."""
    criteria = [heading(c, None).reference for c in bundle.values["criterion"].unique()]
    space = [bundle.space.reference] if bundle.space is not None else []
    return sorted(
        {key for key in (*criteria, *space, "ning2021evaluating", "efron1979bootstrap", *bundle.references) if key}
    )
