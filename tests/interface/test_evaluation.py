"""Judging in a program: every form of scores gives the same values, and an evaluation answers, draws and writes."""

from html import unescape

import numpy as np
import pandas as pd
import pytest

import nasgauge as ng

OPTIONS = {"criteria": ["kendall_tau", {"name": "best_rank_at", "fraction": 0.05}], "n_bootstrap": 60}


@pytest.fixture(scope="module")
def bench():
    return ng.load_benchmark("digits-nb201")


@pytest.fixture(scope="module")
def wide(bench):
    return bench.complexity.head(120)[["arch", "n_params", "macs"]].reset_index(drop=True)


@pytest.fixture(scope="module")
def evaluation(wide, bench):
    return ng.judge(wide, benchmark=bench, **OPTIONS)


def forms(wide, folder):
    wide.to_csv(folder / "s.csv", index=False)
    indexed = wide.set_index("arch")
    return {
        "index": indexed,
        "long": wide.melt("arch", var_name="estimator", value_name="score"),
        "dictionary": {name: dict(indexed[name].items()) for name in indexed},
        "series in a dictionary": {name: indexed[name] for name in indexed},
        "path": folder / "s.csv",
        "text": str(folder / "s.csv"),
    }


def test_every_form_of_scores_gives_the_same_values(evaluation, wide, tmp_path):
    for form, scores in forms(wide, tmp_path).items():
        found = ng.judge(scores, benchmark="digits-nb201", **OPTIONS)
        pd.testing.assert_frame_equal(found.values, evaluation.values, obj=form)
        pd.testing.assert_frame_equal(found.ceiling, evaluation.ceiling, obj=form)


def test_a_ground_truth_of_ones_own_takes_the_same_forms(wide, bench, tmp_path):
    mean = bench.truth.groupby("arch")["accuracy"].mean()[wide["arch"]]
    mean.reset_index().to_csv(tmp_path / "t.csv", index=False)
    first, *others = (
        ng.judge(wide, truth=truth, space="nb201", **OPTIONS).values
        for truth in (mean, dict(mean.items()), mean.reset_index(), tmp_path / "t.csv")
    )
    for other in others:
        pd.testing.assert_frame_equal(first, other)


def test_two_estimators_are_compared(evaluation):
    [row] = evaluation.compare("n_params", "macs").itertuples()
    values = evaluation.values.query("criterion == 'kendall_tau'").set_index("estimator")["value"]
    assert row.difference == pytest.approx(values["n_params"] - values["macs"]) and row.lower <= row.upper
    assert len(evaluation.compare()) == len(evaluation.compare("all", "all")) == 1
    with pytest.raises(ng.UserError, match="nearest: macs"):
        evaluation.compare("mac")


def test_it_is_drawn(evaluation):
    assert evaluation.plot("kendall_tau", style="paper").get_xlabel()
    assert evaluation.scatter("macs").collections or evaluation.scatter("macs").lines
    assert evaluation.figure("differences", columns=2, serif=True).get_size_inches()[0] == pytest.approx(6.75)
    with pytest.raises(ng.UserError, match="nearest: values"):
        evaluation.figure("value")


def test_it_is_written(evaluation, tmp_path):
    assert evaluation.to_latex(tmp_path / "t.tex") == (tmp_path / "t.tex").read_text(encoding="utf-8")
    table = pd.read_csv(tmp_path / "v.csv") if evaluation.to_csv(tmp_path / "v.csv") else None
    assert set(table["estimator"]) == {"n_params", "macs", "noise_ceiling"}
    np.testing.assert_allclose(table["value"][:2], evaluation.values["value"][:2], rtol=1e-9)
    assert evaluation.to_csv(tmp_path / "new" / "v.csv") == (tmp_path / "new" / "v.csv").read_text(encoding="utf-8")
    with pytest.raises(ng.UserError, match="choose another file"):
        evaluation.to_csv(tmp_path / "v.csv" / "below.csv")


@pytest.mark.long
def test_it_becomes_a_page(evaluation, tmp_path, without_ink):
    assert evaluation.to_html(tmp_path / "r.html") == evaluation.to_html()


def test_a_notebook_shows_the_table_of_the_terminal(evaluation):
    assert "Kendall" in repr(evaluation) and "macs" in repr(evaluation)
    assert evaluation._repr_html_().startswith("<pre") and "noise ceiling" in evaluation._repr_html_()


def test_what_is_printed_contains_the_notes():
    archs = ng.load_benchmark("digits-nb201").archs[:60]
    scores = pd.DataFrame({"arch": archs, "whole": np.arange(60.0), "part": np.arange(60.0)})
    scores.loc[:9, "part"] = np.nan
    scores.loc[:4, "whole"] = -1e9
    found = ng.judge(scores, benchmark="digits-nb201", criteria=["kendall_tau"], n_bootstrap=0)
    assert found.notes
    for text in (" ".join(unescape(shown).split()) for shown in (repr(found), found._repr_html_())):
        assert all(" ".join(note.split()) in text for note in found.notes) and "not directly comparable" in text


def test_the_corner_of_a_scatter_says_that_several_seeds_are_averaged():
    archs, draw = ng.load_benchmark("digits-nb201").archs[:60], np.random.default_rng(0)
    rows = [{"arch": a, "seed": s, "mine": draw.normal()} for a in archs for s in range(3)]
    found = ng.judge(pd.DataFrame(rows), benchmark="digits-nb201", criteria=["kendall_tau"], n_bootstrap=20)
    assert [t.get_text().endswith("mean of 3 seeds") for t in found.scatter("mine").texts].count(True) == 1


def test_an_analysis_is_asked_for_by_name(evaluation):
    assert {"estimator", "quantity", "value"} <= set(evaluation.analysis("beyond_size"))
    with pytest.raises(ng.UserError, match="analysis 'trend': needs checkpoint_scores"):
        evaluation.analysis("trend")
    with pytest.raises(ng.UserError, match="nearest: agreement"):
        evaluation.analysis("agreements")


def test_several_data_sets_are_compared(bench):
    parts = {name: bench.only(bench.archs[i::3]) for i, name in enumerate("abc")}
    found = {name: ng.judge(part.complexity, benchmark=part, **OPTIONS) for name, part in parts.items()}
    table = ng.compare_over(found, "n_params", "macs", n_bootstrap=60)
    assert list(table["dataset"])[:3] == ["a", "b", "c"] and len(table) == 4


def test_scores_without_ground_truth_are_dropped_everywhere(wide, bench):
    more = pd.concat([wide, wide.tail(1).assign(arch=bench.archs[500])], ignore_index=True)
    found = ng.judge(more, benchmark=bench.only(bench.archs[:400]), unknown="drop", **OPTIONS)
    assert found.values["n_unknown"].tolist() == [1] * 4 and len(found.scores) == 2 * len(wide)
    assert found.compare("n_params", "macs")["n"].tolist() == [len(wide)]


def test_data_sets_are_compared_with_one_treatment_of_failures(evaluation, wide, bench):
    other = ng.judge(wide, benchmark=bench, missing="last", **OPTIONS)
    with pytest.raises(ng.UserError, match="missing is last and omit"):
        ng.compare_over({"a": evaluation, "b": other}, "n_params", "macs")
