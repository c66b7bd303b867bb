"""Judging of tables in memory and of files."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd

from nasgauge.benchmarks import Benchmark
from nasgauge.core.arguments import DICTIONARY, FLAG, NUMBER, TEXT, takes
from nasgauge.core.errors import UserError, check_seed
from nasgauge.core.lists import Names
from nasgauge.core.terminal import followed
from nasgauge.criteria import DEFAULT_CRITERIA, BoundCriterion, CriterionSpec, Specs
from nasgauge.estimators import Estimates
from nasgauge.judging import Correction, judge_scores, paired_over, with_failures
from nasgauge.report import Evaluation, of_verdict
from nasgauge.spaces import Space


@takes("judge", options=DICTIONARY, truth_lower_is_better=FLAG, arch_order=TEXT, confidence=NUMBER, title=TEXT)
def judge(
    scores: Any,
    *,
    benchmark: str | Benchmark | None = None,
    options: Mapping[str, Any] | None = None,
    truth: Any = None,
    space: str | Space | None = None,
    lower_is_better: Names = (),
    truth_lower_is_better: bool = False,
    arch_order: str | None = None,
    constraints: str | Iterable[str] = (),
    baselines: Names = (),
    criteria: Specs = DEFAULT_CRITERIA,
    missing: Literal["omit", "last"] = "omit",
    unknown: Literal["error", "drop"] = "error",
    n_bootstrap: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
    title: str = "Evaluation",
) -> Evaluation:
    """Evaluate the scores of estimators against a benchmark or a ground truth of one's own (exactly one of them).

    scores: a DataFrame (a column or index `arch` and one column per estimator, or long form with estimator, arch, score
    and optionally seed), a Series by architecture, a dictionary {estimator: {arch: score}}, the path of a file, or what
    `estimate` of an estimator or `measure` returns (`Estimates`), with its failed measurements.
    benchmark: its name or the object, `options` as {"dataset": "cifar100"}; truth: likewise a table with arch and
    accuracy (or value), a Series, a dictionary or a path, with `space` as the architectures' space if there is one.
    Higher is better, but for the estimators in `lower_is_better`. constraints: limits such as "latency_ms < 5", for the
    report. baselines: "n_params", "macs": sizes that are evaluated like estimators, on the same architectures, so that
    an estimator can be compared with them. The other arguments are those of `judging.judge_scores`; seed: of the
    bootstrap. UserError: as there, with the row and the remedy.

    >>> from nasgauge.interface.named import load_benchmark
    >>> bench = load_benchmark("digits-nb201")
    >>> first = {arch: -i for i, arch in enumerate(bench.archs)}
    >>> found = judge({"first": first}, benchmark=bench, baselines=["macs"], criteria=["kendall_tau"], n_bootstrap=0)
    >>> found.values[["estimator", "value"]].round(2).values.tolist()
    [['first', -0.01], ['macs', 0.71]]
    """
    check_seed(seed, "judge: seed")
    measured = isinstance(scores, Estimates)
    if measured:
        scores = with_failures(scores.scores, scores.errors)
    with followed("judge") as phases:
        verdict = judge_scores(
            scores, benchmark=benchmark, choices=options, truth=truth, space=space, lower_is_better=lower_is_better,
            truth_lower_is_better=truth_lower_is_better, arch_order=arch_order, constraints=constraints,
            baselines=baselines, criteria=criteria, missing=missing, unknown=unknown, n_bootstrap=n_bootstrap,
            confidence=confidence, seed=seed, measured=measured, phases=phases,
        )  # fmt: skip
    known = verdict.scores["arch"].isin(set(verdict.truth["arch"]))  # with unknown="drop" there may be others
    return Evaluation(
        values=verdict.values, ceiling=verdict.ceiling, scores=verdict.scores[known], truth=verdict.truth,
        notes=verdict.notes, settings={"missing": missing, "n_bootstrap": n_bootstrap, "confidence": confidence},
        bundle=lambda: of_verdict(verdict, title=title),
    )  # fmt: skip


@takes("compare_over", evaluations=DICTIONARY, estimator=TEXT, rival=TEXT, confidence=NUMBER)
def compare_over(
    evaluations: Mapping[str, Evaluation],
    estimator: str,
    rival: str,
    *,
    criterion: CriterionSpec | BoundCriterion = "kendall_tau",
    n_bootstrap: int = 1000,
    confidence: float = 0.95,
    correction: Correction = "holm",
    seed: int = 0,
) -> pd.DataFrame:
    """Two estimators over several data sets: paired differences on each and their mean, see `judging.paired_over`.

    evaluations: by the name of the data set, with both estimators in each; failed measurements are treated as in these.
    UserError: the evaluations treat them differently; a value that is not an Evaluation.
    """
    check_seed(seed, "compare_over: seed")
    foreign = [name for name, one in evaluations.items() if not isinstance(one, Evaluation)]
    if foreign:
        raise UserError(f"compare_over: {', '.join(map(str, foreign))} is not an Evaluation; give what `judge` returns")
    treatments = sorted({one.settings["missing"] for one in evaluations.values()})
    if len(treatments) > 1:
        raise UserError(f"compare_over: missing is {' and '.join(treatments)}; evaluate all data sets with the same")
    tables = {name: (one.scores, one.truth) for name, one in evaluations.items()}
    return paired_over(
        tables, estimator, rival, [criterion], n_bootstrap=n_bootstrap, confidence=confidence, correction=correction,
        missing=next(iter(treatments), "omit"), rng=np.random.default_rng(seed),
    )  # fmt: skip
