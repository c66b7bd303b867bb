"""Which architectures does a step of the supernet's training run through?

A sampler is a function `sampler(space, *, rng, **options)` that returns an endless generator; each item is the list of
the architectures whose gradients make one optimiser step. Mistakes are told at the call, before anything is drawn. A
new one: a function that draws in `streams`, or in a file of its own, and one line in `SAMPLERS`.
"""

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from nasgauge.core.errors import UserError, unknown_name
from nasgauge.core.registry import Registry
from nasgauge.estimators.oneshot.sampling import deiso, fairnas, mixture, strictly_fair, subset, uniform
from nasgauge.spaces import Arch, Space


@final
@dataclass(frozen=True)
class Sampler:
    """What the dictionary knows of a sampler: its function, and the bib key of who proposed it. Call it like one."""

    function: Callable[..., Iterator[list[Arch]]]
    reference: str

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


SAMPLERS: Registry[Sampler] = Registry(
    "sampler",
    {
        "uniform": Sampler(uniform, "guo2020single"),
        "fairnas": Sampler(fairnas, "chu2021fairnas"),
        "strictly_fair": Sampler(strictly_fair, "laube2021exploring"),  # the draws of fairnas, see there
        "deiso": Sampler(deiso, "ning2021evaluating"),
        "subset": Sampler(subset, "ning2021evaluating"),
        "mixture": Sampler(mixture, "ning2021evaluating"),
    },
    group="nasgauge.sampler",
    of=Sampler,
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
