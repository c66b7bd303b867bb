"""The estimators that a study can name, and what can be wrong with several of them together."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from nasgauge.core import references
from nasgauge.core.config import parsed
from nasgauge.core.errors import UserError, check_name, unknown_name
from nasgauge.core.registry import Registry
from nasgauge.core.tables import NOISE_CEILING
from nasgauge.estimators.aggregation import AggregateConfig
from nasgauge.estimators.combinations import EnsembleConfig, VoteConfig
from nasgauge.estimators.configuration import EstimatorConfig, MeasuringConfig
from nasgauge.estimators.context import RunContext
from nasgauge.estimators.cwi import CwiConfig
from nasgauge.estimators.inherited import InheritedConfig
from nasgauge.estimators.oneshot.config import FewShotConfig, OneShotConfig
from nasgauge.estimators.oneshot.supernet_keys import SupernetKeys
from nasgauge.estimators.predictors.config import PredictorConfig
from nasgauge.estimators.zeroshot.config import ZeroShotConfig


def _configuration(thing: Any, name: str) -> type[EstimatorConfig] | None:
    return thing if isinstance(thing, type) and issubclass(thing, EstimatorConfig) else None


ESTIMATORS: Registry[type[EstimatorConfig]] = Registry(
    "estimator",
    {
        "zeroshot": ZeroShotConfig,
        "oneshot": OneShotConfig,
        "fewshot": FewShotConfig,
        "inherited": InheritedConfig,
        "ensemble": EnsembleConfig,
        "predictor": PredictorConfig,
        "vote": VoteConfig,
        "aggregate": AggregateConfig,
        "cwi": CwiConfig,
    },
    group="nasgauge.estimator",
    adapt=_configuration,
    takes="a class derived from MeasuringConfig or CombiningConfig",
)


def estimator_config(entry: Any) -> EstimatorConfig:
    """The configuration of one entry of a study, by its `name`; UserError for an unknown name or key."""
    if isinstance(entry, EstimatorConfig):
        return entry
    if not isinstance(entry, Mapping) or "name" not in entry:
        raise UserError(f"estimators: each must be a table with its name, got {entry!r:.100}")
    kind = ESTIMATORS.find(entry["name"])
    label = entry.get("label")
    name = entry["name"] if not issubclass(kind, SupernetKeys) or not isinstance(label, str) else label
    if not references.is_reference(name):
        return parsed(entry, kind, f"estimator {name!r}")
    own = kind.model_fields["name"].get_default()
    entry = {**entry, "name": own if isinstance(own, str) else references.short_name(name)}
    found = parsed(entry, kind, f"estimator {name!r}")
    found._reference = references.anchored(name)
    return found


def supernets_of(configs: Iterable[EstimatorConfig]) -> dict[str, MeasuringConfig]:
    """Those that train weights, by label."""
    return {c.label: c for c in configs if isinstance(c, MeasuringConfig) and c.trains}


def check_estimators(configs: Sequence[EstimatorConfig], context: RunContext, seeds: Sequence[int]) -> None:
    """UserError for the first mistake in a study's estimators, before any work.

    Each is built once, each named once, and what is measured on a supernet has seeds that the supernet is trained with.
    context: of the study, for any seed; seeds: the study's, of estimators without their own.
    """
    known: list[str] = []
    taken = {NOISE_CEILING: "noise ceilings", "truth": "the ground truth"}
    measured: dict[str, Sequence[int]] = {}
    trained: dict[str, Sequence[int]] = {}
    for config in (config.in_space(context.space) for config in configs):
        needs = config.dependencies()
        for needed in (need.name for need in needs):
            if needed not in known:
                if not known:
                    raise UserError(f"{config.where}: estimator {needed!r} must stand above; there is none above")
                raise UserError(f"{config.where}: {unknown_name('estimator', needed, known)} (it must stand above)")
        own = config.seeds or seeds
        if isinstance(config, MeasuringConfig):
            own = config.own_seeds(seeds)
            config.build(context.with_seed(own[0]))
            for need in needs:  # scores of the same seed are used, or those of the only one
                if need.scores != "none" and not need.every_seed and len(measured.get(need.name, ())) > 1:
                    _check_seeds(config.where, own, need.name, measured[need.name], "measured")
            for supernet in trained.keys() & {need.name for need in needs if need.scores == "none"}:
                _check_seeds(config.where, own, supernet, trained[supernet], "trained")
            if config.trains:
                trained[config.label] = own
        elif config.seeds:
            raise UserError(f"{config.where}: it has no seeds but those of what it combines; leave seeds out")
        else:
            _check_common(config.where, {need.name: measured[need.name] for need in needs if not need.every_seed})
            own = config.seeds_of(measured)
        for name in config.names():
            check_name(name, config.where)
            if name in taken:
                raise UserError(f"{config.where}: {name!r} is the name of {taken[name]} in tables; give another label")
            if name in known:
                raise UserError(f"{config.where}: {name!r} stands twice in the study; give it another label")
            known.append(name)
            measured[name] = own


def _check_common(where: str, seeds: Mapping[str, Sequence[int]]) -> None:
    """UserError for a combination seed by seed of estimators that have no seed in common."""
    if seeds and not set.intersection(*map(set, seeds.values())):
        each = ", ".join(f"{name!r} {', '.join(map(str, own))}" for name, own in seeds.items())
        raise UserError(f"{where}: what it combines has no seed in common ({each}); give them common seeds")


def _check_seeds(where: str, seeds: Sequence[int], needed: str, has: Sequence[int], how: str) -> None:
    absent = [seed for seed in seeds if seed not in has]
    if absent:
        there = ", ".join(map(str, has))
        raise UserError(
            f"{where}: seed {absent[0]} is wanted, {needed!r} is {how} with {there}; give seeds among these"
        )
