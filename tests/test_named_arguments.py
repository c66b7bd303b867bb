"""Arguments that are lists of names, and criteria as text: the same in every function that takes them."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

import nasgauge as ng
from nasgauge.analyses.under_limit import under_limit
from nasgauge.core.constraints import parse_constraints
from nasgauge.criteria import CRITERIA, Criterion, resolve, resolve_all
from nasgauge.criteria.naming import spec_of
from nasgauge.judging import judge_scores, paired
from nasgauge.judging.scorefiles import read_scores, score_table
from nasgauge.report import check_figures, latex_table
from nasgauge.report.labels import heading
from nasgauge.report.plots.values import heading_of
from nasgauge.search import searched

LIMIT = "n_params < 1k"
AT_5 = {"name": "precision_at_top", "fraction": 0.05}
QUICK = {"n_bootstrap": 0, "criteria": ["kendall_tau"]}


@cache
def bench():
    whole = ng.load_benchmark("digits-nb201")
    return whole.only(whole.archs[:40])


def scores(**columns):
    return pd.DataFrame({"arch": bench().archs, "mine": np.sin(np.arange(40.0)), **columns})


@cache
def truth():
    accuracy = bench().truth[["arch", "accuracy"]].groupby("arch", sort=False).mean().reset_index()
    return accuracy.merge(bench().complexity, on="arch")


def judged(**options):
    return ng.judge(scores(), truth=truth(), **{**QUICK, **options})


@cache
def evaluation():
    return judged(criteria=["kendall_tau", AT_5], baselines="macs")


SINGLE = {
    "judge, criteria": lambda one: judged(criteria=one("kendall_tau")).values,
    "judge, criteria, mapping": lambda one: judged(criteria=one(AT_5)).values,
    "judge, criteria, function": lambda one: judged(criteria=one(mean_product)).values,
    "judge, lower_is_better": lambda one: judged(lower_is_better=one("mine")).values,
    "judge, baselines": lambda one: judged(baselines=one("macs")).values,
    "judge, constraints": lambda one: judged(constraints=one(LIMIT)).bundle.records["constraints"],
    "paired, criteria": lambda one: paired(
        evaluation().scores, bench().truth, criteria=one("kendall_tau"), n_bootstrap=0, rng=np.random.default_rng(0)
    ),
    "compare, estimators": lambda one: evaluation().compare(one("mine"), one("macs")),
    "score_table": lambda one: score_table(scores(), lower_is_better=one("mine")).scores,
    "latex, criteria": lambda one: latex_table(evaluation().values, criteria=one("kendall_tau")),
    "latex, criteria, mapping": lambda one: latex_table(evaluation().values, criteria=one(AT_5)),
    "only": lambda one: bench().only(one(bench().archs[3])).truth,
    "figures": lambda one: check_figures(one("values")),
    "searches": lambda one: searched(
        judged().scores, bench().truth, bench().space, searches=one("random"), estimators=one("mine"), budget=3,
        n_seeds=1,
    ),
    "resolve_all": lambda one: resolve_all(one("kendall_tau")),
    "under_limit": lambda one: under_limit(
        judged().scores, bench().truth, bench().complexity[["arch", "n_params"]].astype({"n_params": float}),
        one(LIMIT), n_bootstrap=2, rng=np.random.default_rng(0),
    ),
    "proxies": lambda one: ng.ZeroShot("digits-nb201", one("n_params")).scores(one(bench().archs[0])),
}  # fmt: skip


def mean_product(score, truth):
    return float(np.mean(score * truth))


@pytest.mark.parametrize("where", SINGLE)
def test_one_name_is_a_list_of_one_and_a_generator_is_read_once(where):
    found = [SINGLE[where](form) for form in (lambda x: x, lambda x: [x], lambda x: iter([x]))]
    if where == "compare, estimators":  # lists of pairs
        found = found[:2]
    for other in found[1:]:
        if isinstance(other, pd.DataFrame):
            pd.testing.assert_frame_equal(found[0], other)
        elif isinstance(other, list):
            assert [c.name for c in found[0]] == [c.name for c in other]
        else:
            assert found[0] == other


@pytest.mark.parametrize(
    "call",
    [
        lambda given: judged(criteria=given),
        lambda given: evaluation().to_latex(criteria=given),
        lambda given: judged(lower_is_better=given),
        lambda given: judged(constraints=given),
        lambda given: judged(baselines=given),
        lambda given: bench().only(given),
    ],
)
def test_what_is_no_list_is_refused_with_the_argument_named(call):
    with pytest.raises(
        ng.UserError, match=r"(criteria|lower_is_better|constraints|baselines|archs) is 5; give a list of"
    ):
        call(5)


@pytest.mark.parametrize("none", [[], (), iter([])])
def test_no_criteria_are_refused_before_any_work(none):
    for call in (lambda: judged(criteria=none), lambda: paired(None, None, criteria=none, rng=None)):
        with pytest.raises(ng.UserError, match="criteria: there is none; give a list of names, such as"):
            call()


TEXTS = {
    "precision_at_top@0.05": AT_5,
    "precision_at_top@5%": AT_5,
    "precision_at_top@10": {"name": "precision_at_top", "count": 10},
    "P@top 5%": AT_5,
    "P@top5%": AT_5,
    "BR@5%": {"name": "best_rank_at", "fraction": 0.05},
    "BR@20": {"name": "best_rank_at", "count": 20},
    "kendall_tau": {"name": "kendall_tau"},
    "Kendall τ": {"name": "kendall_tau"},
}


@pytest.mark.parametrize("text", TEXTS)
def test_a_criterion_as_text(text):
    assert spec_of(text, CRITERIA) == TEXTS[text]
    found, expected = resolve(text), resolve(TEXTS[text])
    assert found.name == expected.name and found.options == expected.options


@pytest.mark.parametrize("name", sorted(CRITERIA))
def test_what_tables_print_is_read_where_it_is_the_symbol_of_one_criterion(name):
    entry = CRITERIA[name]
    for at in (0.05, 0.125, 7) if entry.takes_k else (None,):
        label = heading(name, at).symbol
        if [other.symbol for other in CRITERIA.values()].count(entry.symbol) > 1:
            with pytest.raises(ng.UserError, match=f"is the symbol of .*{name}"):
                resolve(label)
        else:
            found = resolve(label)
            assert found.name == name and (at is None or found.at == at)


NAMING = {
    "judge": lambda text: set(judged(criteria=[text]).values["at"]),
    "judge_scores": lambda text: set(
        judge_scores(scores(), truth=truth(), criteria=[text], n_bootstrap=0).values["at"]
    ),
    "compare": lambda text: set(evaluation().compare(criterion=text)["at"]),
    "compare_over": lambda text: set(
        ng.compare_over({"a": evaluation()}, "mine", "macs", criterion=text, n_bootstrap=0)["at"]
    ),
    "heading of a figure": lambda text: {heading_of(evaluation().bundle, text).at},
    "latex": lambda text: {0.05} if r"P@top 5\%" in evaluation().to_latex(criteria=text) else set(),
}


@pytest.mark.parametrize("where", NAMING)
@pytest.mark.parametrize("text", ["precision_at_top@0.05", "P@top 5%", "P@top5%"])
def test_a_top_is_named_alike_everywhere(where, text):
    assert NAMING[where](text) == {0.05}


@pytest.mark.parametrize("where", NAMING)
def test_an_unknown_criterion_is_answered_with_a_name_that_works(where):
    with pytest.raises(ng.UserError, match=r"precision_at_top@0\.05"):
        NAMING[where]("P@topp5%")


FORMS = "write precision_at_top@0.05, a fraction, or precision_at_top@10, a count"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("precision_at_top", f"it needs a top K; {FORMS}"),
        ("precision_at_top@0", f"K is '0', neither a fraction between 0 and 1 nor a whole number from 1; {FORMS}"),
        ("precision_at_top@-1", FORMS),
        ("precision_at_top@1.5", FORMS),
        ("precision_at_top@100%", FORMS),
        ("precision_at_top@inf", FORMS),
        ("precision_at_top@ten", FORMS),
        ("precision_at_top@", FORMS),
        ("kendall_tau@0.05", "kendall_tau takes no K; write kendall_tau"),
        ("kendal_tau@5", "nearest: kendall_tau"),
        ("sparse τ", "is the symbol of sparse_kendall_tau_aw_nas and sparse_kendall_tau_both_rounded; name one"),
    ],
)
def test_a_criterion_that_cannot_be_read(text, message):
    with pytest.raises(ng.UserError) as error:
        resolve(text)
    assert message in str(error.value)


def test_a_reference_may_have_a_top_and_a_folder_with_an_at(tmp_path):
    folder = tmp_path / "me@home"
    folder.mkdir()
    (folder / "own.py").write_text(
        "from nasgauge.criteria import Criterion, precision_at_top\nown = Criterion(precision_at_top, takes_k=True)\n"
        "def plain(score, accuracy):\n    return 0.5\n"
    )
    assert resolve(f"{folder}/own.py:own@10").at == 10 and resolve(f"{folder}/own.py:plain").name == "plain"
    assert isinstance(CRITERIA[f"{folder}/own.py:own"], Criterion)


def test_constraints_of_a_generator_are_the_same_in_the_report():
    found = judged(constraints=(text for text in (LIMIT, "macs > 1")))
    pd.testing.assert_frame_equal(found.bundle.records["constraints"], parse_constraints([LIMIT, "macs > 1"]))
    assert found.bundle.study["constraints"] == [LIMIT, "macs > 1"]


def test_a_score_file_takes_one_name(tmp_path):
    scores().to_csv(tmp_path / "s.csv", index=False)
    one, several = (read_scores(tmp_path / "s.csv", lower_is_better=given) for given in ("mine", ["mine"]))
    pd.testing.assert_frame_equal(one, several)
