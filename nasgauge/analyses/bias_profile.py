"""Which properties do over-ranked architectures have?"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from nasgauge.analyses.toolkit.analysis import LIMIT_BIAS, Analysis, Bias
from nasgauge.analyses.toolkit.drawing import BLUE, STROKES, VERMILION, draw_marks, plain, say, tidy
from nasgauge.analyses.toolkit.properties import properties_of
from nasgauge.analyses.toolkit.rank_errors import rank_errors
from nasgauge.analyses.toolkit.vectors import readable
from nasgauge.core.errors import UserError
from nasgauge.core.tables import TRUTH
from nasgauge.spaces import Space

COLUMNS = ("estimator", "property", "effect", "lower", "upper", "step", "explains", "n")
_LEAST = 20  # architectures below which no profile is computed
_DEGREE = 5  # of the polynomial in the true rank that is taken out of everything
_N_STEPS = 4
_N_BIASES = 3  # per estimator, in the first table of reports
_NOTHING_LEFT = 1e-9  # share of a property's variance below which the others determine it


def compute(
    scores: pd.DataFrame,
    truth: pd.DataFrame,
    space: Space | None = None,
    *,
    complexity: pd.DataFrame | None = None,
    confidence: float = 0.95,
    least_explained: float = 0.01,
    n_draws: int = 2000,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """The excess of `rank_errors` regressed on each property of the architectures, and on several one after the other.

    y, x_j = excess and j-th property (its rank, scaled to variance 1), each less a polynomial of degree 5 in the true
        rank: the remainder differs between architectures of equal accuracy
    effect = slope of y on x_j alone, in shares of n per standard deviation; positive: architectures with more of the
        property are over-ranked
    lower, upper = simultaneous interval over the estimator's properties: effect -+ c s_j, with s_j the error of White's
        sandwich and c the quantile of the largest |t| under no bias, from n_draws multivariate normal draws
    step = 1 for the property that explains most of y, provided that it is significant at 1 - confidence over all
        properties and explains at least `least_explained` of y's variance; 2 for the next once the first is taken out
        of y and of all properties, and so on up to 4; null for the others
    explains = share of y's variance that this step explains; null without a step

    An estimator without a step is not found biased, which an unbiased one is in about `confidence` of all cases. Sizes
    and counts of operations go together; a step names the one that explains most. scores, truth: tables SCORES and
    TRUTH; properties: those of `spaces.properties`, where the space is known, and the columns of table COMPLEXITY where
    it is given. Architectures without a path to the output have no depth and are left out, as are constant properties.
    Returns rows by estimator and property; none for fewer than 20 architectures or constant scores.

    UserError: confidence outside (0, 1).

    Reference: ning2021evaluating, Sec. 5; white1980heteroskedasticity; romano2005stepwise.
    """
    if not 0 < confidence < 1:
        raise UserError(f"bias_profile: confidence is {confidence}; give a number between 0 and 1, such as 0.95")
    truth = readable(truth, TRUTH, "arch", "accuracy")
    known = properties_of(truth["arch"].unique(), space, complexity)
    state = int(rng.integers(2**63))
    rows = []
    for name, errors in rank_errors(scores, truth).items():
        table = known.reindex(errors.index).dropna()
        errors, table = errors.loc[table.index], table.loc[:, table.nunique() > 1]
        if len(errors) < _LEAST or not len(table.columns) or errors["score"].nunique() < 2:
            continue
        y, x = _adjusted(errors, table)
        again = np.random.default_rng(state)
        critical = _Critical(confidence, n_draws, again)
        found = _steps(y, x, table.columns, critical, least_explained)
        effect, error = _slopes(y, x)
        reach = critical(y, x) * error if error.any() else error  # no excess at all: no interval around zero either
        for j, column in enumerate(table.columns):
            step, explains = found.get(column, (np.nan, np.nan))
            ends = {"lower": effect[j] - reach[j], "upper": effect[j] + reach[j]}
            row = {"estimator": name, "property": column, "effect": effect[j]} | ends
            rows.append(row | {"step": step, "explains": explains, "n": len(errors)})
    return pd.DataFrame(rows, columns=list(COLUMNS))


def draw(table: pd.DataFrame, ax, space: Space | None = None) -> None:
    """Effects with their intervals, one line per property; red and numbered: the steps that explain the bias."""
    if table.empty:
        say(ax, "fewer than 20 architectures")
        return
    rows = [(y, row, not np.isnan(row.step)) for y, row in enumerate(table.itertuples())]
    colours = [VERMILION if chosen else BLUE for _, _, chosen in rows]
    ax.hlines(range(len(rows)), 100 * table["lower"], 100 * table["upper"], colours, linewidth=1.4, **STROKES)
    draw_marks(ax, [(100 * row.effect, y, BLUE) for y, row, chosen in rows if not chosen], "o", markersize=3.6)
    draw_marks(ax, [(100 * row.effect, y, VERMILION) for y, row, chosen in rows if chosen], "s", markersize=3.6)
    for y, row, chosen in rows:
        if chosen:
            ax.annotate(f"{row.step:.0f}", (1.0, y), xycoords=("axes fraction", "data"), color=VERMILION, fontsize=7,
                        va="center", ha="right")  # fmt: skip
    ax.axvline(0, color="0.5", linewidth=0.7)
    ax.set_yticks(range(len(table)), [plain(name.replace("_", " "), 16) for name in table["property"]], fontsize=6.5)
    ax.set_ylim(len(table) - 0.4, -0.6)
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:+.0f}%".replace("-", "−") if value else "0")
    tidy(ax)


def _adjusted(errors: pd.DataFrame, table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """The excess (n,) and the properties (n, p) less their regression on the true rank, the latter of variance 1."""
    place = errors["accuracy"].rank().to_numpy()
    basis = np.polynomial.legendre.legvander(2 * (place - 0.5) / len(place) - 1, _DEGREE)
    q, _ = np.linalg.qr(basis)
    both = np.column_stack([errors["excess"], table.rank().to_numpy()])
    left = both - q @ (q.T @ both)
    x = left[:, 1:]
    spread = x.std(axis=0)
    determined = spread <= _NOTHING_LEFT * both[:, 1:].std(axis=0)  # by the true rank
    return left[:, 0], np.where(determined, 0.0, x / np.where(determined, 1.0, spread))


def _slopes(y: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Slope of y on each column alone, and its heteroscedasticity-robust standard error."""
    norm = np.maximum((x**2).sum(axis=0), np.finfo(float).tiny)
    slope = x.T @ y / norm
    residual = y[:, None] - x * slope
    return slope, np.sqrt(((x * residual) ** 2).sum(axis=0)) / norm


class _Critical:
    """Quantile of the largest |t| over all columns under the null hypothesis."""

    def __init__(self, confidence: float, n_draws: int, rng: np.random.Generator) -> None:
        self._confidence, self._n_draws, self._rng = confidence, n_draws, rng

    def __call__(self, y: np.ndarray, x: np.ndarray) -> float:
        parts = x * y[:, None]
        covariance = parts.T @ parts
        scale = np.sqrt(np.diag(covariance))
        kept = scale > 0
        if not kept.any():
            return float("inf")
        correlation = (covariance / np.outer(scale, scale).clip(min=np.finfo(float).tiny))[np.ix_(kept, kept)]
        root = _root(correlation)
        draws = np.abs(self._rng.standard_normal((self._n_draws, len(root))) @ root.T)
        return float(np.quantile(draws.max(axis=1), self._confidence))


def _root(correlation: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(correlation)
    return vectors * np.sqrt(values.clip(min=0))


def _steps(
    y: np.ndarray, x: np.ndarray, names: Sequence[str], critical: _Critical, least: float
) -> dict[str, tuple[int, float]]:
    """Property to (step, share of y's variance), the largest share first."""
    whole = float(y @ y)
    found: dict[str, tuple[int, float]] = {}
    y, x = y.copy(), x.copy()
    while whole > 0 and len(found) < _N_STEPS:
        slope, error = _slopes(y, x)
        explained = slope**2 * (x**2).sum(axis=0) / whole
        j = int(np.argmax(explained))
        if explained[j] < least or error[j] == 0 or abs(slope[j]) / error[j] <= critical(y, x):
            return found
        found[names[j]] = (len(found) + 1, float(explained[j]))
        axis = x[:, j] / np.linalg.norm(x[:, j])
        before = (x**2).sum(axis=0)
        y, x = y - axis * (axis @ y), x - np.outer(axis, axis @ x)
        x[:, (x**2).sum(axis=0) <= _NOTHING_LEFT * np.maximum(before, 1e-300)] = 0.0
    return found


def biases_of(table: pd.DataFrame) -> dict[str, tuple[Bias, ...]]:
    """Per estimator the first three steps, in their order; empty without a step, where no bias is found.

    >>> row = {"estimator": "e", "property": "depth", "effect": -0.1, "step": 1, "explains": 0.2}
    >>> biases_of(pd.DataFrame([row]))["e"][0].over
    False
    """
    found: dict[str, tuple[Bias, ...]] = {}
    for name, rows in table.groupby("estimator"):
        steps = rows[rows["step"].notna()].sort_values("step")
        found[str(name)] = tuple(
            Bias(row.property, row.effect > 0, row.explains) for row in steps.head(_N_BIASES).itertuples()
        )
    return found


ANALYSIS = Analysis(
    name="bias_profile",
    question="Which properties do over-ranked architectures have?",
    paper_finding=(
        "Ning et al. (2021, Sec. 5.2 and App. B.2) find that synflow prefers large architectures, and jacob_cov "
        "and relu_logdet those with small receptive fields, 1×1 instead of 3×3 convolutions or little depth."
    ),
    section="bias",
    caption=(
        "Effect of one standard deviation of a property on the estimated rank among architectures of equal accuracy, "
        "as a share of n; positive: over-ranked. Bars: simultaneous intervals over all properties. Red, numbered: "
        "steps of the stepwise regression; none where no bias is found."
    ),
    biases=biases_of,
    takes=("complexity",),
    random=True,
    limit=LIMIT_BIAS,
    compute=compute,
    draw=draw,
    panel_by="estimator",
    size=(2.9, 2.2),
)
