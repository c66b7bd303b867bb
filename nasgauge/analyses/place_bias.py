"""Which operation is over- or under-ranked at which position of the architecture?"""

import numpy as np
import pandas as pd

from nasgauge.analyses.toolkit.analysis import LIMIT_BIAS, Analysis
from nasgauge.analyses.toolkit.drawing import draw_marks, plain, say
from nasgauge.analyses.toolkit.rank_errors import draws_of_rows, interval_of, on_the_same, rank_errors
from nasgauge.analyses.toolkit.vectors import ranks
from nasgauge.core.errors import UserError
from nasgauge.spaces import Space

COLUMNS = (*("estimator", "place", "word", "truth_rank", "score_rank", "excess", "excess_lower", "excess_upper", "n"),)


def compute(
    scores: pd.DataFrame,
    truth: pd.DataFrame,
    space: Space | None = None,
    *,
    n_bootstrap: int = 200,
    confidence: float = 0.95,
    least: int = 10,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Mean ranks and mean excess of the architectures with an operation (`Space.words`) at a position of the encoding.

    truth_rank, score_rank = means of the ranks / n among all, near 0 the best
    excess = mean of the excess of `rank_errors`; positive: over-ranked

    Operations of fewer than `least` architectures at a position have no rows. place counts from 1. Intervals:
    percentiles over n_bootstrap resamples of all architectures. Rows by estimator, place and word; empty
    without a space. UserError: n_bootstrap or least below 1.

    Reference: ning2021evaluating, Fig. A26.
    """
    if n_bootstrap < 1 or least < 1:
        raise UserError(f"place_bias: {n_bootstrap} draws, at least {least} architectures; both must be at least 1")
    state = int(rng.integers(2**63))
    found = rank_errors(scores, truth) if space is not None else {}
    rows: dict[str, list[dict[str, object]]] = {name: [] for name in found}
    for archs, alike in on_the_same(found):
        counts = draws_of_rows(len(archs), n_bootstrap, np.random.default_rng(state))
        shares = {name: {c: ranks(errors[c].to_numpy()) / len(archs) for c in ("accuracy", "score")}
                  for name, errors in alike.items()}  # fmt: skip
        for (place, word), members in _held([space.words(space.from_str(arch)) for arch in archs], least).items():
            drawn = counts[:, members].astype("float64")
            total = drawn.sum(axis=1)
            total[total <= 0] = np.nan
            for name, errors in alike.items():
                excess = errors["excess"].to_numpy()[members]
                low, high = interval_of(drawn @ excess / total, confidence)
                means = [shares[name][c][members].mean() for c in ("accuracy", "score")]
                row = [name, place, word, *means, excess.mean(), low, high, len(members)]
                rows[name].append(dict(zip(COLUMNS, row, strict=True)))
    return pd.DataFrame([row for each in rows.values() for row in each], columns=list(COLUMNS))


def _held(words: list[tuple[str, ...]], least: int) -> dict[tuple[int, str], np.ndarray]:
    """Rows of the architectures with the operation at the position, where there are enough."""
    found = {}
    for place, column in enumerate(zip(*words, strict=True), start=1):
        codes, names = pd.factorize(np.array(column, dtype=object), sort=True)
        for code, name in enumerate(names):
            members = np.flatnonzero(codes == code)
            if len(members) >= least:
                found[place, str(name)] = members
    return found


def draw(table: pd.DataFrame, ax, space: Space | None = None) -> None:
    """A matrix of the excess by operation and position; dots: the interval excludes 0."""
    if table.empty:
        say(ax, "too few architectures")
        return
    names, places = sorted(table["word"].unique()), sorted(table["place"].unique())
    matrix = np.full((len(names), len(places)), np.nan)
    most, dots = max(0.02, float(table["excess"].abs().max())), []
    for row in table.itertuples():
        i, j = names.index(row.word), places.index(row.place)
        matrix[i, j] = row.excess
        if (row.excess_lower > 0 or row.excess_upper < 0) and len(names) <= 30:
            dots.append((j, i, "white" if abs(row.excess) > 0.6 * most else "0.1"))
    draw_marks(ax, dots, ".", markersize=3)
    ax.imshow(matrix, cmap="PuOr_r", vmin=-most, vmax=most, aspect="auto")
    ax.set_xticks(range(len(places)), [str(place) for place in places], fontsize=6.5 if len(places) <= 8 else 4.5)
    step = max(1, len(names) // 30)
    shown = range(0, len(names), step)
    ax.set_yticks(list(shown), [plain(names[i].replace("_", " "), 14) for i in shown], fontsize=6 if step == 1 else 4)
    ax.tick_params(length=0, labelcolor="0.3")
    for side in ax.spines.values():
        side.set_visible(False)


ANALYSIS = Analysis(
    name="place_bias",
    question="Which operation is over- or under-ranked at which position?",
    figure="Fig. A26",
    paper_finding=(
        "Ning et al. (2021, App. B.2 and Fig. A26), by the operation of each edge, find that plain over-ranks average "
        "pooling, and that relu_logdet and jacob_cov prefer 1×1 to 3×3 convolutions."
    ),
    section="bias",
    caption=(
        "Mean excess over architectures of equal accuracy by operation (rows) and position in the encoding (columns); "
        "brown: over-ranked, violet: under-ranked; dots: interval excludes 0."
    ),
    random=True,
    limit=LIMIT_BIAS,
    compute=compute,
    draw=draw,
    panel_by="estimator",
    size=(2.6, 2.2),
)
