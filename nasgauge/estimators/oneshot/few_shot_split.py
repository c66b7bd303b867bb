"""Where a space is split for several supernets: a decision, and the options of each part."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from nasgauge.core.errors import UserError
from nasgauge.estimators.context import RunContext
from nasgauge.estimators.oneshot.built import built as one_shot
from nasgauge.estimators.oneshot.few_shot_keys import FewShotKeys
from nasgauge.estimators.oneshot.one_shot import OneShot
from nasgauge.estimators.oneshot.probes import GradientProbe
from nasgauge.spaces import choices_of, groups_named, in_groups, option_words

Split = tuple[int, int, list[tuple[int, ...]]]  # number of the decision, its place in the encoding, options by part
_N_BASES = 4  # architectures in which each decision is varied
_N_IMAGES = 128


def split_of(config: FewShotKeys, context: RunContext) -> Split:
    """The split that a configuration asks for; UserError where the space cannot be split so."""
    space, where = context.space, config.where
    try:
        decisions = choices_of(space)
    except NotImplementedError as dependent:
        raise UserError(f"{where}: few-shot: {dependent}; use name = 'oneshot'") from dependent
    if not decisions:
        raise UserError(f"{where}: {space!r} leaves no choice to be split; use name = 'oneshot'")
    number = _number(config, context, len(decisions))
    place, options = decisions[number]
    if config.groups:
        words = option_words(space, place, options)
        return number, place, groups_named(words, config.groups, f"{where}: groups of split = {number}")
    n = len(options) if config.parts is None else config.parts
    if n > len(options):
        named = ", ".join(option_words(space, place, options))
        raise UserError(f"{where}: parts = {n}, but decision {number} has {len(options)} options: {named}")
    return number, place, in_groups(options, n)


def _number(config: FewShotKeys, context: RunContext, n: int) -> int:
    if config.split == "gradients":
        return least_aligned_decision(
            one_shot(config.trained_for(config.whole_protocol.epochs, {"without": ()}), context)
        )
    if config.split >= n:
        raise UserError(f"{config.where}: split = {config.split}, but {context.space.name} has decisions 0 to {n - 1}")
    return config.split


def least_aligned_decision(whole: OneShot) -> int:
    """The decision about whose options the gradients of shared weights disagree most, before any training.

    The least mean cosine over pairs of options, over positions of the network, and over four architectures in which the
    decision is varied, the same for all decisions; gradients as of `GradientProbe`, on the first 128 training images.
    Of equal ones the first. It does not depend on the seed of the supernet, so that all seeds are split alike.
    Reference: Hu et al. 2022 (gradient matching); here with exact cosines at initialisation.
    """
    space, rng = whole.space, np.random.default_rng(0)
    net = replace(whole, seed=0).fresh()
    rows = whole.split.train[:_N_IMAGES]
    bases = [space.sample(rng) for _ in range(_N_BASES)]

    def cosine(place: int, options: Sequence[int]) -> float:
        found = [
            row["cosine"]
            for base in bases
            for row in GradientProbe(
                (0,),
                [space.with_entries(base, {place: option}) for option in options],
                whole.data.images[rows],
                whole.data.labels[rows],
            ).after_epoch(net, 0, [])
        ]
        return float(np.mean(found)) if found else np.inf

    return int(np.argmin([cosine(place, options) for place, options in choices_of(space)]))
