"""The panels of an analysis: their order, their size, and the noise ceiling in them."""

import pandas as pd

from nasgauge.analyses import TRUTH_NAME, Analysis
from nasgauge.report.bundle import Bundle
from nasgauge.report.ceilings import shared_ceiling
from nasgauge.report.exhibit import Panel
from nasgauge.report.figures import svg
from nasgauge.report.labels import best_first, key_of, leading

_WIDE, _PLAIN = {"least": 0.75}, {"most": 1.25}  # bounds of the width on the page, in widths of the drawing


def panels_of(analysis: Analysis, table: pd.DataFrame, bundle: Bundle) -> list[tuple[str, pd.DataFrame]]:
    """(label, rows) of each panel; estimators with the best first, the ground truth before them."""
    panels = analysis.panels(table)
    if analysis.panel_by != "estimator":
        return panels
    place = {name: i for i, name in enumerate(best_first(bundle.values, leading(bundle.values)))}
    panels = sorted(panels, key=lambda panel: place.get(panel[0], -1))
    return [("ground truth" if label == TRUTH_NAME else label, rows) for label, rows in panels]


def draw_panel(analysis: Analysis, rows: pd.DataFrame, ax, bundle: Bundle) -> None:
    """One panel, with the noise ceiling as a dashed line where a single one applies to the panel."""
    analysis.draw(rows, ax, bundle.space)
    ceiling = _ceiling(analysis, rows, bundle)
    if ceiling is not None:
        ax.axhline(ceiling, color="0.45", linewidth=1, linestyle=(0, (4, 2)), zorder=0)


def shows_ceiling(analysis: Analysis, table: pd.DataFrame, bundle: Bundle) -> bool:
    """Whether a panel of this table shows the noise ceiling."""
    return any(_ceiling(analysis, rows, bundle) is not None for _, rows in analysis.panels(table))


def drawn_panels(analysis: Analysis, table: pd.DataFrame, bundle: Bundle) -> tuple[Panel, ...]:
    """Every panel as shown on the page."""
    size = analysis.panel_size(table)
    return tuple(_panel(analysis, label, rows, size, bundle) for label, rows in panels_of(analysis, table, bundle))


def _panel(analysis: Analysis, label: str, rows: pd.DataFrame, size: tuple[float, float], bundle: Bundle) -> Panel:
    drawing = svg(
        lambda ax: draw_panel(analysis, rows, ax, bundle),
        size,
        label=f"{analysis.name.replace('_', ' ')} {label}".strip(),
        salt=f"{analysis.name}/{label}",
        margins=analysis.margins,
        **(_WIDE if analysis.wide else _PLAIN),
    )
    return Panel(label, drawing, analysis.panel_note(rows) if analysis.panel_note else "")


def _ceiling(analysis: Analysis, rows: pd.DataFrame, bundle: Bundle) -> float | None:
    if not analysis.upwards or rows.empty:
        return None
    named = analysis.upwards == "criterion"
    wanted = key_of(*rows.iloc[0][["criterion", "at"]]) if named else (analysis.upwards, None)
    return shared_ceiling(bundle.ceiling, rows, wanted)
