"""The answer in words follows the numbers."""

import dataclasses
import math

import pandas as pd
import pytest

from nasgauge.core.tables import CEILING, empty
from nasgauge.report import Bundle
from nasgauge.report.wording import answer

NAN = math.nan


def told(rows, ceiling=None, criterion="kendall_tau", n=None):
    columns = ["estimator", "value", "lower", "upper"]
    table = pd.DataFrame(rows, columns=columns).assign(
        criterion=criterion, at=NAN, n=100, n_failed=0, n_absent=0, n_unknown=0, n_seeds=1
    )
    if n is not None:
        table["n"] = n
    top = empty(CEILING)
    if ceiling is not None:
        top = table.assign(value=ceiling, lower=ceiling - 0.01, upper=ceiling + 0.01, n_splits=20, archs=0)
    truth = pd.DataFrame({"arch": ["a"], "iso_class": ["a"], "seed": [0], "accuracy": [0.5]})
    scores = pd.DataFrame({"estimator": ["e"], "arch": ["a"], "seed": [0], "score": [0.5]})
    return " ".join(answer(Bundle(title="t", values=table, truth=truth, scores=scores, ceiling=top)))


def test_overlapping_intervals_are_named_and_others_are_not():
    text = told([("a", 0.6, 0.55, 0.65), ("b", 0.58, 0.53, 0.63), ("c", 0.56, 0.5, 0.56), ("d", 0.3, 0.2, 0.4)])
    assert "the best of 4 estimators is a, with 0.600 [0.550, 0.650] over 100 architectures" in text
    assert (
        "The intervals of b and c overlap with its own" in text
        and "d" not in text.split("intervals of")[1].split("own")[0].split()
    )


def test_touching_intervals_overlap_and_separate_ones_do_not():
    assert "interval of b overlaps" in told([("a", 0.6, 0.5, 0.7), ("b", 0.4, 0.3, 0.5)])
    assert "No other interval overlaps" in told([("a", 0.6, 0.5, 0.7), ("b", 0.4, 0.3, 0.49)])


def test_the_distance_to_the_ceiling():
    assert "gap to the ceiling: 0.200" in told([("a", 0.6, 0.5, 0.7)], ceiling=0.8)
    assert "passes the noise ceiling" in told([("a", 0.85, 0.8, 0.9)], ceiling=0.8)
    assert "too few trainings" in told([("a", 0.85, 0.8, 0.9)])


@pytest.mark.parametrize(
    ("counting", "expected"),
    [
        ((0.5, 0.45, 0.52), "It stands 0.100 from the best counting baseline, n_params at 0.500 [0.450, 0.520]."),
        ((0.58, 0.5, 0.6), "n_params at 0.580 [0.500, 0.600], and their intervals overlap."),
        ((0.7, 0.68, 0.75), "Nothing beats counting: the best other estimator, a, stays 0.100 behind n_params"),
        ((0.6, 0.55, 0.65), "does as well as the best other estimator, a."),
    ],
)
def test_counting(counting, expected):
    assert expected in told([("a", 0.6, 0.55, 0.65), ("n_params", *counting), ("macs", 0.1, 0.0, 0.2)])


def test_lower_is_better_where_the_criterion_says_so():
    text = told([("a", 0.1, 0.05, 0.2), ("b", 0.4, 0.3, 0.5)], ceiling=0.02, criterion="best_rank_at")
    assert "is a, with 0.100" in text and "gap to the ceiling: 0.080" in text


def test_missing_intervals_undefined_values_and_unequal_n_are_said():
    rows = [("a", 0.6, NAN, NAN), ("b", 0.5, NAN, NAN), ("c", NAN, NAN, NAN)]
    text = told(rows, n=[100, 90, 100])
    assert "Without intervals" in text and "Undefined: c." in text and "different numbers of architectures" in text
    assert "nan" not in text.lower()
    assert "No estimator has a defined" in told([("a", NAN, NAN, NAN)])


def test_a_single_estimator():
    assert "By Kendall's tau-b, a reaches 0.600 [0.550, 0.650] over 100 architectures." in told(
        [("a", 0.6, 0.55, 0.65)]
    )


def test_the_leading_criterion_is_kendalls_tau_wherever_it_stands(bundle):
    swapped = dataclasses.replace(bundle, values=bundle.values.sort_values("criterion", kind="stable"))
    assert answer(swapped) == answer(bundle) and "Kendall" in answer(bundle)[0]
