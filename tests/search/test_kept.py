"""Values in a file: a search that is interrupted anywhere goes on with equal results, and pays for no value twice."""

from collections import Counter
from functools import partial
from zlib import crc32

import numpy as np
import pandas as pd
import pytest

from nasgauge.core.errors import UserError
from nasgauge.search import SEARCHES, Kept
from nasgauge.spaces import NB201, get_space

CELLS = NB201()


class Dying:
    """An objective of its own values, some missing, that fails after every `lasts` calls."""

    def __init__(self, space, lasts=None):
        self.space, self.lasts, self.n_calls, self.asked = space, lasts, 0, []

    def __call__(self, archs):
        if self.n_calls == self.lasts:
            self.n_calls = 0
            raise InterruptedError
        self.n_calls += 1
        self.asked += [self.space.to_str(arch) for arch in archs]
        values = np.array([crc32(text.encode()) / 3e9 for text in self.asked[-len(archs) :]])
        return np.where(values < 0.5, np.nan, values)


def run(name, space, objective, candidates, n=24):
    budget = n if SEARCHES[name].takes_budget else None
    return SEARCHES[name](space, objective, candidates, budget=budget, rng=np.random.default_rng(3))


def some(space, n=30):
    rng = np.random.default_rng(0)
    walk = [space.sample(rng)]
    while len(walk) < n:
        walk.append(space.mutate(walk[-1], rng))
    return sorted({space.identity_of(space.to_str(arch)) for arch in walk})


@pytest.mark.parametrize("name", SEARCHES)
@pytest.mark.parametrize("lasts", [1, 3, 7])
@pytest.mark.parametrize("place", ["nb201", "darts"])
def test_ended_at_any_evaluation_a_search_goes_on_and_pays_for_each_once(name, lasts, place, tmp_path):
    space = get_space(place)
    candidates = some(space) if place == "nb201" or not SEARCHES[name].takes_budget else None
    whole, objective, n_starts = run(name, space, Dying(space), candidates), Dying(space, lasts), 0
    found = None
    while found is None:
        n_starts += 1
        try:
            found = run(name, space, Kept(space, objective, tmp_path / "values.csv"), candidates)
        except InterruptedError:
            assert n_starts < 60
    pd.testing.assert_frame_equal(found, whole, check_exact=True)
    assert Counter(objective.asked) == Counter(whole["arch"]) and n_starts >= len(whole) / lasts
    assert whole["value"].isna().any()


@pytest.mark.parametrize("renamed", [False, True])
def test_a_killed_process_loses_at_most_what_it_was_writing(renamed, killed, tmp_path):
    path = tmp_path / "runs" / "values.csv"
    work = partial(run, "evolution", CELLS, Kept(CELLS, Dying(CELLS), path), some(CELLS))
    killed(work, tmp_path, 5, renamed=renamed)
    objective = Dying(CELLS)
    found = run("evolution", CELLS, Kept(CELLS, objective, path), some(CELLS))
    whole = run("evolution", CELLS, Dying(CELLS), some(CELLS))
    pd.testing.assert_frame_equal(found, whole, check_exact=True)
    assert objective.asked == whole["arch"].tolist()[5 if renamed else 4 :]


def test_as_many_as_wished_are_evaluated_at_once(tmp_path):
    sizes = []

    def objective(archs):
        sizes.append(len(archs))
        return np.zeros(len(archs))

    kept = Kept(CELLS, objective, tmp_path / "values.csv", at_once=4)
    archs = list(map(CELLS.from_str, some(CELLS)))[:10]
    assert kept([*archs, *archs]).tolist() == [0.0] * 20 and sizes == [4, 4, 2]
    with pytest.raises(UserError, match="at_once is 0"):
        Kept(CELLS, objective, tmp_path / "values.csv", at_once=0)


def test_the_table_of_a_finished_search_is_continued(tmp_path):
    path = tmp_path / "found.csv"
    first = run("evolution", CELLS, Dying(CELLS), None)
    first.to_csv(path, index=False)
    objective = Dying(CELLS)
    longer = run("evolution", CELLS, Kept(CELLS, objective, path), None, n=40)
    pd.testing.assert_frame_equal(longer, run("evolution", CELLS, Dying(CELLS), None, n=40), check_exact=True)
    assert objective.asked == longer["arch"].tolist()[24:]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name,score\na,1\n", "has no columns arch and value"),
        ("", "has no columns arch and value"),
        ("arch,value\nCELL,high\n", "line 2: could not convert"),
        ("arch,value\nCELL\n", "line 2: is not complete"),
        ("value,arch\n1\n", "line 2: is not complete"),
        ("value,arch\n1,CELL\n2\n", "line 3: is not complete"),
        ("arch,value\nCELL,1\nCELL,1\n", "line 3: .* is repeated"),
        ("arch,value\nsomething,1\n", "not a valid NAS-Bench-201 cell"),
    ],
)
def test_a_file_of_something_else_is_refused_in_one_line(text, says, tmp_path):
    path = tmp_path / "values.csv"
    path.write_text(text.replace("CELL", CELLS.to_str((3,) * 6)))
    with pytest.raises(UserError, match=says) as caught:
        Kept(CELLS, Dying(CELLS), path)
    assert "\n" not in str(caught.value)


def test_a_place_that_cannot_be_written_is_a_mistake_of_the_user(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        run("random", CELLS, Kept(CELLS, Dying(CELLS), tmp_path / "file" / "values.csv"), None)
    with pytest.raises(UserError, match="is a folder"):
        Kept(CELLS, Dying(CELLS), tmp_path)
