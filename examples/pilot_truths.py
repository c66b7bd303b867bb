"""Which task makes the better benchmark? Candidates compared on the cells that all of them have trained.

python examples/pilot_truths.py runs/bench-A FILE.parquet ...   (folders of `nasgauge bench build`, finished or
not, or tables that it wrote; needs $NASGAUGE_DATA). Kendall's tau throughout, of the mean over the first four seeds:
halves of the seeds (mean of the three divisions); with the real NAS-Bench-201 (CIFAR-10 test accuracy, 200 epochs;
±: standard deviation over 1,000 bootstrap samples of the cells); that within the better half of the cells by their real
accuracy; with the number of parameters. In brackets the same by minus the test loss. Below the table: how far the
first candidate's tau with the real accuracy exceeds each other one's, with a 95% interval of a paired bootstrap.
Where the cells are not of NAS-Bench-201, the columns of real accuracies are missing.
"""

import sys
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd

from nasgauge.benchmarks import load
from nasgauge.core.store import Store
from nasgauge.core.usage import check_usage
from nasgauge.criteria import kendall_tau

N_SEEDS = 4


def trainings(path: Path) -> pd.DataFrame:
    """The trainings of a table, or of all parts of a folder."""
    table = pd.read_parquet(path) if path.is_file() else Store.existing(path).read("trainings")
    return table[table["seed"] < N_SEEDS]


def halves(table: np.ndarray) -> float:
    """Mean tau over the divisions of the seeds into two halves."""
    n = table.shape[1]
    firsts = [f for f in map(list, combinations(range(n), n // 2)) if 0 in f]
    return float(np.mean([kendall_tau(table[:, f].mean(1), np.delete(table, f, axis=1).mean(1)) for f in firsts]))


def spread(a: np.ndarray, b: np.ndarray) -> float:
    """Standard deviation of tau over bootstrap samples of the cells."""
    rng = np.random.default_rng(0)
    return float(np.std([kendall_tau(a[rows], b[rows]) for rows in rng.integers(len(a), size=(1000, len(a)))]))


def advantage(a: np.ndarray, b: np.ndarray, real: np.ndarray) -> str:
    """By how much a is nearer to the real accuracy than b, and the interval over bootstrap samples of the cells."""
    rng = np.random.default_rng(0)
    samples = rng.integers(len(a), size=(1000, len(a)))
    found = [kendall_tau(a[rows], real[rows]) - kendall_tau(b[rows], real[rows]) for rows in samples]
    low, high = np.quantile(found, (0.025, 0.975))
    return f"{kendall_tau(a, real) - kendall_tau(b, real):.3f} [{low:.3f}, {high:.3f}]"


def row(table: pd.DataFrame, cells: list[str], real: np.ndarray | None) -> dict[str, str]:
    """One candidate's line of the table."""
    table = table[table["arch"].isin(cells)].assign(score=lambda t: -t["test_loss"])
    accuracy, loss = (
        table.pivot(index="arch", columns="seed", values=v).loc[cells].to_numpy(float)
        for v in ("test_accuracy", "score")
    )
    sizes = table.drop_duplicates("arch").set_index("arch").loc[cells]
    by = [(accuracy, accuracy.mean(1)), (loss, loss.mean(1))]

    def both(function: object) -> str:
        return "{:.3f} ({:.3f})".format(*(function(*pair) for pair in by))

    found = {
        "core-s": f"{table['train_seconds'].mean():.1f}",
        "accuracy: min, median, max": " ".join(f"{np.quantile(by[0][1], q):.2f}" for q in (0, 0.5, 1)),
        "halves": both(lambda each, mean: halves(each)),
        "parameters": both(lambda each, mean: kendall_tau(sizes["n_params"].to_numpy(float), mean)),
    }
    if real is None:
        return found
    better = real >= np.median(real)
    return found | {
        "real": both(lambda each, mean: kendall_tau(mean, real)) + f" ±{spread(by[0][1], real):.3f}",
        "real, better half": both(lambda each, mean: kendall_tau(mean[better], real[better])),
    }


def main(paths: list[str]) -> None:
    """The table of all candidates, as Markdown."""
    tables = {Path(path).stem.removeprefix("bench-"): trainings(Path(path)) for path in paths}
    cells = sorted(set.intersection(*(set(t["arch"]) for t in tables.values())))
    benchmark = load("nb201")
    known = benchmark.truth.set_index("arch")["accuracy"]
    real = known[cells].to_numpy(float) if set(cells) <= set(known.index) else None
    rows = {name: row(table, cells, real) for name, table in tables.items()}
    print(f"{len(cells)} cells, {N_SEEDS} seeds\n")
    print("| task |", " | ".join(next(iter(rows.values()))), "|")
    print("|---|" + "---|" * len(next(iter(rows.values()))))
    for name, values in rows.items():
        print(f"| {name} |", " | ".join(values.values()), "|")
    if real is None:
        return
    means = {name: table.groupby("arch")["test_accuracy"].mean()[cells].to_numpy() for name, table in tables.items()}
    first, *others = means
    print()
    for name in others:
        print(f"{first} over {name}: {advantage(means[first], means[name], real)}")
    sizes = benchmark.complexity.set_index("arch").loc[cells, "n_params"].to_numpy(float)
    print(f"\nparameters with the real accuracy: {kendall_tau(sizes, real):.3f}")


if __name__ == "__main__":
    check_usage(__doc__)
    main(sys.argv[1:])
