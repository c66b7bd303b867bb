"""From the words of a study to estimators: one line a family."""

from collections.abc import Sequence

from nasgauge.core.errors import UserError, check_name, unknown_name
from nasgauge.core.registry import Registry
from nasgauge.estimators import Estimator
from nasgauge.estimators.context import Family, Learning, Need, Place
from nasgauge.estimators.oneshot.config import ENSEMBLE, INHERITED, ONESHOT
from nasgauge.estimators.predictors.config import PREDICTOR
from nasgauge.estimators.zeroshot.config import VOTE, ZEROSHOT
from nasgauge.spaces import Space
from nasgauge.studies.schema import EstimatorSpec, Options, options_for

FAMILIES: Registry[Family] = Registry(
    "estimator",
    {
        "zeroshot": ZEROSHOT,
        "oneshot": ONESHOT,
        "inherited": INHERITED,
        "ensemble": ENSEMBLE,
        "predictor": PREDICTOR,
        "vote": VOTE,
    },
    group="nasgauge.estimator",
    of=Family,
)


def family_of(name: str) -> Family:
    """The family of that name; UserError lists the nearest ones."""
    return FAMILIES.find(name)


def estimator_for(name: str, options: Options, space: Space, seed: int, place: Place | None = None) -> Estimator:
    """The estimator that a study describes; UserError for unknown families, keys, proxies or data."""
    return family_of(name).build(options, space, seed, place or Place())


def supernets_of(specs: Sequence[EstimatorSpec]) -> dict[str, Options]:
    """The options of the estimators that train a supernet, by label."""
    return {
        options_for(ONESHOT.words, spec.options, "estimator 'oneshot'").label: spec.options
        for spec in specs
        if spec.name in FAMILIES and FAMILIES[spec.name].trains
    }


def check_estimators(specs: Sequence[EstimatorSpec], space: Space, seeds: Sequence[int]) -> None:
    """UserError for the first mistake in a study's estimators, before any work.

    Each is built once, each named once, and what is measured on a supernet has seeds that the supernet is trained with.
    seeds: the study's, of estimators without their own.
    """
    known: list[str] = []
    place = Place(supernets=supernets_of(specs))
    trained: dict[str, Sequence[int]] = {}
    for spec in specs:
        family, where = family_of(spec.name), f"estimator {spec.name!r}"
        words = options_for(family.words, spec.options, where)
        needs = family.needs(words)
        for needed in (need.name for need in needs):
            if needed not in known:
                raise UserError(f"{where}: {unknown_name('estimator', needed, known)} (it must stand above)")
        own = spec.seeds or seeds
        if family.build is None and spec.seeds:
            raise UserError(f"{where}: it has no seeds but those of what it combines; leave seeds out")
        if family.build is not None:
            family.build(spec.options, space, seeds[0], place)
            for supernet in trained.keys() & {need.name for need in needs if need.scores == "none"}:
                _check_seeds(where, own, supernet, trained[supernet])
        if family.trains:
            trained[words.label] = own
        for name in family.names(words):
            check_name(name, where)
            if name in known:
                raise UserError(f"{where}: {name!r} stands twice in the study; give it another label")
            known.append(name)


def _check_seeds(where: str, seeds: Sequence[int], supernet: str, trained: Sequence[int]) -> None:
    absent = [seed for seed in seeds if seed not in trained]
    if absent:
        there = ", ".join(map(str, trained))
        raise UserError(
            f"{where}: seed {absent[0]} is wanted, {supernet!r} is trained with {there}; give seeds among these"
        )


def needs_of(spec: EstimatorSpec) -> tuple[Need, ...]:
    """The estimators of the study that this one is made from."""
    family = family_of(spec.name)
    return tuple(family.needs(options_for(family.words, spec.options, f"estimator {spec.name!r}")))


def names_of(spec: EstimatorSpec) -> tuple[str, ...]:
    """The names that the estimator has in tables."""
    family = family_of(spec.name)
    return tuple(family.names(options_for(family.words, spec.options, f"estimator {spec.name!r}")))


def learning_of(spec: EstimatorSpec) -> Learning | None:
    """From how much truth the estimator learns, None if it sees none."""
    family = family_of(spec.name)
    words = options_for(family.words, spec.options, f"estimator {spec.name!r}")
    return None if family.learns is None else family.learns(words)


def is_combination(name: str) -> bool:
    """Whether the family combines the scores of other estimators instead of measuring anything."""
    return family_of(name).combine is not None


__all__ = [
    "FAMILIES",
    "Family",
    "Learning",
    "Need",
    "Place",
    "check_estimators",
    "estimator_for",
    "family_of",
    "is_combination",
    "learning_of",
    "names_of",
    "needs_of",
    "supernets_of",
]
