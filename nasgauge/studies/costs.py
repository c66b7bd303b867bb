"""What each estimator cost, all in all: scoring, training weights, training the truth it learned from, and others."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from nasgauge.core.tables import EXPENSES, check
from nasgauge.estimators import Dependency

_OWN = ("n_scored", "score_seconds", "fit_seconds", "n_trained", "truth_seconds", "n_learned")


def expenses(
    costs: pd.DataFrame | None,
    scores: pd.DataFrame,
    truth: pd.DataFrame,
    needs: Mapping[str, Sequence[Dependency]],
    owners: Mapping[str, int],
    logs: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Table EXPENSES of every estimator with scores, and of "truth", all architectures trained as the truth was.

    total = score + fit + truth + other;   a number of an estimator with several seeds is the mean over them

    costs: tables COSTS of all pieces of work, one below the other; scores, truth: tables SCORES and TRUTH. needs: by
    name what an estimator needs: it is charged for the scores of others that it used (all, those of the architectures
    it learned from, or none) and for their training, times their seeds where it uses each. owners: by name the number
    of the study's entry; scores from one entry, such as accuracy and loss of a supernet, are charged for its training
    once. logs: table TRAINING_LOG; what needs an earlier checkpoint of a supernet is charged for the epochs up to it
    (without logs for all of them). Estimators that combine others have nothing of their own. Unreported
    seconds are NaN, and so is a total of them. Seconds are wall seconds where they were measured: one core's in
    studies, the authors' machine's in published tables.
    """
    own = _own(costs, scores)
    others = {name: sum(_of_others(name, own, needs, owners, logs).values()) for name in own}
    rows = [{"estimator": name, **row, "other_seconds": float(others[name])} for name, row in own.items()]
    told = truth.get("train_seconds", pd.Series([np.nan], dtype="float64")).sum(skipna=False)
    spent = {"n_scored": 0, "score_seconds": 0.0, "fit_seconds": 0.0, "other_seconds": 0.0}
    rows.append({"estimator": "truth", **spent, "n_trained": truth["arch"].nunique(), "truth_seconds": told})
    table = pd.DataFrame(rows)
    seconds = table[["score_seconds", "fit_seconds", "truth_seconds", "other_seconds"]]
    table["total_seconds"] = seconds.sum(axis=1, skipna=False)
    return check(table[[column.name for column in EXPENSES.columns]], EXPENSES)


def _own(costs: pd.DataFrame | None, scores: pd.DataFrame) -> dict[str, dict[str, float]]:
    """By name the numbers of _OWN, without what others cost, and n_seeds."""
    found = {}
    counts = scores.groupby("estimator", sort=False).agg(n=("arch", "size"), n_seeds=("seed", "nunique"))
    for name, n, n_seeds in counts.itertuples():
        own = dict.fromkeys(_OWN, 0.0) | {"n_scored": round(n / n_seeds), "n_seeds": n_seeds}
        rows = None if costs is None else costs[costs["estimator"] == name]
        if rows is not None and len(rows):
            own["score_seconds"] = float((rows["arch_seconds"] * rows["n"]).sum(skipna=False) / n_seeds)
            for column in ("fit_seconds", "n_trained", "n_learned"):  # those that learn nothing have no such column
                own[column] = float(rows[column].fillna(0).mean()) if column in rows else 0.0
            if own["n_trained"]:
                own["truth_seconds"] = float(rows["truth_seconds"].mean(skipna=False))
        found[str(name)] = own
    return found


def _of_others(
    name: str,
    own: Mapping[str, Mapping[str, float]],
    needs: Mapping[str, Sequence[Dependency]],
    owners: Mapping[str, int],
    logs: pd.DataFrame | None,
) -> dict[tuple[str, object], float]:
    """Seconds of what the estimator needs, and of what that needs in turn, by what they are; NaN where not reported.

    What is needed twice, the scores of one name or the training of one entry, is there once, with the larger number.
    """
    found: dict[tuple[str, object], float] = {}
    for need in needs.get(name, ()):
        used = own.get(need.name, dict.fromkeys(_OWN, np.nan) | {"n_seeds": 1})
        times = used["n_seeds"] if need.every_seed else 1
        share = {"none": 0.0, "all": 1.0, "learned": own[name]["n_learned"] / max(1, used["n_scored"])}[need.scores]
        trained = _trained(need, owners, logs) * used["fit_seconds"] + used["truth_seconds"]
        pieces = {("scores", need.name): share * used["score_seconds"], ("training", owners[need.name]): trained}
        for nested in (_of_others(need.name, own, needs, owners, logs), pieces):
            for what, seconds in nested.items():
                found[what] = float(np.maximum(found.get(what, 0.0), times * seconds))
    return found


def _trained(need: Dependency, owners: Mapping[str, int], logs: pd.DataFrame | None) -> float:
    """The share of a training's seconds that was spent by the checkpoint that is needed; all where no log says it."""
    if need.epoch is None or logs is None:
        return 1.0
    rows = logs[logs["estimator"].map(owners) == owners[need.name]]
    seconds = rows["train_seconds"].sum()
    return float(rows.loc[rows["epoch"] <= need.epoch, "train_seconds"].sum() / seconds) if seconds else 1.0
