"""The real NAS-Bench-101 truth, read from a Parquet table in `$NASGAUGE_DATA/nas-bench-101`, and its 1Shot1 views.

Ying et al., "NAS-Bench-101", ICML 2019; Zela, Siems & Hutter, "NAS-Bench-1Shot1", ICLR 2020.
"""

import itertools
import os
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nasgauge.benchmarks.benchmark import Benchmark
from nasgauge.benchmarks.files import check_range, read_table
from nasgauge.benchmarks.nb101_lookup import CELLS, archs, rows_of, rows_of_hashes
from nasgauge.benchmarks.training import Training
from nasgauge.core.errors import UserError, check_count, check_seed, unknown_name
from nasgauge.core.tables import TRUTH, Column, Table, check
from nasgauge.spaces import (
    NB101,
    Arch,
    NB101OneShot1,
    NB101OneShot2,
    NB101OneShot3,
    NB101OneShot3Chain,
    Space,
    is_hash,
)

_ACCURACY = "test_accuracy_108_epochs_mean"
_TABLE = Table(
    "accuracy.parquet",
    (
        *(Column(name, "int") for name in ("index", "n_vertices", "adj_bits")),
        *(Column("ops", "str"), Column("params", "int"), Column(_ACCURACY, "float")),
    ),
    key=("index",),
)
TRAINING = Training("cifar10", net={"channels": 128, "n_cells": 3, "n_stages": 3})  # ying2019nasbench101, sec. 2.2
VIEWS = {space.name: space for space in (NB101OneShot1, NB101OneShot2, NB101OneShot3, NB101OneShot3Chain)}
_SPACES = {NB101.name: NB101, **VIEWS}
MAX_DRAWN = 1_000_000
FACTS = {"n_cells": 423_624, "best_test_percent": 94.3176, "index_of_best": 4789, "kendall_tau_params": 0.3066}


def load(*, view: str = "nb101", n: int | None = 10_000, seed: int = 0) -> Benchmark:
    """Cells with the published mean test accuracy after 108 epochs on CIFAR-10; single trainings are not in the table.

    view: "nb101", the cells as the table writes them, or a sub-space of NAS-Bench-1Shot1, whose architectures get the
    accuracy of their cell (the isomorphic one in the table). n: how many of them, drawn by `seed` so that a larger n
    keeps the earlier ones; None takes all, which for the whole table means two minutes of canonical forms. n_params are
    the published ones, of the cell in the table (128 channels); an isomorphic one may have a few more or fewer.
    """
    _check_view(view)
    if n is not None:
        check_count(n, "benchmark 'nb101': n", least=1, most=MAX_DRAWN)
    check_seed(seed, "benchmark 'nb101': seed")
    table, rng = _table(), np.random.default_rng(seed)
    drawn = "" if n is None else f", drawn by seed {seed}"
    if view == "nb101":  # no two of the table's cells are isomorphic
        rows = table.iloc[rng.permutation(len(table))[:n]]
        return _benchmark(view, list(archs(rows)), rows, drawn)
    space = _SPACES[view]()
    chosen = _drawn(space, n, rng)
    forms = [CELLS.canonical(space.to_nb101(arch)) for arch in chosen]
    place = rows_of(table, forms)
    absent = [arch for arch, form in zip(chosen, forms, strict=True) if form not in place]
    if absent:
        name = space.to_str(absent[0])
        raise UserError(f"benchmark 'nb101': the table lacks the cell of {name}; give the table of all cells")
    return _benchmark(view, chosen, table.iloc[[place[form] for form in forms]], drawn)


def looked_up(names: Collection[str], *, view: str = "nb101", **drawn: Any) -> Benchmark:
    """The architectures of these strings, found in the full table under whatever numbering of their cell.

    Of the whole space also those of module hashes. Strings that are no architectures of the view are passed over. If
    the draw is chosen, by n or seed, it is what is drawn, and `left_out` tells those of the strings that are in the
    table and not drawn.
    """
    _check_view(view)
    space = _SPACES[view]()
    given: dict[str, Arch] = {}
    for name in names:
        with suppress(UserError):
            given[name] = space.from_str(name)
    hashes = [name for name in names if is_hash(name)] if view == "nb101" else []
    if drawn:
        found = load(view=view, **drawn)
        known = set(found.archs)
        given = {name: arch for name, arch in given.items() if space.to_str(arch) not in known}
    table = _table()
    forms = {name: CELLS.canonical(space.to_nb101(arch)) for name, arch in given.items()}
    place = rows_of(table, set(forms.values()))
    hashed = rows_of_hashes(table, hashes)
    if drawn:
        why = (
            f"in the table, but not among the {len(known):,} drawn by n and seed (without them, `judge` looks cells up)"
        )
        left_out = [*hashed, *(name for name, form in forms.items() if form in place)]
        return replace(found, left_out=dict.fromkeys(left_out, why))
    held = {given[name]: place[form] for name, form in forms.items() if form in place}
    if view == "nb101":  # one name a cell: that of the table
        rows = table.iloc[list(dict.fromkeys([*held.values(), *hashed.values()]))]
        return _benchmark(view, list(archs(rows)), rows, f" looked up, of the {len(table):,} cells of the table")
    rows = table.iloc[list(held.values())]
    return _benchmark(view, list(held), rows, f" looked up, in the {len(table):,} cells of the table")


def _benchmark(view: str, chosen: list[Arch], rows: pd.DataFrame, which: str) -> Benchmark:
    """The benchmark of these architectures of a view, each with the row of its cell; which: how they were chosen."""
    space = _SPACES[view]()
    names, classes = [space.to_str(a) for a in chosen], [space.to_str(space.canonical(a)) for a in chosen]
    truth = pd.DataFrame({"arch": names, "iso_class": classes, "seed": pd.NA, "accuracy": rows[_ACCURACY].to_numpy()})
    complexity = pd.DataFrame({"arch": names, "n_params": rows["params"].to_numpy(), "macs": pd.NA})
    what = "NAS-Bench-101" if view == "nb101" else f"NAS-Bench-101, view {view}"
    provenance = {
        "ground truth": f"{what}, CIFAR-10",
        "measure": "test accuracy after 108 epochs, mean over the published trainings",
        "architectures": f"{len(names):,}{which}",
        "noise ceiling from": "not available: the table contains means only",
        "source": "Ying et al. 2019, as collected by FreeREA",
    }
    facts = {**FACTS, "n_archs": len(names), "n_classes": len(set(classes))}
    return Benchmark("nb101", space, check(truth, TRUTH), None, provenance, facts, complexity, training=TRAINING)


def _check_view(view: str) -> None:
    if view not in _SPACES:
        raise unknown_name("view of NAS-Bench-101", view, _SPACES)


def _drawn(space: Space, n: int | None, rng: np.random.Generator) -> list[Arch]:
    """The first n of all architectures in a random order, or of the distinct ones that random encodings give."""
    try:
        everything = list(space.enumerate())
    except NotImplementedError as reason:
        if n is None:
            raise UserError(f"benchmark 'nb101': {reason}; give the number of architectures (n)") from reason
        return list(itertools.islice(_distinct(space, rng), n))
    return [everything[i] for i in rng.permutation(len(everything))[:n]]


def _distinct(space: Space, rng: np.random.Generator) -> Iterator[Arch]:
    seen: set[Arch] = set()
    while True:
        arch = space.sample(rng)
        if arch not in seen:
            seen.add(arch)
            yield arch


def _table() -> pd.DataFrame:
    """The published table; UserError for a row whose numbers are no cell's layout, size or accuracy."""
    path = _file()
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
        raise UserError(
            "benchmark 'nb101': NASGAUGE_DATA is not set; set it to the folder that contains nas-bench-101/"
        )
    path = Path(root) / "nas-bench-101" / "accuracy.parquet"
    if not path.is_file():
        raise UserError(f"benchmark 'nb101': {path} is missing; see docs/data.md for the format")
    return path
