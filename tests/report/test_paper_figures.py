"""Figures for papers: exact widths, text that is readable, inside and not printed over other text, embedded fonts."""

import dataclasses
import itertools

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.legend import Legend
from matplotlib.text import Text

from nasgauge.core.errors import UserError
from nasgauge.report import figure, write_figures, write_survey_figures
from nasgauge.report.figure_files import _drawn as drawn_sheet
from nasgauge.report.gallery import computed
from nasgauge.report.plots.style import styled
from nasgauge.report.sheets import sheets

LONG = "synflow_ensemble_of_large_batches_and_seeds_"
nan = float("nan")


def texts_of(drawn):
    """(text, its extent) of all text that is drawn, on a canvas that has been laid out."""
    FigureCanvasAgg(drawn)
    renderer = drawn.canvas.get_renderer()
    drawn.draw(renderer)
    shown, hidden = set(), set()
    for ax in drawn.findobj(Axes):
        for axis in (ax.xaxis, ax.yaxis):
            hidden |= {
                t for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()) for t in (tick.label1, tick.label2)
            }
            ticks = axis._update_ticks() if ax.axison else []
            shown |= {t for tick in ticks for t in (tick.label1, tick.label2)}
    found = [
        t for t in drawn.findobj(Text) if t.get_visible() and t.get_text().strip() and (t in shown or t not in hidden)
    ]
    return [(text, Text.get_window_extent(text, renderer)) for text in found]  # without the line of an annotation


def checked(drawn, columns):
    """Fails for a figure that is not fit to print."""
    assert drawn.get_size_inches()[0] == {1: 3.25, 2: 6.75}[columns] and drawn.get_size_inches()[1] <= 9.3
    texts = texts_of(drawn)
    assert all(text.get_fontsize() >= 7 for text, _ in texts)
    for text, box in texts:
        inside = box.x0 > -2 and box.y0 > -2 and box.x1 < drawn.bbox.x1 + 2 and box.y1 < drawn.bbox.y1 + 2
        assert inside, f"{text.get_text()!r} leaves the figure"
    upright = [(text, box) for text, box in texts if text.get_rotation() % 90 == 0]  # boxes of others hold more
    for (one, a), (other, b) in itertools.combinations(upright, 2):
        width, height = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
        overlaps = width > 1.5 and height > 1.5 + 0.15 * min(a.height, b.height)  # boxes hold room for descenders
        assert not overlaps, f"{one.get_text()!r} is printed over {other.get_text()!r}"
    for legend in drawn.findobj(Legend):
        assert not legend.get_window_extent().overlaps(legend.axes.get_window_extent().shrunk(0.98, 0.98))


def many(bundle, n, *, named=LONG):
    """A bundle of n estimators: the second a count, the third spanning decades, the last of many constant."""
    rng = np.random.default_rng(0)
    accuracy = bundle.truth.groupby("arch")["accuracy"].mean()
    names = [f"{named}{i}" if i != 1 else "n_params" for i in range(n)]
    parts = []
    for i, name in enumerate(names):
        score = accuracy.to_numpy() + 0.1 * (i + 1) * rng.normal(size=len(accuracy))
        score = np.exp(20 * score) if i == 2 else np.ones(len(score)) if i == n - 1 and n > 3 else score
        parts.append(pd.DataFrame({"estimator": name, "arch": accuracy.index, "seed": 0, "score": score}))
    value = [nan if i == n - 1 and n > 3 else 0.8 - i / n for i in range(n)]
    values = pd.DataFrame({"estimator": names, "criterion": "kendall_tau", "at": nan, "value": value})
    values = values.assign(lower=values["value"] - 0.05, upper=values["value"] + 0.05, n=40)
    values = values.assign(n_failed=0, n_absent=0, n_unknown=0, n_seeds=1)
    pairs = [(a, b, value[i] - value[j]) for i, a in enumerate(names) for j, b in enumerate(names) if i < j]
    paired = pd.DataFrame(pairs, columns=["estimator", "rival", "difference"])
    paired = paired.assign(criterion="kendall_tau", at=nan, lower=nan, upper=nan, n=40)
    paired["p_value"] = paired["p_adjusted"] = np.exp(-20 * paired["difference"].abs())
    scores, empty = pd.concat(parts, ignore_index=True), bundle.errors.iloc[:0]
    return dataclasses.replace(
        bundle, values=values, scores=scores, errors=empty, published=None, records={"paired": paired},
        ceiling=bundle.ceiling.iloc[:0],
    )  # fmt: skip


FURTHER = pytest.mark.full


@pytest.mark.parametrize("n", [2, 9, pytest.param(40, marks=FURTHER)])
@pytest.mark.parametrize(
    ("columns", "serif"),
    [(1, False), (2, True), pytest.param(1, True, marks=FURTHER), pytest.param(2, False, marks=FURTHER)],
)
def test_estimators_few_and_many_with_long_names(bundle, n, columns, serif):
    whole = many(bundle, n)
    for name in ("values", "differences", "scatter")[: 2 if n > 9 else 3]:
        checked(figure(whole, name, columns=columns, serif=serif), columns)


@pytest.mark.long
def test_every_figure_of_a_report_can_be_printed(bundle):
    whole = dataclasses.replace(many(bundle, 4, named="proxy_"), records=bundle.records)
    found = list(sheets(whole, "paper"))
    assert {"values", "scatter", "agreement", "search_quality", "misjudged"} <= {sheet.name for sheet in found}
    for sheet, columns in itertools.product(found, (1, 2)):
        with styled("paper", serif=columns == 2):
            checked(drawn_sheet(sheet, "paper", columns, columns == 2), columns)


def test_the_figure_is_the_same_whichever_others_are_computed(bundle):
    whole = {one.name: one.table for one in computed(bundle, rng=np.random.default_rng(0))}
    for name in ("search_quality", "bias_profile", "rank_scatter"):
        [sheet] = sheets(bundle, "paper", [name])
        pd.testing.assert_frame_equal(sheet.table, whole[name])


def test_files_have_their_numbers_next_to_them_and_embedded_fonts(bundle, tmp_path):
    files = write_figures(bundle, tmp_path, only=["scatter", "values"], style="paper", columns=2, serif=True, csv=True)
    assert [file.name for file in files] == ["values.pdf", "values.csv", "scatter.pdf", "scatter.csv"]
    values = pd.read_csv(tmp_path / "values.csv")
    assert len(values) == len(bundle.values) + len(bundle.ceiling.drop_duplicates(["criterion", "at"]))
    points = pd.read_csv(tmp_path / "scatter.csv").query("estimator == 'synflow'").set_index("arch")
    mean = bundle.truth.groupby("arch")["accuracy"].mean()
    assert (points["accuracy"] - mean.reindex(points.index)).abs().max() < 1e-9 and set(points["n"]) == {len(points)}
    content = (tmp_path / "values.pdf").read_bytes()
    assert b"/FontFile2" in content and b"/Type3" not in content and b"STIXGeneral" in content
    assert 486 == pytest.approx(float(content.split(b"/MediaBox [ 0 0 ")[1].split()[0]))  # 6.75 inches in points
    drawn = figure(bundle, "values", serif=True)
    drawn.savefig(tmp_path / "own.pdf")  # outside of any style
    assert b"/Type3" not in (tmp_path / "own.pdf").read_bytes()
    drawn.savefig(tmp_path / "own.svg")
    assert "synflow</text>" in (tmp_path / "own.svg").read_text() and matplotlib.rcParams["pdf.fonttype"] == 3


def test_panels_are_chosen_by_label(bundle):
    drawn = figure(bundle, "scatter", panels=["synflow"])
    assert [ax.get_title() for ax in drawn.axes] == ["synflow"]
    assert (
        "τ = .550, n = 40" in drawn.axes[0].texts[0].get_text() and "[.500, .600]" in drawn.axes[0].texts[0].get_text()
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "valus"}, "unknown figure 'valus'; nearest: values"),
        ({"name": "trend"}, "figure 'trend' needs checkpoint_scores, which this study has not recorded"),
        ({"name": "differences"}, "figure 'differences' needs a table of paired differences"),
        ({"name": "values", "columns": 3}, "columns is 3; give 1 .3.25 inches wide. or 2"),
        ({"name": "values", "style": "papers"}, "unknown style of figures 'papers'; nearest: paper"),
        ({"name": "scatter", "panels": ["synflov"]}, "unknown panel of figure 'scatter' 'synflov'; nearest: synflow"),
        ({"name": "values", "panels": ["synflow"]}, "has one panel"),
    ],
)
def test_usage_errors(bundle, tmp_path, options, message):
    with pytest.raises(UserError, match=message):
        figure(bundle, **options)
    name = options.pop("name")
    with pytest.raises(UserError, match=message):
        write_figures(bundle, tmp_path / "x", only=[name], **options)


def test_a_survey_is_written_with_its_diagram(bundle, tmp_path):
    parts = {part: bundle for part in ("one", "two")}
    rows = [(part, e, v) for part in parts for e, v in (("synflow", 0.5), ("n_params", 0.4), ("flat", nan))]
    contests = pd.DataFrame(rows, columns=["part", "estimator", "value"]).assign(criterion="kendall_tau")
    files = write_survey_figures(parts, contests, tmp_path, only=["values"], style="paper", csv=True)
    names = ["critical_difference.pdf", "critical_difference.csv", "critical_difference_pairs.csv"]
    names += [f"{part}/values.{kind}" for part in parts for kind in ("pdf", "csv")]
    assert [str(file.relative_to(tmp_path)) for file in files] == names and all(file.is_file() for file in files)
    assert pd.read_csv(files[1])["mean_rank"].tolist() == [1.0, 2.0]
