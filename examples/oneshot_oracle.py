"""Does a predictor that learns from one-shot scores clean them or spoil them?

`nasgauge run bias-oneshot`, then `python examples/oneshot_oracle.py runs/bias-oneshot/nb201 [oneshot_loss]`. GATES
learns from the one-shot scores of 78 architectures (three draws, three seeds) instead of their accuracies; both are
judged on all 1,000, the one-shot scores themselves as the mean over their seeds.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from nasgauge.benchmarks import load
from nasgauge.estimators.predictors import Predictor
from nasgauge.judging import judge
from nasgauge.spaces import get_space
from nasgauge.store import Store

N_FIT = 78
CRITERIA = ["kendall_tau", {"name": "precision_at_top", "fraction": 0.05}, {"name": "best_rank_at", "fraction": 0.01}]


def learned(name: str, seen: pd.DataFrame, archs: list[str], space, seed: int) -> pd.DataFrame:
    """Scores of all architectures by GATES that learned from `seen`, under the name."""
    predictor = Predictor(space, "gates", seed=seed, label=name).fit(seen, rng=np.random.default_rng(seed))
    return predictor.estimate([space.from_str(arch) for arch in archs]).scores


def main() -> None:
    """KD, P@top 5% and BR@1% of the one-shot scores, of GATES on them, and of GATES on the truth."""
    folder, supernet = Path(sys.argv[1]), (sys.argv[2:] or ["oneshot_loss"])[0]
    benchmark = load("digits-nb201")
    space = get_space(benchmark.space)
    scores = Store.existing(folder).read("scores")
    shot = scores[scores["estimator"] == supernet].groupby("arch", as_index=False)["score"].mean()
    mean = benchmark.truth.groupby("arch", as_index=False)["accuracy"].mean()
    archs = shot["arch"].tolist()
    parts = [shot.assign(estimator="one-shot", seed=0)]
    for draw in range(3):
        chosen = [archs[i] for i in np.random.default_rng(draw).permutation(len(archs))[:N_FIT]]
        signals = {"GATES on one-shot": shot.rename(columns={"score": "accuracy"}), "GATES on truth": mean}
        for name, signal in signals.items():
            seen = signal[signal["arch"].isin(chosen)].assign(iso_class="", seed=0)
            parts += [
                learned(name, seen, archs, space, seed).assign(seed=3 * draw + seed)
                for seed in range(3)
            ]  # fmt: skip
    values = judge(pd.concat(parts), benchmark.truth, CRITERIA, n_bootstrap=200, rng=np.random.default_rng(0))
    rows = values[["value", "lower", "upper"]].itertuples(index=False)
    values = values.assign(shown=[f"{value:.3f} [{low:.3f}, {high:.3f}]" for value, low, high in rows])
    print(values.pivot(index="estimator", columns="criterion", values="shown").to_string())


if __name__ == "__main__":
    main()
