"""What can be wrong with a study on its ground truth: a function per kind of mistake, called before any work."""

from collections.abc import Callable

from nasgauge.core.constraints import check_quantities, parse_constraints, quantities
from nasgauge.core.errors import UserError, without_torch
from nasgauge.criteria import resolve
from nasgauge.estimators import MeasuringConfig, check_estimators
from nasgauge.search import get_search
from nasgauge.studies.plan import Plan
from nasgauge.studies.schema import Study
from nasgauge.studies.training_sets import check_training_sets


def checked(study: Study) -> Plan:
    """The study's plan, once none of CHECKS finds a mistake in it; UserError for the first.

    What a key can have wrong by itself was found when the study was read.
    """
    plan = Plan.of(study)
    for check in CHECKS:
        check(plan)
    return plan


def tops(plan: Plan) -> None:
    """UserError for a criterion of more architectures than there are."""
    n = len(plan.benchmark.archs)
    for criterion in map(resolve, plan.study.criteria):
        if criterion.at > n:
            raise UserError(
                f"criteria: {criterion.name!r} is of {criterion.at:g} architectures, the study has {n:,}; give a "
                "smaller count"
            )


def searches(plan: Plan) -> None:
    """UserError for a search that needs sizes which neither the space nor the ground truth has."""
    benchmark = plan.benchmark
    sizes = None if benchmark.complexity is None else benchmark.complexity.set_index("arch")["n_params"]
    is_known = sizes is not None and sizes.reindex(list(benchmark.archs)).notna().all()
    for name in plan.study.searches:
        if "size" in get_search(name).options and not is_known and not benchmark.space.operations:
            raise UserError(
                f"searches: {name!r} needs sizes; the ground truth has no n_params of all architectures, and search "
                f"space {benchmark.space.name!r} does not say what its operations do; leave it out"
            )


def constraints(plan: Plan) -> None:
    """UserError for a limit on a quantity that is not known, or that no architecture satisfies."""
    check_quantities(parse_constraints(plan.study.constraints), quantities(None, plan.benchmark.complexity))


def estimators(plan: Plan) -> None:
    """UserError for an estimator that cannot be built in the space, or that lacks another one or its seeds."""
    try:
        check_estimators(plan.study.estimators, plan.context, plan.study.seeds)
    except ModuleNotFoundError as error:
        raise without_torch(error, plan.study.title) from error


def training_sets(plan: Plan) -> None:
    """UserError where there are too few architectures to learn from."""
    study = plan.study
    sets = [c.training_set(study.seeds[0]) for c in study.estimators if isinstance(c, MeasuringConfig)]
    check_training_sets(plan.benchmark, filter(None, sets))


CHECKS: tuple[Callable[[Plan], None], ...] = (tops, searches, constraints, estimators, training_sets)
