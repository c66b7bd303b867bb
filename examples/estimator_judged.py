"""The scores of CWI on other ground truths: its forms and its terms on NAS-Bench-201, -101 and -301.

    nasgauge run estimator-nb201 --out FOLDER
    python examples/estimator_judged.py FOLDER          # the same scores on three data sets, the choice set left out
    python examples/estimator_judged.py nb101 FILE [N]  # measures N cells of NAS-Bench-101, 16 channels
    python examples/estimator_judged.py nb301 FILE [N]  # and N of the DARTS cells whose accuracy a surrogate predicts

Needs $NASGAUGE_DATA. Measuring goes on where it was ended; scores are rows of FILE (CSV). Every estimator has an
interval, and the paired difference between CWI and it.
"""

import sys
from pathlib import Path

import pandas as pd
from estimator_choice import choice_set, measured

import nasgauge as ng
from nasgauge.benchmarks import load
from nasgauge.estimators.cwi import FORMS, cwi

TERMS = sorted({name for form in FORMS.values() for name in form.proxies})


def forms_of(terms: pd.DataFrame) -> pd.DataFrame:
    """All forms and the means of the terms over their seeds, table SCORES."""
    means = terms.groupby(["estimator", "arch"], as_index=False)["score"].mean().assign(seed=0)
    return pd.concat([*(cwi(terms, form=name, name=f"cwi_{name}") for name in FORMS), means], ignore_index=True)


def judged(title: str, scores: pd.DataFrame, benchmark) -> None:
    here = scores[scores["arch"].isin(set(benchmark.archs))]
    evaluation = ng.judge(here, benchmark=benchmark, criteria=["kendall_tau", "precision_at_5%"], n_bootstrap=200)
    print(f"{title}: {here['arch'].nunique()} architectures")
    print(evaluation.values.round(3).to_string(index=False))


def main() -> None:
    words = sys.argv[1:]
    if words[0] in ("nb101", "nb301"):
        n = int(words[2]) if len(words) > 2 else 725
        benchmark = load({"name": "nb101", "n": n}) if words[0] == "nb101" else load("nb301")
        size = {"nb101": {"channels": 16, "n_cells": 3, "n_stages": 3}, "nb301": {"channels": 16, "n_cells": 2}}
        archs = benchmark.archs[:n]
        scores = measured(Path(words[1]), benchmark.space, archs, [0, 1], TERMS, size[words[0]])
        judged(words[0], forms_of(scores), benchmark.only(archs))
        return
    scores = pd.concat([ng.open(words[0]).scores])
    terms = scores[scores["estimator"].isin(TERMS)]
    known = set(choice_set()[1])
    terms = terms[~terms["arch"].isin(known)]
    for dataset in ("cifar10", "cifar100", "imagenet16-120"):
        judged(f"nb201, {dataset}", forms_of(terms), load({"name": "nb201", "dataset": dataset}))


if __name__ == "__main__":
    main()
