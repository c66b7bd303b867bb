"""How do the tables of a report enter a LaTeX document?

Rule: text of the package booktabs from tables of values, with the numbers as reports print them.
"""

from nasgauge.report.latex.escaping import escaped
from nasgauge.report.latex.paired import latex_paired
from nasgauge.report.latex.survey import latex_survey
from nasgauge.report.latex.table import chosen_headings, latex_table

__all__ = ["chosen_headings", "escaped", "latex_paired", "latex_survey", "latex_table"]
