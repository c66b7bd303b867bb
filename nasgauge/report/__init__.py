"""How are the results reported?

Rule: tables to figures to one HTML page, and to tables in a terminal; a number is shown, never computed here.
"""

from nasgauge.report.assembly import assembled, of_verdict
from nasgauge.report.bundle import Bundle
from nasgauge.report.ceilings import measured_on
from nasgauge.report.figure_files import check_format, write_figures
from nasgauge.report.gallery import analysed
from nasgauge.report.page import render, write
from nasgauge.report.survey_page import render_survey, write_survey
from nasgauge.report.survey_text import survey_table
from nasgauge.report.text import terminal_table
from nasgauge.report.wording import unlike_sets

__all__ = [
    "Bundle",
    "analysed",
    "assembled",
    "check_format",
    "measured_on",
    "of_verdict",
    "render",
    "render_survey",
    "survey_table",
    "terminal_table",
    "unlike_sets",
    "write",
    "write_figures",
    "write_survey",
]
