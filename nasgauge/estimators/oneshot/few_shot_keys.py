"""The keys of few-shot estimators, which train a supernet for each part of a space."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from nasgauge.core.config import Count, Distinct, List
from nasgauge.core.errors import UserError
from nasgauge.estimators.oneshot.supernet_keys import SupernetKeys


class FewShotKeys(SupernetKeys):
    """A supernet for each part of the space, which is split at one decision.

    `split`: number of the decision, from 0, among those of the encoding that leave a choice whatever the others are:
    the first, next to the input, if absent; or "gradients", the one about whose options the gradients of shared weights
    disagree most, before training. `parts`: number of supernets, into which the options are divided in their order; one
    for each option if absent, and 1 is plain one-shot. `groups`: in its place, lists of options by name, one a
    supernet. `budget`: the epochs of one supernet are divided among the parts ("total"), or each part gets all of them
    ("each"). Epochs of `checkpoints` and of records are those of each part. `label`: its name in tables.
    All keys of "oneshot" serve as well, but for `start`, `top`, `also_without`, `landscape` and samplers with a
    controller.
    """

    split: Annotated[int, Field(ge=0)] | Literal["gradients"] = 0
    parts: Count | None = None
    groups: List[Distinct[str]] = ()
    budget: Literal["total", "each"] = "total"

    @model_validator(mode="after")
    def _split(self) -> Self:
        if self.parts is not None and self.groups:
            raise UserError(f"parts = {self.parts} and groups are both given; remove one of the two")
        for key in ("start", "top", "also_without", "landscape"):
            if getattr(self, key):
                raise UserError(f"{key} is not possible with several supernets; leave it out, or take name = 'oneshot'")
        if not all(self.groups):
            raise UserError("groups: one of them is empty; name an option in each")
        return self

    def of_part(self, number: int, n_parts: int) -> Self:
        """The keys of one part's supernet; UserError where there are fewer epochs than they are wanted for."""
        epochs = self.whole_protocol.epochs
        if self.budget == "total":
            epochs //= n_parts
        if not epochs:
            raise UserError(
                f"{self.where}: {self.whole_protocol.epochs} epochs for {n_parts} parts; give an epoch each, or budget "
                '= "each"'
            )
        for key in ("checkpoints", "forgetting_epochs", "gradient_epochs"):
            late = [epoch for epoch in getattr(self, key) if epoch > epochs]
            if late:
                raise UserError(
                    f"{self.where}: {key} holds {late[0]}; each of {n_parts} parts is trained {epochs} epochs"
                )
        folder = None if self.tensorboard is None else f"{self.tensorboard}/part{number}"
        return self.trained_for(epochs, {"without": (), "tensorboard": folder})
