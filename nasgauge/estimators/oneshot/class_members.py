"""What a supernet scores: architectures, the members that stand for them, and those of their classes."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import final

from nasgauge.core.errors import UserError
from nasgauge.nets import Supernet
from nasgauge.spaces import Arch, Space


@final
@dataclass(frozen=True, eq=False)
class ScoringRequest:
    """Architectures that a supernet can score, and their classes, worked out once for all checkpoints.

    `archs`: each once. `stand_ins`: of those that lie outside of a restricted space, the member of their class that is
    scored in their place. `classes`: of each of `archs` the members of its class for which there are weights; empty
    where class means are not wanted. `owners`: the string of a member's class, by the member's own. `beside`: pairs of
    one of `archs` and the member of its class that is scored as well, as it lies in a smaller space.
    """

    space: Space
    archs: tuple[Arch, ...]
    classes: Mapping[Arch, tuple[Arch, ...]]
    owners: Mapping[str, str]
    stand_ins: Mapping[Arch, Arch] = field(default_factory=dict)
    beside: tuple[tuple[Arch, Arch], ...] = ()

    @cached_property
    def scored(self) -> list[Arch]:
        """Of each architecture the path whose score is its own: itself, or the member that stands for it."""
        return [self.stand_ins.get(arch, arch) for arch in self.archs]

    @cached_property
    def paths(self) -> list[Arch]:
        """All that is scored, each once: what the architectures are scored by, then the other members."""
        members = [m for group in self.classes.values() for m in group]
        return list(dict.fromkeys([*self.scored, *members, *(member for _, member in self.beside)]))

    @cached_property
    def texts(self) -> list[str]:
        """The strings of `paths`."""
        return [self.space.to_str(path) for path in self.paths]

    @cached_property
    def names(self) -> list[str]:
        """The strings of `archs`, under which their scores are reported."""
        return [self.space.to_str(arch) for arch in self.archs]

    @cached_property
    def own(self) -> list[int]:
        """Of each architecture the place in `paths` of what it is scored by."""
        place = {path: i for i, path in enumerate(self.paths)}
        return [place[path] for path in self.scored]

    @cached_property
    def groups(self) -> list[list[int]]:
        """Of each architecture the places in `paths` of its class's members; empty as `classes` are."""
        place = {path: i for i, path in enumerate(self.paths)}
        return [[place[m] for m in members] for members in self.classes.values()]

    @cached_property
    def others(self) -> list[int]:
        """Of each pair of `beside` the place in `paths` of its member."""
        place = {path: i for i, path in enumerate(self.paths)}
        return [place[member] for _, member in self.beside]

    def alone(self) -> "ScoringRequest":
        """The architectures without their classes."""
        return replace(self, classes={}, owners={})


@final
@dataclass(frozen=True, eq=False)
class StandIns:
    """Which member of its class an architecture is scored by, where the supernet has weights for a part of a space.

    A class lies in a restricted space if one of its members does, whether or not that is the member that stands for
    the class in a benchmark. So an architecture outside is scored by the first member inside, in the order of
    `Space.members` under the canonical `form`; they compute the same function. Not if a member inside is one of
    `judged()`, the strings of all architectures that are asked for: then the class is there already.
    """

    net: Supernet
    space: Space
    form: str | None = None
    judged: Callable[[], Collection[str]] = frozenset

    def __call__(self, arch: Arch, members: Sequence[Arch] | None = None) -> Arch:
        """The architecture itself or its stand-in; UserError where the supernet has weights for neither.

        members: those of its class inside, where they are known already.
        """
        reason = self.reason(arch)
        if reason is None:
            return arch
        inside = self.inside(arch) if members is None else members
        if not inside:
            raise UserError(reason)
        texts = [self.space.to_str(member) for member in inside]
        there = next((text for text in texts if text in self.judged()), None)
        if there is not None:
            raise UserError(f"{reason}; of its class {there} is scored, which is requested as well")
        return inside[0]

    def chosen(self, archs: Iterable[Arch]) -> dict[str, str]:
        """By the string of each architecture that another one stands for, the string of that one."""
        found = scoring_request(self.net, self.space, archs, with_classes=False, form=self.form, judged=self.judged)[
            0
        ].stand_ins
        return {self.space.to_str(arch): self.space.to_str(member) for arch, member in found.items()}

    def pairs(self, archs: Iterable[Arch]) -> Iterator[tuple[Arch, Arch]]:
        """Each of the architectures that another one stands for, and that one."""
        for arch in archs:
            try:
                member = self(arch)
            except UserError:  # no member of its class lies inside, or one is asked for itself
                continue
            if member != arch:
                yield arch, member

    def inside(self, arch: Arch) -> tuple[Arch, ...]:
        """The members of the architecture's class for which there are weights."""
        return tuple(m for m in self.space.members(arch, self.form) if self.reason(m) is None)

    def reason(self, arch: Arch) -> str | None:
        """Why there are no weights for an architecture, None if there are."""
        try:
            self.net.used(arch)
        except UserError as reason:
            return str(reason)
        return None


def scoring_request(
    net: Supernet,
    space: Space,
    archs: Iterable[Arch],
    *,
    with_classes: bool,
    form: str | None,
    judged: Callable[[], Collection[str]] = frozenset,
    smaller: Iterable[StandIns] = (),
) -> tuple[ScoringRequest, dict[Arch, str]]:
    """What the supernet can score, and for the other architectures the reason why it cannot.

    with_classes: also the members of the architectures' classes under the canonical `form`. judged: see `StandIns`.
    smaller: those of restricted spaces, whose stand-ins are scored as well.
    """
    choose = StandIns(net, space, form, judged)
    stand_ins: dict[Arch, Arch] = {}
    classes: dict[Arch, tuple[Arch, ...]] = {}
    found, reasons = [], {}
    for arch in dict.fromkeys(archs):
        members = choose.inside(arch) if with_classes else None
        try:
            scored = choose(arch, members)
        except UserError as reason:
            reasons[arch] = str(reason)
            continue
        found.append(arch)
        if scored != arch:
            stand_ins[arch] = scored
        if members is not None:
            classes[arch] = members
    owners = {
        space.to_str(member): owner
        for arch, members in classes.items()
        for owner in (space.to_str(space.canonical(arch, form)),)
        for member in members
    }
    beside = dict.fromkeys(pair for choice in smaller for pair in choice.pairs(found))
    return ScoringRequest(space, tuple(found), classes, owners, stand_ins, tuple(beside)), reasons
