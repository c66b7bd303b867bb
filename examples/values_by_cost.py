"""What does computing time buy? Supernets by training time, and all other estimators by their cost, as one table.

    python examples/values_by_cost.py FOLDER

FOLDER: a finished study. Seconds are those of this machine: of a supernet training until then and scoring once, of
others building and scoring. `trained` counts the architectures whose ground truth an estimator learns from; training
them is not part of the seconds. Values are means over seeds.
"""

import sys

import numpy as np
import pandas as pd

import nasgauge as ng
from nasgauge.core.usage import check_usage

CRITERIA = {"kendall_tau": "Kendall τ", "precision_at_top": "P@top 5%"}
TOP = 0.05


def main(folder: str) -> None:
    run = ng.load_run(folder)
    costs = chosen(run.evaluation().analysis("cost_quality"))
    values = costs.pivot(index="estimator", columns="criterion", values="value")
    spent = costs.drop_duplicates("estimator").set_index("estimator")
    own = spent["score_seconds"] + spent["fit_seconds"] + spent["other_seconds"]
    table = values.assign(seconds=own, trained=spent["n_trained"]).reset_index()
    trained = run.records.get("training_log", pd.DataFrame({"estimator": []}))["estimator"].unique()
    nets = {name for net in trained for name in (net, f"{net}_loss")}
    parts = [table[~table["estimator"].isin(nets)], *(by_epoch(run, net, spent) for net in trained)]
    found = pd.concat(parts, ignore_index=True).sort_values("seconds", ignore_index=True)
    print(f"| estimator | seconds | trained | {' | '.join(CRITERIA.values())} |\n|{'---|' * (3 + len(CRITERIA))}")
    for row in found.to_dict("records"):
        forms = {"seconds": ",.0f", "trained": ".0f", **dict.fromkeys(CRITERIA, ".3f")}
        cells = ["" if np.isnan(row[name]) else f"{row[name]:{form}}" for name, form in forms.items()]
        print(f"| {row['estimator']} | {' | '.join(cells)} |")


def by_epoch(run, net: str, spent: pd.DataFrame) -> pd.DataFrame:
    """Accuracy and loss of a supernet after each epoch that is scored, and the seconds until then."""
    log = run.records["training_log"].query("estimator == @net").groupby("epoch")["train_seconds"].mean()
    log = pd.concat([pd.Series({0: 0.0}), log]).cumsum()
    rows = chosen(run.evaluation().analysis("trend")).query("estimator in [@net, @net + '_loss']")
    wide = rows.pivot(index=["estimator", "epoch"], columns="criterion", values="value").reset_index()
    seconds = wide["epoch"].map(log) + wide["estimator"].map(spent["score_seconds"])
    names = wide["estimator"] + ", " + wide["epoch"].astype(str) + " epochs"
    return wide.assign(estimator=names, seconds=seconds, trained=0).reindex(
        columns=["estimator", *CRITERIA, "seconds", "trained"]
    )


def chosen(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of the criteria that are printed."""
    return table[table["criterion"].isin(CRITERIA) & (table["at"].isna() | np.isclose(table["at"], TOP))]


if __name__ == "__main__":
    check_usage(__doc__)
    main(*sys.argv[1:])
