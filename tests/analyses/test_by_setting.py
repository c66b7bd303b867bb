"""Which estimators are compared by which setting, and that the values are those of a plain loop."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from scipy import stats

from nasgauge.analyses.by_setting import compute, draw
from nasgauge.core.errors import UserError
from nasgauge.criteria import CRITERIA, Criterion, precision_at_top

N = 12
TRUTH = pd.DataFrame({"arch": [f"a{i:02d}" for i in range(N)], "seed": 0, "accuracy": np.arange(N) / N})
TRUTH = TRUTH.assign(iso_class=TRUTH["arch"])


def scores_of(*names, seeds=(0, 1)):
    rng = np.random.default_rng(0)
    rows = [(name, arch, s, rng.normal()) for name in names for s in seeds for arch in TRUTH["arch"]]
    return pd.DataFrame(rows, columns=["estimator", "arch", "seed", "score"])


def settings_of(chosen):
    rows = [(name, setting, float(value)) for name, each in chosen.items() for setting, value in each.items()]
    return pd.DataFrame(rows, columns=["estimator", "setting", "value"])


def choices_of(names, **changed):
    """Table CHOICES of these estimators: equal but for what is changed, {name: value} by choice."""
    rows = [(name, choice, changed.get(choice, {}).get(name, "as ever")) for name in names for choice in ("bn", "clip")]
    return pd.DataFrame(rows, columns=["estimator", "setting", "value"])


def compared(chosen, choices="equal"):
    """(setting, series, also_differs) -> [(value, estimator), ...], the columns that say what is compared."""
    choices = choices_of(chosen) if isinstance(choices, str) else choices
    table = compute(scores_of(*chosen), TRUTH, settings=settings_of(chosen), choices=choices, criteria=["kendall_tau"])
    groups = table.groupby(["setting", "series", "also_differs"], sort=False)
    return {key: list(zip(part["setting_value"], part["estimator"], strict=True)) for key, part in groups}


def test_one_setting_at_a_time():
    chosen = {
        "base": {"channels": 16, "n_cells": 5, "epochs": 9},
        "thin": {"channels": 8, "n_cells": 5, "epochs": 9},
        "wide": {"channels": 32, "n_cells": 5, "epochs": 9},
        "short": {"channels": 16, "n_cells": 1, "epochs": 9},
    }
    assert compared(chosen) == {
        ("channels", "main", "nothing"): [(8, "thin"), (16, "base"), (32, "wide")],
        ("n_cells", "main", "nothing"): [(1, "short"), (5, "base")],
    }


def test_settings_that_change_together_are_compared_together_and_it_is_said():
    chosen = {f"s{n}": {"n_samples": n, "epochs": e} for n, e in ((1, 1000), (3, 330), (5, 200))}
    assert compared(chosen) == {
        ("epochs", "main", "n_samples"): [(200, "s5"), (330, "s3"), (1000, "s1")],
        ("n_samples", "main", "epochs"): [(1, "s1"), (3, "s3"), (5, "s5")],
    }


def test_of_supernets_that_differ_it_is_never_said_that_they_do_not():
    chosen = {"thin": {"channels": 4}, "wide": {"channels": 8}, "wider": {"channels": 16}}
    running = choices_of(chosen, bn={"wide": "tracked"})
    assert compared(chosen, running) == {("channels", "main", "nothing"): [(4, "thin"), (16, "wider")]}
    two = {name: chosen[name] for name in ("thin", "wide")}
    assert list(compared(two, running)) == [("channels", "main", "bn")]
    unknown = [None, running[:0], running[running["estimator"] != "wide"]]
    assert [list(compared(two, table)) for table in unknown] == [[("channels", "main", "not recorded")]] * 3


def test_series_are_parted_by_what_is_no_number():
    chosen = {f"{bn}{c}": {"channels": c} for bn in ("batch", "tracked") for c in (4, 8)}
    choices = choices_of(chosen, bn={name: name[:-1] for name in chosen})
    assert list(compared(chosen, choices)) == [
        ("channels", "main; bn = batch", "nothing"),
        ("channels", "main; bn = tracked", "nothing"),
    ]


def test_a_name_that_begins_as_that_of_another_supernet_is_no_kind_of_score_of_it():
    chosen = {f"c{c}{rest}": {"channels": c} for c in (4, 8) for rest in ("", "_no_skip")}
    choices = choices_of(chosen, bn={name: "tracked" if name.endswith("skip") else "batch" for name in chosen})
    assert set(compared(chosen, choices)) == {
        ("channels", "main; bn = tracked", "nothing"),
        ("channels", "main; bn = batch", "nothing"),
    }


def test_a_label_with_a_number_is_no_kind_of_score_of_a_shorter_one():
    """Supernets with equal settings, such as those of other seeds: their names say nothing, the recorded kinds do."""
    chosen = {f"{net}{rest}": {"channels": c} for c, net in ((4, "supernet"), (8, "wide")) for rest in ("", "_120")}
    settings = settings_of(chosen | {f"{name}_loss": each for name, each in chosen.items()})
    scored = scores_of(*settings["estimator"])
    settings["kind"] = ["loss" if name.endswith("_loss") else "main" for name in settings["estimator"]]
    table = compute(scored, TRUTH, settings=settings, choices=choices_of(settings["estimator"]))
    found = {series: set(part["estimator"]) for series, part in table.groupby("series")}
    assert found == {"main": set(chosen), "loss": {f"{name}_loss" for name in chosen}}
    unknown = compute(scored, TRUTH, settings=settings.assign(kind=""), choices=choices_of(settings["estimator"]))
    assert set(unknown["series"]) == {"main", "loss", "120", "120_loss"}  # the best that names allow


def test_a_number_that_is_an_option_of_the_sampler_too_differs_once():
    chosen = {f"s{n}": {"n_samples": n} for n in (1, 3)}
    choices = choices_of(chosen)
    option = {"setting": "sampler_options.n_samples", "value": ["1", "3"]}
    choices = pd.concat([choices, pd.DataFrame({"estimator": ["s1", "s3"], **option})])
    assert compared(chosen, choices) == {("n_samples", "main", "nothing"): [(1, "s1"), (3, "s3")]}


def test_kinds_of_score_of_one_supernet_make_series_of_their_own():
    chosen = {name: {"channels": c} for c in (4, 8) for name in (f"c{c}_loss", f"c{c}", f"c{c}_avg3")}
    assert list(compared(chosen)) == [("channels", kind, "nothing") for kind in ("main", "avg3", "loss")]
    assert compared(chosen)["channels", "loss", "nothing"] == [(4, "c4_loss"), (8, "c8_loss")]


def test_a_grid_of_two_settings_has_a_series_for_each_value_of_the_other():
    chosen = {f"c{c}n{n}": {"channels": c, "n_cells": n, "epochs": 1} for c in (4, 8) for n in (1, 3)}
    assert compared(chosen) == {
        ("channels", "main; n_cells = 1", "nothing"): [(4, "c4n1"), (8, "c8n1")],
        ("channels", "main; n_cells = 3", "nothing"): [(4, "c4n3"), (8, "c8n3")],
        ("n_cells", "main; channels = 4", "nothing"): [(1, "c4n1"), (3, "c4n3")],
        ("n_cells", "main; channels = 8", "nothing"): [(1, "c8n1"), (3, "c8n3")],
    }


def test_estimators_without_scores_or_settings_are_left_out():
    settings = settings_of({"x": {"channels": 4}, "y": {"channels": 8}, "unscored": {"channels": 16}})
    table = compute(scores_of("x", "y", "size"), TRUTH, settings=settings)
    assert set(table["estimator"]) == {"x", "y"}


def test_values_equal_scipy_over_the_architectures_that_all_seeds_scored():
    scores = scores_of("x", "y")
    scores = scores[~((scores["estimator"] == "y") & (scores["seed"] == 1) & (scores["arch"] == "a00"))]
    settings = settings_of({"x": {"channels": 4}, "y": {"channels": 8}})
    table = compute(scores, TRUTH[:-1], settings=settings)
    for name, n in (("x", N - 1), ("y", N - 2)):
        part = scores[(scores["estimator"] == name) & (scores["arch"] != f"a{N - 1}")]
        part = part[part["arch"] != "a00"] if name == "y" else part
        taus = [stats.kendalltau(one["score"], one["arch"]).statistic for _, one in part.groupby("seed")]
        row = table[(table["estimator"] == name) & (table["criterion"] == "kendall_tau")].iloc[0]
        assert np.allclose([row["value"], row["low"], row["high"]], [np.mean(taus), min(taus), max(taus)])
        assert (row["n"], row["n_seeds"]) == (n, 2)


def test_the_order_of_rows_does_not_matter():
    chosen = {
        f"c{c}n{n}{kind}": {"channels": c, "n_cells": n} for c in (4, 8) for n in (1, 3) for kind in ("", "_loss")
    }
    scores, settings = scores_of(*chosen), settings_of(chosen)
    one = compute(scores, TRUTH, settings=settings)
    shuffled = [t.sample(frac=1, random_state=3) for t in (scores, TRUTH, settings)]
    pd.testing.assert_frame_equal(one, compute(*shuffled[:2], settings=shuffled[2]))


@pytest.mark.parametrize("values", [(4, 8, 64), (0.0, 0.5), (-1, 1), (1, 2), tuple(range(1, 12))])
def test_every_panel_can_be_drawn(values):
    chosen = {f"v{i}{kind}": {"n_samples": v} for i, v in enumerate(values) for kind in ("", "_loss")}
    settings = settings_of(chosen)
    table = compute(scores_of(*chosen), TRUTH, settings=settings, choices=choices_of(chosen))
    axes = Figure().add_subplot()
    draw(table, axes)
    axes.figure.canvas.draw()
    texts = [text.get_text() for text in axes.get_legend().get_texts()]
    assert texts == ["Kendall τ", "SpearmanR", "P@top 5%", "P@bottom 5%", "BR@5% ↓", "WR@5% ↓"]
    assert axes.get_legend().get_title().get_text() == "series: main, 1 of 2" and axes.get_xlabel() == "n samples"
    assert axes.lines[0].get_xdata().tolist() == [float(v) for v in values]
    unknown = Figure().add_subplot()
    draw(compute(scores_of(*chosen), TRUTH, settings=settings), unknown)
    title = unknown.get_legend().get_title().get_text()
    assert title == "also differs: not recorded; series: main, 1 of 2"


def test_symbols_in_the_legend_are_those_of_tables(monkeypatch):
    own = Criterion(precision_at_top, takes_k=True, symbol="topK hits")
    monkeypatch.setitem(CRITERIA, "hits", own)
    chosen = {"v1": {"channels": 4}, "v2": {"channels": 8}}
    table = compute(scores_of(*chosen), TRUTH, settings=settings_of(chosen), criteria=["hits@0.25", "hits@3"])
    axes = Figure().add_subplot()
    draw(table, axes)
    texts = [text.get_text() for text in axes.get_legend().get_texts()]
    assert texts == [own.symbol_at(0.25), own.symbol_at(3)] == ["top 25% hits", "top 3 hits"]


def test_nothing_that_differs_is_an_empty_table_and_a_drawing_that_says_so():
    settings = settings_of({"x": {"channels": 4}, "y": {"channels": 4}})
    for some in (settings, settings[:0]):
        table = compute(scores_of("x", "y"), TRUTH, settings=some)
        assert table.empty and {"setting", "series", "value", "n"} <= set(table.columns)
    axes = Figure().add_subplot()
    draw(table, axes)
    assert "no setting differs" in axes.texts[0].get_text()


def test_the_name_of_the_truth_is_refused():
    with pytest.raises(UserError, match="reserved"):
        compute(scores_of("truth"), TRUTH, settings=settings_of({"truth": {"channels": 4}}))
