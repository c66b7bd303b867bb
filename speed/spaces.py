"""How long canonical forms take: one architecture of every space, and the whole published table of NAS-Bench-101.

The unit is one canonical form of a mid-sized cell of NAS-Bench-101. The table is
`$NASGAUGE_DATA/nas-bench-101/accuracy.parquet`, in two processes (`--workers`), start of the processes included; its
423,624 forms must all be different. Where it is not there it is skipped, and that is said. `--count` prints the numbers
of architectures that the docstring of `nasgauge.spaces.nb101_oneshot` states.

    python speed/spaces.py
    python speed/spaces.py --count
"""

import argparse
import itertools
import os
import statistics
import time
from pathlib import Path

import numpy as np
import pandas as pd

from nasgauge.core.workers import unordered_map
from nasgauge.spaces import NB101, SPACES, get_space

SPACE = NB101()
CHUNK = 10_000


def forms(rows):
    """Canonical forms of table rows (n_vertices, adj_bits, ops)."""
    return [SPACE.canonical(SPACE.from_table(*row)) for row in rows]


def per_call(function, n=2000):
    """Median seconds of one call, over five rounds of n."""
    rounds = []
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(n):
            function()
        rounds.append((time.perf_counter() - start) / n)
    return statistics.median(rounds)


def one_cell():
    cell = SPACE.from_str("conv3x3-bn-relu~0|conv1x1-bn-relu~0|maxpool3x3~1+2|conv3x3-bn-relu~3|output~0+3+4")
    twins = SPACE.from_str("|".join(["conv3x3-bn-relu~0"] * 4 + ["output~1+2+3+4"]))  # 24 orders to try
    oneshot = get_space("nb101-1shot1-3")
    arch = oneshot.from_str("|".join(f"maxpool3x3~{p}" for p in ("0", "0", "1", "0+2", "1+3")) + "|output~4+5")
    unit = per_call(lambda: SPACE.canonical(cell))
    print(f"one canonical form, four vertices: {1e6 * unit:.0f} microseconds; as multiples of it:")
    for name, function in {
        "the same, four equal twins": lambda: SPACE.canonical(twins),
        "of nb101-1shot1-3": lambda: oneshot.canonical(arch),
        "neighbours": lambda: SPACE.neighbours(cell),
        "to_str and from_str": lambda: SPACE.from_str(SPACE.to_str(cell)),
    }.items():
        print(f"  {name:28s} {per_call(function, 200) / unit:6.1f}")


def every_space():
    """Canonical form, string and back, and a random architecture of each space, in microseconds."""
    print(f"{'microseconds':24s} {'canonical':>10s} {'string':>10s} {'sample':>10s}")
    for name in SPACES:
        times = times_of(get_space(name))
        print(f"{name:24s} " + " ".join(f"{1e6 * t:10.0f}" for t in times))


def times_of(space, n=200):
    rng = np.random.default_rng(0)
    archs = itertools.cycle([space.sample(rng) for _ in range(n)])
    space.canonical(next(archs))  # tables that are made once
    return [
        per_call(lambda: space.canonical(next(archs)), n),
        per_call(lambda: space.from_str(space.to_str(next(archs))), n),
        per_call(lambda: space.sample(rng), n),
    ]


def whole_table(n_workers):
    root = os.environ.get("NASGAUGE_DATA")
    path = root and Path(root) / "nas-bench-101" / "accuracy.parquet"
    if not path or not path.is_file():
        missing = (
            f"{path} is missing" if path else "NASGAUGE_DATA is not set; it is the folder that holds nas-bench-101/"
        )
        print(f"the whole table is skipped: {missing}")
        return
    table = pd.read_parquet(path, columns=["n_vertices", "adj_bits", "ops"])
    rows = [(int(n), int(bits), ops) for n, bits, ops in table.itertuples(index=False)]
    chunks = [rows[i : i + CHUNK] for i in range(0, len(rows), CHUNK)]
    start = time.perf_counter()
    found = set(itertools.chain.from_iterable(unordered_map(forms, chunks, n_workers=n_workers)))
    print(f"{len(rows):,} cells, {n_workers} processes: {time.perf_counter() - start:.0f} s, {len(found):,} forms")


def count(name):
    """Wirings, architectures, cells, and the same without loose ends, of one sub-space."""
    space = get_space(name)
    n = len(space.in_degrees) - 1
    wirings = list(itertools.product(*space.wirings))
    full, cells, full_cells = 0, set(), set()
    seen = set()  # pruned cells as numbered, each canonicalised once
    for indices in itertools.product(*(range(len(w)) for w in space.wirings)):
        arch = (*(entry for i in indices[:-1] for entry in (i, 0)), indices[-1])
        parents = SPACE.parents(space.to_nb101(arch))
        live = [v for v in range(1, n + 1) if parents[v]]
        full += len(live) == n
        if parents in seen:
            continue
        seen.add(parents)
        for ops in itertools.product(range(3), repeat=len(live)):
            chosen = dict(zip(live, ops, strict=True))
            labelled = (*(e for v, i in enumerate(indices[:-1], 1) for e in (i, chosen.get(v, 0))), indices[-1])
            form = SPACE.canonical(space.to_nb101(labelled))
            cells.add(form)
            if len(live) == n:
                full_cells.add(form)
    print(
        f"{name}: {len(wirings):,} wirings, {len(wirings) * 3**n:,} architectures, {len(cells):,} cells; without loose "
        f"ends {full:,} wirings, {full * 3**n:,} architectures, {len(full_cells):,} cells",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--count", action="store_true")
    options = parser.parse_args()
    if options.count:
        for name in ("nb101-1shot1-1", "nb101-1shot1-2", "nb101-1shot1-3", "nb101-1shot1-3-chain"):
            count(name)
    else:
        one_cell()
        every_space()
        whole_table(options.workers)


if __name__ == "__main__":
    main()
