"""Suspicious values: likely sentinels among scores, and duplicated trainings."""

import itertools

import numpy as np
import pandas as pd

from nasgauge.spaces import Space, is_connected

_MOST_SEEDS = 12
_FEWEST_OTHERS = 5  # distinct values that the rest must have, to have a range
_FACTOR = 3.0
_ATOM_SHARE, _ATOM_LEAST = 0.01, 3
_DISTINCT_SHARE = 0.9


def likely_sentinels(scores: pd.DataFrame, space: Space | None = None) -> list[str]:
    """Notes on scores that may stand for measurements that failed.

    scores: table SCORES, with architectures of the space, where it is known; then the note counts the disconnected
    ones.

    A value v of an estimator that several architectures share is reported if
    - it is the minimum or the maximum, and far outside: its distance to the others is more than three times their
      range,
      and on the scale sign(x) log10(1 + |x|) more than half of it, so that heavy tails and powers are not
      reported; the others have at least five distinct values, and up to two more such values may lie beyond it;
    - or it is an atom: at least three architectures, and 1 in 100, have exactly v, while nine tenths of the others have
      a score of their own.

    >>> score = [-1e8, -1e8, *np.linspace(0, 1, 50)]
    >>> table = pd.DataFrame({"estimator": "s", "arch": range(52), "seed": 0, "score": score})
    >>> likely_sentinels(table)[0].partition(";")[0]
    "'s': 2 architectures have the score -1e+08, far outside the others"
    """
    notes = []
    for estimator, part in scores.groupby("estimator", sort=False):
        finite = part[np.isfinite(part["score"])]
        shared = finite.groupby("score")["arch"].nunique()  # ascending in the score
        values, n = shared.index.to_numpy(), shared.to_numpy()
        far = {*_far_outside(values, n), *(-v for v in _far_outside(-values[::-1], n[::-1]))}
        for value in sorted(far | _atoms(values, n)):
            where = ", far outside the others" if value in far else ", while the others differ"
            cut = _disconnected(finite.loc[finite["score"] == value, "arch"], space)
            notes.append(
                f"{estimator!r}: {n[values == value][0]:,} architectures{cut} have the score {value:.6g}{where}; if it "
                "denotes failed measurements, leave these cells empty; if it is the worst score, write -inf"
            )
    return notes


def equal_trainings(truth: pd.DataFrame) -> list[str]:
    """Notes on pairs of seeds whose accuracies agree more often than expected by chance; truth: table TRUTH.

    Such trainings are copies or rounded too coarsely, and both raise the noise ceiling. Of the n architectures that
    have both seeds let `ties` be the number of those with the same accuracy, `next` that of those whose accuracies
    differ by the least step found; by chance, ties are about half of next. Reported are ties
    - of any number, where otherwise no two architectures have an accuracy in common, so that none is due to chance;
    - above next + 2 sqrt(next + 1), if they are a tenth of n (fewer hardly move the ceiling: cells that learn nothing
      have exactly the accuracy of chance);
    - above n / 2, if there are two.
    Of more than twelve seeds the twelve commonest are compared.

    >>> table = pd.DataFrame({"arch": [*"abc"] * 2, "seed": [0] * 3 + [1] * 3, "accuracy": [0.1, 0.2, 0.3] * 2})
    >>> equal_trainings(table)[0].partition(";")[0]
    'ground truth: seeds 0 and 1 have the same accuracy for 3 of 3 architectures'
    """
    seeded = truth[truth["seed"].notna()]
    fine = not (seeded.groupby("accuracy")["arch"].nunique() > 1).any()
    common = seeded["seed"].value_counts(sort=True).index[:_MOST_SEEDS]
    wide = seeded[seeded["seed"].isin(common)].pivot(index="arch", columns="seed", values="accuracy")
    notes = []
    for one, other in itertools.combinations(wide.columns, 2):
        step = (wide[one] - wide[other]).abs().dropna().to_numpy()
        n, ties = len(step), int((step == 0).sum())
        near = int((step < 1.5 * step[step > 0].min()).sum()) - ties if ties < n else 0
        beyond_chance = ties > near + 2 * np.sqrt(near + 1) and ties >= n / 10
        if (fine and ties) or beyond_chance or (ties > 1 and ties > n / 2):
            notes.append(
                f"ground truth: seeds {one} and {other} have the same accuracy for {ties:,} of {n:,} architectures; "
                "check for copied or coarsely rounded trainings, which raise the noise ceiling"
            )
    return notes


def _disconnected(archs: pd.Series, space: Space | None) -> str:
    """The number of disconnected architectures, in brackets; empty where it is not known."""
    if space is None or not space.may_be_disconnected:
        return ""
    n = sum(not is_connected(space, space.from_str(arch)) for arch in archs.unique())
    return f" ({n:,} of them disconnected)" if n else ""


def _far_outside(values: np.ndarray, n: np.ndarray) -> set[float]:
    """Of ascending values those at the lower end that several have, far below all others."""
    found: set[float] = set()
    for k in range(1, min(3, len(values) - _FEWEST_OTHERS) + 1):
        with np.errstate(over="ignore"):
            gap, spread = values[k] - values[k - 1], values[-1] - values[k]
        bent = np.sign(values) * np.log10(1 + np.abs(values))
        far = gap > _FACTOR * spread and bent[k] - bent[k - 1] > (bent[-1] - bent[k]) / 2
        if far:
            found |= {float(v) for v, shared in zip(values[:k], n[:k], strict=True) if shared > 1}
    return found


def _atoms(values: np.ndarray, n: np.ndarray) -> set[float]:
    """The values that many architectures have, up to two, where nearly every other architecture has its own."""
    atoms = n >= max(_ATOM_LEAST, _ATOM_SHARE * n.sum())
    others = n[~atoms]
    lonely = len(others) >= _FEWEST_OTHERS and (others == 1).sum() >= _DISTINCT_SHARE * others.sum()
    return {float(v) for v in values[atoms]} if lonely and atoms.sum() <= 2 else set()
