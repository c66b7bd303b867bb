"""Searches named in a study: run for its report with the scores of every estimator, refused or cited by their names."""

import pytest

from nasgauge.core.config import parse
from nasgauge.core.errors import UserError
from nasgauge.studies import run as running
from nasgauge.studies.citing import of_study
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
