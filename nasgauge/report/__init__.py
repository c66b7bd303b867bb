"""How are the results reported?

Rule: tables to figures to one HTML page, and to tables in a terminal; a number is shown, never computed here.
"""

from nasgauge.report.assembly import assembled, of_verdict
from nasgauge.report.bundle import Bundle
from nasgauge.report.ceilings import measured_on
from nasgauge.report.differences import with_differences
from nasgauge.report.evaluation import Evaluation
from nasgauge.report.figure_files import check_format, check_written, figure, write_figures
from nasgauge.report.gallery import computed
from nasgauge.report.latex import latex_paired, latex_survey, latex_table
from nasgauge.report.page import render, write
from nasgauge.report.plots import (
    plot_best_so_far,
    plot_critical_difference,
    plot_differences,
    plot_scatter,
    plot_values,
)
from nasgauge.report.sheets import check_figures, figure_names
from nasgauge.report.survey_files import write_survey_figures
from nasgauge.report.survey_page import render_survey, write_survey
from nasgauge.report.survey_text import survey_table
from nasgauge.report.text import terminal_table
from nasgauge.report.wording import unlike_sets

__all__ = [
    "Bundle",
    "Evaluation",
    "assembled",
    "check_figures",
    "check_format",
    "check_written",
    "computed",
    "figure",
    "figure_names",
    "latex_paired",
    "latex_survey",
    "latex_table",
    "measured_on",
    "of_verdict",
    "plot_best_so_far",
    "plot_critical_difference",
    "plot_differences",
    "plot_scatter",
    "plot_values",
    "render",
    "render_survey",
    "survey_table",
    "terminal_table",
    "unlike_sets",
    "with_differences",
    "write",
    "write_figures",
    "write_survey",
    "write_survey_figures",
]
