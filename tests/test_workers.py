"""The map over work: every kind gives every result, errors arrive, thread variables are restored."""

import os

import pytest
import torch
from threadpoolctl import threadpool_info

from nasgauge.core import workers
from nasgauge.core.errors import UserError
from nasgauge.core.workers import KINDS, unordered_map


def square(n):
    return n * n, os.environ.get("OMP_NUM_THREADS")


def fail(n):
    raise UserError(f"item {n}")


def die(n):
    os._exit(3)


def threads(_):
    return torch.get_num_threads(), {pool["num_threads"] for pool in threadpool_info()}


def test_serial_work_has_one_thread_too_and_leaves_the_others_afterwards():
    torch.set_num_threads(2)
    try:
        assert list(unordered_map(threads, [1, 2], kind="serial")) == [(1, {1})] * 2
        assert torch.get_num_threads() == 2
        work = unordered_map(threads, [1, 2], kind="serial")
        next(work)
        assert torch.get_num_threads() == 2  # while its results are used
        with pytest.raises(ZeroDivisionError):
            list(unordered_map(lambda n: n // 0, [1], kind="serial"))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)


@pytest.mark.long
@pytest.mark.parametrize(("given", "n"), [("3", 3), ("4,2", 4), ("", None), ("0", None), ("many", None)])
def test_a_library_imported_by_serial_work_gets_the_threads_of_the_environment(monkeypatch, given, n):
    monkeypatch.setenv("OMP_NUM_THREADS", given)
    assert workers._given_threads() == (n or len(os.sched_getaffinity(0)))


@pytest.mark.parametrize("kind", ["serial", "processes"])
def test_every_item_once(kind):
    got = list(unordered_map(square, range(7), kind=kind, n_workers=2))
    assert sorted(value for value, _ in got) == [n * n for n in range(7)]


@pytest.mark.long
def test_processes_compute_with_one_thread_each_and_the_variable_is_restored(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    assert {threads for _, threads in unordered_map(square, range(3), n_workers=2)} == {"1"}
    assert os.environ["OMP_NUM_THREADS"] == "5"


@pytest.mark.parametrize("kind", ["serial", "processes"])
def test_an_error_in_a_worker_arrives(kind):
    with pytest.raises(UserError, match="item 4"):
        list(unordered_map(fail, [4], kind=kind, n_workers=1))


def test_a_worker_that_is_ended_is_told():
    with pytest.raises(UserError, match="killed"):
        list(unordered_map(die, [1], n_workers=1))


def test_unknown_kinds_and_no_workers():
    with pytest.raises(UserError, match="nearest: processes"):
        unordered_map(square, [1], kind="proceses")
    with pytest.raises(UserError, match="at least one"):
        unordered_map(square, [1], n_workers=0)
    for kind in KINDS:
        with pytest.raises(UserError, match=r"give a whole number from 1 to .*eight for each"):
            unordered_map(square, [1], kind=kind, n_workers=10**20)


def test_nothing_to_do_is_done_at_once():
    assert list(unordered_map(square, [], n_workers=2)) == []
