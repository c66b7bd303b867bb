"""Does a supernet trained without some operations estimate the remaining architectures better?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
import pandas as pd

from nasgauge.analyses.toolkit.analysis import LIMIT, Analysis
from nasgauge.analyses.toolkit.drawing import BLUE, VERMILION, plain, say, tidy
from nasgauge.analyses.toolkit.rank_errors import draws_of_rows, interval_of
from nasgauge.analyses.toolkit.supernet_settings import MAIN, NOTHING, chosen_by, kind_of
from nasgauge.analyses.toolkit.vectors import is_among, mean_truth
from nasgauge.analyses.trend import cubes, steady, title
from nasgauge.core.errors import UserError
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
_KINDS = {MAIN: "accuracy"}  # of the scores, as panels name them; others keep their names


@final
@dataclass(frozen=True)
class Pair:
    """A supernet without operations, and one of the whole space that is equal in all other settings."""

    without: str
    kind: str
    restricted: str
    unrestricted: str


@final
@dataclass(frozen=True, eq=False)
class Scored:
    """Architectures with a ground truth: scores (n, n_seeds) and accuracies (n,), in one order."""

    score: np.ndarray
    true: np.ndarray


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
    draws of the architectures and of the seeds, the same for both supernets (seeds independently where the two have
    other seeds); resampled from S seeds, their variance is (S - 1) / S of that expected. Ties at the border of the best
    1 or 10: expectation over all orders. NaN: constant scores or accuracies, fewer than 2 architectures or than the
    criterion counts. Units of mean scores are those of the scores, of the best ground truth that of the truth; higher
    is better. Returns rows by removal, kind, epoch and criterion; empty without such a pair. UserError: n_bootstrap
    below 1, confidence not between 0 and 1.

    >>> truth = pd.DataFrame({"arch": list("abcd"), "seed": 0, "accuracy": [0.9, 0.8, 0.7, 0.6]})
    >>> full = pd.DataFrame({"estimator": "full", "arch": list("abcd"), "seed": 0, "score": [4.0, 1.0, 2.0, 3.0]})
    >>> part = pd.DataFrame({"estimator": "part", "arch": list("abc"), "seed": 0, "score": [3.0, 2.0, 1.0]})
    >>> rows = pd.concat([full, part]).assign(epoch=9)
    >>> both = pd.DataFrame({"estimator": ["full", "part"]})
    >>> table = compute(
    ...     rows, truth, checkpoint_scores=rows, settings=both.assign(setting="epochs", value=9.0),
    ...     choices=both.assign(setting="without", value=["nothing", "none"]), rng=np.random.default_rng(0)
    ... )
    >>> table.set_index("criterion").loc["kendall_tau", ["full_full", "full_sub", "sub_sub", "n"]].round(3).tolist()
    [0.0, 0.333, 1.0, 3]

    Reference: ning2021evaluating, Sec. 6.3, Tables A5 and A6.
    """
    if n_bootstrap < 1 or not 0 < confidence < 1:
        what = f"n_bootstrap {n_bootstrap} and confidence {confidence}"
        raise UserError(f"pruning: {what}; give a number of draws from 1, and a confidence between 0 and 1")
    accuracy = mean_truth(truth).sort_index()
    pairs = _pairs(settings, choices)
    named = {name for pair in pairs for name in (pair.restricted, pair.unrestricted)}
    tables = _by_epoch(checkpoint_scores[checkpoint_scores["estimator"].isin(named)], accuracy.index)
    members = _members(stand_ins)
    apart = _of_members(member_scores)
    drawn = _Drawn(int(rng.integers(2**63)), n_bootstrap)
    whole: dict[tuple[str, int], dict] = {}
    rows: list[dict[str, object]] = []
    for pair in pairs:
        for epoch in sorted(tables.get(pair.restricted, {}).keys() & tables.get(pair.unrestricted, {}).keys()):
            full, sub = (tables[name][epoch] for name in (pair.unrestricted, pair.restricted))
            inside = _inside(full, sub, members.get(pair.restricted, {}), apart.get((pair.unrestricted, epoch)))
            kept = inside.index
            if not len(kept):
                continue
            key = (pair.unrestricted, epoch)
            if key not in whole:
                whole[key] = drawn.values(_scored(full, accuracy), full.columns)
            same = list(full.columns) == list(sub.columns)
            found = {
                "full_full": whole[key],
                "full_sub": drawn.values(_scored(inside, accuracy), full.columns),
                "sub_sub": drawn.values(_scored(sub.loc[kept], accuracy), sub.columns, apart=not same),
            }
            by_member = sum(members.get(pair.restricted, {}).get(arch, arch) != arch for arch in kept)
            counts = {"n_full": len(full), "n": len(kept), "n_by_member": by_member, "n_left_out": len(sub) - len(kept)}
            counts |= {"n_seeds": sub.shape[1], "n_seeds_full": full.shape[1]}
            rows += [{**vars(pair), "epoch": epoch, **row, **counts} for row in _rows(found, pair.kind, confidence)]
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def draw(table: pd.DataFrame, ax, space: Space | None = None) -> None:
    """One criterion at the last epoch: an arrow per removal from the unrestricted to the restricted supernet."""
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
    ax.legend(frameon=False, fontsize=6.8, ncols=2, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2)
    tidy(ax)


class _Drawn:
    """Criteria over bootstrap draws; the first draw is the sample itself."""

    def __init__(self, state: int, n: int) -> None:
        self.state, self.n = state, n
        self.criteria: tuple[BoundCriterion, ...] = tuple(resolve_all(_CRITERIA))

    def values(self, scored: Scored, seeds: pd.Index, *, apart: bool = False) -> dict[tuple[str, float], np.ndarray]:
        """By criterion and at: its values in the draws, (1 + n,). apart: seeds drawn on their own."""
        n, n_seeds = scored.score.shape
        counts = np.vstack([np.ones((1, n), dtype="int64"), draws_of_rows(n, self.n, np.random.default_rng(self.state))])
        of_seeds = draws_of_rows(n_seeds, self.n, np.random.default_rng([self.state, 1 + apart])) / n_seeds
        weight = np.vstack([np.full((1, n_seeds), 1 / n_seeds), of_seeds])
        found = {(MEAN_SCORE, np.nan): counts @ scored.score / n}
        rows = [Resamples.of(score, scored.true, counts) for score in scored.score.T]
        for criterion in self.criteria:
            found[criterion.name, criterion.at] = np.stack([criterion.values_of_draws(of) for of in rows], axis=1)
        return {key: steady(np.where(weight > 0, value * weight, 0).sum(axis=1)) for key, value in found.items()}


def _pairs(settings: pd.DataFrame, choices: pd.DataFrame) -> list[Pair]:
    """Supernets with and without removed operations that are otherwise equal; by kind, removal and names."""
    chosen = chosen_by(settings[settings["setting"] != "n_samples"], choices)
    chosen = {name: each for name, each in chosen.items() if "without" in each}
    alike: dict[tuple, dict[str, str]] = {}
    for name, each in chosen.items():
        rest = frozenset((setting, value) for setting, value in each.items() if setting != "without")
        alike.setdefault((kind_of(name, chosen), rest), {})[name] = str(each["without"])
    found = [
        Pair(without, _KINDS.get(kind, kind), restricted, unrestricted)
        for (kind, _), names in alike.items()
        for restricted, without in names.items()
        for unrestricted, all_of in names.items()
        if without != NOTHING == all_of
    ]
    return sorted(found, key=lambda pair: (pair.kind, pair.without, pair.restricted, pair.unrestricted))


def _by_epoch(checkpoint_scores: pd.DataFrame, archs: pd.Index) -> dict[str, dict[int, pd.DataFrame]]:
    """By estimator and epoch its scores, architectures down and seeds across, those that every seed scored."""
    return {
        str(name): {
            int(epoch): of.pivot(index="arch", columns="seed", values="score").dropna().sort_index()
            for epoch, of in part.groupby("epoch")
        }
        for name, part in checkpoint_scores[is_among(checkpoint_scores["arch"], archs)].groupby("estimator")
    }
