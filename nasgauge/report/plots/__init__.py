"""Drawings for notebooks and papers: each takes tables and axes, and returns the axes.

Rule: a number is shown, never computed here.
"""

from nasgauge.report.plots.curves import plot_best_so_far
from nasgauge.report.plots.differences import plot_differences
from nasgauge.report.plots.ranking import plot_critical_difference
from nasgauge.report.plots.scatter import plot_scatter
from nasgauge.report.plots.values import plot_values

__all__ = ["plot_best_so_far", "plot_critical_difference", "plot_differences", "plot_scatter", "plot_values"]
