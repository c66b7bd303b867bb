"""Which architectures a ground truth is trained for."""

from collections import defaultdict

import numpy as np

from nasgauge.benchmarks.building.recipe import RecipeSample
from nasgauge.core.errors import UserError
from nasgauge.spaces import Arch, Space


def chosen_archs(space: Space, sample: RecipeSample) -> list[Arch]:
    """The architectures of a recipe: representatives of `n` classes, then the variants of the first ones.

    The classes stand in the order of a seeded shuffle, in spaces too large to enumerate in the order in which
    `space.sample` first draws them, so that a larger `n` keeps the earlier ones. Variants: of each of the first
    `sample.variants` architectures one place of its encoding is drawn, one where an operation stands if there is any,
    and every architecture that differs from it there alone is added, unless its class is there already. An architecture
    with all its k variants gives k (k + 1) / 2 pairs one mutation apart. UserError: fewer classes than `n`,
    more `variants` than classes.

    >>> from nasgauge.spaces import NB201
    >>> len(chosen_archs(NB201(), RecipeSample(n=10))), len(chosen_archs(NB201(), RecipeSample(n=10, variants=10)))
    (10, 50)
    """
    found = _classes(space, sample)
    if sample.variants > len(found):
        raise UserError(f"archs: variants = {sample.variants} of {len(found)} classes; give at most that many")
    taken = {space.canonical(arch, sample.form) for arch in found}
    rng = np.random.default_rng([sample.seed, 1])
    for arch in found[: sample.variants]:
        for variant in _variants(space, arch, rng):
            key = space.canonical(variant, sample.form)
            if key not in taken:
                taken.add(key)
                found.append(variant)
    return found


def _variants(space: Space, arch: Arch, rng: np.random.Generator) -> list[Arch]:
    """The architectures that differ at one place drawn at random; none if nothing can be replaced alone."""
    words = space.words(arch)
    at: dict[int, list[Arch]] = defaultdict(list)
    for other in space.neighbours(arch):
        changed = [i for i, (a, b) in enumerate(zip(words, space.words(other), strict=True)) if a != b]
        if len(changed) == 1:
            at[changed[0]].append(other)
    places = sorted(place for place in at if words[place] in space.operations) or sorted(at)
    return at[places[int(rng.integers(len(places)))]] if places else []


def _classes(space: Space, sample: RecipeSample) -> list[Arch]:
    rng = np.random.default_rng(sample.seed)
    try:
        everything = space.enumerate()
    except NotImplementedError:
        return _drawn_classes(space, sample, rng)
    classes = sorted({space.canonical(arch, sample.form) for arch in everything})
    if sample.n is not None and sample.n > len(classes):
        form = sample.form or space.forms[0]
        raise UserError(f"archs: n = {sample.n}, but {space.name} has {len(classes)} classes of form {form!r}")
    return [classes[i] for i in rng.permutation(len(classes))[: sample.n]]


def _drawn_classes(space: Space, sample: RecipeSample, rng: np.random.Generator) -> list[Arch]:
    n = sample.n
    if n is None:
        raise UserError(f"archs: {space.name} is too large to train whole; say how many classes (n)")
    found: dict[Arch, None] = {}
    for _ in range(100 * n):
        found.setdefault(space.canonical(space.sample(rng), sample.form))
        if len(found) == n:
            return list(found)
    raise UserError(
        f"archs: n = {n}, but {100 * n} draws from {space.name} gave only {len(found)} classes; choose a smaller n"
    )
