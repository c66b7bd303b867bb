"""The first architecture of an order that a choice contains for sure, in many resamples at once.

The usual case of a resample: the rows tied at the border of the choice are copies of one architecture, or equal in the
truth, so that it does not matter which of them are chosen, or none of them comes earlier in the order. `first_chosen`
has the general one.
"""

from dataclasses import dataclass

import numpy as np

from nasgauge.criteria.borders import Borders
from nasgauge.criteria.resamples import Resamples


@dataclass(frozen=True, eq=False)
class Met:
    """Of each draw, the tie group of the truth with the first surely chosen row, from the best or the worst end.

    before: rows of the groups before it; size: its rows; sure: the surely chosen ones among them; value: its truth;
    is_certain: whether there is one, and no choice among rows of unequal truth can change it. Arrays (n_draws,).
    """

    before: np.ndarray
    size: np.ndarray
    sure: np.ndarray
    value: np.ndarray
    is_certain: np.ndarray

    def rank(self) -> np.ndarray:
        """Expected rank, from 1, of the first of the sure rows, over all orders of the group."""
        return self.before + (self.size + 1) / (self.sure + 1)

    def worth(self) -> np.ndarray:
        """The value of the first of the sure rows."""
        return self.value


def first_met(rows: Resamples, draws: np.ndarray, borders: Borders, from_worst: bool) -> Met:
    """Where the truth's order, from its best or worst, first meets a row that lies surely within the borders by score.

    draws: a block of the resamples.
    """
    # Equal scores stand in the truth's order: the first and the last row tied at the border are those of its group.
    first, last = rows.by_score[borders.start], rows.by_score[borders.stop - 1]
    equal = rows.truth_group[first] == rows.truth_group[last]
    shared = (borders.taken < borders.size) & ~equal
    limit = np.where(shared, borders.start, borders.stop)  # in the order by score, the places chosen for sure
    order = rows.by_score[: max(1, limit.max())]
    drawn = rows.counts_by_score[draws, : len(order)]
    is_sure = (drawn > 0) & (np.arange(len(order)) < limit[:, None])
    row = (
        np.where(is_sure, order, -1).max(axis=1)
        if from_worst
        else np.where(is_sure, order, len(rows.truth)).min(axis=1)
    )
    group = rows.truth_group[np.clip(row, 0, len(rows.truth) - 1)]
    start, stop = rows.truth_starts[group], np.append(rows.truth_starts[1:], len(rows.truth))[group]
    least, most = (start.min(), len(rows.truth)) if from_worst else (0, stop.max())
    counts, place = rows.counts[draws, least:most], np.arange(least, most)
    outside = place >= stop[:, None] if from_worst else place < start[:, None]
    inside = (place >= start[:, None]) & (place < stop[:, None])
    later = last < start if from_worst else first >= stop
    sure = drawn.sum(axis=1, where=is_sure & (rows.truth_group[order] == group[:, None]), dtype="int64")
    not_taken = np.where(equal & (rows.truth_group[first] == group), borders.size - borders.taken, 0)
    return Met(
        before=counts.sum(axis=1, where=outside, dtype="int64"),
        size=counts.sum(axis=1, where=inside, dtype="int64"),
        sure=sure - not_taken,
        value=rows.truth[start],
        is_certain=is_sure.any(axis=1) & (~shared | later),
    )
