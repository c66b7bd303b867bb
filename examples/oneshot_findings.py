"""What a finished study of one-shot estimators says on the papers' questions, as Markdown tables.

    python examples/oneshot_findings.py runs/oneshot-trend

Prints, for every supernet and checkpoint: Kendall's tau with the ground truth (mean over seeds, lowest and highest),
the complexity bias (mean rank difference, true minus estimated rank as a share of n, of the fifth of the architectures
with fewest parameters and of the fifth with most: positive is overestimated), how stable the ranking is, what was
forgotten, and how alike gradients are.
"""

import sys

import numpy as np
import pandas as pd
from findings import fifths, mean_accuracy

from nasgauge import benchmarks
from nasgauge.analyses import ANALYSES
from nasgauge.core.config import parsed
from nasgauge.core.recorded import RECORDS
from nasgauge.core.store import Store
from nasgauge.core.usage import check_usage
from nasgauge.studies.plan import truth_of
from nasgauge.studies.schema import Study


def main(folder: str) -> None:
    store = Store.existing(folder)
    study = parsed(store.tables(), Study, folder)
    benchmark = truth_of(study)
    records = {name: store.read(name).drop_duplicates() for name in RECORDS if store.keys(name)}
    scores, nets = store.read("scores"), records["training_log"]["estimator"].unique()
    own = [name for net in nets for name in (net, f"{net}_loss")]

    def ask(name: str) -> pd.DataFrame:
        table = ANALYSES[name](scores, benchmark.truth, rng=np.random.default_rng(0), records=records)
        return table[table["estimator"].isin(own)] if "estimator" in table else table

    trend = ask("trend")
    taus = trend[trend["criterion"] == "kendall_tau"].set_index(["epoch", "estimator"])
    text = taus.apply(lambda r: f"{r['value']:.3f} ({r['low']:.3f} to {r['high']:.3f})", axis=1)
    show("Kendall's tau by epoch (lowest to highest seed)", text.unstack().reindex(columns=own))
    show(
        "Mean rank difference of the smallest and the largest fifth", bias(records["checkpoint_scores"], benchmark, own)
    )
    stable = ask("stability")
    stable = stable[stable["estimator"].isin(own)].set_index(["next_epoch", "estimator", "panel"])["value"].unstack()
    show("Agreement with the checkpoint before", stable.round(3).reset_index().set_index("next_epoch"))
    for name, columns in (
        ("forgetting", ["estimator", "epoch", "mean", "std", "share_negative", "n"]),
        ("gradient_similarity", ["estimator", "epoch", "position", "mean", "quantile_10", "quantile_90", "n"]),
        ("seeds", ["estimator", "n_averaged", "kendall_tau", "agreement", "n"]),
    ):
        if set(ANALYSES[name].needs) <= set(records):
            show(ANALYSES[name].question, ask(name)[columns].round(4).set_index("estimator"))


def bias(checkpoint_scores: pd.DataFrame, benchmark: benchmarks.Benchmark, names: list[str]) -> pd.DataFrame:
    """Columns smallest and largest: mean over seeds of the mean rank difference within a fifth, as a share of n."""
    truth = mean_accuracy(benchmark.truth)
    few, many = fifths(benchmark.complexity.set_index("arch")["n_params"].reindex(truth.index).to_numpy())
    true_rank = truth.rank(ascending=False) / len(truth)
    rows = []
    for (name, epoch, _), part in checkpoint_scores.groupby(["estimator", "epoch", "seed"]):
        if name in names:
            gap = true_rank - part.set_index("arch")["score"].reindex(truth.index).rank(ascending=False) / len(truth)
            rows.append((epoch, name, np.average(gap, weights=few), np.average(gap, weights=many)))
    table = pd.DataFrame(rows, columns=["epoch", "estimator", "smallest", "largest"])
    return table.groupby(["estimator", "epoch"]).mean().round(3)


def show(title: str, table: pd.DataFrame) -> None:
    """One Markdown table."""
    flat = table.reset_index().fillna("")
    lines = [list(map(str, flat.columns)), ["---"] * len(flat.columns), *flat.astype(str).to_numpy().tolist()]
    print(f"\n**{title}**\n")
    print("\n".join("| " + " | ".join(line) + " |" for line in lines))


if __name__ == "__main__":
    check_usage(__doc__)
    main(*sys.argv[1:])
