"""What can be known from a study is said before any work; a corrected text goes on in the same folder."""

import pandas as pd
import pytest

from nasgauge.core.config import parse
from nasgauge.core.errors import UserError
from nasgauge.core.store import RESERVED, Store
from nasgauge.estimators.combinations import METHODS
from nasgauge.studies import folders, survey
from nasgauge.studies import run as running
from nasgauge.studies.checks import checked
from nasgauge.studies.schema import Study, Survey

NET = "net = { channels = 4, n_cells = 1, n_stages = 1 }"
STUDY = f"""
title = "small"
benchmark = "digits-nb201"
archs = {{ n = 24 }}
seeds = [0, 1]
n_bootstrap = 20
criteria = ["kendall_tau"]
[[estimators]]
name = "zeroshot"
proxies = ["n_params", "synflow"]
batch_size = 16
{NET}
"""
OTHER = f"""
[[estimators]]
name = "zeroshot"
label = "b"
proxies = ["n_params"]
batch_size = 16
seeds = [2]
{NET}
"""
SURVEY = f"""
title = "two"
n_bootstrap = 10
parts = [
    {{ name = "a", benchmark = "digits-nb201", archs = {{ n = 8 }} }},
    {{ name = "b", benchmark = "digits-nb201", archs = {{ n = 9 }} }},
]
[[estimators]]
name = "zeroshot"
proxies = ["n_params"]
batch_size = 16
{NET}
"""


def with_vote(keys, before=""):
    return STUDY + before + "[[estimators]]\n" + keys


CRITERION = 'criteria = ["kendall_tau"]'
ALL = ", ".join(f'"e{i}"' for i in range(128))
STUDIES = {
    "seeds": (STUDY.replace("[0, 1]", "[0, 0]"), "seeds: 0 stands twice"),
    "own seeds": (STUDY + "seeds = [1, 1]\n", "seeds: 1 stands twice"),
    "published": ('published = "nine"\n' + STUDY, "unknown published table 'nine'; known: "),
    "criterion": (STUDY.replace("kendall_tau", "kendal"), "unknown criterion 'kendal'"),
    "criterion's name": (STUDY.replace('"kendall_tau"', "{ name = [1] }"), r"unknown criterion \[1\]"),
    "criterion's option": (
        STUDY.replace('"kendall_tau"', '{ name = "sparse_kendall_tau_aw_nas", width = 0 }'),
        "bin width 0 is not above 0",
    ),
    "criterion's count": (
        STUDY.replace('"kendall_tau"', '{ name = "best_rank_at", count = 25 }'),
        "'best_rank_at' is of 25 architectures, the study has 24",
    ),
    "vote's method": (with_vote('name = "vote"\nexperts = ["synflow"]\nmethod = "x"\n'), "known: borda, copeland"),
    "vote's experts": (with_vote('name = "vote"\nexperts = ["synflaw"]\n'), "nearest: synflow"),
    "vote's number": (with_vote(f'name = "vote"\nexperts = [{ALL}]\n'), "at most 127 entries"),
    "vote's seeds": (
        with_vote('name = "vote"\nexperts = ["synflow", "n_params (b)"]\n', OTHER),
        r"no seed in common \('synflow' 0, 1, 'n_params \(b\)' 2\)",
    ),
    "weights": (with_vote('name = "aggregate"\nexperts = ["synflow"]\nweights = [1.0, 2.0]\n'), "2 weights for 1 exp"),
    "reserved name": (with_vote('name = "vote"\nexperts = ["synflow"]\nlabel = "truth"\n'), "'truth' is the name of"),
    "the ceiling's name": (
        with_vote('name = "vote"\nexperts = ["synflow"]\nlabel = "noise_ceiling"\n'),
        "'noise_ceiling' is the name of",
    ),
    "label outside": (with_vote('name = "vote"\nexperts = ["synflow"]\nlabel = "../x"\n'), "leave out the '/'"),
    "search": ('searches = ["evolutio"]\n' + STUDY, "unknown search"),
    "constraint": ('constraints = ["flopps < 3"]\n' + STUDY, "unknown quantity 'flopps'"),
}
SURVEYS = {
    "criterion": ('criterion = "kendal"\n' + SURVEY, "unknown criterion 'kendal'"),
    "criterion's option": ('criterion = { name = "best_rank_at", fraction = 3.0 }\n' + SURVEY, "3.0 is not between"),
    "seeds of a part": (
        SURVEY.replace("{ n = 8 }", "{ n = 8 }, options = { zeroshot = { seeds = [1, 1] } }"),
        "a: estimator 'zeroshot': seeds: 1 stands twice",
    ),
    "two names": (SURVEY.replace('"b"', '"a"'), "the name 'a' is taken"),
    **{
        f"named {name}": (SURVEY.replace('"b"', f'"{name}"'), "is the name of a file or folder of the survey")
        for name in sorted(RESERVED)
    },
}


@pytest.mark.parametrize("case", STUDIES)
def test_a_mistake_in_a_study_is_told_before_any_work(tmp_path, case):
    text, says = STUDIES[case]
    checked(parse(STUDY, Study, "x.toml"))
    with pytest.raises(UserError, match=says):
        running.run_text(text, tmp_path / "out", where="x.toml", workers="serial")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("case", SURVEYS)
def test_a_mistake_in_a_survey_is_told_before_any_work(tmp_path, case):
    text, says = SURVEYS[case]
    parse(SURVEY, Survey, "x.toml").studies()
    with pytest.raises(UserError, match=says):
        survey.run_text(text, tmp_path / "out", where="x.toml", workers="serial")
    assert not (tmp_path / "out").exists()


def test_votes_that_are_possible_are_votes():
    for method in METHODS:
        text = with_vote(f'name = "vote"\nexperts = ["synflow"]\nmethod = "{method}"\n')
        checked(parse(text, Study, "x.toml"))


TWO = """
[[estimators]]
name = "oneshot"
label = "net"
epochs = 1
score_batch_size = 180
net = { channels = 2, n_cells = 1, n_stages = 1, bn_affine = false }
[[estimators]]
name = "inherited"
of = "net"
proxies = ["synflow"]
batch_size = 16
"""


@pytest.fixture
def finished(tmp_path, without_a_page):
    def run(text, **options):
        told = []
        made = running.run_text(text, tmp_path, where="x.toml", workers="serial", tell=told.append, **options)
        return made, told, {path: path.stat().st_mtime_ns for path in tmp_path.glob("parts/scores/*")}

    return run


@pytest.mark.long
def test_a_corrected_study_goes_on_and_keeps_what_applies(finished, tmp_path):
    _, told, before = finished(STUDY)
    assert not told
    text = STUDY.replace('"kendall_tau"', '"spearman_rho"').replace("small", "larger") + OTHER
    made, told, after = finished(text)
    assert len(told) == 1 and "goes on with the study as it is now (title is 'small' there" in told[0]
    assert len(after) == len(before) + 2 and all(after[path] == then for path, then in before.items())
    assert made.bundle().values["criterion"].unique().tolist() == ["spearman_rho"]
    assert (tmp_path / "study.toml").read_text() == text and not finished(text)[1]


@pytest.mark.long
def test_an_estimator_that_was_changed_is_estimated_anew_and_former_failures_are_not_shown(finished, tmp_path):
    _, _, before = finished(STUDY)
    [key] = {path.stem for path in before if path.stem == sorted(p.stem for p in before)[0]}
    error = pd.DataFrame([{"estimator": "synflow", "arch": "x", "seed": 0, "error": "former"}])
    Store.existing(tmp_path).write("errors", key, error)
    for file in (tmp_path / "digests").glob(f"{key}-*"):
        file.unlink()
    assert len(folders.status(tmp_path).errors) == 1
    made, told, after = finished(STUDY.replace("batch_size = 16", "batch_size = 8"))
    assert len(told) == 1 and len(after) == 2 * len(before)
    assert made.status().errors.empty and folders.status(tmp_path).errors.empty


@pytest.mark.long
def test_what_would_make_finished_tasks_wrong_is_refused(finished, tmp_path):
    _, _, before = finished(STUDY + TWO)
    for changed, says in {
        STUDY + TWO.replace("epochs = 1", "epochs = 2"): "finished work of 'net' is of the former settings",
        (STUDY + TWO).replace("n = 24", "n = 25"): "archs.n is 24 there, 25 here",
        (STUDY + TWO).replace("digits-nb201", "digits-nb101"): "benchmark is 'digits-nb201' there",
        SURVEY: "contains another study",
    }.items():
        with pytest.raises(UserError, match=says) as told:
            module = survey if changed == SURVEY else running
            module.run_text(changed, tmp_path, where="x.toml", workers="serial")
        assert "choose another folder with --out" in str(told.value)
    assert (tmp_path / "study.toml").read_text() == STUDY + TWO and finished(STUDY + TWO)[2] == before
    added = len(finished(STUDY + TWO.replace("batch_size = 16", "batch_size = 8"))[2]) - len(before)
    assert added == 2 * 2  # two seeds in two tasks: of `inherited` alone


@pytest.mark.long
def test_a_survey_goes_on_too(tmp_path, monkeypatch, without_a_page):
    monkeypatch.setattr(survey, "write_survey", lambda *args: None)
    told = []
    options = {"where": "x.toml", "workers": "serial", "tell": told.append}
    survey.run_text(SURVEY, tmp_path, **options)
    then = [path.stat().st_mtime_ns for path in sorted(tmp_path.glob("*/parts/scores/*"))]
    survey.run_text('criterion = "spearman_rho"\n' + SURVEY.replace("two", "2"), tmp_path, **options)
    assert len(told) == 1 and "goes on with the survey as it is now" in told[0]
    assert [path.stat().st_mtime_ns for path in sorted(tmp_path.glob("*/parts/scores/*"))] == then
