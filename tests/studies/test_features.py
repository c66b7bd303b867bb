"""A predictor's own features: columns of a file, beside the encoding or in its place."""

import numpy as np
import pandas as pd
import pytest

from nasgauge import benchmarks
from nasgauge.core.errors import UserError
from nasgauge.estimators import RunContext, estimator_config
from nasgauge.estimators.predictors import ENCODERS
from nasgauge.studies import run as running

BENCHMARK = benchmarks.load("digits-nb201")
SAMPLE = BENCHMARK.sample_classes(40, rng=np.random.default_rng(0)).archs
TRUTH = BENCHMARK.truth.groupby("arch")["accuracy"].mean()[SAMPLE]
STUDY = """
title = "t"
benchmark = "digits-nb201"
archs = { n = 40 }
n_bootstrap = 10
criteria = ["kendall_tau"]
[[estimators]]
name = "predictor"
encoder = "ENCODER"
n_fit = 20
features = FEATURES
"""


def study(encoder="random_forest", features='"mine.csv"', **options):
    rest = "".join(f"{key} = {value}\n" for key, value in options.items())
    return STUDY.replace("ENCODER", encoder).replace("FEATURES", features) + rest


def ran(text, folder, name="run"):
    return running.run_text(text, folder / name, where="s.toml", workers="serial", folder=folder)


@pytest.fixture
def told(tmp_path, without_a_page):
    """Two columns, of which one tells the truth in another unit, for all architectures and one beyond."""
    other = next(arch for arch in BENCHMARK.archs if arch not in SAMPLE)
    table = pd.DataFrame({"arch": [*SAMPLE, other], "noise": np.random.default_rng(0).normal(size=41)})
    table.assign(score=[*(1e6 * TRUTH - 7), 0.0]).to_csv(tmp_path / "mine.csv", index=False)
    return tmp_path


BY_DEFAULT = ("random_forest", "gates", "scores_forest")  # a regressor, a network, and one that reads the file alone
EACH = [pytest.param(name, marks=() if name in BY_DEFAULT else pytest.mark.full) for name in ENCODERS]


@pytest.mark.long
@pytest.mark.parametrize("encoder", EACH)
def test_every_encoder_reads_them_beside_what_else_it_reads(encoder, told):
    options = {} if not ENCODERS[encoder].trains else {"epochs": 60}
    with_file = ran(study(encoder, **options), told)
    assert with_file.status().errors.empty and len(with_file.scores) > 25
    if ENCODERS[encoder].reads == "scores":  # nothing but the file
        assert with_file.values["value"].item() > 0.5
        return
    alone = ran(study(encoder, "[]", **options), told, "alone")
    assert with_file.scores["score"].tolist() != alone.scores["score"].tolist()
    assert with_file.values["value"].item() > alone.values["value"].item() or encoder == "lstm"


@pytest.mark.long
def test_units_do_not_matter_and_a_parquet_file_is_the_same(told):
    first = ran(study("scores_forest"), told).scores
    table = pd.read_csv(told / "mine.csv")
    table.assign(score=table["score"] / 1e9 + 3).to_parquet(told / "mine.parquet")
    second = ran(study("scores_forest", '["mine.parquet"]'), told, "b").scores
    pd.testing.assert_series_equal(first["score"], second["score"])


def test_architectures_without_a_feature_have_a_reason(told):
    table = pd.read_csv(told / "mine.csv")
    table.loc[0, "noise"] = np.nan
    table.drop(1).to_csv(told / "mine.csv", index=False)
    found = ran(study("scores_forest"), told)
    errors = found.status().errors.set_index("arch")["error"].to_dict()
    assert errors == dict.fromkeys(SAMPLE[:2], "it has no score of noise of mine.csv or score of mine.csv")


WRONG = {
    "no file": ('"nowhere.csv"', {}, "nowhere.csv"),
    "no column": ('"mine.csv"', {"noise": None, "score": None}, "has no column besides 'arch'"),
    "text": ('"mine.csv"', {"noise": "a"}, "column 'noise' contains 'a', which is not a number"),
    "infinite": ('"mine.csv"', {"noise": np.inf}, "column 'noise' is infinite"),
    "twice": ('"mine.csv"', {"arch": SAMPLE[0]}, "row 2 repeats row 1"),
    "no arch": ('"mine.csv"', {"arch": None}, "column 'arch' is missing"),
    "another space": ('"mine.csv"', {"arch": "abc"}, "mine.csv: row 1, column 'arch'"),
    "an estimator that is not above": ('["mine.csv", "synflow"]', {}, "must stand above"),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_mistakes_are_told_before_any_work(mistake, told):
    features, columns, says = WRONG[mistake]
    table = pd.read_csv(told / "mine.csv").drop(columns=[name for name, value in columns.items() if value is None])
    given = {name: value for name, value in columns.items() if value is not None}
    table.assign(**given).to_csv(told / "mine.csv", index=False)
    with pytest.raises(UserError, match=says):
        ran(study(features=features), told)
    assert not (told / "run").exists()


def test_outside_of_a_study_it_is_told_that_files_are_read_in_one(told):
    config = estimator_config({"name": "predictor", "encoder": "random_forest", "features": str(told / "mine.csv")})
    with pytest.raises(UserError, match=r"the features of .*mine.csv are read in a study alone"):
        config.build(RunContext(BENCHMARK.space))
