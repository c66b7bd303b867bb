"""Which findings depend on the ground truth? python examples/findings.py FOLDER [RESAMPLES]   (needs $NASGAUGE_DATA)

FOLDER: of `nasgauge run truths`. The scores of each part are judged against its own ground truth and against
NAS-Bench-201 (CIFAR-10 test, 200 epochs, mean accuracy of the isomorphic cells). Markdown tables: criteria of every
estimator, and how much the order of the estimators by Kendall's tau agrees (tau over the estimators that no supernet
is needed for, whose scores are the same in all columns); paired differences of Kendall's tau with 95% intervals over
resampled cells (1,000); supernets during training: tau, and the mean rank difference (true minus estimated rank as a
share of n, positive: overestimated) of the fifth of the cells with the fewest parameters and of that with the most;
of equal cells at the border of a fifth each counts in part.
"""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import rankdata
from truths_table import PUBLISHED, published

from nasgauge.core.store import Store
from nasgauge.core.usage import check_usage
from nasgauge.criteria import kendall_tau
from nasgauge.judging import judge, paired
from nasgauge.studies.run import Run

CRITERIA = ("kendall_tau", *({"name": f"precision_at_{end}", "fraction": 0.05} for end in ("top", "bottom")))
PAIRS = (
    ("deiso_loss", "deiso", "loss instead of accuracy"),
    ("deiso", "iso", "de-isomorphic sampling, accuracy"),
    ("deiso_loss", "iso_loss", "de-isomorphic sampling, loss"),
    ("deiso_ensemble", "deiso", "mean of the supernets"),
    ("mc5", "deiso", "five architectures a step, accuracy"),
    ("mc5_loss", "deiso_loss", "five architectures a step, loss"),
    ("fairnas", "iso", "FairNAS, accuracy"),
    ("deiso_snip", "snip", "snip with inherited weights"),
    ("deiso_grad_norm", "grad_norm", "grad_norm with inherited weights"),
    ("deiso_synflow", "synflow", "synflow with inherited weights"),
    ("deiso_relu_logdet", "relu_logdet", "relu_logdet with inherited weights"),
    ("deiso_loss", "n_params", "one-shot loss over parameters"),
    ("deiso", "n_params", "one-shot accuracy over parameters"),
    ("deiso", "vote", "one-shot accuracy over the vote"),
    ("synflow", "n_params", "synflow over parameters"),
    ("cwi", "n_params", "CWI over parameters"),
)
TITLES = {"nb201": "NAS-Bench-201", "nb101": "NAS-Bench-101"}
Truth = tuple[str, Run, pd.DataFrame]


def truths(folder: Path) -> list[Truth]:
    """Names, runs and ground truths to judge them by: of each part its own, and the published one if there is one."""
    found = []
    for part in sorted(path for path in folder.iterdir() if Store.is_in(path)):
        run = Run.load(part)
        found.append((part.name, run, run.truth))
        space = run.plan.space.name
        if space in PUBLISHED:
            real = published(space, run.truth["arch"].unique().tolist())
            table = pd.DataFrame({"arch": real.index, "iso_class": real.index, "seed": 0, "accuracy": real.to_numpy()})
            found.append((f"{part.name} / {TITLES[PUBLISHED[space]]}", run, table))
    return found


def values(run: Run, truth: pd.DataFrame, **options: object) -> pd.Series:
    """Kendall's tau with its interval, and the precisions at both ends."""
    table = judge(run.scores, truth, CRITERIA, unknown="drop", **options).dropna(subset="value")
    table = table.set_index(["estimator", "criterion"])
    wide = table["value"].unstack()
    tau = table.xs("kendall_tau", level="criterion")
    texts = [
        f"{row.value:.3f} [{row.lower:.3f}, {row.upper:.3f}], "
        f"{wide.loc[name, 'precision_at_top']:.2f}, {wide.loc[name, 'precision_at_bottom']:.2f}"
        for name, row in tau.iterrows()
    ]
    return pd.Series(texts, tau.index)


def agreement(run: Run, truth: pd.DataFrame, judged: list[Truth]) -> pd.Series:
    """Tau between the orders of estimators by their tau with this ground truth and with each of the others."""
    trained = tuple(run.records["training_log"]["estimator"].unique())
    mine, *others = (_taus(run, each, trained) for each in (truth, *(other for _, _, other in judged)))
    pairs = zip((name for name, _, _ in judged), others, strict=True)
    return pd.Series(
        {name: f"{kendall_tau(mine.to_numpy(), other[mine.index].to_numpy()):.3f}" for name, other in pairs}
    )


def _taus(run: Run, truth: pd.DataFrame, without: tuple[str, ...]) -> pd.Series:
    scores = run.scores[~run.scores["estimator"].str.startswith(without)]
    table = judge(scores, truth, ["kendall_tau"], unknown="drop", n_bootstrap=0, rng=np.random.default_rng(0))
    return table.dropna(subset="value").set_index("estimator")["value"]


def differences(run: Run, truth: pd.DataFrame, **options: object) -> pd.Series:
    """The paired differences of the estimators that the run has."""
    names = set(run.scores["estimator"])
    pairs = [pair for pair in PAIRS if {*pair[:2]} <= names]
    ours, theirs, called = zip(*pairs, strict=True)
    table = paired(run.scores, truth, list(ours), list(theirs), ["kendall_tau"], unknown="drop", **options)
    return pd.Series([f"{r.difference:+.3f} [{r.lower:+.3f}, {r.upper:+.3f}]" for r in table.itertuples()], called)


def training(run: Run, truth: pd.DataFrame) -> pd.Series:
    """Tau and the rank differences of both fifths by estimator and epoch, means over seeds."""
    accuracy = mean_accuracy(truth)
    few, many = fifths(run.plan.benchmark.complexity.set_index("arch")["n_params"].reindex(accuracy.index).to_numpy())
    true, rows = accuracy.rank(pct=True), []
    for (name, epoch, _), part in run.records["checkpoint_scores"].groupby(["estimator", "epoch", "seed"]):
        score = part.set_index("arch")["score"].reindex(accuracy.index)
        gap = score.rank(pct=True) - true
        rows.append((f"{name}, epoch {epoch}", kendall_tau(score.to_numpy(), accuracy.to_numpy()),
                     np.average(gap, weights=few), np.average(gap, weights=many)))  # fmt: skip
    means = pd.DataFrame(rows).groupby(0, sort=False).mean()
    means = means[means.index.str.contains("^(?:deiso|iso)(?:_loss)?,")]
    return pd.Series([f"{tau:.3f}, {few:+.3f}, {many:+.3f}" for tau, few, many in means.to_numpy()], means.index)


def fifths(size: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights that select the fifth with the smallest sizes and that with the largest; ties at a border share it."""
    n, below, up_to = len(size), rankdata(size, "min") - 1, rankdata(size, "max")
    smallest, largest = n / 5 - below, n / 5 - (n - up_to)
    return tuple(np.clip(room / (up_to - below), 0, 1) for room in (smallest, largest))


def mean_accuracy(truth: pd.DataFrame) -> pd.Series:
    """By architecture, rounded as `judge` does, so that the last bit of a sum does not break a tie."""
    return truth.groupby("arch")["accuracy"].mean().round(12)


def show(title: str, judged: list[Truth], compute: Callable[[Run, pd.DataFrame], pd.Series]) -> None:
    """A Markdown table with a column per ground truth."""
    table = pd.DataFrame({name: compute(run, truth) for name, run, truth in judged}).fillna("")
    print(f"\n**{title}**\n\n| | {' | '.join(table.columns)} |\n|---|{'---|' * table.shape[1]}")
    for name, row in zip(table.index, table.to_numpy(), strict=True):
        print(f"| {name} | {' | '.join(row)} |", flush=True)


def main() -> None:
    judged = truths(Path(sys.argv[1]))
    n_bootstrap = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    drawn = [partial(each, n_bootstrap=n_bootstrap, rng=np.random.default_rng(0)) for each in (values, differences)]
    show("Kendall's tau, P@top 5%, P@bottom 5%", judged, drawn[0])
    show("Agreement of the orders of estimators", judged, partial(agreement, judged=judged))
    show("Paired differences of Kendall's tau", judged, drawn[1])
    show("During training: tau, rank difference of the smallest and of the largest fifth", judged, training)


if __name__ == "__main__":
    check_usage(__doc__)
    main()
