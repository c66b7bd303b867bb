"""Does a supernet trained without some operations estimate the remaining architectures better?"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from nasgauge.analyses.toolkit.analysis import LIMIT, Analysis
from nasgauge.analyses.toolkit.drawing import BLUE, VERMILION, plain, say, tidy
from nasgauge.analyses.toolkit.rank_errors import draws_of_rows, interval_of
from nasgauge.analyses.toolkit.restricted import compared, pairs_of
from nasgauge.analyses.toolkit.vectors import mean_truth
from nasgauge.analyses.trend import title
from nasgauge.core.errors import UserError
from nasgauge.core.rounding import steady
from nasgauge.criteria import BoundCriterion, Resamples, resolve_all
from nasgauge.spaces import Space

MEAN_SCORE = "mean_score"
_CRITERIA = ("kendall_tau", {"name": "best_accuracy_at", "count": 1}, {"name": "best_accuracy_at", "count": 10})
_SIDES = ("full_full", "full_sub", "sub_sub")
_COLUMNS = (
    *("without", "kind", "restricted", "unrestricted", "epoch", "criterion", "at"),
    *(f"{side}{end}" for side in _SIDES for end in ("", "_lower", "_upper")),
    *("difference", "lower", "upper", "n_full", "n", "n_by_member", "n_left_out", "n_seeds", "n_seeds_full", "panel"),
)

Values = dict[tuple[str, float], np.ndarray]  # by criterion and at: of the sample, then of its draws


def compute(
    scores: pd.DataFrame,
    truth: pd.DataFrame,
    space: Space | None = None,
    *,
    checkpoint_scores: pd.DataFrame,
    settings: pd.DataFrame,
    choices: pd.DataFrame,
    stand_ins: pd.DataFrame | None = None,
    member_scores: pd.DataFrame | None = None,
    n_bootstrap: int = 200,
    confidence: float = 0.95,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Supernets of a restricted and of the whole space, both on the restricted space, by removal, score and epoch.

    full_full = criterion of the unrestricted supernet over all n_full architectures that it scored
    full_sub, sub_sub = criterion of the unrestricted and of the restricted supernet over the same n architectures
    difference = sub_sub - full_sub

    The criterion is the mean score, Kendall's tau-b, or the best ground truth among the 1 or 10 best by score; the mean
    over seeds. The n architectures have a ground truth and a member of their class in the restricted space, which both
    supernets score: the architecture itself, or where that uses a removed operation, the member of table STAND_INS,
    whose score by the unrestricted supernet is in MEMBER_SCORES (key also_without): n_by_member of them. Without that
    score the architecture is left out, n_left_out in number; it is never compared by two members. full_full is over the
    architectures themselves. The ground truth is that of the architecture. A class mean (post_deiso) is over the
    members for which the supernet has weights, so those of the two differ.

    Two supernets are compared if they score alike (column kind) and are equal in tables SETTINGS and CHOICES but for
    the operations removed, and n_samples where it is not an option of the sampler; at the epochs of table
    CHECKPOINT_SCORES that both have. scores and space are not used. Ends of intervals: percentiles over n_bootstrap
    draws of the architectures and of the seeds, the same for both supernets; the seeds are those that both have, or,
    where they have none in common, all of each, drawn independently. Resampled from S seeds, their variance is
    (S - 1) / S of that expected. Ties at the border of the best 1 or 10: expectation over all orders. NaN: constant
    scores or accuracies, fewer than 2 architectures or than the criterion counts. Units of mean scores are those of the
    scores, of the best ground truth that of the truth; higher is better. Returns rows by removal,
    kind, epoch and criterion; empty without such a pair. UserError: n_bootstrap below 1, confidence not between 0
    and 1.

    >>> truth = pd.DataFrame({"arch": list("abcd"), "seed": 0, "accuracy": [0.9, 0.8, 0.7, 0.6]})
    >>> full = pd.DataFrame({"estimator": "full", "arch": list("abcd"), "seed": 0, "score": [4.0, 1.0, 2.0, 3.0]})
    >>> part = pd.DataFrame({"estimator": "part", "arch": list("abc"), "seed": 0, "score": [3.0, 2.0, 1.0]})
    >>> rows = pd.concat([full, part]).assign(epoch=9)
    >>> both = pd.DataFrame({"estimator": ["full", "part"]})
    >>> table = compute(
    ...     rows, truth, checkpoint_scores=rows, settings=both.assign(setting="epochs", value=9.0),
    ...     choices=both.assign(setting="without", value=["nothing", "none"]), rng=np.random.default_rng(0)
    ... )
    >>> table.set_index("criterion").loc["kendall_tau", ["full_full", "full_sub", "sub_sub"]].round(3).tolist()
    [0.0, 0.333, 1.0]

    Reference: ning2021evaluating, Sec. 6.3, Tables A5 and A6.
    """
    if n_bootstrap < 1 or not 0 < confidence < 1:
        what = f"n_bootstrap {n_bootstrap} and confidence {confidence}"
        raise UserError(f"pruning: {what}; give a number of draws from 1, and a confidence between 0 and 1")
    accuracy = mean_truth(truth).sort_index()
    found = compared(pairs_of(settings, choices), accuracy.index, checkpoint_scores, stand_ins, member_scores)
    drawn = _Drawn(int(rng.integers(2**63)), n_bootstrap)
    whole: dict[tuple[str, int], Values] = {}
    rows: list[dict[str, object]] = []
    for both in found:
        key = both.pair.unrestricted, both.epoch
        if key not in whole:
            whole[key] = drawn.values(both.full, accuracy)
        common = [seed for seed in both.inside if seed in both.sub] or None
        inside, sub = (part if common is None else part[common] for part in (both.inside, both.sub))
        inside, sub = drawn.values(inside, accuracy), drawn.values(sub, accuracy, own_seeds=common is None)
        counts = {"n_full": len(both.full), "n": len(both.sub)}
        counts |= {"n_by_member": both.n_by_member, "n_left_out": both.n_left_out}
        counts |= {"n_seeds": both.sub.shape[1] if common is None else len(common), "n_seeds_full": both.full.shape[1]}
        values = dict(zip(_SIDES, (whole[key], inside, sub), strict=True))
        for row in _rows(values, both.pair.kind, confidence):
            rows.append({**vars(both.pair), "epoch": both.epoch, **row, **counts})
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def draw(table: pd.DataFrame, ax, space: Space | None = None) -> None:
    """One criterion at the last epoch: the unrestricted and the restricted supernet by removal."""
    table = table[table["epoch"] == table.groupby(["restricted", "unrestricted"])["epoch"].transform("max")]
    table = table.dropna(subset=["full_sub", "sub_sub"])
    if table.empty:
        say(ax, "undefined for every removal")
        return
    y = np.arange(len(table))
    for side, shift, marker, colour, label in (
        ("full_sub", -0.12, "o", BLUE, "all operations"),
        ("sub_sub", 0.12, "D", VERMILION, "without"),
    ):
        ax.hlines(y + shift, table[f"{side}_lower"], table[f"{side}_upper"], color=colour, linewidth=1.4, alpha=0.5)
        ax.plot(table[side], y + shift, marker, color=colour, markersize=4.5, label=label, markeredgewidth=0)
    one = table["unrestricted"].nunique() == 1
    names = table["without"] if one else table["restricted"] + " / " + table["unrestricted"]
    ax.set_yticks(y, [f"{plain(name, 28)}  ({n:,})" for name, n in zip(names, table["n"], strict=True)])
    ax.set_ylim(len(table) - 0.5, -0.5)
    ax.locator_params(axis="x", nbins=5)
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}".replace("-", "−"))
    ax.legend(frameon=False, fontsize=6.8, ncols=2, loc="upper right", bbox_to_anchor=(1, -0.12), borderaxespad=0.2)
    tidy(ax)


class _Drawn:
    """Criteria over bootstrap draws; the first draw is the sample itself."""

    def __init__(self, state: int, n: int) -> None:
        self.state, self.n = state, n
        self.criteria: tuple[BoundCriterion, ...] = tuple(resolve_all(_CRITERIA))

    def values(self, scores: pd.DataFrame, accuracy: pd.Series, *, own_seeds: bool = False) -> Values:
        """Of scores with architectures down and seeds across. own_seeds: seeds drawn on their own."""
        score, true = scores.to_numpy("float64"), accuracy.reindex(scores.index).to_numpy("float64")
        n, n_seeds = score.shape
        counts = np.vstack(
            [np.ones((1, n), dtype="int64"), draws_of_rows(n, self.n, np.random.default_rng(self.state))]
        )
        of_seeds = draws_of_rows(n_seeds, self.n, np.random.default_rng([self.state, 1 + own_seeds])) / n_seeds
        weight = np.vstack([np.full((1, n_seeds), 1 / n_seeds), of_seeds])
        found = {(MEAN_SCORE, np.nan): counts @ score / n}
        rows = [Resamples.of(of_seed, true, counts) for of_seed in score.T]
        for criterion in self.criteria:
            found[criterion.name, criterion.at] = np.stack([criterion.values_of_draws(of) for of in rows], axis=1)
        return {key: steady(np.where(weight > 0, value * weight, 0).sum(axis=1)) for key, value in found.items()}


def _rows(found: Mapping[str, Values], kind: str, confidence: float) -> list[dict[str, object]]:
    """A row per criterion: the values of the three sides and the paired difference, each with its interval."""
    rows: list[dict[str, object]] = []
    for criterion, at in found["full_full"]:
        draws = {side: values[criterion, at] for side, values in found.items()}
        row: dict[str, object] = {"criterion": criterion, "at": at, "panel": _panel(criterion, at, kind)}
        for side, of in draws.items():
            ends = interval_of(of[1:], confidence)
            row |= {side: of[0], f"{side}_lower": ends[0], f"{side}_upper": ends[1]}
        gap = steady(draws["sub_sub"] - draws["full_sub"])
        row["difference"], (row["lower"], row["upper"]) = gap[0], interval_of(gap[1:], confidence)
        rows.append(row)
    return rows


def _panel(criterion: str, at: float, kind: str) -> str:
    if criterion == "best_accuracy_at":
        return f"BestAcc, top {int(at)} ({kind})"
    bound = (c for c in resolve_all(_CRITERIA) if c.name == criterion)
    return f"{next((title(c) for c in bound), 'Mean score')} ({kind})"


def _note(table: pd.DataFrame) -> str:
    last = table.drop_duplicates(["restricted", "unrestricted"], keep="last")
    by_member, left_out = int(last["n_by_member"].max()), int(last["n_left_out"].max())
    found = (
        [f"Up to {by_member:,} classes are scored by a member other than their representative."] if by_member else []
    )
    if left_out:
        found.append(
            f"Up to {left_out:,} classes are left out, as the unrestricted supernet has no score of the member that "
            "lies in the restricted space; its key also_without adds them."
        )
    return " ".join(found)


ANALYSIS = Analysis(
    name="pruning",
    question="Does a supernet trained without some operations estimate the remaining architectures better?",
    figure="Fig. A18",
    paper_finding=(
        "Ning et al. (2021, Sec. 6.3, Tables A5 and A6) remove operations from NAS-Bench-201: the mean one-shot "
        "accuracy on the remaining architectures changes by −.011 to +.092, tau falls by .014 to .098, and the best "
        "architecture found is hardly better."
    ),
    section="settings",
    caption=(
        "Supernets trained with all operations (circles) and without some (diamonds), both on the architectures that "
        "remain (their number in brackets), last epoch; lines: bootstrap intervals over architectures and seeds. The "
        "table contains all epochs and the paired differences."
    ),
    needs=("checkpoint_scores", "settings", "choices"),
    takes=("stand_ins", "member_scores"),
    random=True,
    limit=LIMIT,
    compute=compute,
    draw=draw,
    panel_by="panel",
    note=_note,
    size=(3.6, 2.6),
)
