"""The samplers: functions that return endless generators, see `samplers`.

Draws are independent of each other, but for the permutations of fair samplers and the memory of lazy `deiso`.
"""

import itertools
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial

import numpy as np

from nasgauge.core.errors import UserError, unknown_name
from nasgauge.estimators.oneshot.draws import (
    NOT_LIVE,
    encoding_draw,
    first_accepted,
    listed,
    live_convolution,
    pick,
    repeated,
    wants_live,
)
from nasgauge.estimators.oneshot.fair import fair_item
from nasgauge.spaces import Arch, Space

METHODS = ("table", "lazy")
MEMBERS = ("representative", "random")


def uniform(
    space: Space, *, rng: np.random.Generator, n_samples: int = 1, live_conv: bool = False
) -> Iterator[list[Arch]]:
    """Every encoding equally often: n_samples independent draws a step, P(a) = 1 / |space|.

    n_samples: architectures a step, from 1. live_conv: draw again while information crosses no convolution
    (`Space.operations`), so uniform over the rest. UserError: no architecture with a live convolution, found
    at the call where the space can be listed, else after 10,000 rejections in a row. Reference: Guo et al. 2020.

    >>> from nasgauge.spaces import NB201
    >>> [len(archs) for archs in itertools.islice(uniform(NB201(), rng=np.random.default_rng(0), n_samples=3), 2)]
    [3, 3]
    """
    return repeated(encoding_draw(space, rng, live_conv), n_samples)


def fairnas(space: Space, *, rng: np.random.Generator, live_conv: bool = False) -> Iterator[list[Arch]]:
    """Every option of every decision equally often a step: N architectures, the most options that a decision has.

    Of N options each a decision has: for decision i a random permutation P_i of its options; architecture j is
    (P_1[j], ..., P_M[j]); an item holds all N, so each option exactly once. Of unequal numbers: each decision goes on
    with permutations of its own (`fair.cycles`); in every item, and counted from the first one on, the numbers of
    visits of two options of a decision differ by at most one. Decisions: `Space.balanced_entries`; where these leave
    something open, the topology of a cell (edges, predecessors), it is drawn once for an item. In `darts-nds` two terms
    of a node may have one predecessor; there each operation is visited exactly twice a node.

    live_conv: architectures without a live convolution (as in `uniform`) are dropped from their item, as the public
    code of Ning et al. 2021 does; then some options are trained less often and the fairness is lost. An item that
    would be empty is drawn again. UserError: no decisions that are independent of each other; no live convolution.
    Reference: Chu et al. 2021; Ning et al. 2021, algorithm 1.

    >>> from nasgauge.spaces import NB201
    >>> archs = next(fairnas(NB201(), rng=np.random.default_rng(0)))
    >>> sorted(arch[2] for arch in archs)
    [0, 1, 2, 3, 4]
    """
    item = fair_item(space, rng)
    if not wants_live(live_conv):
        return (item() for _ in itertools.repeat(None))
    is_live = live_convolution(space)

    def live_item() -> list[Arch]:
        return [arch for arch in item() if is_live(arch)]

    return (first_accepted(live_item, bool, NOT_LIVE) for _ in itertools.repeat(None))


def strictly_fair(space: Space, *, rng: np.random.Generator) -> Iterator[list[Arch]]:
    """The draws of `fairnas` with nothing dropped, so every option of every decision equally often.

    The two differ in the protocol, not here: how the gradients of a step are combined, and whether its passes see the
    same images. UserError as `fairnas`. Reference: Laube & Zell 2021, section 4.3.
    """
    return fairnas(space, rng=rng)


def deiso(
    space: Space,
    *,
    rng: np.random.Generator,
    form: str | None = None,
    method: str = "table",
    member: str = "representative",
    n_samples: int = 1,
    live_conv: bool = False,
) -> Iterator[list[Arch]]:
    """Every class of isomorphic architectures equally often, however many members it has.

    P(class) = 1 / n_classes. form: canonical form that makes the classes (default: the space's first). member:
    "representative" (the canonical one, or the first in the order of the list where a restricted space lacks it) or
    "random" (uniform over the class). live_conv: as in `uniform`, before classes are made.

    method "table" lists the space once. method "lazy" draws as `uniform` and accepts what belongs to a class not met
    before, which makes it the representative, and representatives met again; nothing else. Each representative is then
    one encoding and as likely as any other: in expectation a class of m members is ahead of a class of one by 1 - 1/m
    draws only, however long the stream.

    UserError: unknown form, method or member; "random" with "lazy"; "table" where the space is too large to list; no
    live convolution; 10,000 rejections in a row. Reference: Ning et al. 2021, appendix A.3.3.
    """
    _check_name("canonical form", form or space.forms[0], space.forms)
    _check_name("method of deiso", method, METHODS)
    _check_name("member of a class", member, MEMBERS)
    if method == "table":
        return repeated(_class_drawing(_classes(space, form, live_conv), member, rng), n_samples)
    if member == "random":
        raise UserError(
            "deiso: method 'lazy' knows one member of a class; use member 'representative' or method 'table'"
        )
    first: dict[Arch, Arch] = {}  # class -> its representative
    draw = partial(
        first_accepted,
        encoding_draw(space, rng, live_conv),
        lambda arch: first.setdefault(space.canonical(arch, form), arch) == arch,
        "neither a new class nor a representative; method 'table' rejects nothing",
    )
    return repeated(draw, n_samples)


def subset(
    space: Space, *, rng: np.random.Generator, archs: Sequence[str | Arch], n_samples: int = 1
) -> Iterator[list[Arch]]:
    """The given architectures alone, each equally often: P(a) = 1 / len(archs).

    archs: the space's strings, or tuples; one that stands twice is drawn twice as often. n_samples: a step. UserError:
    an empty list, a malformed string, an architecture outside the space (this only where `space.decisions` tells).
    Reference: Ning et al. 2021, section 6.3 (pruned search spaces).
    """
    return repeated(partial(pick, given_archs(space, archs, "subset"), rng), n_samples)


def mixture(
    space: Space, *, rng: np.random.Generator, archs: Sequence[str | Arch], share: float = 0.5, n_samples: int = 1
) -> Iterator[list[Arch]]:
    """Partly the given architectures, partly any: each draw is one of `archs` with probability `share`.

    P(a) = share * #(a in archs) / len(archs) + (1 - share) / |space|. share: fraction in [0, 1]. archs, n_samples and
    errors as `subset`. Reference: Ning et al. 2021, table A8 (half random, half of a population).
    """
    given = given_archs(space, archs, "mixture")
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
        raise UserError(f"mixture: share must be a fraction from 0 to 1, got {share!r}")
    return repeated(lambda: pick(given, rng) if rng.random() < share else space.sample(rng), n_samples)


def _classes(space: Space, form: str | None, live_conv: bool) -> dict[Arch, list[Arch]]:
    archs = listed(space)
    if archs is None:
        raise UserError(f"deiso: {space.name} is too large to list; use method 'lazy'")
    if wants_live(live_conv):
        archs = filter(live_convolution(space), archs)
    classes: dict[Arch, list[Arch]] = {}
    for arch in archs:
        classes.setdefault(space.canonical(arch, form), []).append(arch)
    return classes


def _class_drawing(classes: dict[Arch, list[Arch]], member: str, rng: np.random.Generator) -> Callable[[], Arch]:
    if member == "random":
        members = list(classes.values())
        return lambda: pick(pick(members, rng), rng)
    return partial(pick, [best if best in members else members[0] for best, members in classes.items()], rng)


def given_archs(space: Space, archs: Sequence[str | Arch], where: str) -> list[Arch]:
    """Listed architectures, strings or tuples, as tuples; UserError for what is none, as far as `decisions` tell."""
    if isinstance(archs, str | Mapping) or not isinstance(archs, Collection) or not len(archs):
        raise UserError(f"{where}: archs must be a list of at least one architecture, got {archs!r}")
    for arch in archs:
        if not isinstance(arch, str | Sequence):
            raise UserError(
                f"{where}: {arch!r} in archs is not an architecture; give strings of {space.name}, or tuples"
            )
    try:
        given = [space.from_str(arch) if isinstance(arch, str) else tuple(arch) for arch in archs]
    except UserError as error:
        raise UserError(f"{where}: {error}") from error
    try:
        decisions = space.decisions()
    except NotImplementedError:
        return given
    for arch in given:
        if len(arch) != len(decisions) or not all(o in options for o, options in zip(arch, decisions, strict=True)):
            raise UserError(f"{where}: architecture {arch} does not lie in {space!r}; leave it out")
    return given


def _check_name(kind: str, name: str, known: Sequence[str]) -> None:
    if name not in known:
        raise unknown_name(kind, name, known)
