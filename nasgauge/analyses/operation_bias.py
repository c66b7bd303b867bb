"""Which operation is over-ranked when it replaces another?"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from nasgauge.analyses.toolkit.analysis import LIMIT_BIAS, Analysis
from nasgauge.analyses.toolkit.drawing import draw_marks, plain, say
from nasgauge.analyses.toolkit.pairs import frequent, pairs_of
from nasgauge.analyses.toolkit.rank_errors import draws_of_rows, interval_of, on_the_same, rank_errors
from nasgauge.core.errors import UserError
from nasgauge.spaces import Space

COLUMNS = (
    *("estimator", "from_op", "to_op", "truth_up", "score_up"),
    *("excess", "excess_lower", "excess_upper", "n_archs", "n"),
)
_LEAST = 10  # pairs below which a mutation has no row


def compute(
    scores: pd.DataFrame,
    truth: pd.DataFrame,
    space: Space | None = None,
    *,
    n_bootstrap: int = 200,
    confidence: float = 0.95,
    least: int = _LEAST,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Pairs of architectures that differ by one mutation (`Space.words`), grouped by the mutation a -> b.

    truth_up, score_up = share of the n pairs in which the architecture with b has the higher accuracy, or score, ties
        counting half
    excess = mean over the pairs of the difference in `rank_errors`' excess: positive: b is over-ranked relative to a

    The shares are those of Ning et al. 2021; noise alone moves score_up towards 1/2, while the excess stays 0.
    scores, truth: tables SCORES and TRUTH. Every pair of architectures with a score and a ground truth counts once; a
    comes before b in the alphabet, and the reverse mutation has 1 - share and the negative excess. Mutations with fewer
    than `least` pairs have no rows, so few neighbours give an empty table. Intervals: percentiles
    over n_bootstrap resamples of the architectures, a pair weighted by the product of the multiplicities of its
    members. n_archs: architectures in the pairs. Returns rows by estimator, from_op and to_op; empty without a space.
    UserError: n_bootstrap or least below 1.

    >>> from nasgauge.spaces import NB201
    >>> none, skip = NB201().to_str((0,) * 6), NB201().to_str((1, 0, 0, 0, 0, 0))
    >>> truth = pd.DataFrame({"arch": [none, skip], "seed": 0, "accuracy": [0.1, 0.2]})
    >>> scores = pd.DataFrame({"estimator": "e", "arch": [none, skip], "seed": 0, "score": [2.0, 1.0]})
    >>> table = compute(scores, truth, NB201(), least=1, rng=np.random.default_rng(0))
    >>> table[["from_op", "to_op", "truth_up", "score_up"]].values.tolist()
    [['none', 'skip_connect', 1.0, 0.0]]

    Reference: ning2021evaluating, Fig. A11-A13.
    """
    if n_bootstrap < 1 or least < 1:
        raise UserError(f"operation_bias: {n_bootstrap} draws, at least {least} pairs; both must be at least 1")
    state = int(rng.integers(2**63))
    rows: dict[str, list[dict[str, object]]] = {}
    found = rank_errors(scores, truth) if space is not None else {}
    for archs, alike in on_the_same(found):
        pairs = frequent(pairs_of(space, archs), least)
        if len(pairs):
            rows |= steps(pairs, alike, n_bootstrap, confidence, np.random.default_rng(state))
    each = [{"estimator": name, **row} for name in found for row in rows.get(name, ())]
    return pd.DataFrame(each, columns=list(COLUMNS))


def draw(table: pd.DataFrame, ax, space: Space | None = None) -> None:
    """A matrix: excess when the operation of the column replaces that of the row; dots: the interval excludes 0."""
    if table.empty:
        say(ax, "no pairs of architectures one mutation apart")
        return
    names = sorted(set(table["from_op"]) | set(table["to_op"]))
    place = {name: i for i, name in enumerate(names)}
    matrix = np.full((len(names), len(names)), np.nan)
    most = max(0.02, float(table["excess"].abs().max()))
    dots = []
    for row in table.itertuples():
        i, j = place[row.from_op], place[row.to_op]
        matrix[i, j], matrix[j, i] = row.excess, -row.excess
        if row.excess_lower > 0 or row.excess_upper < 0:
            colour = "white" if abs(row.excess) > 0.6 * most else "0.1"
            dots += [(j, i, colour), (i, j, colour)]
    draw_marks(ax, dots, ".", markersize=3)
    ax.imshow(matrix, cmap="PuOr_r", vmin=-most, vmax=most)
    short = [plain(name.replace("_", " "), 14) for name in names]
    size = 6.5 if len(names) <= 8 else 4.5
    ax.set_xticks(range(len(names)), short, rotation=90, fontsize=size)
    ax.set_yticks(range(len(names)), short, fontsize=size)
    ax.tick_params(length=0, labelcolor="0.3")
    for side in ax.spines.values():
        side.set_visible(False)


def steps(
    pairs: pd.DataFrame,
    alike: Mapping[str, pd.DataFrame],
    n_bootstrap: int,
    confidence: float,
    rng: np.random.Generator,
) -> dict[str, list[dict[str, object]]]:
    """The quantities of `compute` for each mutation of these pairs, by estimator.

    alike: tables of `rank_errors` on the same architectures, which have the resamples and their weights in common.
    """
    pairs = pairs.iloc[_by_step(pairs)]
    a, b = pairs["a"].to_numpy(), pairs["b"].to_numpy()
    starts = np.flatnonzero(~pairs["step"].duplicated().to_numpy())
    ends = np.append(starts[1:], len(pairs))
    gaps = {name: errors["excess"].to_numpy()[b] - errors["excess"].to_numpy()[a] for name, errors in alike.items()}
    draws = {name: np.empty((n_bootstrap, len(starts))) for name in alike}
    n_archs = len(next(iter(alike.values())))
    for i, counts in enumerate(draws_of_rows(n_archs, n_bootstrap, rng)):
        weight = (counts[a] * counts[b]).astype("float64")
        total = np.add.reduceat(weight, starts)
        total[total <= 0] = np.nan
        for name, gap in gaps.items():
            draws[name][i] = np.add.reduceat(weight * gap, starts) / total
    words = list(pairs.iloc[starts][["from_op", "to_op"]].itertuples(index=False, name=None))
    members = [len(np.unique(np.concatenate([a[s:e], b[s:e]]))) for s, e in zip(starts, ends, strict=True)]
    rows: dict[str, list[dict[str, object]]] = {name: [] for name in alike}
    for name, errors in alike.items():
        up = {c: _up(errors[c].to_numpy(), a, b) for c in ("accuracy", "score")}
        for k, (start, end) in enumerate(zip(starts, ends, strict=True)):
            low, high = interval_of(draws[name][:, k], confidence)
            part = slice(start, end)
            row = {"from_op": words[k][0], "to_op": words[k][1]}
            row |= {"truth_up": up["accuracy"][part].mean(), "score_up": up["score"][part].mean()}
            row |= {"excess": gaps[name][part].mean(), "excess_lower": low, "excess_upper": high}
            rows[name].append(row | {"n_archs": members[k], "n": end - start})
    return rows


def _by_step(pairs: pd.DataFrame) -> np.ndarray:
    """The order of the pairs by their mutations."""
    codes = [pd.factorize(pairs[column], sort=True)[0] for column in ("to_op", "from_op")]
    return np.lexsort(codes)


def _up(values: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """1 where b has the higher value, 0 where a has, 1/2 where they are equal."""
    return (np.sign(values[b] - values[a]) + 1) / 2


ANALYSIS = Analysis(
    name="operation_bias",
    question="Which operation is over-ranked when it replaces another?",
    figure="Fig. A11",
    paper_finding=(
        "Ning et al. (2021, Sec. 5.1 and Fig. A11 to A13) find that supernets over-rank dilated convolutions and "
        "under-rank skip connections on NAS-Bench-301 (from a skip to dil_conv_5x5 the accuracy increases in 39.0% of "
        "2,336 pairs, the score in 94.9%), and slightly over-rank pooling and under-rank 3×3 convolutions on "
        "NAS-Bench-201."
    ),
    section="bias",
    caption=(
        "Pairs that differ by one mutation: mean change of the excess when the operation of the column replaces that "
        "of the row, as a share of n; orange: over-ranked, purple: under-ranked; dot: interval excludes 0. The table "
        "also contains the shares of pairs in which ground truth and score increase."
    ),
    random=True,
    counts="pairs of architectures one mutation apart",
    limit=LIMIT_BIAS,
    compute=compute,
    draw=draw,
    panel_by="estimator",
    size=(2.9, 2.9),
)
