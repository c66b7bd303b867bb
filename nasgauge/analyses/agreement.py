"""Which estimators rank alike, and which agree with the ground truth?"""

from itertools import combinations, product

import numpy as np
import pandas as pd

from nasgauge.analyses.toolkit.analysis import LIMIT, Analysis
from nasgauge.analyses.toolkit.drawing import column_width, distinct
from nasgauge.analyses.toolkit.vectors import TRUTH_NAME, mean_truth, ranks, scores_by_seed
from nasgauge.criteria import kendall_tau
from nasgauge.spaces import Space

_N_LETTERS = 40  # of a name that count for the size, at most
_NUMBER, _INDEX = 17.0, 14.0  # points of width that a number in a cell, or of a column, needs


def compute(scores: pd.DataFrame, truth: pd.DataFrame, space: Space | None = None) -> pd.DataFrame:
    """Kendall's tau-b between every two of the estimators and the ground truth.

    tau(a, b) = mean over pairs of seeds of kendall_tau(a, b)

    scores, truth: tables SCORES and TRUTH; space is not used. Seeds are paired one to one where both have the same
    ones, else each with each; the ground truth is its mean over trainings. A pair is compared on the n architectures
    that both have in all their seeds. Returns one row per unordered pair, (a, b, kendall_tau, n); names are in the
    order of their agreement with the ground truth, which comes first, undefined ones last. NaN where a vector is
    constant or n < 2. Range [-1, 1], higher is better. UserError: an estimator called "truth".

    >>> truth = pd.DataFrame({"arch": list("abc"), "seed": 0, "accuracy": [0.7, 0.8, 0.9]})
    >>> scores = pd.DataFrame({"estimator": "size", "arch": list("abc"), "seed": 0, "score": [1.0, 3.0, 2.0]})
    >>> compute(scores, truth).round(4).values.tolist()
    [['truth', 'size', 0.3333, 3]]

    Reference: ning2021evaluating, Fig. 4.
    """
    columns = {TRUTH_NAME: mean_truth(truth).to_frame(0), **scores_by_seed(scores)}
    archs = pd.Index(pd.unique(np.concatenate([table.index.to_numpy(object) for table in columns.values()])))
    seeds = {name: tuple(table.columns) for name, table in columns.items()}
    matrix = {name: table.reindex(archs).to_numpy("float64") for name, table in columns.items()}
    found = {
        pair: _tau(*(matrix[name] for name in pair), same_seeds=seeds[pair[0]] == seeds[pair[1]])
        for pair in combinations(columns, 2)
    }
    with_truth = {name: found[TRUTH_NAME, name][0] for name in columns if name != TRUTH_NAME}
    order = [TRUTH_NAME, *sorted(with_truth, key=lambda name: (np.isnan(with_truth[name]), -with_truth[name], name))]
    rows = [(a, b, *(found[a, b] if (a, b) in found else found[b, a])) for a, b in combinations(order, 2)]
    return pd.DataFrame(rows, columns=["a", "b", "kendall_tau", "n"])


def draw(table: pd.DataFrame, ax, space: Space | None = None) -> None:
    """A heat map with numbers; undefined pairs stay white and carry a dash, the diagonal is grey.

    Where numbers do not fit there is a scale instead, and columns have the numbers of the rows.
    """
    names = list(dict.fromkeys([*table["a"], *table["b"]]))
    place = {name: i for i, name in enumerate(names)}
    tau = np.full((len(names), len(names)), np.nan)
    for a, b, value in zip(table["a"], table["b"], table["kendall_tau"], strict=True):
        tau[place[a], place[b]] = tau[place[b], place[a]] = value
    labels = distinct(["ground truth" if name == TRUTH_NAME else name for name in names])
    numbered = column_width(ax, labels, len(names)) >= _NUMBER
    mesh = ax.pcolormesh(
        np.ma.masked_invalid(tau), cmap="RdBu", vmin=-1, vmax=1, edgecolors="white", linewidth=1 if numbered else 0.4
    )
    for i, j in product(range(len(names)), repeat=2):
        if i == j:
            ax.fill([j, j + 1, j + 1, j], [i, i, i + 1, i + 1], color="0.9", linewidth=0)
        elif numbered:
            defined = not np.isnan(tau[i, j])
            text = f"{round(tau[i, j], 2) + 0.0:.2f}".replace("-", "−").replace("0.", ".", 1) if defined else "–"
            dark = defined and abs(tau[i, j]) > 0.55
            ax.text(j + 0.5, i + 0.5, text, ha="center", va="center", color="white" if dark else "0.15", fontsize=8)
    centres = np.arange(len(names)) + 0.5
    if numbered:
        ax.set_xticks(centres, labels, rotation=50, ha="left", rotation_mode="anchor")
    else:
        step = max(1, round(_INDEX / column_width(ax, labels, len(names))))
        ax.set_xticks(centres[::step], [str(i) for i in range(1, len(names) + 1, step)])
        labels = [f"{i} {label}" for i, label in enumerate(labels, start=1)]
        ax.figure.colorbar(mesh, ax=ax, shrink=0.5, ticks=[-1, 0, 1]).outline.set_visible(False)
    ax.set_yticks(centres, labels)
    ax.invert_yaxis()
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.set_aspect("equal" if numbered else "auto")
    for spine in ax.spines.values():
        spine.set_visible(False)


def _tau(a: np.ndarray, b: np.ndarray, *, same_seeds: bool) -> tuple[float, int]:
    """Mean tau over pairs of seeds, (n_archs, n_seeds) each with NaN where there is no score, and its n."""
    both = ~(np.isnan(a).any(axis=1) | np.isnan(b).any(axis=1))
    a, b = a[both], b[both]
    pairs = zip(a.T, b.T, strict=True) if same_seeds else product(a.T, b.T)
    return float(np.mean([kendall_tau(x, _finite(y)) for x, y in pairs])), int(both.sum())


def _finite(score: np.ndarray) -> np.ndarray:
    """Scores in the same order, which is all that tau reads, as finite numbers."""
    return -ranks(score) if np.isneginf(score).any() else score


def note(table: pd.DataFrame) -> str:
    """How many pairs are undefined, if any."""
    undefined = int(table["kendall_tau"].isna().sum())
    why = "constant scores or too few architectures"
    return f"Dash: undefined ({undefined} pairs: {why})." if undefined else ""


def size_of(table: pd.DataFrame) -> tuple[float, float]:
    """Inches for the number of names and the longest of them; those above lean to the right."""
    names = set(table["a"]) | set(table["b"])
    inches, longest = 0.41 * len(names), 0.06 * min(_N_LETTERS, max(map(len, names), default=0))
    return max(1.5, 1.65 * longest) + inches, max(1.2, 0.8 * longest) + inches


ANALYSIS = Analysis(
    name="agreement",
    question="Which estimators rank alike, and which agree with the ground truth?",
    figure="Fig. 4",
    paper_finding=(
        "On NAS-Bench-201, Ning et al. (2021, Fig. 4 and Table A9) find relu_logdet (.611) and jacob_cov (.608) close "
        "to the number of parameters (.606), and snip, grad_norm and fisher ranking alike."
    ),
    section="agreement",
    always=True,
    caption="Kendall's tau-b; names in the order of their agreement with the ground truth.",
    note=note,
    limit=LIMIT,
    compute=compute,
    draw=draw,
    size=(8.4, 8.0),
    size_of=size_of,
    wide=True,
)
