"""The real NAS-Bench-101 truth, read from a Parquet table in `$NASGAUGE_DATA/nas-bench-101`, and its 1Shot1 views.

Ying et al., "NAS-Bench-101", ICML 2019; Zela, Siems & Hutter, "NAS-Bench-1Shot1", ICLR 2020.
"""

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from nasgauge.benchmarks.benchmark import Benchmark
from nasgauge.benchmarks.files import check_range, read_table
from nasgauge.benchmarks.nb101_fingerprint import fingerprints
from nasgauge.errors import UserError, unknown_name
from nasgauge.spaces import NB101, SPACES, Arch, Space
from nasgauge.tables import TRUTH, Column, Table, check

_ACCURACY = "test_accuracy_108_epochs_mean"
_TABLE = Table(
    "accuracy.parquet",
    (
        *(Column(name, "int") for name in ("index", "n_vertices", "adj_bits")),
        *(Column("ops", "str"), Column("params", "int"), Column(_ACCURACY, "float")),
    ),
    key=("index",),
)
_CELLS = NB101()
VIEWS = tuple(name for name in SPACES if name.startswith("nb101-1shot1"))
FACTS = {"n_cells": 423_624, "best_test_percent": 94.3176, "index_of_best": 4789, "kendall_tau_params": 0.3066}


def load(*, view: str = "nb101", n: int | None = 10_000, seed: int = 0) -> Benchmark:
    """Cells with the published mean test accuracy after 108 epochs on CIFAR-10; single trainings are not in the table.

    view: "nb101", the cells as the table writes them, or a sub-space of NAS-Bench-1Shot1, whose architectures get the
    accuracy of their cell (the isomorphic one in the table). n: how many of them, drawn by `seed` so that a larger n
    keeps the earlier ones; None takes all, which for the whole table means two minutes of canonical forms. n_params are
    the published ones, of the cell in the table (128 channels); an isomorphic one may have a few more or fewer.
    """
    if view not in ("nb101", *VIEWS):
        raise unknown_name("view of NAS-Bench-101", view, ("nb101", *VIEWS))
    if n is not None and n < 1:
        raise UserError(f"benchmark 'nb101': n is {n}; give a number from 1")
    table = _table(_file())
    rng = np.random.default_rng(seed)
    names, classes, rows = _cells(table, n, rng) if view == "nb101" else _view(table, view, n, rng)
    truth = pd.DataFrame({"arch": names, "iso_class": classes, "seed": pd.NA, "accuracy": rows[_ACCURACY].to_numpy()})
    complexity = pd.DataFrame({"arch": names, "n_params": rows["params"].to_numpy(), "macs": pd.NA})
    what = "NAS-Bench-101" if view == "nb101" else f"NAS-Bench-101, view {view}"
    provenance = {
        "truth": f"{what}, CIFAR-10",
        "measure": "test accuracy after 108 epochs, mean over the published trainings",
        "architectures": f"{len(names):,}" + (f", drawn by seed {seed}" if n is not None else ""),
        "noise ceiling from": "nothing: the table holds means alone",
        "source": "Ying et al. 2019, as collected by FreeREA",
    }
    facts = {**FACTS, "n_archs": len(names), "n_classes": len(set(classes))}
    return Benchmark("nb101", view, check(truth, TRUTH), None, provenance, facts, complexity)


def _cells(table: pd.DataFrame, n: int | None, rng: np.random.Generator) -> tuple[list[str], list[str], pd.DataFrame]:
    """Strings, classes and rows of cells as the table writes them; no two of the table's cells are isomorphic."""
    rows = table.iloc[rng.permutation(len(table))[:n]]
    archs = [_arch(*row) for row in _layouts(rows)]
    return [_CELLS.to_str(a) for a in archs], [_CELLS.to_str(_CELLS.canonical(a)) for a in archs], rows


def _view(
    table: pd.DataFrame, view: str, n: int | None, rng: np.random.Generator
) -> tuple[list[str], list[str], pd.DataFrame]:
    """Strings and classes of architectures of a sub-space, and the row of the table with each one's cell."""
    space = SPACES[view]()
    archs = _drawn(space, n, rng)
    forms = [_CELLS.canonical(space.to_nb101(arch)) for arch in archs]
    wanted = fingerprints(np.array([form[0] for form in forms]), np.array([form[1:] for form in forms]))
    adjacency = _seven_vertices(table["n_vertices"].to_numpy("int64"), table["adj_bits"].to_numpy("int64"))
    near = np.flatnonzero(np.isin(fingerprints(adjacency, _digits(table["ops"])), wanted))
    place = {_CELLS.canonical(_arch(*row)): i for i, row in zip(near, _layouts(table.iloc[near]), strict=True)}
    absent = [arch for arch, form in zip(archs, forms, strict=True) if form not in place]
    if absent:
        name = space.to_str(absent[0])
        raise UserError(f"benchmark 'nb101': the table lacks the cell of {name}; give the table of all cells")
    rows = table.iloc[[place[form] for form in forms]]
    return [space.to_str(a) for a in archs], [space.to_str(space.canonical(a)) for a in archs], rows


def _drawn(space: Space, n: int | None, rng: np.random.Generator) -> list[Arch]:
    """The first n of all architectures in a random order, or of the distinct ones that random encodings give."""
    try:
        everything = list(space.enumerate())
    except NotImplementedError as reason:
        if n is None:
            raise UserError(f"benchmark 'nb101': {reason}; say how many (n)") from reason
        return list(itertools.islice(_distinct(space, rng), n))
    return [everything[i] for i in rng.permutation(len(everything))[:n]]


def _distinct(space: Space, rng: np.random.Generator) -> Iterator[Arch]:
    seen: set[Arch] = set()
    while True:
        arch = space.sample(rng)
        if arch not in seen:
            seen.add(arch)
            yield arch


def _layouts(rows: pd.DataFrame) -> Iterator[tuple[int, int, str]]:
    return zip(rows["n_vertices"].tolist(), rows["adj_bits"].tolist(), rows["ops"].tolist(), strict=True)


def _arch(n_vertices: int, adj_bits: int, ops: str) -> Arch:
    return _CELLS.from_table(n_vertices, adj_bits, ops)


def _seven_vertices(n_vertices: np.ndarray, adj_bits: np.ndarray) -> np.ndarray:
    """The adjacency bits with the output as vertex 6, as `NB101.from_table` places it, for all rows at once."""
    n_before = (n_vertices - 1) * (n_vertices - 2) // 2  # bits of the vertices before the output
    return adj_bits & ((1 << n_before) - 1) | adj_bits >> n_before << 15


def _digits(ops: pd.Series) -> np.ndarray:
    """Operations as (cells, 5) integers; 0 for vertices that are not there."""
    letters = np.array(ops.str.ljust(5, "0").tolist(), dtype="S5")
    return letters.view("uint8").reshape(-1, 5) - ord("0")


def _table(path: Path) -> pd.DataFrame:
    """The published table; UserError for a row whose numbers are no cell's layout, size or accuracy."""
    table = read_table(path, _TABLE)
    bounds = {"n_vertices": (2, 7), "adj_bits": (0, (1 << 21) - 1), "params": (1, 1e12), _ACCURACY: (0, 1)}
    for column, (low, high) in bounds.items():
        check_range(table, column, low, high, path)
    n_interior = table["n_vertices"] - 2
    wrong = ~table["ops"].str.fullmatch("[012]*") | (table["ops"].str.len() != n_interior)
    if wrong.any():
        row = int(wrong.to_numpy().argmax())
        found = table["ops"].iloc[row][:40]
        raise UserError(
            f"{path}: row {row + 1}, column 'ops' is {found!r}; expected a digit 0, 1 or 2 for each of the "
            f"{n_interior.iloc[row]} vertices between input and output"
        )
    return table


def _file() -> Path:
    root = os.environ.get("NASGAUGE_DATA")
    if not root:
        raise UserError("benchmark 'nb101': NASGAUGE_DATA is not set; set it to the folder that holds nas-bench-101/")
    path = Path(root) / "nas-bench-101" / "accuracy.parquet"
    if not path.is_file():
        raise UserError(f"benchmark 'nb101': {path} is missing; see docs/data.md for the format")
    return path
