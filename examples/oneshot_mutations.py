"""What a finished study of supernets says on mutations, validation images and training, as Markdown tables.

    python examples/oneshot_mutations.py FOLDER

For every supernet, by accuracy and by minus the loss, means over seeds: criteria at each checkpoint; the share of pairs
of architectures that differ in one operation in which the ground truth and the score increase with the second one, over
all pairs and among the smallest and the largest fifth of them; Kendall's tau with the first validation batches, and
within levels of equal accuracy on the first one, the mean over levels where it is defined, and their number.
"""

import sys

import numpy as np
import pandas as pd

from nasgauge.analyses import ANALYSES
from nasgauge.core.usage import check_usage
from nasgauge.studies.run import Run


def main(folder: str) -> None:
    run = Run.load(folder)
    records = run.records | {"complexity": run.plan.benchmark.complexity}
    nets = run.records["training_log"]["estimator"].unique()
    scores = [name for net in nets for name in (net, f"{net}_loss")]

    def ask(name: str) -> pd.DataFrame:
        options = {"rng": np.random.default_rng(0), "records": records}
        table = ANALYSES[name](run.scores, run.truth, run.plan.space, **options)
        return table[table["estimator"].isin(scores)].drop(columns="place", errors="ignore")

    trend = ask("trend").pivot(index=["estimator", "epoch"], columns=["criterion", "at"], values="value")
    show(ANALYSES["trend"].question, trend)
    for name, place in (("operation_bias", ()), ("operation_bias_by_size", ("group",))):
        table, step = ask(name), ["from_op", "to_op", *place]
        if place:
            table = table[table["group"].isin([table["group"].min(), table["group"].max()])]
        if len(table):
            wide = table.pivot(index=step, columns="estimator", values="score_up")
            firsts = table.drop_duplicates(step).set_index(step)[["n", "truth_up"]]
            show(ANALYSES[name].question, firsts.join(wide[[s for s in scores if s in wide]]))
    sizes = ask("validation_size")
    sizes = sizes[sizes["criterion"] == "kendall_tau"]
    images = sizes.pivot(index=["estimator", "epoch", "signal"], columns="n_images", values="value")
    show(ANALYSES["validation_size"].question, images)
    levels = ask("intra_level").groupby(["estimator", "epoch"])["kendall_tau"].agg(["mean", "count"])
    show(ANALYSES["intra_level"].question, levels)


def show(title: str, table: pd.DataFrame) -> None:
    """One Markdown table, numbers to three digits, undefined ones left out."""
    flat = table.reset_index()
    parts = [c if isinstance(c, tuple) else (c,) for c in flat.columns]
    flat.columns = [" ".join(str(word) for word in words if pd.notna(word)).strip() for words in parts]
    text = flat.map(lambda v: ("" if np.isnan(v) else f"{v:.3f}") if isinstance(v, float) else str(v))
    print(f"\n**{title}**\n\n| {' | '.join(text.columns)} |\n|{'---|' * text.shape[1]}")
    print("\n".join(f"| {' | '.join(row)} |" for row in text.to_numpy()))


if __name__ == "__main__":
    check_usage(__doc__)
    main(*sys.argv[1:])
