"""Does continued training on the best architectures alone improve their ranking?"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from nasgauge.analyses.toolkit.analysis import Analysis
from nasgauge.analyses.toolkit.drawing import BLUE, GREEN, plain, say, tidy
from nasgauge.analyses.toolkit.over_seeds import mean_interval
from nasgauge.analyses.toolkit.supernet_settings import NOTHING
from nasgauge.analyses.toolkit.vectors import is_among, mean_truth, scores_by_seed
from nasgauge.criteria import kendall_tau
from nasgauge.spaces import Space

_COLUMNS = (
    *("sub_space", "estimator", "kendall_tau", "low", "high", "gain", "gain_low", "gain_high"),
    *("mean_score", "top_1", "top_10", "n", "n_seeds"),
)
_KINDS = ("", "_loss")

Lists = Mapping[int, frozenset[str]]  # by seed, the architectures of a training


def compute(
    scores: pd.DataFrame,
    truth: pd.DataFrame,
    space: Space | None = None,
    *,
    training_archs: pd.DataFrame,
    training_log: pd.DataFrame,
    choices: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Kendall's tau-b and mean score on the sub-space that a pruned supernet is trained on, beside wider ones.

    kendall_tau = mean over seeds of tau(scores, mean truth) on the seed's sub-space; low, high = its 95% t-interval
    gain = mean over seeds of kendall_tau(pruned) - kendall_tau(estimator), gain_low, gain_high = its 95% t-interval
    mean_score = mean over the sub-space and seeds; top_1, top_10 = highest true accuracy among the 1 and 10 best by
        score of all architectures scored, sub-space or not, mean over seeds

    scores, truth: tables SCORES and TRUTH; space is not used. training_archs: table TRAINING_ARCHS, a sub-space for
    each pruned supernet and seed. training_log: table TRAINING_LOG, of all supernets; a sub-space is shown with those
    that were trained on at least all of it: with all operations (choices: table CHOICES), and without such a list, or
    with one that contains it for every seed.
    Accuracies are compared with accuracies, losses with losses. Seeds are those that both have, which are paired; n:
    architectures in a sub-space with a ground truth, at most over seeds. Equal scores at the border of the best: the
    first strings. With three seeds the t-intervals are wide. Ranges: tau [-1, 1], accuracies that of the truth. NaN:
    constant scores; intervals of a single seed. Returns (sub_space, estimator, kendall_tau, low, high, gain, gain_low,
    gain_high, mean_score, top_1, top_10, n, n_seeds), the pruned supernet itself first.

    >>> truth = pd.DataFrame({"arch": list("abcd"), "seed": 0, "accuracy": [0.6, 0.7, 0.8, 0.9]})
    >>> rows = {"estimator": ["cut"] * 4 + ["full"] * 4, "arch": list("abcdabcd"), "seed": 0}
    >>> scores = pd.DataFrame({**rows, "score": [0.1, 0.2, 0.3, 0.4, 0.1, 0.4, 0.3, 0.2]})
    >>> chosen = pd.DataFrame({"estimator": "cut", "seed": 0, "arch": ["b", "c", "d"]})
    >>> log = pd.DataFrame({"estimator": ["cut", "full"], "seed": 0, "epoch": 1})
    >>> table = compute(scores, truth, training_archs=chosen, training_log=log)
    >>> table[["estimator", "kendall_tau", "gain", "top_1"]].values.tolist()
    [['cut', 1.0, 0.0, 0.9], ['full', -1.0, 2.0, 0.7]]

    Reference: ning2021evaluating, Table A7.
    """
    accuracy, by_seed = mean_truth(truth).sort_index(), scores_by_seed(scores)
    lists: dict[str, dict[int, frozenset[str]]] = {}
    for (label, seed), archs in training_archs.groupby(["estimator", "seed"], sort=True)["arch"]:
        lists.setdefault(str(label), {})[seed] = frozenset(archs)
    whole = sorted(set(training_log["estimator"]) - _restricted(choices))
    rows = []
    for label, own_lists in lists.items():
        wider = [name for name in whole if name != label and _contains(lists.get(name), own_lists)]
        for kind in (kind for kind in _KINDS if label + kind in by_seed):
            own = _of_seeds(by_seed[label + kind], accuracy, own_lists)
            for name in (label + kind, *(other + kind for other in wider if other + kind in by_seed)):
                found = _of_seeds(by_seed[name], accuracy, own_lists)
                seeds = [seed for seed in own if seed in found]
                if seeds:
                    rows.append({"sub_space": label, "estimator": name, **_summary(own, found, seeds)})
    return pd.DataFrame(rows, columns=_COLUMNS)


def _restricted(choices: pd.DataFrame | None) -> set[str]:
    """The supernets without some operations."""
    if choices is None:
        return set()
    return set(choices["estimator"][(choices["setting"] == "without") & (choices["value"] != NOTHING)])


def _contains(wider: Lists | None, lists: Lists) -> bool:
    """Whether a supernet without a list, or with one that has all of the other's in every seed of both."""
    return wider is None or all(lists[seed] <= wider[seed] for seed in lists.keys() & wider.keys())


def _of_seeds(table: pd.DataFrame, accuracy: pd.Series, lists: Lists) -> dict[int, dict[str, float]]:
    """By seed what an estimator says of its sub-space, and the best of all that it ranks at the top."""
    table = table[is_among(table.index, accuracy.index)].sort_index()
    true = accuracy.reindex(table.index).to_numpy()
    found = {}
    for seed in (seed for seed in lists if seed in table):
        score, inside = (
            table[seed].to_numpy("float64"),
            np.array([arch in lists[seed] for arch in table.index], dtype=bool),
        )
        if not inside.any():
            continue
        best = true[np.argsort(-score, kind="stable")]
        finite = score[inside][np.isfinite(score[inside])]
        found[seed] = {
            "kendall_tau": kendall_tau(score[inside], true[inside]),
            "mean_score": finite.mean() if len(finite) else np.nan,
            "top_1": best[0],
            "top_10": best[:10].max(),
            "n": int(inside.sum()),
        }
    return found


def _summary(
    own: Mapping[int, Mapping[str, float]], found: Mapping[int, Mapping[str, float]], seeds: list[int]
) -> dict[str, float]:
    tau, low, high = mean_interval([found[seed]["kendall_tau"] for seed in seeds])
    gains = mean_interval([own[seed]["kendall_tau"] - found[seed]["kendall_tau"] for seed in seeds])
    means = {name: mean_interval([found[s][name] for s in seeds])[0] for name in ("mean_score", "top_1", "top_10")}
    return {
        "kendall_tau": tau, "low": low, "high": high,
        **dict(zip(("gain", "gain_low", "gain_high"), gains, strict=True)), **means,
        "n": max(int(found[seed]["n"]) for seed in seeds), "n_seeds": len(seeds),
    }  # fmt: skip


def draw(table: pd.DataFrame, ax, space: Space | None = None) -> None:
    """Tau on a sub-space of the pruned supernet and of the others, with intervals over seeds."""
    if table.empty:
        say(ax, "no supernet was trained on a selected subset")
        return
    rows = np.arange(len(table))
    own = [name.removesuffix("_loss") == sub for name, sub in zip(table["estimator"], table["sub_space"], strict=True)]
    for row, tau, low, high, mine in zip(rows, table["kendall_tau"], table["low"], table["high"], own, strict=True):
        colour = BLUE if mine else GREEN
        ax.hlines(row, low, high, color=colour, linewidth=5, alpha=0.25)
        ax.plot([tau], [row], "o", color=colour, markersize=5)
    ax.set_yticks(rows, [plain(name, 28) for name in table["estimator"]])
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set_xlabel("Kendall's tau-b on the sub-space")
    tidy(ax)


ANALYSIS = Analysis(
    name="sub_space",
    question="Does continued training on the best architectures alone improve their ranking?",
    paper_finding=(
        "Ning et al. (2021, Table A7) find that training on the best 10%, 25% and 50% alone raises Kendall's tau among "
        "them from .264 to .453, from .353 to .439 and from .507 to .553 on NAS-Bench-201."
    ),
    section="search",
    caption=(
        "Kendall's tau-b on the architectures that a supernet was trained on alone (blue); green: supernets trained on "
        "a superset, evaluated on the same architectures. Bars: 95% t-interval over seeds, which for so few may exceed "
        "the range of tau."
    ),
    needs=("training_archs", "training_log"),
    takes=("choices",),
    compute=compute,
    draw=draw,
    panel_by="sub_space",
    size=(5.0, 2.8),
)
