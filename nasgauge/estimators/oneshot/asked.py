"""What a supernet is asked to score: architectures, and the members of their classes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import final

from nasgauge.errors import UserError
from nasgauge.nets import Supernet
from nasgauge.spaces import Arch, Space


@final
@dataclass(frozen=True, eq=False)
class Asked:
    """Architectures that a supernet has weights for, and their classes, worked out once for all checkpoints.

    `archs`: each once. `classes`: of each of them the members of its class for which there are weights, itself among
    them; empty where class means are not wanted. `owners`: the string of a member's class, by the member's own.
    """

    space: Space
    archs: tuple[Arch, ...]
    classes: Mapping[Arch, tuple[Arch, ...]]
    owners: Mapping[str, str]

    @cached_property
    def paths(self) -> list[Arch]:
        """All that is scored, each once: the architectures, then the other members."""
        return list(dict.fromkeys([*self.archs, *(m for members in self.classes.values() for m in members)]))

    @cached_property
    def texts(self) -> list[str]:
        """The strings of `paths`."""
        return [self.space.to_str(path) for path in self.paths]

    @cached_property
    def groups(self) -> list[list[int]]:
        """Of each architecture the places in `paths` of its class's members; empty as `classes` are."""
        place = {path: i for i, path in enumerate(self.paths)}
        return [[place[m] for m in members] for members in self.classes.values()]

    def alone(self) -> "Asked":
        """The architectures without their classes."""
        return replace(self, classes={}, owners={})


def asked(
    net: Supernet, space: Space, archs: Iterable[Arch], *, with_classes: bool, form: str | None
) -> tuple[Asked, dict[Arch, str]]:
    """What the supernet can score, and for the other architectures the reason why it cannot.

    with_classes: also the members of the architectures' classes under the canonical `form`.
    """
    found, reasons = _served(net, dict.fromkeys(archs))
    classes = {arch: tuple(_served(net, space.members(arch, form))[0]) for arch in found if with_classes}
    owners = {
        space.to_str(member): owner
        for arch, members in classes.items()
        for owner in (space.to_str(space.canonical(arch, form)),)
        for member in members
    }
    return Asked(space, tuple(found), classes, owners), reasons


def _served(net: Supernet, archs: Iterable[Arch]) -> tuple[list[Arch], dict[Arch, str]]:
    found, reasons = [], {}
    for arch in archs:
        try:
            net.used(arch)
            found.append(arch)
        except UserError as reason:
            reasons[arch] = str(reason)
    return found, reasons
