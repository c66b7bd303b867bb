"""What the terms of CWI contribute on NAS-Bench-201: python examples/estimator_ablations.py FOLDER [RESAMPLES]

FOLDER: of a `nasgauge run estimator-nb201` whose first estimator is done (needs $NASGAUGE_DATA). A Markdown table for
the default form on CIFAR-10, all classes: without a term, with a weight halved or doubled, from one seed alone, and
ranked within small random candidate sets. Kendall's tau, precision at 5%, their differences from the whole form with
95% intervals on the same resampled architectures; of the 10 best by score the best true rank, and its regret.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from estimator_judged import finished

from nasgauge import benchmarks
from nasgauge.core.usage import check_usage
from nasgauge.estimators import cwi
from nasgauge.estimators.aggregation import share_of_rank
from nasgauge.judging import judge, paired

WEIGHTS = {"P": 1.0, "D_J": 0.8, "U": 0.28, "F": 1.0, "E": 0.5}  # those of form "spread"
CRITERIA = ["kendall_tau", {"name": "precision_at_top", "fraction": 0.05}]
TOP = [{"name": "best_rank_at", "count": 10}, {"name": "regret_at", "count": 10}]
SET_SIZES = (20, 100, 500)


def terms(scores: pd.DataFrame) -> pd.DataFrame:
    """By architecture, the summands of the form before they are weighted; higher is better."""
    t = scores.groupby(["arch", "estimator"])["score"].mean().unstack()
    return pd.DataFrame(
        {
            "P": np.log(share_of_rank(t["n_live_params"].to_numpy())),
            "D_J": np.minimum(t["jacobian_whiteness"] + np.log(3), 0.0),
            "U": -(1 - t["identity_path"]) * np.log(np.maximum(t["n_blocks"], 1)),
            "F": np.minimum(t["receptive_field_entropy"], np.log(0.5)),
            "E": t["embedding_spectrum"],
        },
        index=t.index,
    )


def weighted(t: pd.DataFrame, **changed: float) -> pd.Series:
    """The score with some weights in place of those of the form."""
    return sum(weight * t[name] for name, weight in (WEIGHTS | changed).items())


def variants(scores: pd.DataFrame) -> dict[str, pd.Series]:
    """By name, scores by architecture."""
    t, whole = terms(scores), cwi(scores).set_index("arch")["score"]
    np.testing.assert_allclose(weighted(t).loc[whole.index], whole, rtol=1e-12)
    found = {"whole": whole}
    found |= {f"without {name}": weighted(t, **{name: 0.0}) for name in WEIGHTS}
    found |= {f"{name} x {by}": weighted(t, **{name: by * WEIGHTS[name]}) for name in WEIGHTS for by in (0.5, 2)}
    for seed in sorted(scores.loc[scores["estimator"] == "jacobian_whiteness", "seed"].unique()):
        found[f"seed {seed} alone"] = weighted(terms(scores[scores["seed"] == seed]))
    return found


def in_small_sets(scores: pd.DataFrame, truth: pd.DataFrame, size: int, rng: np.random.Generator) -> float:
    """Mean Kendall's tau over 100 random candidate sets, each ranked within itself."""
    archs, values = np.unique(scores["arch"]), []
    for _ in range(100):
        part = set(rng.choice(archs, size, replace=False))
        found = cwi(scores[scores["arch"].isin(part)])
        values.append(judge(found, truth, ["kendall_tau"], n_bootstrap=0, unknown="drop", rng=rng)["value"].iloc[0])
    return float(np.mean(values))


def main() -> None:
    n_bootstrap = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    benchmark = benchmarks.load("nb201").in_classes("paper")
    scores, _ = finished(Path(sys.argv[1]))
    scores = scores[scores["arch"].isin(benchmark.archs)]
    whole = scores[scores["arch"].isin(set(scores.loc[scores["estimator"] == "jacobian_whiteness", "arch"]))]
    found = {name: of.rename("score").reset_index() for name, of in variants(whole).items()}
    table = pd.concat(part.assign(estimator=name, seed=0) for name, part in found.items())
    truth = benchmark.truth[benchmark.truth["arch"].isin(table["arch"])]
    values = judge(table, truth, CRITERIA + TOP, n_bootstrap=0, rng=np.random.default_rng(0))
    tau, top, rank, regret = values["criterion"].unique()
    values = values.pivot(index="estimator", columns="criterion", values="value")
    others = [name for name in found if name != "whole"]
    gaps = paired(table, truth, others, "whole", CRITERIA, n_bootstrap=n_bootstrap, rng=np.random.default_rng(0))
    print("| form | τ | difference | P@5% | difference | best rank in 10 | regret of 10 |\n" + "|---" * 7 + "|")
    for name in found:
        row, cells = values.loc[name], []
        for criterion in (tau, top):
            gap = gaps[(gaps["estimator"] == name) & (gaps["criterion"] == criterion)]
            text = [f"{g.difference:+.3f} [{g.lower:+.3f}, {g.upper:+.3f}]" for g in gap.itertuples()]
            cells += [f"{row[criterion]:.3f}", *(text or [""])]
        print(f"| {name} | {' | '.join(cells)} | {row[rank] * len(truth):.0f} | {row[regret]:.4f} |")
    for size in (size for size in SET_SIZES if size < len(truth)):
        print(f"| {size} candidates | {in_small_sets(whole, truth, size, np.random.default_rng(0)):.3f} | | | | | |")


if __name__ == "__main__":
    check_usage(__doc__)
    main()
