"""An undefined value comes with its reason, in the notes of judge and of a study's report."""

import numpy as np
import pandas as pd
import pytest

import nasgauge as ng
from nasgauge.judging import judge_scores

ARCHS = list("abcdefgh")
RISING = list(range(8))
TRUTH = pd.DataFrame({"arch": ARCHS, "accuracy": np.linspace(0.1, 0.8, 8)})
TOP = "kendall_tau_at_top@2"


def notes(scores, truth=TRUTH, **options):
    given = {"criteria": ["kendall_tau", TOP], "n_bootstrap": 0, **options}
    found = judge_scores(pd.DataFrame({"arch": ARCHS, **scores}), truth=truth, **given)
    reasons = [note for note in found.notes if note.startswith("Undefined: ")]
    assert bool(reasons) == bool(found.values["value"].isna().any())
    return reasons


EQUAL = "all criteria of {}, as all architectures have the same score"
CASES = {
    "none": ({"s": RISING}, {}, None),
    "equal scores": ({"s": 1.0, "t": RISING}, {}, EQUAL.format("s")),
    "of several": ({"s": 1.0, "t": 2.0, "u": RISING}, {}, EQUAL.format("s and t")),
    "of many": ({f"s{i}": 1.0 for i in range(8)}, {}, EQUAL.format("s0, s1, s2, s3, s4 and 3 more")),
    "tied at the top": (
        {"s": [*range(6), 6, 6]},
        {},
        f"{TOP} of s, as the top has too few architectures, or ties alone",
    ),
    "one score": (
        {"s": [1, *[None] * 7]},
        {"criteria": ["kendall_tau", "kendall_tau_at_top@0.5"]},
        "all criteria of s, as only one architecture has a score in every seed",
    ),
    "equal ground truth": (
        {"s": RISING},
        {"truth": TRUTH.assign(accuracy=0.5)},
        "all criteria of s, as all architectures have the same ground truth",
    ),
    "no fraction": (
        {"s": RISING},
        {"truth": TRUTH.rename(columns={"accuracy": "value"}).assign(value=RISING), "criteria": ["best_accuracy_at@2"]},
        "best_accuracy_at@2 of s, as the ground truth is not an accuracy between 0 and 1",
    ),
    "minus infinity": (
        {"s": [-np.inf, *range(7)]},
        {"criteria": ["kendall_tau", "pearson_r"]},
        "pearson_r of s, as it depends on more than the order of the scores, and some scores are minus infinity",
    ),
    "ranked last": (
        {"s": [None, *range(7)]},
        {"criteria": ["kendall_tau", "pearson_r"], "missing": "last"},
        "pearson_r of s, as it depends on more than the order of the scores, and failed measurements, ranked last, "
        "have no score",
    ),
    "a criterion without a value": (
        {"s": RISING},
        {"criteria": [lambda score, accuracy: float("nan")]},
        "<lambda> of s, as it has no value for these scores",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_reason(case):
    scores, options, expected = CASES[case]
    assert notes(scores, **options) == ([] if expected is None else [f"Undefined: {expected}."])


def test_several_seeds():
    long = pd.DataFrame(
        {"estimator": "s", "arch": ARCHS * 2, "seed": np.repeat([0, 1], 8), "score": [1.0] * 8 + RISING}
    )
    found = judge_scores(long, truth=TRUTH, criteria=["kendall_tau"], n_bootstrap=0).notes
    assert found[-1] == "Undefined: kendall_tau of s, as in some seed all architectures have the same score."


def test_a_study_shows_it(tmp_path, without_a_page):
    study = {
        "title": "a test's", "benchmark": "digits-nb201", "archs": {"n": 12}, "n_bootstrap": 1,
        "criteria": ["kendall_tau"],
        "estimators": [{"name": "zeroshot", "proxies": [f"{__file__}:one", "n_params"], "batch_size": 8}],
    }  # fmt: skip
    bundle = ng.run(study, tmp_path / "run", workers="serial").bundle()
    assert "Undefined: kendall_tau of one, as all architectures have the same score." in bundle.notes


def one(module, batch):
    return 1.0
