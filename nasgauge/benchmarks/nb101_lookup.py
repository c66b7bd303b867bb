"""Cells found in the table of NAS-Bench-101 under whatever numbering of their vertices, by their fingerprints."""

from collections.abc import Collection, Iterator

import numpy as np
import pandas as pd

from nasgauge.benchmarks.nb101_fingerprint import fingerprints
from nasgauge.spaces import NB101, Arch, module_hash

CELLS = NB101()


def rows_of(table: pd.DataFrame, forms: Collection[Arch]) -> dict[Arch, int]:
    """The row of each canonical form, by position; forms that the table lacks are left out.

    table: n_vertices, adj_bits, ops. Only rows with the fingerprint of a form are compared with it.
    """
    if not forms:
        return {}
    wanted = fingerprints(np.array([form[0] for form in forms]), np.array([form[1:] for form in forms]))
    adjacency = _seven_vertices(table["n_vertices"].to_numpy("int64"), table["adj_bits"].to_numpy("int64"))
    near = np.flatnonzero(np.isin(fingerprints(adjacency, _digits(table["ops"])), wanted))
    known = set(forms)
    found = {CELLS.canonical(arch): int(i) for i, arch in zip(near, archs(table.iloc[near]), strict=True)}
    return {form: row for form, row in found.items() if form in known}


def rows_of_hashes(table: pd.DataFrame, hashes: Collection[str]) -> dict[str, int]:
    """The row of each module hash, by position; hashes that the table lacks are left out.

    table: as for `rows_of`, with the column `index`, the rank of the cell's hash. A hash is searched between cells with
    smaller and greater hashes, at the place where evenly spaced hashes would have it.
    """
    if not hashes:
        return {}
    order = np.argsort(table["index"].to_numpy(), kind="stable")
    columns = [table[name].to_numpy() for name in ("n_vertices", "adj_bits", "ops")]
    known: dict[int, int] = {}

    def at(rank: int) -> int:
        if rank not in known:
            n_vertices, adj_bits, ops = (column[order[rank]] for column in columns)
            known[rank] = int(module_hash(CELLS.from_table(int(n_vertices), int(adj_bits), ops)), 16)
        return known[rank]

    found = {}
    for text in hashes:
        wanted = int(text, 16)
        low, high, below, above = -1, len(order), -1, 1 << 128  # ranks around the hash, and their hashes
        while high - low > 1:
            rank = low + 1 + (wanted - below) * (high - low - 1) // (above - below)
            rank = min(rank, high - 1)
            if at(rank) == wanted:
                found[text] = int(order[rank])
                break
            if at(rank) < wanted:
                low, below = rank, at(rank)
            else:
                high, above = rank, at(rank)
            if not below < wanted < above:
                break  # the table is not in the order of hashes
    return found


def archs(rows: pd.DataFrame) -> Iterator[Arch]:
    """The architecture of each row, as the table numbers its vertices."""
    columns = (rows["n_vertices"].tolist(), rows["adj_bits"].tolist(), rows["ops"].tolist())
    return (CELLS.from_table(*row) for row in zip(*columns, strict=True))


def _seven_vertices(n_vertices: np.ndarray, adj_bits: np.ndarray) -> np.ndarray:
    """The adjacency bits with the output as vertex 6, as `NB101.from_table` places it, for all rows at once."""
    n_before = (n_vertices - 1) * (n_vertices - 2) // 2  # bits of the vertices before the output
    return adj_bits & ((1 << n_before) - 1) | adj_bits >> n_before << 15


def _digits(ops: pd.Series) -> np.ndarray:
    """Operations as (cells, 5) integers; 0 for vertices that are not there."""
    letters = np.array(ops.str.ljust(5, "0").tolist(), dtype="S5")
    return letters.view("uint8").reshape(-1, 5) - ord("0")
