"""Published training-free estimators on NAS-Bench-201: Kendall's tau beside the published figures (docs/rivals.md).

python examples/nb201_rivals.py SCORES.csv [ARCHITECTURES [digits]]    # needs $NASGAUGE_DATA; resumes from SCORES.csv

The estimators of examples/nb201-rivals.toml on its classes, one architecture after the other in a random order, so that
the table of an interrupted run is one of a smaller sample. ARCHITECTURES: how many more at most; 0 prints the table.
digits: on the shipped ground truth digits-nb201 instead, its networks and its images.
"""

import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd

import nasgauge as ng
from nasgauge.core.config import parse
from nasgauge.core.usage import check_usage
from nasgauge.estimators import RunContext
from nasgauge.estimators.configuration import MeasuringConfig
from nasgauge.estimators.zeroshot.swap import regularised_swap
from nasgauge.studies.plan import Plan
from nasgauge.studies.schema import Study

# Thousands of parameters: those of the largest network (16 channels, 5 cells a stage), and their square. They are ours;
# the published constants were not found.
swap_regularised = regularised_swap(mu=1531.0, sigma=1531.0**2)

STUDY = Path(__file__).with_name("nb201-rivals.toml")
PUBLISHED = {  # on NAS-Bench-201 with CIFAR-10, where not said otherwise
    "az_nas": "τ .741 (15,625 cells; authors' notebook), .712 (9,445; as compared by Zhou et al. 2026)",
    "vkdnw_single": "τ .618 (9,445 cells; as compared by Zhou et al. 2026)",
    "intrain": "τ .669 (Zhou et al. 2026)",
    "jacob_cov": "τ .616 (9,445 cells; as compared by Zhou et al. 2026)",
    "synflow": "τ .561 (9,445 cells; as compared by Zhou et al. 2026)",
    "meco": "ρ .89 (15,625 cells; Jiang et al. 2023, abstract)",
    "swap_regularised": "ρ .90 (CIFAR-100; Peng et al. 2024, abstract)",
}


def study(on_digits: bool) -> Study:
    """The study of the TOML file."""
    text = STUDY.read_text(encoding="utf-8")
    if on_digits:
        text = re.sub(r"^data.*\n", "", text, flags=re.MULTILINE)
        text = re.sub(r"^benchmark = .*", 'benchmark = "digits-nb201"', text, flags=re.MULTILINE)
    return parse(text, Study, STUDY.name, STUDY.parent)


def measured(study: Study, plan: Plan, path: Path, most: int) -> pd.DataFrame:
    """Rows arch, estimator, score; a failed measurement has no score. What is there is not measured again."""
    context = RunContext(plan.space, seed=study.seeds[0], training=plan.benchmark.training)
    built = [config.build(context) for config in study.estimators if isinstance(config, MeasuringConfig)]
    done = set(pd.read_csv(path)["arch"]) if path.exists() else set()
    order = np.random.default_rng(0).permutation(plan.benchmark.archs)
    for arch in [arch for arch in order if arch not in done][:most]:
        parts = []
        for estimator in built:
            found = estimator.estimate([plan.space.from_str(arch)])
            parts.append(pd.concat([found.scores, found.errors])[["arch", "estimator", "score"]])
        pd.concat(parts).to_csv(path, mode="a", header=not path.exists(), index=False)
    table = pd.read_csv(path).assign(seed=0)
    for config in study.estimators:
        if not isinstance(config, MeasuringConfig):
            scored = config.combine(table.dropna(subset="score")[["estimator", "arch", "seed", "score"]])
            table = pd.concat([table, scored], ignore_index=True)
    return table


def main() -> None:
    """A Markdown table, best first."""
    on_digits = "digits" in sys.argv[3:]
    chosen = study(on_digits)
    plan = Plan.of(chosen)
    table = measured(chosen, plan, Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else sys.maxsize)
    benchmark = plan.benchmark.only(sorted(set(table["arch"])))
    scores = table.dropna(subset="score")[["estimator", "arch", "seed", "score"]]
    criteria = ["kendall_tau", "spearman_rho"]
    values = ng.judge(scores, benchmark=benchmark, criteria=criteria, n_bootstrap=1000).values
    tau, rho = (values[values["criterion"] == name].set_index("estimator") for name in criteria)
    print(f"| estimator | τ [95%] | ρ | published | cells |\n|{'---|' * 5}")
    for name, row in tau.sort_values("value", ascending=False).iterrows():
        ours = f"{row.value:.3f} [{row.lower:.3f}, {row.upper:.3f}] | {rho.loc[name, 'value']:.3f}"
        ours = "all equal |" if np.isnan(row.value) else ours
        print(f"| `{name}` | {ours} | {'' if on_digits else PUBLISHED.get(name, '')} | {row.n} |")


if __name__ == "__main__":
    check_usage(__doc__)
    main()
