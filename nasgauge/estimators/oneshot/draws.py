"""How one architecture is drawn: what samplers share. A draw is a function without arguments."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from typing import TypeVar

import numpy as np

from nasgauge.core.errors import UserError
from nasgauge.spaces import Arch, Space, n_convolutions

T = TypeVar("T")
N_REJECTED = 10_000  # rejections in a row before a sampler gives up
N_LISTED = 100_000  # a space of at most so many architectures is listed to see whether any has a live convolution
NOT_LIVE = "no live convolution; leave out live_conv"


def repeated(draw: Callable[[], Arch], n_samples: int) -> Iterator[list[Arch]]:
    """Lists of n_samples draws for ever; UserError at the call unless n_samples is a whole number from 1."""
    if isinstance(n_samples, bool) or not isinstance(n_samples, int) or n_samples < 1:
        raise UserError(f"sampler: n_samples must be a whole number from 1, got {n_samples!r}")
    return ([draw() for _ in range(n_samples)] for _ in itertools.repeat(None))


def encoding_draw(space: Space, rng: np.random.Generator, live_conv: bool) -> Callable[[], Arch]:
    """A draw uniform over the encodings, or over those with a live convolution."""
    draw = partial(space.sample, rng)
    if not wants_live(live_conv):
        return draw
    return partial(first_accepted, draw, live_convolution(space), NOT_LIVE)


def first_accepted(draw: Callable[[], T], accept: Callable[[T], bool], rejected: str) -> T:
    """The first draw that is accepted; UserError after 10,000 rejections in a row, `rejected` says of what."""
    for _ in range(N_REJECTED):
        drawn = draw()
        if accept(drawn):
            return drawn
    raise UserError(f"sampler: {N_REJECTED:,} draws in a row were rejected: {rejected}")


def live_convolution(space: Space) -> Callable[[Arch], bool]:
    """Whether a convolution (`spaces.n_convolutions`) stands where information flows from input to output.

    UserError at once where the space has at most 100,000 architectures and none passes.
    """

    @lru_cache(maxsize=N_LISTED)
    def is_live(arch: Arch) -> bool:
        return n_convolutions(space, arch) > 0

    archs = listed(space, N_LISTED + 1)
    if archs is not None and len(archs) <= N_LISTED and not any(map(is_live, archs)):
        raise UserError(f"live_conv: no architecture of {space!r} has a live convolution; keep one or leave it out")
    return is_live


def wants_live(live_conv: bool) -> bool:
    """The option itself; UserError unless it is true or false."""
    if not isinstance(live_conv, bool):
        raise UserError(f"sampler: live_conv must be true or false, got {live_conv!r}")
    return live_conv


def listed(space: Space, at_most: int | None = None) -> list[Arch] | None:
    """The architectures of the space, or so many of them; None where it is too large to list."""
    try:
        return list(itertools.islice(space.enumerate(), at_most))
    except NotImplementedError:
        return None


def pick(items: Sequence[T], rng: np.random.Generator) -> T:
    """One of the items, each equally likely."""
    return items[int(rng.integers(len(items)))]
