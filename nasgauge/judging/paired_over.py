"""Is one estimator better than another over several data sets at once?"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from nasgauge.core.errors import UserError
from nasgauge.core.rounding import mean_accuracy
from nasgauge.core.tables import PAIRED_OVER, SCORES, check
from nasgauge.criteria import BoundCriterion, CriterionSpec
from nasgauge.criteria import resolve_all as resolve_criteria
from nasgauge.judging.aligned import Alignment, aligned
from nasgauge.judging.correction import Correction, check_correction
from nasgauge.judging.paired import Sides, pairs_of, with_adjusted, with_p_value
from nasgauge.judging.values import check_options, checked_truth, draw_counts, holds_fractions

MEAN = "mean"  # in the column `dataset`, of the mean over all


def paired_over(
    datasets: Mapping[str, tuple[pd.DataFrame, pd.DataFrame]],
    a: str | Sequence[str],
    b: str | Sequence[str],
    criteria: Iterable[CriterionSpec | BoundCriterion] = ("kendall_tau",),
    *,
    n_bootstrap: int = 1000,
    confidence: float = 0.95,
    correction: Correction = "holm",
    missing: Literal["omit", "last"] = "omit",
    unknown: Literal["error", "drop"] = "error",
    rng: np.random.Generator,
) -> pd.DataFrame:
    """`paired` for every data set, and for the mean difference over them, in table PAIRED_OVER.

    difference = that of `paired` on the data set; in the rows of data set "mean" their mean
    lower, upper, p_value = from the draws of it; p_adjusted: corrected over the rows of single data sets, and apart
        from these over the rows of the mean
    p_sign, p_wilcoxon = two-sided sign test and Wilcoxon's signed-rank test of the differences of the data sets, in the
        rows of the mean; p_attainable = the smallest value that both can have, 2 / 2^m with m differences other than 0

    datasets: name -> (table SCORES, table TRUTH). a, b: as for `paired`, over the estimators that all data sets have;
    not "best", which differs between data sets. Data sets that share architectures, recognised by their names, are
    resampled together: an architecture is drawn equally often in each, because what makes it hard to rank on one data
    set does so on others; their draws would otherwise be too narrow. Data sets without common architectures are drawn
    independently. n: architectures that both estimators score, in the rows of the mean the minimum.

    The two questions differ. The interval of the mean refers to other architectures on these data sets. The two tests
    refer to other data sets, of which there are few: with three, p is .25 at best, so that they permit no conclusion,
    and with five .0625. NaN: undefined, on any data set for the mean. UserError: as `paired`; no data set, or one
    called "mean".

    >>> archs = list("abcd")
    >>> truth = pd.DataFrame({"arch": archs, "iso_class": archs, "seed": 0, "accuracy": [0.1, 0.2, 0.3, 0.4]})
    >>> one = pd.DataFrame({"estimator": "one", "arch": archs, "seed": 0, "score": [1.0, 2.0, 3.0, 4.0]})
    >>> scores = pd.concat([one, one.assign(estimator="two", score=[1.0, 2.0, 4.0, 3.0])])
    >>> table = paired_over({"x": (scores, truth), "y": (scores, truth)}, "one", "two", n_bootstrap=0,
    ...                     rng=np.random.default_rng(0))
    >>> table[["dataset", "difference", "p_sign"]].round(3).values.tolist()
    [['x', 0.333, nan], ['y', 0.333, nan], ['mean', 0.333, 0.5]]

    Reference: demsar2006statistical (tests over data sets); efron1979bootstrap.
    """
    check_options(n_bootstrap, confidence, missing=missing, unknown=unknown)
    check_correction(correction)
    if not datasets or MEAN in datasets:
        what = (
            f"a data set is called {MEAN!r}, the name of the mean; rename it" if datasets else "no data set; give some"
        )
        raise UserError(f"paired_over: {what}")
    if b == "best":
        raise UserError('paired_over: "best" differs between data sets; name the estimator to compare with')
    bound, found, fractions = resolve_criteria(criteria), {}, {}
    for name, (scores, truth) in datasets.items():
        accuracy = mean_accuracy(checked_truth(truth))
        found[name] = aligned(check(scores, SCORES), accuracy, missing, drop=unknown == "drop")
        fractions[name] = holds_fractions(accuracy)
    counts = _counts(found, n_bootstrap, rng)
    sides = {name: Sides(one, counts[name], is_fraction=fractions[name]) for name, one in found.items()}
    common = [name for name in next(iter(sides.values())).names if all(name in s.names for s in sides.values())]
    single, means = [], []
    for criterion in bound:
        for pair in pairs_of(a, b, common, None):
            compared = [side.compared(pair, criterion) for side in sides.values()]
            gaps = np.stack([gap for _, gap in compared])
            single += [
                {"dataset": name, **row, **with_p_value(gap, confidence), **_tests([])}
                for name, (row, gap) in zip(sides, compared, strict=True)
            ]
            means.append(_mean([row for row, _ in compared]) | with_p_value(gaps.mean(axis=0), confidence))
    tables = [with_adjusted(pd.DataFrame(rows), correction) for rows in (single, means)]
    return check(pd.concat(tables, ignore_index=True)[[c.name for c in PAIRED_OVER.columns]], PAIRED_OVER)


def _mean(rows: list[dict[str, object]]) -> dict[str, object]:
    """The row of the mean over data sets, without its interval."""
    mean = {key: float(np.mean([row[key] for row in rows])) for key in ("value", "rival_value", "difference")}
    n = min(row["n"] for row in rows)
    return {"dataset": MEAN, **rows[0], **mean, "n": n, **_tests([row["difference"] for row in rows])}


def _tests(differences: Sequence[float]) -> dict[str, float]:
    """Sign test and Wilcoxon's test of the differences, 1 where all are 0; NaN without differences or where one is."""
    x = np.asarray(differences, dtype="float64")
    if not len(x) or np.isnan(x).any():
        return dict.fromkeys(("p_sign", "p_wilcoxon", "p_attainable"), float("nan"))
    x = x[x != 0]
    if not len(x):
        return dict.fromkeys(("p_sign", "p_wilcoxon", "p_attainable"), 1.0)
    return {
        "p_sign": float(stats.binomtest(int((x > 0).sum()), len(x)).pvalue),
        "p_wilcoxon": float(stats.wilcoxon(x).pvalue),
        "p_attainable": min(1.0, 2.0 ** (1 - len(x))),
    }


def _counts(found: Mapping[str, Alignment], n_draws: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Resamples of the architectures of each data set, joint where data sets share architectures."""
    counts = {}
    for names in _sharing(found):
        archs = found[names[0]].archs
        for name in names[1:]:
            archs = archs.union(found[name].archs, sort=False)
        drawn = draw_counts(len(archs), n_draws, rng=rng)
        for name in names:
            own = archs.get_indexer(found[name].archs)
            counts[name] = drawn if np.array_equal(own, np.arange(len(archs))) else np.take(drawn, own, axis=1)
    return counts


def _sharing(found: Mapping[str, Alignment]) -> list[list[str]]:
    """The data sets in groups that have no architecture in common."""
    groups: list[tuple[list[str], set[str]]] = []
    for name, one in found.items():
        archs, names = set(one.archs), []
        apart = [group for group in groups if not group[1] & archs]
        for group in groups:
            if group[1] & archs:
                names, archs = names + group[0], archs | group[1]
        groups = [*apart, ([*names, name], archs)]
    return [names for names, _ in groups]
