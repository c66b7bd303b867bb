"""Drawings for notebooks: in given axes or a new figure, with the numbers of the tables, leaving nothing changed."""

import itertools

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from nasgauge.core.errors import UserError
from nasgauge.report import (
    plot_best_so_far,
    plot_critical_difference,
    plot_differences,
    plot_scatter,
    plot_values,
)

nan = float("nan")


@pytest.fixture(autouse=True)
def closed():
    before = dict(matplotlib.rcParams)
    yield
    pyplot.close("all")
    assert dict(matplotlib.rcParams) == before


def contests_of(k, n, gap=0.05):
    rng = np.random.default_rng(0)
    rows = [(f"d{i}", f"a_rather_long_name_{j}", gap * j + rng.normal() / 10) for i in range(n) for j in range(k)]
    return pd.DataFrame(rows, columns=["part", "estimator", "value"]).assign(criterion="kendall_tau")


def curves_of(k):
    n = np.arange(1, 31)
    rows = [
        pd.DataFrame({"search": f"search_{i}", "n_evaluated": n, "value": 0.5 + n / 100 + i / 50}) for i in range(k)
    ]
    table = pd.concat(rows, ignore_index=True)
    return table.assign(low=table["value"] - 0.02, high=table["value"] + 0.02, best=0.99, n=5)


def paired_of(k):
    pairs = [(f"e{i}", f"e{j}", (j - i) / 20) for i, j in itertools.combinations(range(k), 2)]
    table = pd.DataFrame(pairs, columns=["estimator", "rival", "difference"]).assign(criterion="kendall_tau", at=nan)
    p = np.where(table["difference"] > 0.06, 0.001, 0.4)
    return table.assign(lower=nan, upper=nan, p_value=p, p_adjusted=p, n=40)


PLOTS = {
    "values": lambda bundle, **o: plot_values(bundle, **o),
    "other": lambda bundle, **o: plot_values(bundle, "best_rank_at@0.05", **o),
    "scatter": lambda bundle, **o: plot_scatter(bundle, "synflow", **o),
    "ranks": lambda bundle, **o: plot_scatter(bundle, "flat", axes="ranks", **o),
    "differences": lambda bundle, **o: plot_differences(paired_of(6), **o),
    "few ranks": lambda bundle, **o: plot_critical_difference(contests_of(2, 3), method="wilcoxon", **o),
    "many ranks": lambda bundle, **o: plot_critical_difference(contests_of(21, 9), **o),
    "curves": lambda bundle, **o: plot_best_so_far(curves_of(3), **o),
    "many curves": lambda bundle, **o: plot_best_so_far(curves_of(11), **o),
}


@pytest.mark.parametrize("name", PLOTS)
def test_text_is_inside_readable_and_not_printed_over_other_text(bundle, name):
    ax = PLOTS[name](bundle, style="paper", serif=name in ("ranks", "many ranks"))
    drawn = ax.figure
    FigureCanvasAgg(drawn)
    renderer = drawn.canvas.get_renderer()
    drawn.draw(renderer)
    shown = [t for axis in (ax.xaxis, ax.yaxis) for tick in axis._update_ticks() for t in (tick.label1, tick.label2)]
    other = [*ax.texts, ax.xaxis.label, ax.yaxis.label, *(ax.get_legend().get_texts() if ax.get_legend() else [])]
    texts = [t for t in [*shown, *other] if t.get_visible() and t.get_text().strip()]
    boxes = [(t.get_text(), Text.get_window_extent(t, renderer)) for t in texts]
    assert len(boxes) >= 5 and all(t.get_fontsize() >= 7 for t in texts)
    for text, box in boxes:
        assert box.x0 > -2 and box.y0 > -2 and box.x1 < drawn.bbox.x1 + 2 and box.y1 < drawn.bbox.y1 + 2, text
    for (one, a), (two, b) in itertools.combinations(boxes, 2):
        width, height = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
        assert not (width > 1.5 and height > 1.5 + 0.15 * min(a.height, b.height)), f"{one!r} over {two!r}"


@pytest.mark.parametrize("name", PLOTS)
def test_given_axes_are_drawn_in(bundle, name):
    figure, (left, right) = pyplot.subplots(1, 2)
    assert PLOTS[name](bundle, ax=right) is right and right.has_data() and not left.has_data()
    assert pyplot.get_fignums() == [figure.number]


def test_the_diagram_shows_mean_ranks_and_its_test(bundle):
    ax = plot_critical_difference(contests_of(4, 14, gap=0.3))
    assert "mean rank over 14 data sets; Friedman p < .001\ncritical difference 1.25, α = .05" == ax.get_xlabel()
    assert ax.texts[0].get_text() == "a_rather_long_name_3 1.00" and ax.texts[-1].get_text().endswith("_name_0")


def test_the_matrix_marks_what_is_not_significant(bundle):
    ax = plot_differences(paired_of(3))
    assert [t.get_text() for t in ax.texts] == [".05", ".10", "−.05", ".05", "−.10", "−.05"]
    assert len(ax.lines) == 4  # both directions of the two pairs that differ by .05
    few = ax.images[0].get_array()
    assert few[0, 2].sum() < few[0, 1].sum()  # darker


def test_scatter_states_the_reported_value(bundle):
    assert plot_scatter(bundle, "synflow").texts[0].get_text() == "τ = .550, n = 40\n[.500, .600]"
    assert plot_scatter(bundle, "flat").texts[0].get_text() == "τ undefined, n = 40"


def test_usage_errors(bundle):
    for call, message in (
        (lambda: plot_values(bundle, "kendal_tau"), "unknown criterion of this report 'kendal_tau'; nearest"),
        (lambda: plot_scatter(bundle, "sinflow"), "unknown estimator of this report 'sinflow'; nearest: synflow"),
        (lambda: plot_scatter(bundle, "synflow", axes="rank"), "unknown kind of axes 'rank'; nearest: ranks"),
        (lambda: plot_values(bundle, style="papre"), "unknown style of figures 'papre'; nearest: paper"),
        (lambda: plot_differences(paired_of(3), "kendall"), "unknown criterion of the paired differences"),
    ):
        with pytest.raises(UserError, match=message):
            call()


def test_a_search_without_an_incumbent_has_no_line():
    table = curves_of(2)
    never = table["search"] == "search_1"
    axes = plot_best_so_far(table.assign(**{c: table[c].mask(never) for c in ("value", "low", "high")}))
    drawn = [line for line in axes.get_lines() if np.isfinite(np.asarray(line.get_ydata(), float)).sum() > 2]
    assert len(drawn) == 1
