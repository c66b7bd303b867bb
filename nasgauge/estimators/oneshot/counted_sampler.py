"""A sampler's items, counted, so that training can be taken up where it stopped."""

import json
from collections.abc import Iterator
from typing import final

from nasgauge.core.errors import UserError
from nasgauge.estimators.oneshot.controllers import Controller, Judge, Rows
from nasgauge.nets import Path


@final
class CountedSampler:
    """What a sampler hands out, one step's paths at a time; the next item can be looked at before it is taken.

    `n_taken`: items taken so far. `last`: the last of them, as text. UserError: the sampler ends, or an item is empty.

    >>> counted = CountedSampler(iter([[(1, 2)], [(3, 4)]]))
    >>> counted.ahead(), counted.take(), counted.n_taken, counted.take()
    ([(1, 2)], [(1, 2)], 1, [(3, 4)])
    """

    def __init__(self, sampler: Iterator[list[Path]]) -> None:
        self._sampler = iter(sampler)
        self._ahead: list[Path] | None = None
        self._last: list[Path] = []
        self.n_taken = 0

    @property
    def last(self) -> str:
        """The item taken last, as text."""
        return str(self._last)

    def ahead(self) -> list[Path]:
        """The next item, which stays to be taken."""
        if self._ahead is None:
            self._ahead = next(self._sampler, None)
        if not self._ahead:
            said = "ended" if self._ahead is None else "handed out no architecture"
            raise UserError(f"training: the sampler {said} at step {self.n_taken}; give one that never does")
        return self._ahead

    def take(self) -> list[Path]:
        """The next item."""
        self._last, self._ahead = self.ahead(), None
        self.n_taken += 1
        return self._last

    @property
    def tables(self) -> tuple[str, ...]:
        """The record tables in which it writes."""
        return (self._sampler.table,) if isinstance(self._sampler, Controller) else ()

    def after_epoch(self, epoch: int, judge: Judge | None) -> Rows:
        """Update a controller with scores of the current weights; its rows by table."""
        return self._sampler.after_epoch(epoch, judge) if isinstance(self._sampler, Controller) else {}

    def memory(self) -> dict[str, str]:
        """What a controller must keep, as JSON; of other samplers nothing, as their draws are repeated."""
        if not isinstance(self._sampler, Controller):
            return {}
        return {"controller": json.dumps({"state": self._sampler.state(), "ahead": self._ahead, "last": self._last})}

    def restore(self, n_taken: int, last: str, where: str, controller: str | None) -> None:
        """Go on as after an earlier training's item `n_taken`, which was `last`; UserError as `skip`."""
        if (controller is not None) != isinstance(self._sampler, Controller):
            raise UserError(
                f"{where}: was trained with another sampler; take that one, or keep these checkpoints elsewhere"
            )
        if controller is None or not isinstance(self._sampler, Controller):
            self.skip(n_taken, last, where)
            return
        kept = json.loads(controller)
        self._sampler.restore(kept["state"], where)
        self._ahead = None if kept["ahead"] is None else [tuple(arch) for arch in kept["ahead"]]
        self.n_taken, self._last = n_taken, [tuple(arch) for arch in kept["last"]]

    def skip(self, n_taken: int, last: str, where: str) -> None:
        """Draw what an earlier training took; UserError if this sampler does not end on the same item."""
        for _ in range(n_taken):
            self.take()
        if self.last != last:
            raise UserError(
                f"{where}: its sampler drew {last} at step {n_taken}, this one {self.last}; take the sampler and seed "
                "of that training, or keep these checkpoints elsewhere"
            )
