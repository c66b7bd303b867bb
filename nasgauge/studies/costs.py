"""What each estimator cost, all in all: scoring, training weights, training the truth it learned from, and others."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from nasgauge.core.tables import EXPENSES, check
from nasgauge.estimators import Dependency

Piece = tuple[str, int, str]  # scores, work or training; number of the entry; name of the estimator or the work
_OWN = ("n_scored", "score_seconds", "fit_seconds", "n_trained", "truth_seconds", "n_learned")


def expenses(
    costs: pd.DataFrame | None,
    scores: pd.DataFrame,
    truth: pd.DataFrame,
    needs: Mapping[str, Sequence[Dependency]],
    owners: Mapping[str, int],
    logs: pd.DataFrame | None = None,
    shared: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Table EXPENSES of every estimator with scores, and of "truth", all architectures trained as the truth was.

    total = score + fit + truth + other;   a number of an estimator with several seeds is the mean over them

    costs: tables COSTS of all pieces of work, one below the other; scores, truth: tables SCORES and TRUTH. needs: by
    name what an estimator needs: it is charged for the scores of others that it used (all, those of the architectures
    it learned from, or none) and for their training, times their seeds where it uses each. owners: by name the number
    of the study's entry; scores from one entry, such as accuracy and loss of a supernet, are charged for its training
    once. shared: tables SHARED_COSTS of the same pieces of work. Of what is needed of one entry, each part of its work
    is charged once, and what its scores cost besides one by one. A part is measured as it is done for all scores of the
    entry, so that an estimator that needs a few of them may be charged too much, never too little. Where an entry
    records no such parts (only proxies do, and none did in folders of earlier versions), its scores are charged one by
    one; n_added is the number of such scores where an estimator needs several of an entry. logs: table TRAINING_LOG;
    what needs an earlier checkpoint of a supernet is charged for the epochs up to it (without logs for all of them).
    Estimators that combine others have nothing of their own. Unreported seconds are NaN, and so is a total of them.
    Seconds are wall seconds where they were measured: one core's in studies, the authors' machine in published tables.
    """
    own = _own(costs, scores)
    works = _works(costs, shared, own, owners)
    others = {name: _of_others(name, own, works, needs, owners, logs) for name in own}
    rows = [
        {
            "estimator": name,
            **row,
            "other_seconds": float(sum(others[name].values())),
            "n_added": _n_added(others[name], works),
        }
        for name, row in own.items()
    ]
    told = truth.get("train_seconds", pd.Series([np.nan], dtype="float64")).sum(skipna=False)
    spent = {"n_scored": 0, "score_seconds": 0.0, "fit_seconds": 0.0, "other_seconds": 0.0, "n_added": 0}
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


def _works(
    costs: pd.DataFrame | None,
    shared: pd.DataFrame | None,
    own: Mapping[str, Mapping[str, float]],
    owners: Mapping[str, int],
) -> dict[str, dict[str, float]]:
    """By name the seconds of each part of its work that others of its entry may need too, where they are recorded.

    An estimator without such parts is there if others of its entry have some; one whose parts are recorded of some of
    its pieces of work only, such as those done since an update, is not.
    """
    if costs is None or shared is None:
        return {}
    found: dict[str, dict[str, float]] = {}
    entries = {owners[name] for name in shared["estimator"].unique()}
    n_measured = costs.groupby("estimator")["n"].sum()
    for name in (name for name in own if owners[name] in entries and name in n_measured):
        rows = shared[shared["estimator"] == name]
        parts = rows.assign(seconds=rows["arch_seconds"] * rows["n"]).groupby("work")[["seconds", "n"]].sum()
        if (parts["n"] == n_measured[name]).all():
            found[name] = dict((parts["seconds"] / own[name]["n_seeds"]).items())
    return found


def _n_added(pieces: Mapping[Piece, float], works: Mapping[str, object]) -> int:
    """The number of scores whose costs are added although they are of one entry, and may have shared work."""
    entries = Counter(entry for kind, entry, what in pieces if kind == "scores" and what not in works)
    return sum(n for n in entries.values() if n > 1)


def _of_others(
    name: str,
    own: Mapping[str, Mapping[str, float]],
    works: Mapping[str, Mapping[str, float]],
    needs: Mapping[str, Sequence[Dependency]],
    owners: Mapping[str, int],
    logs: pd.DataFrame | None,
) -> dict[Piece, float]:
    """Seconds of what the estimator needs, and of what that needs in turn, by what they are; NaN where not reported.

    What is needed twice, the scores of one name, a shared part of the work or the training of one entry, is there once,
    with the larger number.
    """
    found: dict[Piece, float] = {}
    for need in needs.get(name, ()):
        used = own.get(need.name, dict.fromkeys(_OWN, np.nan) | {"n_seeds": 1})
        times = used["n_seeds"] if need.every_seed else 1
        share = {"none": 0.0, "all": 1.0, "learned": own[name]["n_learned"] / max(1, used["n_scored"])}[need.scores]
        trained = _trained(need, owners, logs) * used["fit_seconds"] + used["truth_seconds"]
        entry, parts = owners[need.name], works.get(need.name, {})
        alone = used["score_seconds"] - sum(parts.values())
        pieces = {("scores", entry, need.name): share * alone, ("training", entry, ""): trained}
        pieces |= {("work", entry, work): share * seconds for work, seconds in parts.items()}
        if not share:
            pieces = {("training", entry, ""): trained}
        for nested in (_of_others(need.name, own, works, needs, owners, logs), pieces):
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
