"""A small study with everything a page can show: ties, failures, a constant estimator, a hostile name."""

import numpy as np
import pandas as pd
import pytest

from nasgauge.report import Bundle
from nasgauge.spaces import NB201

HOSTILE = '<script>alert("x")</script>$\\frac$ & \' 模'
ARCHS = sorted({NB201().to_str(NB201().sample(np.random.default_rng(i))) for i in range(40)})


def values_of(rows):
    """VALUES rows from (estimator, criterion, at, value, lower, upper); n = 40."""
    table = pd.DataFrame(rows, columns=["estimator", "criterion", "at", "value", "lower", "upper"])
    return table.assign(n=40, n_failed=0, n_absent=0, n_unknown=0, n_seeds=1).astype(
        {"at": "float64", "value": "float64"}
    )


def ceiling_of(values, ceilings, archs=0):
    """Table CEILING: for every estimator of `values` these (criterion, at, value, lower, upper), on its own n."""
    rows = [
        {"estimator": name, "criterion": c, "at": at, "value": value, "lower": low, "upper": high, "n": n}
        for name, n in values.drop_duplicates("estimator")[["estimator", "n"]].itertuples(index=False)
        for c, at, value, low, high in ceilings
    ]
    return pd.DataFrame(rows).assign(n_absent=0, n_splits=20, archs=archs)


def truth_of(n_seeds, archs=ARCHS):
    rng = np.random.default_rng(0)
    level = rng.random(len(archs))
    rows = [
        (a, a, s, float(x + 0.05 * rng.normal())) for a, x in zip(archs, level, strict=True) for s in range(n_seeds)
    ]
    return pd.DataFrame(rows, columns=["arch", "iso_class", "seed", "accuracy"])


def scores_of(names, archs=ARCHS):
    rng = np.random.default_rng(1)
    rows = [(n, a, 0, 1.0 if n == "flat" else float(rng.normal())) for n in names for a in archs]
    return pd.DataFrame(rows, columns=["estimator", "arch", "seed", "score"])


def expenses():
    """synflow cost an eighth of a second an architecture, the truth an hour."""
    rows = {"estimator": ["synflow", "truth"], "n_scored": [16, 0], "score_seconds": [2.0, 0.0], "fit_seconds": 0.0}
    rows |= {"n_trained": [0, 20], "truth_seconds": [0.0, 3600.0], "other_seconds": 0.0}
    return pd.DataFrame({**rows, "total_seconds": [2.0, 3600.0]})


@pytest.fixture(scope="session")
def bundle():
    nan = float("nan")
    values = values_of(
        [
            ("synflow", "kendall_tau", nan, 0.55, 0.50, 0.60),
            ("synflow", "best_rank_at", 0.05, 0.0002, 0.0001, 0.03),
            ("n_params", "kendall_tau", nan, 0.57, 0.52, 0.62),
            ("n_params", "best_rank_at", 0.05, 0.004, 0.001, 0.02),
            (HOSTILE, "kendall_tau", nan, -0.10, -0.15, -0.05),
            (HOSTILE, "best_rank_at", 0.05, 0.5, 0.4, 0.6),
            ("flat", "kendall_tau", nan, nan, nan, nan),
            ("flat", "best_rank_at", 0.05, nan, nan, nan),
        ]
    )
    ceiling = ceiling_of(values, [("kendall_tau", nan, 0.80, 0.78, 0.82)])
    published = pd.DataFrame(
        {
            "estimator": ["synflow", "n_params"],
            "criterion": "kendall_tau",
            "at": nan,
            "value": [0.573, 0.7],
            "source": "Some paper, Table 9",
        }
    )
    errors = pd.DataFrame(
        {"estimator": HOSTILE, "arch": ARCHS[:3], "seed": 0, "error": ["<b>no</b> path", "<b>no</b> path", "other"]}
    )
    return Bundle(
        title="A study & more",
        values=values,
        ceiling=ceiling,
        truth=truth_of(4),
        scores=scores_of(["synflow", "n_params", HOSTILE, "flat"]),
        errors=errors,
        space=NB201(),
        provenance={"data set": "digits", "epochs": "30"},
        study={"benchmark": "digits", "estimators": [{"name": "zeroshot", "batch_size": 64}], "seeds": [0, 1]},
        environment={"python": "3.11", "packages": {"numpy": "2.4"}},
        published=published,
        records={"expenses": expenses()},
        references=("abdelfattah2021zerocost",),
    )
