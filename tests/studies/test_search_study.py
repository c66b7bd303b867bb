"""Searches named in a study: run for its report with the scores of every estimator, refused or cited by their names."""

from dataclasses import replace

import pandas as pd
import pytest

from nasgauge.benchmarks import BENCHMARKS, Benchmark, load
from nasgauge.core.config import parse
from nasgauge.core.errors import UserError
from nasgauge.search import SEARCHES
from nasgauge.spaces import ListedSpace
from nasgauge.studies import checks
from nasgauge.studies import run as running
from nasgauge.studies.checks import checked
from nasgauge.studies.components import of_study
from nasgauge.studies.plan import Plan
from nasgauge.studies.schema import Study
from nasgauge.studies.texts import study_text

SMALL = """
title = "t"
benchmark = "digits-nb201"
archs = { n = 30 }
n_bootstrap = 5
searches = SEARCHES
[[estimators]]
name = "zeroshot"
proxies = ["n_params", "random"]
"""


def small(searches):
    return SMALL.replace("SEARCHES", searches)


@pytest.mark.parametrize(
    ("searches", "says"),
    [
        ('["exhaustive"]', "'exhaustive' evaluates every architecture"),
        ('["evolutoin"]', "unknown search 'evolutoin'; nearest: evolution"),
        ('["local", "local"]', "local"),
        ('["random"]', "the random search is always reported, exactly; leave 'random' out"),
        ('["local", "random"]', "leave 'random' out"),
    ],
)
def test_a_search_that_cannot_be_run_is_refused_before_anything_else(searches, says):
    with pytest.raises(UserError, match=says):
        parse(small(searches), Study, "small.toml")


NAMES = ["small", "middle", "large"]
SIZES = pd.DataFrame({"arch": NAMES, "n_params": [1, 2, 3], "macs": None})


def listed(complexity, operations=None):
    space = ListedSpace("listed", NAMES, operations=operations)
    truth = pd.DataFrame({"arch": NAMES, "iso_class": NAMES, "seed": 0, "accuracy": [0.1, 0.2, 0.3]})
    return Benchmark("listed", space, truth, None, {}, {}, complexity)


@pytest.mark.parametrize("search", [name for name in SEARCHES if SEARCHES[name].takes_budget and name != "random"])
@pytest.mark.parametrize("complexity", [None, SIZES.head(2), SIZES.assign(n_params=[1, None, 3]), SIZES])
def test_a_search_that_needs_sizes_that_nobody_knows_is_refused_before_anything_is_measured(
    search, complexity, monkeypatch, tmp_path
):
    monkeypatch.setitem(BENCHMARKS, "listed", lambda: listed(complexity))
    pd.DataFrame({"arch": NAMES, "mine": [1.0, 2.0, 3.0]}).to_csv(tmp_path / "x.csv", index=False)
    text = f"""
title = "t"
benchmark = "listed"
n_bootstrap = 5
searches = ["{search}"]
[[estimators]]
name = "scores"
file = "{tmp_path}/x.csv"
"""
    study = parse(text, Study, "small.toml")
    if complexity is SIZES or "size" not in SEARCHES[search].options:
        assert checked(study).tasks
        return
    with pytest.raises(UserError, match=f"searches: '{search}' needs sizes; .* search space 'listed' does not") as told:
        checked(study)
    assert "\n" not in str(told.value)


def test_sizes_follow_from_operations_where_no_parameters_are_known():
    (search,) = [name for name in SEARCHES if "size" in SEARCHES[name].options]
    study = parse(small(f'["{search}"]'), Study, "small.toml")
    checks.searches(Plan(study, replace(load("digits-nb201"), complexity=None)))


@pytest.mark.long
def test_the_report_shows_a_panel_of_each_search(tmp_path, without_ink):
    made = running.run_text(small('["local"]'), tmp_path / "run", where="small.toml", workers="serial")
    page = made.report().read_text(encoding="utf-8")
    shown = page[page.index('<figure data-name="search_regret">') :].partition("</figure>")[0]
    assert "<h4>random</h4>" in shown and "<h4>local</h4>" in shown and "<h4>evolution</h4>" not in shown
    assert made.bundle().records["searches"]["search"].tolist() == ["local"]
    assert ("searches", "local") in set(of_study(parse(small('["local"]'), Study, "small.toml")))


def test_a_study_that_names_none_runs_none():
    study = parse(small("[]"), Study, "small.toml")
    assert study.searches == () and not [use for use in of_study(study) if use[0] == "searches"]


@pytest.mark.long
def test_the_shipped_study_runs_with_fewer_cells_and_epochs(tmp_path, without_a_page):
    text = study_text("search")
    for old, new in (
        ("seeds = [0, 1, 2]", "seeds = [0]\narchs = { n = 24 }"),
        ("epochs = 5\n", "epochs = 1\n"),
        ("epochs = 60", "epochs = 2"),
        ("n_fit = 39", "n_fit = 9"),
        ("n_bootstrap = 300", "n_bootstrap = 5"),
        ("net = { skip_dead = true }", "net = { channels = 2, n_cells = 1, skip_dead = true }"),
    ):
        assert old in text
        text = text.replace(old, new)
    bundle = running.run_text(text, tmp_path / "run", where="tiny.toml", workers="serial").bundle()
    assert bundle.errors.empty and {"synflow", "oneshot-5", "oneshot-60_loss", "gates-39"} <= set(
        bundle.scores["estimator"]
    )
