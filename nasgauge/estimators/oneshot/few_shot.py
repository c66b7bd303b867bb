"""The few-shot estimator: several supernets, each of a part of the space, whose scores are one column."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, final

import numpy as np
import pandas as pd

from nasgauge.core.errors import UserError
from nasgauge.estimators.context import RunContext
from nasgauge.estimators.estimator import Estimates, Trainable
from nasgauge.estimators.oneshot.built import built as one_shot
from nasgauge.estimators.oneshot.class_members import StandIns, scoring_request
from nasgauge.estimators.oneshot.controllers import Controller
from nasgauge.estimators.oneshot.few_shot_keys import FewShotKeys
from nasgauge.estimators.oneshot.few_shot_split import split_of
from nasgauge.estimators.oneshot.merging import merged, merged_history
from nasgauge.estimators.oneshot.naming import names
from nasgauge.estimators.oneshot.one_shot import OneShot
from nasgauge.estimators.oneshot.restricted import restricted
from nasgauge.estimators.oneshot.sampling import given_archs
from nasgauge.estimators.oneshot.settings import as_text
from nasgauge.estimators.oneshot.tables import recorded
from nasgauge.nets import NetOptions, Supernet
from nasgauge.spaces import Arch, Space, SpacePart, option_words


@final
@dataclass(frozen=True, eq=False)
class FewShot(Trainable):
    """Scores from several supernets that share nothing (Zhao et al. 2021).

    `space`: all of it; `parts`: the estimator of each part of it, whose spaces are `SpacePart`s of one split, without
    an architecture in common. An architecture is scored by the supernet of its part, whatever else its class has
    elsewhere; one that lies outside of a restricted space, by that of the member that stands for it. `settings`,
    `choices`: in place of the parts' own, for tables SETTINGS and CHOICES.
    """

    space: Space
    parts: tuple[OneShot, ...]
    settings: Mapping[str, float] = field(default_factory=dict)
    choices: Mapping[str, str] = field(default_factory=dict)

    @property
    def net(self) -> NetOptions:
        """The networks' options, the same in all parts."""
        return self.parts[0].net

    @property
    def device(self) -> str:
        """Where the supernets live."""
        return self.parts[0].device

    @property
    def epochs(self) -> tuple[int, ...]:
        """The epochs, of each part, after which it is scored, ascending."""
        return self.parts[0].epochs

    @property
    def is_trained(self) -> bool:
        """Whether all parts are."""
        return all(part.is_trained for part in self.parts)

    @property
    def fit_seconds(self) -> float:
        """Seconds that the training of all parts took."""
        return sum(part.fit_seconds for part in self.parts)

    def train(self) -> None:
        """Train the parts one after the other, each from the checkpoint where it stopped."""
        for part in self.parts:
            if not part.is_trained:
                part.train()

    def history(self) -> dict[str, pd.DataFrame]:
        """What training recorded, one table over all parts: their mean loss and the sum of their seconds an epoch."""
        tables = merged_history([part.history() for part in self.parts])
        first = self.parts[0]
        return tables | recorded({}, self.settings, self.choices, first.label, first.seed, self._names)

    def trained(self, epoch: int) -> "Weights":
        """The supernets as they were after an epoch of each; UserError where training has not come so far."""
        return Weights([(part.space, part.trained(epoch)) for part in self.parts])

    def stand_ins(self) -> StandIns:
        """Which member of its class an architecture is scored by."""
        return StandIns(self._fresh(), self.space, self.parts[0].form, self.parts[0].judged)

    def estimate(self, archs: Iterable[Arch]) -> Estimates:
        """The tables of a one-shot estimator, each architecture's rows from its part.

        Seconds of scoring are means over the architectures, those of training the sum over all parts.
        """
        first, asked = self.parts[0], list(dict.fromkeys(archs))
        nets = self._fresh()
        request, reasons = scoring_request(
            nets, self.space, asked, with_classes=False, form=first.form, judged=first.judged
        )
        lot: dict[int, list[Arch]] = {}
        for arch, path in zip(request.archs, request.scored, strict=True):
            lot.setdefault(nets.place(path), []).append(arch)
        found = [self.parts[i].estimate(lot[i]) for i in sorted(lot)]
        errors = [
            {"estimator": name, "arch": self.space.to_str(arch), "seed": first.seed, "error": reason}
            for arch, reason in reasons.items()
            for name in self._names
        ]
        return merged(found, errors, [self.space.to_str(arch) for arch in asked], self.fit_seconds)

    @property
    def _names(self) -> tuple[str, ...]:
        first = self.parts[0]
        return names(first.label, first.averages, first.post_deiso)

    def _fresh(self) -> "Weights":
        return Weights([(part.space, part.fresh()) for part in self.parts])


@final
class Weights:
    """The supernets of all parts, with what scoring needs of a supernet of the whole space."""

    def __init__(self, nets: list[tuple[Space, Supernet]]) -> None:
        self._nets = nets

    def place(self, arch: Arch) -> int:
        """The number of the part in which an architecture lies; UserError where no part has its option."""
        for number, (space, _) in enumerate(self._nets):
            if arch in space:
                return number
        space = self._nets[0][0]
        raise UserError(f"supernets: {space.to_str(arch)} lies in none of the {len(self._nets)} parts of {space.name}")

    def used(self, arch: Arch) -> tuple[str, ...]:
        """Keys of the parts that it runs through; UserError where there are no weights for it."""
        return self._nets[self.place(arch)][1].used(arch)

    def standalone(self, arch: Arch) -> Any:
        """Its stand-alone network with the weights of its part."""
        return self._nets[self.place(arch)][1].standalone(arch)


def built(config: FewShotKeys, context: RunContext) -> FewShot:
    """The estimator; UserError for what does not fit the space, the split or the images."""
    space = restricted(context.space, config.without, config.where)
    number, place, groups = split_of(config, replace(context, space=space))
    parts = tuple(
        one_shot(part, here)
        for part, here in _each(config, context, [SpacePart(space, place, group) for group in groups])
    )
    if isinstance(parts[0].sampler(parts[0].space, rng=np.random.default_rng(0)), Controller):
        raise UserError(
            f"{config.where}: the controller of sampler {config.sampler!r} needs one supernet; take name = 'oneshot'"
        )
    same = dict.fromkeys(parts[0].settings)
    settings = {key: parts[0].settings[key] for key in same if len({part.settings[key] for part in parts}) == 1}
    total = sum(part.settings["epochs"] for part in parts)
    settings = {k: v for k, v in settings.items() if k != "epochs"}
    settings |= {"n_parts": float(len(parts)), "split": float(number), "total_epochs": total}
    return FewShot(
        space, parts, settings, _choices(config, parts, [option_words(space, place, group) for group in groups])
    )


def _choices(config: FewShotKeys, parts: Sequence[OneShot], groups: Sequence[Sequence[str]]) -> dict[str, str]:
    """What all parts have in common, and what only the whole has: the split, and lists before they were divided."""
    first = parts[0].choices
    found = {name: text for name, text in first.items() if all(part.choices[name] == text for part in parts)}
    found |= {name: as_text(config.sampler_options[name.partition(".")[2]]) for name in first.keys() - found.keys()}
    divided = "; ".join(as_text(tuple(group)) for group in groups) if config.groups else "in their order"
    return found | {"without": as_text(tuple(sorted(config.without))), "groups": divided, "budget": config.budget}


def _each(
    config: FewShotKeys, context: RunContext, spaces: list[SpacePart]
) -> Iterator[tuple[FewShotKeys, RunContext]]:
    """Of each part its keys and what surrounds it: folder, share of the progress, listed architectures."""
    n, listed = len(spaces), config.sampler_options.get("archs")
    if isinstance(listed, list | tuple):
        read = given_archs(context.space, listed, f"{config.where}, archs")
    for i, space in enumerate(spaces):
        own = config.of_part(i + 1, n)
        if isinstance(listed, list | tuple):
            inside = [given for given, arch in zip(listed, read, strict=True) if arch in space]
            if not inside:
                raise UserError(f"{config.where}: none of the {len(listed)} listed architectures lies in {space!r}")
            own = own.model_copy(update={"sampler_options": config.sampler_options | {"archs": inside}})
        folder = None if context.folder is None else context.folder / f"{config.label}-part{i + 1}of{n}"
        progress = context.progress
        yield own, replace(context, space=space, folder=folder, progress=progress and partial(_told, progress, i, n))


def _told(progress: Callable[[float, int], None], number: int, n_parts: int, done: float, total: int) -> None:
    progress(number * total + done, n_parts * total)
