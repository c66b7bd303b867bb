"""Networks trained by gradient descent."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, final

import numpy as np
import torch
from torch import nn

from nasgauge.core.errors import UserError, unknown_name
from nasgauge.estimators.predictors.encodings import Words, graphs_of, vocabulary
from nasgauge.estimators.predictors.losses import LOSSES
from nasgauge.estimators.predictors.model import Examples, Model, Training
from nasgauge.estimators.predictors.networks import GATES, LSTM, MLP
from nasgauge.estimators.predictors.not_scored import NotScored
from nasgauge.nets import products
from nasgauge.spaces import Arch

_AT_ONCE = 4096  # architectures scored together


class Trained(Model):
    """A network on some reading of the architectures; final subclasses say which.

    It is trained and scores in float32, without TF32, on the device that the training names.
    """

    network: nn.Module
    device: str

    @abstractmethod
    def learn_words(self, archs: Sequence[Arch]) -> None:
        """Remember what the training architectures hold."""

    @abstractmethod
    def make(self) -> nn.Module:
        """The untrained network for what was learned of the words."""

    @abstractmethod
    def read(self, archs: Sequence[Arch]) -> Any:
        """What the network takes for these architectures, on the CPU; it has a method `to(device)`."""

    @products("float32")
    def fit(self, examples: Examples, training: Training, seed: int) -> None:
        _check(training)
        archs, self.space, self.features = examples.archs, examples.space, examples.features
        self.device = training.device
        self.learn_words(archs)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)  # torch draws initial weights from its global generator alone
            self.network = self.make().to(self.device)
        generator = torch.Generator().manual_seed(seed)
        target = _standardised(examples.accuracy).to(self.device)
        adam = torch.optim.Adam(self.network.parameters(), lr=training.lr)
        whole = self._whole(archs) if len(archs) <= training.batch_size else None
        loss_of = LOSSES[training.loss]
        for _ in range(training.epochs):
            for rows in torch.randperm(len(archs), generator=generator).split(training.batch_size):
                seen = whole if whole is not None else self._whole([archs[i] for i in rows])
                wanted = target if whole is not None else target[rows.to(self.device)]
                loss = loss_of(self.network(*seen), wanted)
                adam.zero_grad()
                loss.backward()
                adam.step()

    def _whole(self, archs: Sequence[Arch]) -> tuple[Any, torch.Tensor]:
        """What the network takes: the architectures, and their score features, (n, n_score_features)."""
        features = torch.as_tensor(self.read_features(archs), dtype=torch.float32)
        return self.read(archs).to(self.device), features.to(self.device)

    @property
    def n_score_features(self) -> int:
        """Score features per architecture."""
        return len(self.features.names)

    def check(self, arch: Arch) -> None:
        self.read([arch])
        self.read_features([arch])

    @torch.no_grad()
    @products("float32")
    def score(self, archs: Sequence[Arch]) -> np.ndarray:
        parts = [self.network(*self._whole(archs[i : i + _AT_ONCE])) for i in range(0, len(archs), _AT_ONCE)]
        return torch.cat(parts).cpu().double().numpy()


def _check(training: Training) -> None:
    if training.loss not in LOSSES:
        raise unknown_name("loss", training.loss, LOSSES)
    if training.epochs < 1 or training.batch_size < 1:
        raise UserError(
            f"predictor: {training.epochs} epochs, batches of {training.batch_size}; both must be at least 1"
        )


def _standardised(accuracy: np.ndarray) -> torch.Tensor:
    """Less their mean and divided by their standard deviation (n,); losses of the order do not notice."""
    spread = accuracy.std()
    standard = (accuracy - accuracy.mean()) / (spread if spread > 0 else 1.0)
    return torch.tensor(standard.tolist(), dtype=torch.float32)


@final
class OrdinalMLP(Trained):
    """An MLP on the numbers of the words as they are, one number a place (the paper's serialisation)."""

    words: Words

    def learn_words(self, archs: Sequence[Arch]) -> None:
        self.words = Words.of(self.space, archs)

    def make(self) -> nn.Module:
        return MLP(len(self.words.places), self.n_score_features)

    def read(self, archs: Sequence[Arch]) -> torch.Tensor:
        return torch.tensor([self.words.codes(self.space, arch) for arch in archs], dtype=torch.float32)


@final
class OneHotMLP(Trained):
    """An MLP on the space's encoding, which tells words apart without an order among them."""

    def make(self) -> nn.Module:
        return MLP(self.n_features, self.n_score_features)

    def learn_words(self, archs: Sequence[Arch]) -> None:
        self.n_features = len(self.space.encode(archs[0]))

    def read(self, archs: Sequence[Arch]) -> torch.Tensor:
        return torch.as_tensor(np.stack([self.space.encode(arch) for arch in archs]), dtype=torch.float32)


@final
class ScoresMLP(Trained):
    """An MLP on the scores of other estimators alone."""

    def make(self) -> nn.Module:
        return MLP(0, self.n_score_features)

    def learn_words(self, archs: Sequence[Arch]) -> None:
        pass

    def read(self, archs: Sequence[Arch]) -> torch.Tensor:
        return torch.empty(len(archs), 0)


@final
class SequenceLSTM(Trained):
    """An LSTM over the places; a word that was learned at one place is known at every other."""

    known: dict[str, int]

    def learn_words(self, archs: Sequence[Arch]) -> None:
        words = sorted({word for arch in archs for word in self.space.words(arch)})
        self.known = {word: i for i, word in enumerate(words)}

    def make(self) -> nn.Module:
        return LSTM(len(self.known), self.n_score_features)

    def read(self, archs: Sequence[Arch]) -> torch.Tensor:
        return torch.tensor([[self._number(word) for word in self.space.words(arch)] for arch in archs])

    def _number(self, word: str) -> int:
        if word not in self.known:
            raise NotScored(f"{word!r} was in no training architecture")
        return self.known[word]


@final
class GraphGATES(Trained):
    """GATES on the architecture's graphs."""

    known: dict[str, int]

    def learn_words(self, archs: Sequence[Arch]) -> None:
        self.known = vocabulary(self.space, archs)
        self.n_cells = len(self.space.graphs(archs[0]))
        if not self.n_cells:
            raise UserError(
                f"encoder gates: search space {self.space.name!r} does not define the graphs of its architectures; "
                "choose another encoder, such as mlp_one_hot"
            )

    def make(self) -> nn.Module:
        return GATES(len(self.known), self.n_cells, self.n_score_features)

    def read(self, archs: Sequence[Arch]) -> Any:
        return graphs_of(self.space, archs, self.known)
