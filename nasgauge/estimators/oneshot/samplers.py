"""Which architectures does a step of the supernet's training run through?

A sampler is a function `sampler(space, *, rng, **options)` that returns an endless generator; each item is the list of
the architectures whose gradients make one optimiser step. Errors are raised at the call, before anything is drawn. A
new one: a function that draws in `streams`, or in a file of its own, and one line in `SAMPLERS`. One that is updated by
training returns a `Controller`.
"""

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, final

import numpy as np

from nasgauge.core.errors import UserError, unknown_name
from nasgauge.core.registry import Registry
from nasgauge.core.signatures import keywords, n_positional
from nasgauge.estimators.oneshot.controllers import Controller
from nasgauge.estimators.oneshot.evolution import pareto_evo, single_evo
from nasgauge.estimators.oneshot.per_decision import per_decision
from nasgauge.estimators.oneshot.sampling import deiso, fairnas, mixture, strictly_fair, subset, uniform
from nasgauge.spaces import Arch, Space


@final
@dataclass(frozen=True)
class Sampler:
    """What the dictionary knows of a sampler: its function, and the bib key of who proposed it. Call it like one."""

    function: Callable[..., Iterator[list[Arch]]]
    reference: str | None = None

    def __call__(self, space: Space, *, rng: np.random.Generator, **options: Any) -> Iterator[list[Arch]]:
        """The function's generator; UserError names an unknown option and one that is missing."""
        known = {k: p for k, p in inspect.signature(self.function).parameters.items() if k not in ("space", "rng")}
        where = f"sampler {self.function.__name__!r}"
        for name in options:
            if name not in known:
                if not known:
                    raise UserError(f"{where}: takes no options, got {name!r}; leave it out")
                raise UserError(f"{where}: {unknown_name('option', name, known)}")
        for name, parameter in known.items():
            if parameter.default is inspect.Parameter.empty and name not in options:
                raise UserError(f"{where}: option {name!r} is missing; give it")
        return self.function(space, rng=rng, **options)


def _sampler(thing: Any, name: str) -> Sampler | None:
    """What a reference yields: a Sampler, or its function; what these draw is checked at every step."""
    if isinstance(thing, Sampler):
        return Sampler(_checked(thing.function, name), thing.reference)
    if not callable(thing) or isinstance(thing, type):
        return None
    if n_positional(thing) != 1 or "rng" not in keywords(thing):
        raise UserError("a sampler is a function of (space, *, rng), and of options")
    return Sampler(_checked(thing, name))


def _checked(function: Callable[..., Iterator[list[Arch]]], name: str) -> Callable[..., Iterator[list[Arch]]]:
    """The sampler's function; UserError where it draws what is not a list of architectures, or ends."""

    @wraps(function)
    def sampler(space: Space, *, rng: np.random.Generator, **options: Any) -> Iterator[list[Arch]]:
        drawn = function(space, rng=rng, **options)
        return drawn if isinstance(drawn, Controller) else _valid(drawn, space, f"sampler {name!r}")

    return sampler


def _valid(drawn: Any, space: Space, where: str) -> Iterator[list[Arch]]:
    if not isinstance(drawn, Iterator):
        raise UserError(f"{where}: gives an object of type {type(drawn).__name__}; write it as a generator, with yield")
    for archs in drawn:
        if not isinstance(archs, list) or not archs or not all(isinstance(arch, tuple) for arch in archs):
            raise UserError(f"{where}: gives {archs!r:.100} for a step; give a list of architectures, which are tuples")
        for arch in archs:
            space.validate(arch)
        yield archs
    raise UserError(f"{where}: ended; a sampler draws for ever, as in 'while True: yield [space.sample(rng)]'")


SAMPLERS: Registry[Sampler] = Registry(
    "sampler",
    {
        "uniform": Sampler(uniform, "guo2020single"),
        "fairnas": Sampler(fairnas, "chu2021fairnas"),
        "strictly_fair": Sampler(strictly_fair, "laube2021exploring"),  # the draws of fairnas, see there
        "deiso": Sampler(deiso, "ning2021evaluating"),
        "subset": Sampler(subset, "ning2021evaluating"),
        "mixture": Sampler(mixture, "ning2021evaluating"),
        "single_evo": Sampler(single_evo, "ning2021evaluating"),
        "pareto_evo": Sampler(pareto_evo, "ning2021evaluating"),
        "per_decision": Sampler(per_decision, "ning2021evaluating"),
    },
    group="nasgauge.sampler",
    of=Sampler,
    adapt=_sampler,
    takes="a Sampler, or a function of (space, *, rng) that yields lists of architectures",
)


def get_sampler(sampler: str | Sampler) -> Sampler:
    """The sampler of that name, or the sampler itself; an unknown name is an error that lists the nearest ones.

    >>> get_sampler("deiso").reference
    'ning2021evaluating'
    """
    return SAMPLERS.find(sampler)


def per_cell(streams: Sequence[Iterator[list[Arch]]]) -> Iterator[list[tuple[Arch, ...]]]:
    """One stream a cell made into one stream of paths, for a topology that the cells do not share.

    Item n holds the paths p_j = (s_1[n][j], ..., s_C[n][j]): the j-th path takes the j-th architecture of every cell's
    n-th item. streams: C >= 1 generators, each with random numbers of its own if cells are to be independent. It ends
    with the first stream that ends; samplers never do. UserError: no stream; items of unequal lengths, when they are
    drawn. Reference: Laube & Zell 2021, section 4.3.

    >>> from nasgauge.spaces import NB201
    >>> rngs = np.random.default_rng(0).spawn(3)
    >>> paths = next(per_cell([strictly_fair(NB201(), rng=rng) for rng in rngs]))
    >>> len(paths), {len(path) for path in paths}
    (5, {3})
    """
    if any(isinstance(stream, Controller) for stream in streams):
        raise UserError(
            "per_cell: a sampler that is updated during training chooses all cells alike; set share_topology = true"
        )
    if not streams:
        raise UserError("per_cell: there is no stream; give one for each cell of the network")
    return (_joined(items) for items in zip(*streams))  # noqa: B905, it ends with the first that ends


def _joined(items: tuple[list[Arch], ...]) -> list[tuple[Arch, ...]]:
    lengths = [len(item) for item in items]
    if len(set(lengths)) > 1:
        raise UserError(
            f"per_cell: the cells' samplers give {', '.join(map(str, lengths))} architectures for one step; use "
            "samplers of equal n_samples, and no live_conv with fair ones"
        )
    return list(zip(*items, strict=True))
