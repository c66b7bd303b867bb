"""How a tabular benchmark is made, as it is read from a TOML file."""

from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, PrivateAttr, model_validator

from nasgauge.benchmarks.building.protocol import Protocol
from nasgauge.core import references
from nasgauge.core.config import Config, Count, FileName, Options, Seed, keys_of, table_of
from nasgauge.core.errors import UserError
from nasgauge.core.places import Place, fingerprint, here, names_a_file
from nasgauge.core.plugins import PluginConfig
from nasgauge.nets.options import NetOptions

_DECIDED = {"in_channels": "the images", "n_classes": "the images", "replicas": "n_seeds"}


class RecipeSample(Config):
    """Which architectures are trained: some classes, in the order of one seeded shuffle, and variants of the first.

    `n`: number of classes (default: all); a larger number with the same seed keeps the earlier ones. `form`: the
    canonical form that makes the classes, the space's first one if absent. `seed`: of the shuffle. `variants`: of so
    many of the first classes all architectures with another operation at one place, drawn at random, are trained too,
    so that pairs one mutation apart can be compared.
    """

    n: Count | None = None
    form: str | None = None
    seed: Seed = 0
    variants: Annotated[int, Field(ge=0)] = 0


class SplitSizes(Config):
    """Images for training and validation; the rest is the test part. Splits rotate from seed to seed.

    `n_train`, `n_valid`: numbers of images. `shuffle_seed`: of the order in which the splits lie.
    """

    n_train: Count
    n_valid: Count
    shuffle_seed: Seed = 0


class Recipe(PluginConfig):
    """How a tabular benchmark is made: every architecture trained from scratch once per seed.

    `name`: of its file; `title`: its description. `space`: the search space; `archs`: which of its architectures.
    `data`: a name of DATASETS, or the path of images; `data_path`: where those with a name lie; relative
    paths start in the folder of the recipe's file. `image_size`: pixels a side that the images must have, whatever they
    have if absent; `split`: their parts.
    `n_seeds`: trainings per architecture. `device`: where networks are trained. `net`: keys of NetOptions; `protocol`:
    how they are trained.
    """

    name: FileName
    title: str
    space: str
    data: str
    data_path: str | None = None
    archs: RecipeSample = RecipeSample()
    n_seeds: Count
    split: SplitSizes
    image_size: Count | None = None
    device: str = "cpu"
    net: Annotated[Options, keys_of(NetOptions)] = {}
    protocol: table_of(Protocol)
    _place: Place = PrivateAttr(default_factory=here)

    @model_validator(mode="after")
    def _decided(self) -> Self:
        for name, by in _DECIDED.items():
            if name in self.net:
                raise UserError(f"[net]: {name} is decided by {by}; leave it out")
        if self.protocol.nesterov and not self.protocol.momentum:
            raise UserError("[protocol]: momentum is 0, and nesterov needs one; set nesterov = false")
        if self.protocol.batch_size > self.split.n_train:
            raise UserError(
                f"batch_size = {self.protocol.batch_size} is more than the {self.split.n_train} training images"
            )
        return self

    def training(self) -> dict[str, Any]:
        """What the facts of the table say of its trainings, see `benchmarks.Training`."""
        return {"data": self.images, "data_path": self.data_path, "net": self.net, "shift": self.protocol.shift}

    def decisive(self) -> Options:
        """All that decides the trainings of an architecture: the keys with their defaults, the content of one's images.

        Name, title, plugins and the choice of architectures decide nothing, nor does the path of the images.
        """
        kept = self.model_dump(mode="json", exclude={"name", "title", "archs", "plugins", "data_path"})
        images = {"data": self.content or self.data, "code": references.digest_of(self.model_dump())}
        return kept | images | {"protocol": vars(self.protocol)}

    @property
    def place(self) -> Place:
        """Where its relative paths start."""
        return self._place

    @property
    def images(self) -> str:
        """The name of the data set, or the whole path of one's own."""
        return str(self.place.located(self.data).absolute()) if names_a_file(self.data) else self.data

    @property
    def content(self) -> str:
        """The fingerprint of one's own images, "" of a data set with a name."""
        return fingerprint(Path(self.images)) if names_a_file(self.data) else ""

    def loaded_from(self) -> tuple[str, str | None, str]:
        """Name or path of the images, where those with a name lie, and `content`."""
        path = None if self.data_path is None else self.place.started(self.data_path)
        return self.images, path, self.content
