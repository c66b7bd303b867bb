"""The answer in words follows the numbers."""

import dataclasses
import math

import pandas as pd
import pytest

from nasgauge.core.tables import CEILING, CONTEST, empty
from nasgauge.report import Bundle
from nasgauge.report.wording import answer

NAN = math.nan


def told(rows, ceiling=None, criterion="kendall_tau", n=None, contest=None):
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
    contest = empty(CONTEST) if contest is None else contest
    return " ".join(answer(Bundle(title="t", values=table, truth=truth, scores=scores, ceiling=top, contest=contest)))


def contest_of(rows):
    """A contest in which each estimator's difference to the first has the bounds given."""
    columns = ["estimator", "value", "behind_lower", "behind_upper"]
    table = pd.DataFrame(rows, columns=columns).assign(criterion="kendall_tau", at=NAN, n_ahead_of=0, n_behind=0, n=100)
    return table.assign(behind=table["value"].iloc[0] - table["value"], p_best=[0.75] + [0.0] * (len(rows) - 1))


def test_significance_is_that_of_the_paired_difference_whatever_the_intervals():
    # All intervals overlap with that of a, but the paired difference to c excludes 0.
    values = [("a", 0.6, 0.5, 0.7), ("b", 0.59, 0.5, 0.7), ("c", 0.55, 0.5, 0.7), ("d", NAN, NAN, NAN)]
    pairs = [("a", 0.6, 0.0, 0.0), ("b", 0.59, -0.01, 0.03), ("c", 0.55, 0.02, 0.08), ("d", NAN, NAN, NAN)]
    text = told(values, contest=contest_of(pairs))
    assert "the best of 3 estimators is a, with 0.600 [0.500, 0.700] over 100 architectures" in text
    assert "probability of being the best is 75%; the paired difference to b is not significant." in text
    text = told(values, contest=contest_of([pairs[0], ("b", 0.59, 0.001, 0.03), *pairs[2:]]))
    assert "its paired difference to every other estimator is significant." in text


def test_without_a_contest_nothing_is_said_of_significance():
    for values in ([("a", 0.6, 0.5, 0.7), ("b", 0.4, 0.3, 0.5)], [("a", 0.6, 0.5, 0.7), ("b", 0.4, 0.3, 0.49)]):
        text = told(values)
        assert "the significance of the differences between estimators is not known" in text
        assert "overlap" not in text and "paired" not in text


def test_the_distance_to_the_ceiling():
    assert "gap to the ceiling: 0.200" in told([("a", 0.6, 0.5, 0.7)], ceiling=0.8)
    assert "exceeds the noise ceiling" in told([("a", 0.85, 0.8, 0.9)], ceiling=0.8)
    assert "too few trainings" in told([("a", 0.85, 0.8, 0.9)])


@pytest.mark.parametrize(
    ("count", "bounds", "expected"),
    [
        (0.5, (0.06, 0.14), "The paired difference of a to the best complexity baseline, n_params at 0.500 "
         "[0.400, 0.700], is 0.100 [0.060, 0.140]."),
        (0.58, (-0.02, 0.06), "n_params at 0.580 [0.400, 0.700], is 0.020 [−0.020, 0.060], not significant."),
        (0.7, (0.05, 0.15), "No estimator outperforms the complexity baselines; the paired difference of the best "
         "other estimator, a, to n_params is 0.100 [0.050, 0.150]."),
        (0.6, (0.0, 0.0), "a has the same value as the best complexity baseline, n_params"),
    ],
)  # fmt: skip
def test_complexity_baselines(count, bounds, expected):
    values = [("a", 0.6, 0.4, 0.7), ("n_params", count, 0.4, 0.7), ("macs", 0.1, 0.0, 0.2)]
    order = sorted([("a", 0.6), ("n_params", count)], key=lambda pair: -pair[1])
    pairs = [(*order[0], 0.0, 0.0), (*order[1], *bounds), ("macs", 0.1, 0.4, 0.6)]
    assert expected in told(values, contest=contest_of(pairs))
    assert "[" not in expected.partition(" is ")[2] or expected not in told(values)


def test_a_count_that_grows_with_what_it_counts_is_no_finding():
    from nasgauge.analyses import Bias

    def of(*names):
        table = pd.DataFrame([("macs", 0.6, 0.5, 0.7)], columns=["estimator", "value", "lower", "upper"]).assign(
            criterion="kendall_tau", at=NAN, n=9, n_failed=0, n_absent=0, n_unknown=0, n_seeds=1
        )
        truth = pd.DataFrame({"arch": ["a"], "iso_class": ["a"], "seed": [0], "accuracy": [0.5]})
        scores = pd.DataFrame({"estimator": ["macs"], "arch": ["a"], "seed": [0], "score": [0.5]})
        bundle = Bundle(title="t", values=table, truth=truth, scores=scores)
        return " ".join(answer(bundle, {"macs": tuple(Bias(name, True, 0.5) for name in names)}))

    assert "macs over-ranks those with more depth." in of("macs", "depth")
    assert "over-ranks" not in of("macs") and "no bias" not in of("macs") and "no bias of macs" in of()


def test_lower_is_better_where_the_criterion_says_so():
    text = told([("a", 0.1, 0.05, 0.2), ("b", 0.4, 0.3, 0.5)], ceiling=0.02, criterion="best_rank_at")
    assert "is a, with 0.100" in text and "gap to the ceiling: 0.080" in text


def test_missing_intervals_undefined_values_and_unequal_n_are_said():
    rows = [("a", 0.6, NAN, NAN), ("b", 0.5, NAN, NAN), ("c", NAN, NAN, NAN)]
    text = told(rows, n=[100, 90, 100])
    assert (
        "Without bootstrap draws" in text and "Undefined: c." in text and "different numbers of architectures" in text
    )
    assert "nan" not in text.lower()
    assert "is undefined for every estimator" in told([("a", NAN, NAN, NAN)])


def test_a_single_estimator():
    assert "By Kendall's tau-b, a reaches 0.600 [0.550, 0.650] over 100 architectures." in told(
        [("a", 0.6, 0.55, 0.65)]
    )


def test_the_leading_criterion_is_kendalls_tau_wherever_it_stands(bundle):
    swapped = dataclasses.replace(bundle, values=bundle.values.sort_values("criterion", kind="stable"))
    assert answer(swapped) == answer(bundle) and "Kendall" in answer(bundle)[0]
