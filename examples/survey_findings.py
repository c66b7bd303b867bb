"""A finished survey as Markdown tables: python examples/survey_findings.py FOLDER [RESAMPLES]   (needs $NASGAUGE_DATA)

FOLDER: of `nasgauge run shifted-spaces`. A column per part, and per part whose cells have published accuracies
(NAS-Bench-201: CIFAR-10 test, 200 epochs; NAS-Bench-101: CIFAR-10 test, 108 epochs; mean of the isomorphic cells) one
with the scores evaluated against these. Kendall's tau of every estimator with its interval; of supernets by epoch, mean
over seeds; paired differences of Kendall's tau with 95% intervals over resampled architectures (1,000).
"""

import sys
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from findings import mean_accuracy, show, truths

from nasgauge.core.usage import check_usage
from nasgauge.criteria import kendall_tau
from nasgauge.judging import judge, paired
from nasgauge.studies.run import Run

PAIRS = (
    ("oneshot_loss", "oneshot", "one-shot loss over accuracy"),
    ("oneshot_avg3", "oneshot", "averaged weights of three checkpoints, accuracy"),
    ("oneshot_avg3_loss", "oneshot_loss", "averaged weights of three checkpoints, loss"),
    ("oneshot_ensemble", "oneshot", "mean of two supernets"),
    ("oneshot_loss", "n_params", "one-shot loss over parameters"),
    ("synflow", "relu_logdet", "synflow over relu_logdet"),
    ("synflow", "n_params", "synflow over parameters"),
    ("relu_logdet", "n_params", "relu_logdet over parameters"),
    ("vote", "n_params", "vote over parameters"),
    ("cwi", "n_params", "CWI over parameters"),
    ("macs", "n_params", "multiply-accumulates over parameters"),
)


def values(run: Run, truth: pd.DataFrame, n_bootstrap: int) -> pd.Series:
    """Kendall's tau of each estimator, with its interval."""
    options = {"n_bootstrap": n_bootstrap, "rng": np.random.default_rng(0)}
    tau = judge(run.scores, truth, ["kendall_tau"], unknown="drop", **options).dropna(subset="value")
    texts = [f"{row.value:.3f}{interval(row.lower, row.upper, '.3f')}" for row in tau.itertuples()]
    return pd.Series(texts, tau["estimator"])


def training(run: Run, truth: pd.DataFrame) -> pd.Series:
    """Kendall's tau of the supernets by epoch, mean over seeds."""
    accuracy = mean_accuracy(truth)
    found: dict[str, list[float]] = {}
    for (name, epoch, _), part in run.records["checkpoint_scores"].groupby(["estimator", "epoch", "seed"]):
        score = part.set_index("arch")["score"].reindex(accuracy.index)
        found.setdefault(f"{name}, epoch {epoch}", []).append(kendall_tau(score.to_numpy(), accuracy.to_numpy()))
    return pd.Series({name: f"{np.mean(taus):.3f}" for name, taus in found.items()})


def differences(run: Run, truth: pd.DataFrame, n_bootstrap: int) -> pd.Series:
    """The paired differences of the estimators that the part has."""
    names = set(run.scores["estimator"])
    ours, theirs, called = zip(*(pair for pair in PAIRS if {*pair[:2]} <= names), strict=True)
    options = {"n_bootstrap": n_bootstrap, "rng": np.random.default_rng(0)}
    table = paired(run.scores, truth, list(ours), list(theirs), ["kendall_tau"], unknown="drop", **options)
    texts = [f"{row.difference:+.3f}{interval(row.lower, row.upper, '+.3f')}" for row in table.itertuples()]
    return pd.Series(texts, called)


def interval(lower: float, upper: float, form: str) -> str:
    """The ends in brackets; nothing where too many resamples leave the value undefined."""
    return "" if np.isnan(lower) else f" [{lower:{form}}, {upper:{form}}]"


def main(folder: str, n_bootstrap: int = 1000) -> None:
    judged = truths(Path(folder))
    show("Kendall's tau", judged, partial(values, n_bootstrap=n_bootstrap))
    show("Supernets during training", judged, training)
    show("Differences of Kendall's tau", judged, partial(differences, n_bootstrap=n_bootstrap))


if __name__ == "__main__":
    check_usage(__doc__)
    main(sys.argv[1], *map(int, sys.argv[2:]))
