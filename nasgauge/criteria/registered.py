"""The criteria by name; a new one is a function, an entry here and a reference in the contract test."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from nasgauge.core.errors import UserError, unknown_name
from nasgauge.core.lists import listed
from nasgauge.core.references import short_name
from nasgauge.core.registry import Registry
from nasgauge.core.signatures import n_positional, summary
from nasgauge.criteria import chosen, correlation, sparse, top
from nasgauge.criteria.criterion import BoundCriterion, Criterion
from nasgauge.criteria.naming import spec_of, without_top
from nasgauge.criteria.resamples import check_top

CriterionSpec = str | Mapping[str, object] | Callable[[np.ndarray, np.ndarray], float]
Specs = CriterionSpec | BoundCriterion | Iterable[CriterionSpec | BoundCriterion]

_EXAMPLE = "names, such as ['kendall_tau', 'precision_at_top@0.05']"

_RISING = np.linspace(0.1, 0.9, 9)
_R, _P = (-1.0, 1.0), (0.0, 1.0)
_ANY = (-np.inf, np.inf)
_NING = "ning2021evaluating"


def _criterion(thing: Any, name: str) -> Criterion | None:
    """What a reference yields: a Criterion, or a function that is higher-better and depends on the scores' values."""
    if name in CRITERIA:
        raise UserError(f"{name!r} is the name of a registered criterion; choose another name for it")
    if isinstance(thing, Criterion):
        return replace(thing, symbol=thing.symbol or name)
    if not callable(thing) or isinstance(thing, type):
        return None
    if n_positional(thing) != 2:
        raise UserError("a criterion is a function of (score, accuracy), and of options after a '*'")
    return Criterion(thing, title=summary(thing), symbol=name, order_only=False)


CRITERIA: Registry[Criterion] = Registry(
    "criterion",
    {
        "kendall_tau": Criterion(
            correlation.kendall_tau,
            correlation.kendall_tau_of_draws,
            "higher",
            False,
            "Kendall's tau-b",
            "Kendall τ",
            "kendall1945",
            _R,
        ),
        "spearman_rho": Criterion(
            correlation.spearman_rho,
            correlation.spearman_rho_of_draws,
            "higher",
            False,
            "Spearman's rank correlation",
            "SpearmanR",
            "spearman1904",
            _R,
        ),
        "pearson_r": Criterion(
            correlation.pearson_r,
            correlation.pearson_r_of_draws,
            "higher",
            False,
            "Pearson's linear correlation",
            "LC",
            "pearson1895",
            _R,
            order_only=False,
        ),
        "kendall_tau_at_top": Criterion(
            top.kendall_tau_at_top,
            top.kendall_tau_at_top_of_draws,
            "higher",
            True,
            "Kendall's tau-b within the top",
            "τ@topK",
            _NING,
            _R,
        ),
        "precision_at_top": Criterion(
            top.precision_at_top,
            top.precision_at_top_of_draws,
            "higher",
            True,
            "Precision at the top",
            "P@topK",
            _NING,
            _P,
        ),
        "precision_at_bottom": Criterion(
            top.precision_at_bottom,
            top.precision_at_bottom_of_draws,
            "higher",
            True,
            "Precision at the bottom",
            "P@bottomK",
            _NING,
            _P,
        ),
        "best_rank_at": Criterion(
            chosen.best_rank_at,
            chosen.best_rank_at_of_draws,
            "lower",
            True,
            "Best true rank of the selected",
            "BR@K",
            _NING,
            _P,
        ),
        "worst_rank_at": Criterion(
            chosen.worst_rank_at,
            chosen.worst_rank_at_of_draws,
            "lower",
            True,
            "Worst true rank of the selected",
            "WR@K",
            _NING,
            _P,
        ),
        "best_accuracy_at": Criterion(
            chosen.best_accuracy_at,
            chosen.best_accuracy_at_of_draws,
            "higher",
            True,
            "Best true accuracy of the selected",
            "BestAcc@K",
            _NING,
            _ANY,
            of_accuracy=True,
        ),
        "worst_accuracy_at": Criterion(
            chosen.worst_accuracy_at,
            chosen.worst_accuracy_at_of_draws,
            "higher",
            True,
            "Worst true accuracy of the selected",
            "WorstAcc@K",
            _NING,
            _ANY,
            of_accuracy=True,
        ),
        "regret_at": Criterion(
            chosen.regret_at,
            chosen.regret_at_of_draws,
            "lower",
            True,
            "Regret of the selected",
            "regret@K",
            _NING,
            (0.0, np.inf),
            of_accuracy=True,
        ),
        "sparse_kendall_tau_nasws": Criterion(
            sparse.sparse_kendall_tau_nasws,
            None,
            "higher",
            False,
            "Sparse Kendall's tau, floor bins and positions",
            "s-KdT",
            "yu2020train",
            _R,
        ),
        "sparse_kendall_tau_aw_nas": Criterion(
            sparse.sparse_kendall_tau_aw_nas,
            sparse.sparse_kendall_tau_aw_nas_of_draws,
            "higher",
            False,
            "Sparse Kendall's tau, ground truth rounded",
            "sparse τ",
            _NING,
            _R,
        ),
        "sparse_kendall_tau_both_rounded": Criterion(
            sparse.sparse_kendall_tau_both_rounded,
            sparse.sparse_kendall_tau_both_rounded_of_draws,
            "higher",
            False,
            "Sparse Kendall's tau, both rounded",
            "sparse τ",
            "yu2020train",
            _R,
            order_only=False,
        ),
    },
    group="nasgauge.criterion",
    of=Criterion,
    adapt=_criterion,
    takes="a Criterion, or a function of (score, accuracy)",
)

DEFAULT_CRITERIA: tuple[CriterionSpec, ...] = (
    "kendall_tau",
    "spearman_rho",
    "pearson_r",
    {"name": "kendall_tau_at_top", "fraction": 0.1},
    {"name": "precision_at_top", "fraction": 0.05},
    {"name": "precision_at_bottom", "fraction": 0.05},
    {"name": "best_rank_at", "fraction": 0.05},
    {"name": "worst_rank_at", "fraction": 0.05},
)


def resolve(spec: CriterionSpec | BoundCriterion) -> BoundCriterion:
    """The criterion that a name, a mapping with a name and options, or a callable f(score, truth) -> float stands for.

    A name may have a top K, name@0.05 (a fraction) or name@10 (a count), or be a symbol of tables, see `naming`.
    A callable is assumed to be higher-better and to depend on the values of the score. An option that differs from its
    default becomes part of the name, fraction and count become `at`. UserError: an unknown name (nearest ones listed),
    an option that is missing, unknown or out of range.

    >>> resolve({"name": "best_rank_at", "fraction": 0.05}).at, resolve("best_rank_at@10").at, resolve("BR@5%").at
    (0.05, 10.0, 0.05)
    >>> resolve({"name": "sparse_kendall_tau_nasws", "width": 0.002}).name
    'sparse_kendall_tau_nasws(width=0.002)'
    """
    if isinstance(spec, BoundCriterion):
        return spec
    if isinstance(spec, str):
        spec = spec_of(spec, CRITERIA)
    if callable(spec):
        name = getattr(spec, "__name__", type(spec).__name__)
        return BoundCriterion(name, float("nan"), "higher", False, spec)
    if not isinstance(spec, Mapping) or "name" not in spec:
        raise UserError(
            f'criterion {spec!r} is neither a name, a mapping with a name, nor a function; write "kendall_tau"'
        )
    options = {key: value for key, value in spec.items() if key != "name" and value is not None}
    if not isinstance(spec["name"], str) or spec["name"] not in CRITERIA:
        raise unknown_name("criterion", spec["name"], CRITERIA)
    return _bind(short_name(str(spec["name"])), CRITERIA[spec["name"]], options)


def _bind(name: str, entry: Criterion, options: dict[str, object]) -> BoundCriterion:
    known = {key: p for key, p in inspect.signature(entry.function).parameters.items() if p.kind is p.KEYWORD_ONLY}
    for key, value in options.items():
        if key not in known:
            takes = f"it takes {', '.join(known)}" if known else "it takes no options"
            raise UserError(f"criterion {name!r} has no option {key!r}; {takes}")
        if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
            raise UserError(f"criterion {name!r}: option {key} = {value!r} is not a number")
    at = float("nan")
    if entry.takes_k:
        if options.get("fraction") is None and options.get("count") is None:
            raise without_top(name)
        try:
            check_top(options.get("fraction"), options.get("count"))
        except UserError as error:
            raise UserError(f"criterion {name!r}: {error}") from error
        at = float(options.get("fraction", options.get("count")))
    if options and not entry.takes_k:
        entry.function(_RISING, _RISING, **options)  # UserError for a value out of its range
    # What `at` does not say must stand in the name, because name and `at` identify a value.
    special = [
        f"{key}={options[key]:g}"
        for key in options
        if known[key].default is not None and options[key] != known[key].default
    ]
    label = f"{name}({', '.join(special)})" if special else name
    return BoundCriterion(
        label, at, entry.better, entry.order_only, entry.function, entry.of_draws, options, entry.of_accuracy
    )


def listed_specs(specs: Specs) -> tuple[CriterionSpec | BoundCriterion, ...]:
    """The criteria as a tuple, a single one as a tuple of one; UserError where there is none.

    >>> listed_specs("kendall_tau")
    ('kendall_tau',)
    """
    chosen = (specs,) if isinstance(specs, Mapping) else listed(specs, "criteria", _EXAMPLE)
    if not chosen:
        raise UserError(f"criteria: there is none; give a list of {_EXAMPLE}, or leave it out")
    return chosen


def resolve_all(specs: Specs) -> list[BoundCriterion]:
    """All criteria resolved, in order, or a single one; UserError where one is listed twice, or there is none.

    >>> [c.name for c in resolve_all(["kendall_tau", "pearson_r"])]
    ['kendall_tau', 'pearson_r']
    """
    bound = [resolve(spec) for spec in listed_specs(specs)]
    seen: set[tuple[str, str]] = set()
    for criterion in bound:
        key = (criterion.name, f"{criterion.at:g}")
        if key in seen:
            raise UserError(f"criterion {criterion.name!r} is listed twice with the same options; keep one")
        seen.add(key)
    return bound
