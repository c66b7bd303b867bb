"""Pairs of architectures that differ by one mutation."""

from functools import lru_cache

import numpy as np
import pandas as pd

from nasgauge.spaces import Space

_COLUMNS = ["a", "b", "from_op", "to_op"]


def pairs_of(space: Space, names: pd.Index) -> pd.DataFrame:
    """All pairs of these architectures that differ by one mutation: rows `a` and `b` of the index, and both operations.

    Each pair is listed once, the operation of a before that of b in the alphabet. Columns: a, b, from_op, to_op, step.
    Architectures are grouped by their encoding with one position masked, so no neighbours are searched. Architectures
    of one word are names, of which none differs from another by an operation: they form no pairs.
    """
    return _pairs_of(space, tuple(names))


@lru_cache(maxsize=4)
def _pairs_of(space: Space, names: tuple[str, ...]) -> pd.DataFrame:
    words = np.array([space.words(space.from_str(text)) for text in names], dtype=object)
    if not len(words) or words.shape[1] < 2:
        return pd.DataFrame(columns=[*_COLUMNS, "step"])
    codes = np.stack([pd.factorize(column)[0] for column in words.T], axis=1)
    found = []
    for place in range(codes.shape[1]):
        for members in _alike(np.delete(codes, place, axis=1)):
            i, j = np.triu_indices(len(members), 1)
            a, b = members[i], members[j]
            swap = words[a, place] > words[b, place]
            a, b = np.where(swap, b, a), np.where(swap, a, b)
            found.append((a, b, words[a, place], words[b, place]))
    columns = [np.concatenate(column) for column in zip(*found, strict=True)] if found else [[]] * 4
    table = pd.DataFrame(dict(zip(_COLUMNS, columns, strict=True)))
    return table.assign(step=table["from_op"].astype(str) + " -> " + table["to_op"].astype(str))


def frequent(pairs: pd.DataFrame, least: int) -> pd.DataFrame:
    """The pairs of the mutations with at least this many pairs."""
    sizes = pairs.groupby("step").size()
    return pairs[pairs["step"].isin(sizes.index[sizes >= least])]


def _alike(codes: np.ndarray) -> list[np.ndarray]:
    """Row numbers of each group of two or more equal rows."""
    code = np.zeros(len(codes), dtype="int64")
    for column in codes.T:  # renumbered at each column, so that the number stays small
        code = pd.factorize(code * (int(column.max(initial=0)) + 1) + column)[0]
    order = np.argsort(code, kind="stable")
    cuts = np.flatnonzero(np.diff(code[order])) + 1
    return [members for members in np.split(order, cuts) if len(members) > 1]
