"""Which losses are recorded around the trained weights of a supernet."""

from typing import Annotated, Self, final

from pydantic import Field, model_validator

from nasgauge.core.config import Config, Count, Distinct, Positive
from nasgauge.core.errors import UserError


@final
class LandscapeConfig(Config):
    """The training loss around the weights of the last epoch, for the analysis `loss_landscape`.

    `archs`: architectures, each with surfaces of its loss; of a network trained alone (sampler `subset` of one
    architecture) this one. `n_paths`: surfaces of the mean loss of so many architectures, drawn uniformly for each
    seed; none if absent. `n_pairs`: pairs of random directions, the same for all surfaces of a seed. `radius`: reach of
    a surface from its middle, in units of the directions, which have the norm of each filter. `n_steps`: steps of a
    surface in each direction, an odd number. `n_images`: the first training images, in one batch.
    """

    archs: Distinct[str] = ()
    n_paths: Count | None = None
    n_pairs: Count = 3
    radius: Positive = 0.5
    n_steps: Annotated[int, Field(ge=3)] = 9
    n_images: Count = 256

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not self.archs and self.n_paths is None:
            raise UserError("landscape: neither archs nor n_paths is given; name architectures, or a number of them")
        if self.n_steps % 2 == 0:
            raise UserError(f"landscape: n_steps = {self.n_steps} has no middle; give an odd number")
        return self
