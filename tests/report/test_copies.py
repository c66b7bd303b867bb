"""Computations in copies of the process, and pages that do not depend on how many there are."""

import multiprocessing
import os
import signal
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from nasgauge.analyses import ANALYSES
from nasgauge.core.copies import in_copies, n_copies
from nasgauge.core.errors import UserError
from nasgauge.judging import draws, judge
from nasgauge.report import render


def nobody_is_left():
    return not multiprocessing.active_children()


@pytest.mark.parametrize("n", [1, 2])
def test_results_come_in_order_of_functions_that_no_other_process_could_load(n):
    seen = {"unpicklable": lambda x: x * x}
    assert list(in_copies(lambda x: seen["unpicklable"](x), range(7), n=n)) == [x * x for x in range(7)]
    assert nobody_is_left()


def test_several_copies_compute_and_make_no_copies_of_themselves():
    here = os.getpid()
    found = list(in_copies(lambda x: (os.getpid(), n_copies()), range(4), n=2))
    assert here not in {pid for pid, _ in found}
    assert {n for _, n in found} == {1}


def test_a_process_with_threads_of_ray_is_not_copied(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", sys)
    assert n_copies() == 1 and list(in_copies(lambda x: os.getpid(), range(3))) == [os.getpid()] * 3


@pytest.mark.parametrize("n", [1, 2])
def test_an_error_in_a_copy_is_the_error_here(n):
    def fail(x):
        if x == 2:
            raise UserError("two: is not allowed")
        return x

    found = in_copies(fail, range(5), n=n)
    assert [next(found), next(found)] == [0, 1]
    with pytest.raises(UserError, match="two: is not allowed"):
        next(found)
    assert nobody_is_left()


def test_a_copy_that_is_killed_is_told():
    with pytest.raises(UserError, match="was killed"):
        list(in_copies(lambda x: os.kill(os.getpid(), signal.SIGKILL), range(2), n=2))
    assert nobody_is_left()


def test_an_interrupt_ends_copies_that_compute():
    with pytest.raises(KeyboardInterrupt):
        for _ in in_copies(lambda x: x and signal.pause(), range(3), n=2):
            raise KeyboardInterrupt
    assert nobody_is_left()


def test_a_page_is_the_same_from_one_process_and_from_several(bundle):
    assert render(bundle, processes=1) == render(bundle, processes=3)


this = os.getpid()


@pytest.mark.parametrize("n_estimators", [1, 3])
def test_values_are_the_same_where_copies_compute_the_draws(bundle, monkeypatch, n_estimators):
    scores = bundle.scores[bundle.scores["estimator"].isin(bundle.scores["estimator"].unique()[:n_estimators])]

    def judged():
        monkeypatch.setattr(draws, "_kept", {})
        criteria = ["kendall_tau", "pearson_r", {"name": "precision_at_top", "fraction": 0.2}]
        told = []
        values = judge(
            scores,
            bundle.truth,
            criteria,
            n_bootstrap=51,
            rng=np.random.default_rng(0),
            progress=lambda *n: told.append(n),
        )
        return values, told[-1]

    here, told = judged()
    processes = set()

    def in_several(function, items, *, n=None):
        for found, process in in_copies(lambda item: (function(item), os.getpid()), items, n=n):
            processes.add(process)
            yield found

    monkeypatch.setattr(draws, "_LARGE", 0)
    monkeypatch.setattr(draws, "in_copies", in_several)
    for module in ("nasgauge.core.copies", "nasgauge.judging.draws"):
        monkeypatch.setattr(f"{module}.n_copies", lambda: 2 if os.getpid() == this else 1)
    again, told_again = judged()
    pd.testing.assert_frame_equal(again, here, check_exact=True)
    assert told_again == told and processes - {this}


@pytest.mark.parametrize("processes", [1, 2])
def test_an_analysis_that_fails_is_told_as_it_is(bundle, monkeypatch, processes):
    def draw(table, ax, space=None):
        raise ZeroDivisionError("of this panel")

    entries = {**ANALYSES._entries, "rank_scatter": replace(ANALYSES["rank_scatter"], draw=draw)}
    monkeypatch.setattr(ANALYSES, "_entries", entries)
    with pytest.raises(ZeroDivisionError, match="of this panel"):
        render(bundle, processes=processes)
