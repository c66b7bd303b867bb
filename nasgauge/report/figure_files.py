"""The figures of the page as vector graphics, one file per figure, with text as text."""

import math
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from nasgauge.analyses import ANALYSES, Analysis, plain
from nasgauge.core.errors import UserError
from nasgauge.report.bundle import Bundle
from nasgauge.report.figures import STYLE
from nasgauge.report.forest import draw_forest, size
from nasgauge.report.gallery import exhibits
from nasgauge.report.panels import draw_panel, panels_of

KINDS = ("pdf", "svg")
_N_COLUMNS = 4
_HEADING = 0.3  # inches above a panel


def write_figures(bundle: Bundle, folder: Path | str, *, kind: str = "pdf") -> list[Path]:
    """Write each figure of the page to `folder`/NAME.pdf (or .svg); returns the files.

    Panels are arranged in rows of four, the best estimator first. The same bundle gives the same drawings. Existing
    files of these names are replaced. UserError: an unknown format, a folder that cannot be written.
    """
    check_format(kind)
    folder = Path(folder)
    files = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, figure in _figures(bundle):
            file = folder / f"{name}.{kind}"
            figure.savefig(file, format=kind, metadata={"CreationDate" if kind == "pdf" else "Date": None})
            files.append(file)
    except OSError as error:
        raise UserError(
            f"{folder}: cannot be written ({error.strerror}); choose another folder for the figures"
        ) from error
    return files


def check_format(kind: str) -> None:
    """UserError for a format that figures cannot be written in."""
    if kind not in KINDS:
        raise UserError(f"figures: unknown format {kind!r}; use one of {', '.join(KINDS)}")


def _figures(bundle: Bundle):
    # Here and not above: the terminal's tables must not wait for a drawing library.
    import matplotlib
    from matplotlib.figure import Figure

    style = {**STYLE, "pdf.fonttype": 42, "svg.hashsalt": "figures"}
    with matplotlib.rc_context(style), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")  # names may hold any letter
        figure = Figure(figsize=size(bundle), layout="constrained")
        draw_forest(bundle, figure.add_subplot())
        yield "values", figure
        for name, exhibit in exhibits(bundle, rng=np.random.default_rng(0)).items():
            if exhibit.panels:
                yield name, _sheet(Figure, ANALYSES[name], exhibit.table, bundle)


def _sheet(figure_of, analysis: Analysis, table: pd.DataFrame, bundle: Bundle):
    panels = panels_of(analysis, table, bundle)
    n_columns = min(_N_COLUMNS, len(panels))
    n_rows = math.ceil(len(panels) / n_columns)
    width, height = analysis.panel_size(table)
    figure = figure_of(figsize=(n_columns * width, n_rows * (height + _HEADING)), layout="constrained")
    for i, (label, rows) in enumerate(panels, start=1):
        ax = figure.add_subplot(n_rows, n_columns, i)
        draw_panel(analysis, rows, ax, bundle)
        ax.set_title(plain(label), fontsize=8)
    return figure
