"""The map over work: every kind gives every result, errors arrive, thread variables are restored."""

import os
import signal
import subprocess
import sys
from functools import partial

import pytest
import torch
from threadpoolctl import threadpool_info

from nasgauge.core import workers
from nasgauge.core.errors import UserError
from nasgauge.core.threads import given_threads
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
    assert given_threads() == (n or len(os.sched_getaffinity(0)))


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


def killed(n):
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.long
@pytest.mark.parametrize(("work", "how"), [(die, "with exit code 3"), (killed, r"killed \(SIGKILL, out of memory\?\)")])
def test_work_of_which_three_workers_die_is_told(work, how):
    with pytest.raises(UserError, match=rf"given up: 3 workers in a row died of it, the last one {how}; run the same"):
        list(unordered_map(work, [1], n_workers=1))


def die_first(folder, n):
    """Work whose worker dies: of 3 always, of 5 once, of 6 twice."""
    tried = len(list(folder.glob(f"{n}-*")))
    (folder / f"{n}-{tried}").touch()
    if tried < {3: 99, 5: 1, 6: 2}.get(n, 0):
        os._exit(9)
    return n


@pytest.mark.long
def test_work_whose_worker_dies_is_done_again_and_the_third_time_given_up_while_the_rest_goes_on(tmp_path):
    lost = {"lost": lambda n, reason: (n, reason)}
    found = list(unordered_map(partial(die_first, tmp_path), range(9), n_workers=2, **lost))
    assert sorted(one for one in found if isinstance(one, int)) == [0, 1, 2, 4, 5, 6, 7, 8]
    [(n, reason)] = [one for one in found if not isinstance(one, int)]
    assert n == 3 and reason == "3 workers in a row died of it, the last one with exit code 9"
    assert {n: len(list(tmp_path.glob(f"{n}-*"))) for n in range(9)} == {**dict.fromkeys(range(9), 1), 3: 3, 5: 2, 6: 3}


def test_unknown_kinds_and_no_workers():
    with pytest.raises(UserError, match="nearest: processes"):
        unordered_map(square, [1], kind="proceses")
    with pytest.raises(UserError, match="at least one"):
        unordered_map(square, [1], n_workers=0)
    with pytest.raises(UserError, match="address 'x:1' is of a Ray cluster, and workers are 'serial'; add --kind ray"):
        unordered_map(square, [1], kind="serial", address="x:1")
    for kind in KINDS:
        with pytest.raises(UserError, match=r"give a whole number from 1 to .*eight for each"):
            unordered_map(square, [1], kind=kind, n_workers=10**20)


def test_nothing_to_do_is_done_at_once():
    assert list(unordered_map(square, [], n_workers=2)) == []


def number(_):
    return os.getpid()


@pytest.mark.long
def test_a_session_keeps_its_processes_and_ends_them_and_a_dead_one_is_replaced(tmp_path):
    with workers.session("processes", 1):
        first = set(unordered_map(number, range(3), n_workers=1))
        assert set(unordered_map(number, range(3), n_workers=1)) == first and len(first) == 1
        assert list(unordered_map(partial(die_first, tmp_path), [5], n_workers=1)) == [5]
        assert not set(unordered_map(number, [1], n_workers=1)) & first
        with pytest.raises(UserError, match="item 1"):
            list(unordered_map(fail, [1], n_workers=1))
        last = set(unordered_map(number, [1], n_workers=1))
    for process in first | last:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


UNGUARDED = """
from nasgauge.core.workers import unordered_map
def square(n):
    return n * n
print(list(unordered_map(square, [1, 2], n_workers=2, lost=lambda n, reason: "lost")))
"""


@pytest.mark.long
def test_workers_that_cannot_begin_are_an_error_and_no_piece_of_work_is_given_up_for_it(tmp_path):
    (tmp_path / "script.py").write_text(UNGUARDED)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    told = subprocess.run([sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, env=environment)
    assert told.returncode == 1 and not told.stdout
    assert "a worker process ended before its work began (exit code 1)" in told.stderr.splitlines()[-1]
