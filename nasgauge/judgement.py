"""`nasgauge judge`: a file of scores in, values with intervals and ceiling out. No torch on this path."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nasgauge import benchmarks
from nasgauge.comparison import compared
from nasgauge.criteria import DEFAULT_CRITERIA, CriterionSpec
from nasgauge.errors import UserError
from nasgauge.judging import judge, noise_ceiling
from nasgauge.report import Bundle
from nasgauge.scorefiles import read_complexity, read_scores, read_truth
from nasgauge.spaces import Space, get_space


@dataclass(frozen=True, eq=False)
class Verdict:
    """Values and ceiling (tables VALUES), and what they were computed from."""

    values: pd.DataFrame
    ceiling: pd.DataFrame
    scores: pd.DataFrame
    truth: pd.DataFrame
    provenance: Mapping[str, str]
    space: Space | None
    complexity: pd.DataFrame | None
    criteria: Sequence[CriterionSpec]
    settings: Mapping[str, Any]


def judge_file(
    path: Path,
    *,
    benchmark: str | None = None,
    choices: Mapping[str, Any] | None = None,
    truth: Path | None = None,
    space: str | None = None,
    criteria: Sequence[CriterionSpec] = DEFAULT_CRITERIA,
    missing: str = "omit",
    unknown: str = "error",
    n_bootstrap: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Verdict:
    """Judge a score file against a benchmark or a truth file (exactly one of them).

    Against a benchmark every arch string must be one of its space; row and column are named otherwise. A truth file
    knows its space if it is named, and sizes if it has a column n_params or macs.
    """
    if (benchmark is None) == (truth is None):
        raise UserError("judge: give either --benchmark NAME or --truth FILE")
    if benchmark is not None:
        if space is not None:
            raise UserError("judge: --space belongs to --truth; a benchmark knows its space")
        known = benchmarks.load({"name": benchmark, **(choices or {})})
        place = get_space(known.space)
        scores = read_scores(path, parse=place.from_str)
        table, replicates, provenance = known.truth, known.replicates, dict(known.provenance)
        complexity = known.complexity
    else:
        place = None if space is None else get_space(space)
        parse = None if place is None else place.from_str
        scores = read_scores(path, parse=parse)
        table = replicates = read_truth(truth, parse=parse)
        complexity, provenance = read_complexity(truth), _provenance(truth, table)
    settings = {"n_bootstrap": n_bootstrap, "confidence": confidence}
    values = judge(
        scores, table, criteria, missing=missing, unknown=unknown, rng=np.random.default_rng(seed), **settings
    )
    ceiling = noise_ceiling(replicates, criteria, rng=np.random.default_rng(seed), **settings)
    settings |= {"scores": path.name, "missing": missing, "unknown": unknown, "seed": seed}
    return Verdict(values, ceiling, scores, table, provenance, place, complexity, criteria, settings)


def bundle(verdict: Verdict, *, title: str) -> Bundle:
    """What the report shows of a verdict; scores outside the truth are left out."""
    scores = verdict.scores[verdict.scores["arch"].isin(set(verdict.truth["arch"]))].reset_index(drop=True)
    options = {name: verdict.settings[name] for name in ("missing", "n_bootstrap", "confidence")}
    comparison = compared(scores, verdict.truth, verdict.space, verdict.criteria, **options)
    records = {} if verdict.complexity is None else {"complexity": verdict.complexity}
    return Bundle(title=title, values=verdict.values, ceiling=verdict.ceiling, scores=scores, truth=verdict.truth,
                  space=verdict.space, provenance=verdict.provenance, study=dict(verdict.settings), records=records,
                  **comparison)  # fmt: skip


def as_json(verdict: Verdict) -> str:
    """A JSON list of records: estimator, criterion, at, value, lower, upper, n, n_missing; null is undefined."""
    rows = pd.concat([t for t in (verdict.values, verdict.ceiling) if len(t)], ignore_index=True)
    columns = ["estimator", "criterion", "at", "value", "lower", "upper", "n", "n_missing"]
    return json.dumps([{k: _plain(v) for k, v in row.items()} for row in rows[columns].to_dict("records")], indent=1)


def criteria(names: Sequence[str]) -> Sequence[CriterionSpec]:
    """Criteria from command-line words: name, or name@K with a fraction below 1 or a count from 1; default if none.

    >>> criteria(["kendall_tau", "best_rank_at@0.05", "precision_at_top@10"])[1:]
    [{'name': 'best_rank_at', 'fraction': 0.05}, {'name': 'precision_at_top', 'count': 10}]
    """
    specs: list[CriterionSpec] = []
    for text in names:
        name, sign, at = text.partition("@")
        if not sign:
            specs.append(name)
            continue
        try:
            k = float(at)
        except ValueError:
            k = float("nan")
        if not math.isfinite(k):
            raise UserError(f"criterion {text!r}: {at!r} is no number; write e.g. {name}@0.05 or {name}@10")
        specs.append({"name": name, "fraction": k} if k < 1 else {"name": name, "count": int(k) if k == int(k) else k})
    return specs or DEFAULT_CRITERIA


_DIGITS = 18  # of a whole number that a table can hold


def pairs(words: Sequence[str]) -> dict[str, Any]:
    """Choices of a benchmark from words "key=value"; whole numbers become integers, and null becomes None.

    >>> pairs(["dataset=cifar100", "n=null"])
    {'dataset': 'cifar100', 'n': None}
    """
    choices: dict[str, Any] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            raise UserError(f"--choose {word!r}: write key=value, e.g. dataset=cifar100")
        whole = value.isdecimal() and len(value) <= _DIGITS
        choices[key] = None if value == "null" else int(value) if whole else value
    return choices


def _provenance(path: Path, truth: pd.DataFrame) -> dict[str, str]:
    seeds = truth["seed"].nunique(dropna=True)
    what = f"mean over {seeds} seeds" if seeds > 1 else "one accuracy an architecture"
    return {"truth": str(path.name), "measure": f"accuracy, {what}", "architectures": f"{truth['arch'].nunique():,}"}


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return None if np.isnan(value) else int(value) if value >= 1 and value == int(value) else value
    return value
