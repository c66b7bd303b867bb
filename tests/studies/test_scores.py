"""Scores of a file as an estimator of a study: by seed and epoch, as if a supernet of ours had made them."""

import numpy as np
import pandas as pd
import pytest

from nasgauge import benchmarks
from nasgauge.analyses import ANALYSES
from nasgauge.core.errors import UserError
from nasgauge.core.recorded import RECORDS
from nasgauge.studies import run as running
from nasgauge.studies import survey

BENCHMARK = benchmarks.load("digits-nb201")
SAMPLE = BENCHMARK.sample_classes(30, rng=np.random.default_rng(0)).archs  # the architectures of these studies
OTHERS = [arch for arch in BENCHMARK.archs if arch not in SAMPLE]
ONESHOT = """
title = "t"
benchmark = "digits-nb201"
archs = { n = 30 }
seeds = [0, 1]
n_bootstrap = 10
criteria = ["kendall_tau"]
[[estimators]]
name = "oneshot"
epochs = 2
checkpoints = [1]
score_batch_size = 90
net = { channels = 2, n_cells = 1, n_stages = 1 }
[[estimators]]
name = "ensemble"
of = "oneshot"
[[estimators]]
name = "vote"
experts = ["oneshot", "oneshot_loss"]
"""
FILE = """
title = "t"
benchmark = "digits-nb201"
archs = { n = 30 }
n_bootstrap = 10
criteria = ["kendall_tau"]
[[estimators]]
name = "scores"
file = "FILE"
OPTIONS
"""
REST = ONESHOT[ONESHOT.index('[[estimators]]\nname = "ensemble"') :]


@pytest.fixture(scope="module", autouse=True)
def without_pages():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running, "write", lambda *_, **options: None)
        yield


def ran(text, out, **options):
    return running.run_text(text, out, where="s.toml", workers="serial", **options)


def made_up(n=20, seeds=(0,), epochs=None, **columns):
    """Scores of the study's first architectures: the truth with noise that shrinks with the epoch."""
    mean = BENCHMARK.truth.groupby("arch")["accuracy"].mean()[SAMPLE]
    rows, rng = [], np.random.default_rng(0)
    for seed in seeds:
        for epoch in epochs or (None,):
            noise = rng.normal(0, 0.3 / (1 + (epoch or 0)), n)
            part = pd.DataFrame({"arch": mean.index[:n], "seed": seed, "score": mean.to_numpy()[:n] + noise, **columns})
            rows.append(part if epoch is None else part.assign(epoch=epoch))
    return pd.concat(rows, ignore_index=True)


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    """A supernet of ours, and its scores at every checkpoint as a file in the wide form."""
    folder = tmp_path_factory.mktemp("ours")
    made = ran(ONESHOT, folder / "run")
    table = made.records["checkpoint_scores"]
    own = table[table["estimator"].isin(["oneshot", "oneshot_loss"])]
    wide = own.pivot(index=["arch", "seed", "epoch"], columns="estimator", values="score").reset_index()
    wide.to_csv(folder / "wide.csv", index=False)
    own.to_parquet(folder / "long.parquet")
    wide.assign(oneshot_loss=-wide["oneshot_loss"], note="x").to_csv(folder / "losses.csv", index=False)
    return made, folder


@pytest.mark.parametrize(
    ("file", "options"),
    [
        ("wide.csv", ""),
        ("long.parquet", ""),
        ("losses.csv", 'columns = ["oneshot", "oneshot_loss"]\nlower_is_better = ["oneshot_loss"]'),
    ],
)
def test_scores_of_our_supernet_from_a_file_are_what_the_supernet_gives(ours, file, options, tmp_path):
    """Values, combinations over experts and seeds, and every analysis of scores and checkpoints."""
    made, folder = ours
    text = FILE.replace("FILE", str(folder / file)).replace("OPTIONS", options) + REST
    found = ran(text, tmp_path / "run")

    def plain(table, keys):
        return table.sort_values(keys, ignore_index=True)[keys + [c for c in table if c not in keys]]

    for name, keys in (("scores", ["estimator", "arch", "seed"]), ("values", ["estimator", "criterion"])):
        pd.testing.assert_frame_equal(plain(getattr(found, name), keys), plain(getattr(made, name), keys))
    keys = ["estimator", "arch", "seed", "epoch"]
    theirs, own = (m.records["checkpoint_scores"] for m in (found, made))
    pd.testing.assert_frame_equal(plain(theirs, keys), plain(own, keys))
    for name in ("trend", "stability", "seeds", "agreement"):
        tables = [_computed(ANALYSES[name], each) for each in (found, made)]
        assert len(tables[0]) and ANALYSES[name].needs <= ("checkpoint_scores",)
        pd.testing.assert_frame_equal(*tables)


def _computed(analysis, made):
    records = {name: made.records[name] for name in analysis.needs}
    table = analysis.compute(made.scores, made.truth, made.plan.space, **records)
    return table.sort_values(list(table.columns[:4]), ignore_index=True)


def test_averages_are_means_over_the_last_epochs_and_tell_their_window(tmp_path):
    table = made_up(seeds=(3, 4), epochs=(1, 2, 3))
    table.to_csv(tmp_path / "x.csv", index=False)
    found = ran(_study("x.csv", 'averages = [2]\nlabel = "net"'), tmp_path / "run", folder=tmp_path)
    scores = found.scores.set_index(["estimator", "arch", "seed"])["score"]
    given = table.set_index(["arch", "seed", "epoch"])["score"]
    assert set(found.scores["estimator"]) == {"net", "net_avg2"} and set(found.scores["seed"]) == {3, 4}
    for (arch, seed), last in given.xs(3, level="epoch").items():
        assert scores["net", arch, seed] == last
        assert scores["net_avg2", arch, seed] == pytest.approx((last + given[arch, seed, 2]) / 2)
    windows = found.records["windows"]
    assert windows[["epoch", "oldest"]].values.tolist() == [[2, 1], [3, 2]]
    trend = _computed(ANALYSES["trend"], found)
    assert set(trend["epoch"]) == {1, 2, 3}
    assert set(found.records) <= {*RECORDS, "complexity", "expenses"}


def _study(file, options="", n=30):
    return FILE.replace("FILE", file).replace("OPTIONS", options).replace("n = 30", f"n = {n}")


def test_what_the_file_lacks_is_missing_with_its_reason_and_what_the_study_lacks_is_noted(tmp_path):
    some, others = SAMPLE, OTHERS[:4]
    table = pd.DataFrame({"arch": some[:28] + others, "mine": np.arange(32.0)})
    table.loc[0, "mine"] = np.nan
    table.to_csv(tmp_path / "x.csv", index=False)
    found = ran(_study("x.csv"), tmp_path / "run", folder=tmp_path)
    errors = found.status().errors.set_index("arch")["error"].to_dict()
    assert errors == {
        some[0]: "x.csv has an empty cell for it",
        some[28]: "x.csv has no score for it",
        some[29]: "x.csv has no score for it",
    }
    assert len(found.scores) == 30 and found.scores["score"].notna().sum() == 27
    assert "4 of 32 architectures of x.csv are not in the study and were dropped." in found.bundle().notes


@pytest.mark.parametrize(
    ("options", "score_seconds", "fit_seconds"),
    [
        ("", np.nan, 0),
        ("seconds = 2.0", 40.0, 0),
        ('seconds = "took"\nfit_seconds = 100.0', 60.0, 100.0),
        ('seconds = "took"\naverages = [2]', 60.0, 0),
    ],
)
def test_costs_are_those_that_are_told_or_not_reported(options, score_seconds, fit_seconds, tmp_path):
    rows = pd.DataFrame({"arch": SAMPLE[:20] * 2, "epoch": [1] * 20 + [2] * 20, "mine": np.arange(40.0), "took": 3.0})
    columns = 'columns = ["mine"]\n' if "took" not in options else ""
    rows.to_csv(tmp_path / "x.csv", index=False)
    found = ran(_study("x.csv", columns + options), tmp_path / "run", folder=tmp_path)
    costs = found.records["expenses"].set_index("estimator")
    assert costs.loc["mine", "score_seconds"] == pytest.approx(score_seconds, nan_ok=True)
    assert costs.loc["mine", "fit_seconds"] == fit_seconds
    assert costs.loc["mine", "total_seconds"] == pytest.approx(score_seconds + fit_seconds, nan_ok=True)
    if "averages" in options:
        assert costs.loc["mine_avg2", "score_seconds"] == pytest.approx(2 * score_seconds)


def test_a_predictor_reads_them_as_features_and_learns_from_them(tmp_path):
    made_up(n=30).to_csv(tmp_path / "x.csv", index=False)
    beside = '\n[[estimators]]\nname = "predictor"\nencoder = "scores_forest"\nn_fit = 10\nfeatures = ["score"]\n'
    signal = '\n[[estimators]]\nname = "predictor"\nencoder = "random_forest"\nn_fit = 15\nsignal = "score"\n'
    found = ran(_study("x.csv") + beside + signal, tmp_path / "run", folder=tmp_path)
    by_name = found.scores.groupby("estimator")["score"].count()
    assert by_name["score"] == 30 and by_name["scores_forest +score-10/0"] == 30
    assert by_name["random_forest on score-15/0"] > 10


SURVEY = """
title = "t"
n_bootstrap = 10
criteria = ["kendall_tau"]
[[parts]]
name = "one"
benchmark = "digits-nb201"
options = { scores = { file = "nb201.csv" } }
[[parts]]
name = "two"
benchmark = "digits-nb101"
options = { scores = { file = "nb101.csv" } }
[[estimators]]
name = "scores"
file = "nb201.csv"
"""


@pytest.mark.long
def test_a_survey_judges_a_file_on_each_of_its_benchmarks_and_is_read_without_them(tmp_path, monkeypatch):
    monkeypatch.setattr(survey, "write_survey", lambda *_, **options: None)
    for name in ("nb201", "nb101"):
        truth = benchmarks.load(f"digits-{name}").truth.groupby("arch")["accuracy"].mean().rename("mine")
        truth.reset_index().to_csv(tmp_path / f"{name}.csv", index=False)
    found = survey.run_text(SURVEY, tmp_path / "run", where="s.toml", workers="serial", folder=tmp_path)
    assert found.contests.groupby("part")["value"].first().tolist() == pytest.approx([1.0, 1.0], abs=1e-3)
    for name in ("nb201", "nb101"):
        (tmp_path / f"{name}.csv").unlink()
    again = survey.report(tmp_path / "run")
    pd.testing.assert_frame_equal(again["one"].values, found.bundles["one"].values)
    assert survey.status(tmp_path / "run").n_done == 2


WRONG = {
    "no file": ({}, 'file = "nowhere.csv"', "nowhere.csv"),
    "no column": ({}, 'columns = ["scor"]', "unknown column 'scor'; nearest: score"),
    "no lower column": ({}, 'lower_is_better = ["scor"]', "unknown column 'scor'"),
    "no column of seconds": ({}, 'seconds = "tok"', "unknown column 'tok'"),
    "no seed": ({}, "seeds = [7]", "x.csv has no seed 7, but 0; give seeds of these"),
    "an average over more epochs than there are": ({}, "averages = [2]", "an average over 2 epochs; x.csv has 1"),
    "cost of training alone": ({}, "fit_seconds = 3.0", "fit_seconds has no effect without seconds"),
    "half an epoch": ({"epoch": 0.5}, "", "column 'epoch' is 0.5"),
    "negative seconds": ({"took": -1.0}, 'seconds = "took"', "column 'took' is negative"),
    "text": ({"score": "a"}, "", "column 'score' contains text"),
    "none of the study's": ({"arch": OTHERS[:20]}, "", "x.csv scores none of the study's architectures"),
    "an architecture twice": ({"arch": SAMPLE[0]}, "", r"x.csv: row 2 repeats row 1 \(arch .*, seed 0\)"),
    "another space": ({"arch": "abc"}, "", "row 1"),
    "a name that is taken": ({}, 'label = "a"\n[[estimators]]\nname = "scores"\nfile = "x.csv"\nlabel = "a"', "twice"),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_mistakes_are_told_before_any_work(mistake, tmp_path):
    columns, options, says = WRONG[mistake]
    made_up().assign(**columns).to_csv(tmp_path / "x.csv", index=False)
    text = _study("x.csv", options)
    if "file = " in options and "label" not in options:
        text = text.replace('file = "x.csv"\n', "")
    with pytest.raises(UserError, match=says) as told:
        ran(text, tmp_path / "run", folder=tmp_path)
    assert "\n" not in str(told.value) and not (tmp_path / "run").exists()


def test_labels_tell_files_apart(tmp_path):
    made_up().rename(columns={"score": "a"}).assign(b=1.0 * np.arange(20)).to_csv(tmp_path / "x.csv", index=False)
    text = _study("x.csv") + _study("x.csv", 'label = "late"').partition("[[estimators]]")[2].join(
        ["[[estimators]]", ""]
    )
    found = ran(text, tmp_path / "run", folder=tmp_path)
    assert set(found.scores["estimator"]) == {"a", "b", "a (late)", "b (late)"}


def test_scores_that_sound_lower_better_are_doubted(tmp_path):
    made_up().rename(columns={"score": "valid_loss"}).to_csv(tmp_path / "x.csv", index=False)
    found = ran(_study("x.csv"), tmp_path / "run", folder=tmp_path)
    assert any("'valid_loss' is read as higher is better" in note for note in found.bundle().notes)
    turned = ran(_study("x.csv", "lower_is_better = true"), tmp_path / "turned", folder=tmp_path)
    assert not any("higher is better" in note for note in turned.bundle().notes)
    assert (turned.scores["score"].dropna() == -found.scores["score"].dropna()).all()


DEPENDENT = """
[[estimators]]
name = "predictor"
encoder = "scores_forest"
n_fit = 10
features = ["score", "features.csv"]
[[estimators]]
name = "vote"
experts = ["score", "n_convs"]
"""
COUNTS = """
[[estimators]]
name = "zeroshot"
proxies = ["n_convs"]
batch_size = 4
net = { channels = 2, n_cells = 1, n_stages = 1 }
"""


def written(path, seed, column="score"):
    rng = np.random.default_rng(seed)
    pd.DataFrame({"arch": SAMPLE, column: rng.normal(size=30)}).to_csv(path, index=False)


@pytest.mark.long
@pytest.mark.parametrize("changed", ["x.csv", "features.csv"])
def test_what_rests_on_a_file_is_done_again_where_it_has_changed_and_nothing_else(changed, tmp_path):
    written(tmp_path / "x.csv", 0)
    written(tmp_path / "features.csv", 1, "depth")
    text, out = _study("x.csv").rstrip() + COUNTS + DEPENDENT, tmp_path / "run"
    first = ran(text, out, folder=tmp_path)
    keys = {(task.estimator, task.archs): task.key for task in first.plan.tasks}
    written(tmp_path / changed, 2, "score" if changed == "x.csv" else "depth")
    again = ran(text, out, folder=tmp_path)
    anew = {task.estimator for task in again.plan.tasks if keys[task.estimator, task.archs] != task.key}
    assert anew == ({0, 2} if changed == "x.csv" else {2})
    fresh = ran(text, tmp_path / "fresh", folder=tmp_path)
    pd.testing.assert_frame_equal(again.scores, fresh.scores)
    names = {"x.csv": {"score", "vote"}, "features.csv": set()}[changed] | {"scores_forest +score +features.csv-10/0"}
    differs = first.scores.merge(again.scores, on=["estimator", "arch", "seed"]).query("score_x != score_y")
    assert set(differs["estimator"]) == names


def test_a_finished_study_is_read_where_its_files_are_gone(tmp_path):
    written(tmp_path / "x.csv", 0)
    written(tmp_path / "features.csv", 1, "depth")
    found = ran(_study("x.csv").rstrip() + COUNTS + DEPENDENT, tmp_path / "run", folder=tmp_path).values
    for name in ("x.csv", "features.csv"):
        (tmp_path / name).unlink()
    (tmp_path / "run").rename(tmp_path / "moved")
    pd.testing.assert_frame_equal(running.Run.load(tmp_path / "moved").values, found)
