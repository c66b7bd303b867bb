"""From the scores of a finished study to what its report shows."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from nasgauge.core import references
from nasgauge.core.lists import enumerated
from nasgauge.core.progress import Phases
from nasgauge.core.store import Store
from nasgauge.criteria import DEFAULT_CRITERIA, resolve_all
from nasgauge.estimators import MeasuringConfig
from nasgauge.judging import judge, noise_ceilings, undefined_notes, with_failures
from nasgauge.report import Bundle, assembled
from nasgauge.studies.components import of_study, sourced
from nasgauge.studies.conditions import mixed
from nasgauge.studies.plan import Plan
from nasgauge.studies.published import values_beside
from nasgauge.studies.records import combined, recorded


def judged(plan: Plan, store: Store, phases: Phases) -> Bundle:
    """Scores to values: every criterion with its interval, the noise ceiling, and what the report needs besides."""
    study, benchmark = plan.study, plan.benchmark
    keys = [task.key for task in plan.tasks if task.archs]
    measured = plan.scores(store)
    errors = store.read("errors", keys)
    scores = with_failures(measured, errors, combined(plan.study))
    options = dict(
        criteria=resolve_all(study.criteria or DEFAULT_CRITERIA), missing=study.missing, n_bootstrap=study.n_bootstrap,
        confidence=study.confidence,
    )  # fmt: skip
    values = judge(
        scores, benchmark.truth, progress=phases("bootstrap intervals"), rng=np.random.default_rng(0), **options
    )
    ceiling = noise_ceilings(
        scores, benchmark.truth, benchmark.replicates, same_quantity=benchmark.ceiling_measure is None,
        progress=phases("noise ceiling"), rng=np.random.default_rng(0), **options,
    )  # fmt: skip
    for name, table in (("values", values), ("ceiling", ceiling)):
        store.write(name, "all", table)
    records = recorded(plan, store, measured)
    undefined = undefined_notes(values, scores, benchmark.truth, options["criteria"], study.missing)
    return assembled(
        title=study.title,
        study=references.shortened(study.model_dump(exclude_unset=True)),
        values=values,
        ceiling=ceiling,
        ceiling_measure=benchmark.ceiling_measure,
        notes=(*_departures(plan), *_remarks(plan), *mixed(plan, store), *_added(records), *undefined),
        references=tuple(sourced(dict.fromkeys(of_study(study, plan.space.name)))[0]),
        scores=scores,
        errors=errors,
        truth=benchmark.truth,
        space=plan.space,
        provenance=dict(benchmark.provenance),
        environment=store.environment(),
        published=None if study.published is None else values_beside(study.published),
        records=records,
        constraints=study.constraints,
        searches=study.searches,
        phases=phases,
        **options,
    )


def _departures(plan: Plan) -> tuple[str, ...]:
    """A sentence for every estimator that measures another network or other data than the ground truth's."""
    context, found = plan.context, {}
    for config in plan.study.estimators:
        if isinstance(config, MeasuringConfig):
            for phrase in config.departures(context):
                found.setdefault(phrase, []).extend(config.names())
    return tuple(
        f"Not as the ground truth was trained: {what}, of {enumerated(names, most=4)}." for what, names in found.items()
    )


def _remarks(plan: Plan) -> tuple[str, ...]:
    """What the estimators say of their own scores, each sentence once."""
    remarks = (remark for config in plan.study.estimators for remark in config.remarks(plan.context))
    return tuple(dict.fromkeys(remarks))


def _added(records: Mapping[str, pd.DataFrame]) -> tuple[str, ...]:
    """A sentence on those that are charged for scores of one entry one by one, see `costs.expenses`."""
    names = records["expenses"].query("n_added > 0")["estimator"].tolist()
    if not names:
        return ()
    return (
        f"Costs of {enumerated(names, most=4)} are sums over scores of one entry, whose shared work is not recorded.",
    )
