"""The first architecture of an order that a choice contains, in expectation over all ways to settle ties.

k rows are chosen by score: all rows above the border, and u of the m rows tied at it, each choice equally likely. The
order (the truth's, from its best or from its worst end) comes in tie groups, and within a group every order is equally
likely. Asked is where the order first meets a chosen row.

Let none(j) be the chance that j given rows of the m tied ones are all left out: prod over i < j of (m - u - i) / (m -
i). The groups are walked until one holds a row chosen for sure; let group g have z rows, b of them tied at the border,
and let j be the number of tied rows in the groups before it.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Walk:
    """Tie groups of an order up to the first that holds a surely chosen row (or all of them, if none does).

    size: rows z of each group; tied: rows b of each group that tie at the border; sure: surely chosen rows of the last
    group; taken, of_tied: u and m; value: what the rows of each group are worth.
    """

    size: np.ndarray
    tied: np.ndarray
    sure: int
    taken: int
    of_tied: int
    value: np.ndarray

    def left_out(self) -> tuple[np.ndarray, np.ndarray]:
        """Chance that no tied row before each group is chosen, and that none is up to and including it."""
        m, u = self.of_tied, self.taken
        i = np.arange(int(self.tied.sum()))
        none = np.concatenate([[1.0], np.cumprod(np.maximum(m - u - i, 0) / (m - i))])
        upto = np.cumsum(self.tied)
        return none[upto - self.tied], none[upto]


def expected_first_rank(walk: Walk) -> float:
    """Expected rank, from 1, of the first chosen row.

    A group with x chosen rows is met, on average, (z + 1) / (x + 1) rows in; with none it is passed after z rows.
    Summed over the hypergeometric chances of x, a group without sure rows adds (z + 1) D - none(j + b), where D =
    (none(j) (m - j + 1) - none(j + b) (m - j - b - u)) / ((b + 1)(u + 1)).

    >>> expected_first_rank(Walk(np.array([1, 2]), np.array([0, 0]), 1, 0, 0, np.array([0.9, 0.8])))
    2.5
    """
    if not walk.tied.any():  # the usual case of a resample, spared the general sum
        return float(walk.size[:-1].sum() + (walk.size[-1] + 1) / (walk.sure + 1))
    before, after = walk.left_out()
    m, u, z, b = walk.of_tied, walk.taken, walk.size, walk.tied
    j = np.cumsum(b) - b
    met = (before * (m - j + 1) - after * np.maximum(m - j - b - u, 0)) / ((b + 1) * (u + 1))
    rows = (z + 1) * met - after
    if walk.sure and before[-1] > 0:
        rows[-1] = before[-1] * (z[-1] + 1) * _mean_reciprocal(m - j[-1], b[-1], u, walk.sure + 1)
    elif walk.sure:
        rows[-1] = 0.0
    return float(rows.sum())


def expected_first_value(walk: Walk) -> float:
    """Expected value of the first chosen row: each group's value times the chance that the choice begins in it.

    >>> walk = Walk(np.array([1, 1]), np.array([1, 0]), 1, 1, 2, np.array([0.9, 0.8]))
    >>> round(expected_first_value(walk), 6)
    0.85
    """
    if not walk.tied.any():
        return float(walk.value[-1])
    before, after = walk.left_out()
    if walk.sure:
        after[-1] = 0.0
    return float((before - after) @ walk.value)


def _mean_reciprocal(rows: int, good: int, drawn: int, offset: int) -> float:
    """E[1 / (offset + X)] with X the good ones among `drawn` of `rows` rows, of which `good` are good."""
    low, high = max(0, drawn - (rows - good)), min(good, drawn)
    x = np.arange(low, high + 1)
    ratio = (good - x[:-1]) * (drawn - x[:-1]) / ((x[:-1] + 1) * (rows - good - drawn + x[:-1] + 1))
    log_chance = np.concatenate([[0.0], np.cumsum(np.log(ratio))])
    chance = np.exp(log_chance - log_chance.max())
    return float(chance @ (1 / (offset + x)) / chance.sum())
