"""The analyses as figures of the page: table, drawings, caption, download."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from nasgauge.analyses import ANALYSES, N_POINTS, SECTIONS, Analysis, is_among, operations_of, shared, strokes
from nasgauge.progress import Progress, untold
from nasgauge.report.bundle import Bundle
from nasgauge.report.ceilings import measured_on, shared_ceiling, with_ceilings
from nasgauge.report.downloads import Download, csv_download
from nasgauge.report.figures import svg
from nasgauge.report.forest import draw_forest, size
from nasgauge.report.labels import best_first, key_of, leading

N_THINNED = 50_000  # architectures beyond which matrix and scatter rest on a sample
N_BIAS = 16_000  # architectures beyond which the analyses of bias do, for pairs of them are many more
_THINNED = ("agreement", "rank_scatter")
_PIXELS = 74  # of the page for an inch of a panel, at least
_N_LETTERS = 40  # of a name, at most
_N_OPERATIONS = 1_000  # architectures looked at for the legend's operations


@dataclass(frozen=True)
class Panel:
    """One drawing with its label, "" for a figure of one."""

    label: str
    svg: str
    note: str = ""


@dataclass(frozen=True)
class Swatch:
    """One entry of a legend."""

    label: str
    colour: str
    line: str


@dataclass(frozen=True)
class Exhibit:
    """A figure of the page, and the table it shows.

    absent: why there are no panels, "" otherwise. source: the paper's figure, "" for none.
    """

    name: str
    question: str
    finding: str
    source: str
    n: str
    notes: tuple[str, ...]
    panels: tuple[Panel, ...]
    download: Download
    table: pd.DataFrame
    absent: str = ""
    legend: tuple[Swatch, ...] = ()
    wide: bool = False
    column: int = 155  # least width of a panel in pixels


def exhibits(bundle: Bundle, *, rng: np.random.Generator, progress: Progress = untold) -> dict[str, Exhibit]:
    """Every analysis that has the tables it needs as a figure, by name; of a section's, those that are not empty.

    progress(done, total): analyses, told before each.
    """
    scores, truth = bundle.measured, bundle.truth
    scores = scores[is_among(scores["arch"], truth["arch"])]
    samples = {most: _thinned(scores, truth, most, rng) for most in (N_THINNED, N_BIAS)}
    shown = {}
    with shared():
        for i, (name, analysis) in enumerate(ANALYSES.items()):
            progress(i, len(ANALYSES))
            if not set(analysis.needs) <= set(bundle.records):
                continue
            most = N_BIAS if analysis.section == "bias" else N_THINNED if name in _THINNED else None
            note, tables = ("", (scores, truth)) if most is None else samples[most]
            exhibit = _exhibit(name, analysis, bundle, *tables, notes=[note] if note else [], rng=rng)
            if exhibit.panels or not analysis.section:
                shown[name] = exhibit
    return shown


def sections(shown: dict[str, Exhibit], bundle: Bundle) -> list[tuple[str, str, list[Exhibit], list[str]]]:
    """(id, heading, figures, what could not be asked) of the sections that have anything to show or say, in order."""
    by = {name: [e for e in shown.values() if ANALYSES[e.name].section == name] for name in SECTIONS}
    said = {"bias": _unasked(shown, bundle)}
    return [(name, SECTIONS[name], figures, said.get(name, [])) for name, figures in by.items()
            if figures or said.get(name)]  # fmt: skip


def _unasked(shown: dict[str, Exhibit], bundle: Bundle) -> list[str]:
    """Which questions about biases stay open here, and what would answer them."""
    complexity = bundle.records.get("complexity")
    known = complexity is not None and bool(complexity.get("n_params", pd.Series(dtype=float)).notna().any())
    said = []
    if not known:
        said.append("The sizes of these architectures are not known, so nothing is said of biases by size; a truth "
                    "file may bring the columns n_params and macs.")  # fmt: skip
    if bundle.space is None:
        said.append("The search space is not known, so nothing is said of operations, depth and receptive field; "
                    "nasgauge judge takes its name as --space.")  # fmt: skip
    elif "operation_bias" not in shown:
        said.append("Hardly any two of these architectures are one step apart, so operations are not compared in "
                    "pairs.")  # fmt: skip
    if (known or bundle.space is not None) and "bias_profile" not in shown:
        said.append("No bias is looked for where fewer than 20 architectures have a score, or all have the same.")
    return said


def forest(bundle: Bundle, *, rng: np.random.Generator) -> Exhibit:
    """The leading criterion of all estimators as a figure; its download is the whole table of values."""
    by = leading(bundle.values)
    drawing = svg(
        lambda ax: draw_forest(bundle, ax), size(bundle), label=f"{by.symbol} with intervals", salt="forest", most=1.35
    )
    values = with_ceilings(bundle.values, bundle.ceiling)
    notes = ["Points are values and bars their bootstrap intervals; counting baselines are grey."]
    if len(bundle.ceiling):
        on = "on the architectures that are judged"
        notes.append(f"Dashed line and band: the noise ceiling {on}{measured_on(bundle.ceiling_measure)}")
    if bundle.published is not None:
        notes.append("Open diamonds: published values.")
    question = "How well does each estimator rank, and how sure is that?"
    counts = _counts(bundle.values["n"], "architectures")
    return Exhibit(
        "values",
        question,
        "",
        "",
        counts,
        tuple(notes),
        (Panel("", drawing),),
        csv_download(values, "values", rng=rng),
        values,
    )


def _thinned(
    scores: pd.DataFrame, truth: pd.DataFrame, most: int, rng: np.random.Generator
) -> tuple[str, tuple[pd.DataFrame, pd.DataFrame]]:
    """A sample of the architectures where there are more than `most`, and the sentence that says so, else ""."""
    archs = truth["arch"].unique()
    if len(archs) <= most:
        return "", (scores, truth)
    kept = archs[np.sort(rng.choice(len(archs), most, replace=False))]
    some = scores[is_among(scores["arch"], kept)], truth[is_among(truth["arch"], kept)]
    return f"Computed on {most:,} of {len(archs):,} architectures, drawn at random.", some


def _exhibit(
    name: str,
    analysis: Analysis,
    bundle: Bundle,
    scores: pd.DataFrame,
    truth: pd.DataFrame,
    *,
    notes: list[str],
    rng: np.random.Generator,
) -> Exhibit:
    table = analysis(scores, truth, bundle.space, rng=rng, records=bundle.records)
    notes = [*notes, *_notes(name, analysis, table)]
    if any(_ceiling(analysis, rows, bundle) is not None for _, rows in analysis.panels(table)):
        notes.append(f"Dashed line: the noise ceiling{measured_on(bundle.ceiling_measure)}")
    absent = _absence(name, table, bundle)
    panels: tuple[Panel, ...] = ()
    if not absent:
        panels = tuple(_panel(name, analysis, *panel, bundle) for panel in panels_of(name, analysis, table, bundle))
    return Exhibit(
        name,
        analysis.question,
        analysis.paper_finding,
        analysis.figure,
        _counts(table["n"], analysis.counts) if len(table) else "",
        tuple(notes),
        panels,
        csv_download(table, name, rng=rng),
        table,
        absent,
        _legend(table, bundle) if name == "top_cells" and not absent else (),
        wide=name == "agreement",
        column=round(_PIXELS * analysis.size[0]),
    )


def panels_of(
    name: str, analysis: Analysis, table: pd.DataFrame, bundle: Bundle
) -> list[tuple[str, pd.DataFrame, tuple[float, float]]]:
    """(label, rows, size in inches) of each panel; estimators with the best first, the truth before them."""
    panels = analysis.panels(table)
    if analysis.panel_by == "estimator":
        place = {name: i for i, name in enumerate(best_first(bundle.values, leading(bundle.values)))}
        panels = sorted(panels, key=lambda panel: place.get(panel[0], -1))
    if name != "agreement":
        return [(label, rows, analysis.size) for label, rows in panels]
    names = set(table["a"]) | set(table["b"])
    inches, longest = 0.41 * len(names), 0.06 * min(_N_LETTERS, max(map(len, names), default=0))
    size = max(1.5, 1.65 * longest) + inches, max(1.2, 0.8 * longest) + inches  # the names above lean to the right
    return [(label, rows, size) for label, rows in panels]


def draw_panel(analysis: Analysis, rows: pd.DataFrame, ax, bundle: Bundle) -> None:
    """One panel, with the noise ceiling as a dashed line where one belongs to all that the panel shows."""
    analysis.draw(rows, ax, bundle.space)
    ceiling = _ceiling(analysis, rows, bundle)
    if ceiling is not None:
        ax.axhline(ceiling, color="0.45", linewidth=1, linestyle=(0, (4, 2)), zorder=0)


def _ceiling(analysis: Analysis, rows: pd.DataFrame, bundle: Bundle) -> float | None:
    if not analysis.upwards or rows.empty:
        return None
    named = analysis.upwards == "criterion"
    wanted = key_of(*rows.iloc[0][["criterion", "at"]]) if named else (analysis.upwards, None)
    return shared_ceiling(bundle.ceiling, rows, wanted)


def _panel(
    name: str, analysis: Analysis, label: str, rows: pd.DataFrame, size: tuple[float, float], bundle: Bundle
) -> Panel:
    spoken = f"{name.replace('_', ' ')} {label}".strip()
    bounds = {"least": 0.75} if name == "agreement" else {"most": 1.25}
    drawing = svg(
        lambda ax: draw_panel(analysis, rows, ax, bundle),
        size,
        label=spoken,
        salt=f"{name}/{label}",
        margins=analysis.margins,
        **bounds,
    )
    return Panel(label, drawing, _panel_note(name, rows))


def _panel_note(name: str, rows: pd.DataFrame) -> str:
    first = rows.iloc[0] if len(rows) else None
    if name == "top_cells" and first["n_tied_at_border"]:
        return f"{first['n_tied_at_border']:,} tie for the last place"
    if name == "score_histogram":
        return f"{first['n_distinct']:,} distinct scores"
    return ""


def _notes(name: str, analysis: Analysis, table: pd.DataFrame) -> list[str]:
    if analysis.caption:
        return [analysis.caption]
    if name == "agreement":
        names = "Kendall's tau-b; names in the order of their agreement with the truth."
        undefined = int(table["kendall_tau"].isna().sum())
        dashes = [f"A dash marks an undefined value ({undefined} pairs: constant scores or too few architectures)."]
        return [names, *(dashes if undefined else [])]
    if name == "rank_scatter":
        dense = " Many architectures are shown as densities, darker where there are more." if _is_dense(table) else ""
        return [f"Ranks as fractions of n; the best architecture is at the lower left.{dense}"]
    if name == "score_histogram":
        return [
            "Score across, architectures up, between the .1 and .9 quantiles; below and above count the scores outside."
        ]
    if name == "top_cells":
        return ["The three best of each; equal scores in alphabetical order. Faint edges carry nothing to the output."]
    return ["Points: mean over splits of the seeds; bars: least to greatest."] if len(table) else []


def _is_dense(table: pd.DataFrame) -> bool:
    return bool(len(table) and table.groupby("estimator").size().max() > N_POINTS)


def _absence(name: str, table: pd.DataFrame, bundle: Bundle) -> str:
    if name == "reliability" and table.empty:
        return "The truth has a single training of each architecture, so nothing is known of its noise."
    if name in ("top_cells", "misjudged") and bundle.space is None:
        return "The space of these architectures is not known here, so no cells can be drawn; the table names them."
    return "" if len(table) else "There is nothing to draw: no estimator has a score."


def _legend(table: pd.DataFrame, bundle: Bundle) -> tuple[Swatch, ...]:
    archs = table["arch"].unique()[:_N_OPERATIONS]
    names = operations_of(bundle.space.graphs(bundle.space.from_str(arch)) for arch in archs)
    lines = {"solid": "solid", "dotted": "dotted"}
    return tuple(
        Swatch(name, stroke.colour, lines.get(stroke.dash, "dotted" if stroke.dash[1][0] == 1 else "dashed"))
        for name, stroke in strokes(names).items()
    )


def _counts(n: pd.Series, what: str) -> str:
    low, high = int(n.min()), int(n.max())
    return f"n = {high:,} {what}" if low == high else f"n = {low:,} to {high:,} {what}"
