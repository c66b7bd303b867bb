"""Configuration of predictors."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self, final

from pydantic import BeforeValidator, Field, model_validator

from nasgauge.benchmarks import Training as Truth
from nasgauge.core.config import Count, Distinct, Label, Positive, Seed
from nasgauge.core.errors import UserError
from nasgauge.core.places import names_a_file
from nasgauge.core.references import short_name
from nasgauge.estimators.configuration import Dependency, MeasuringConfig, TrainingSet
from nasgauge.estimators.context import RunContext
from nasgauge.search import get_search

_BY_SEED = "by_seed"
_WORDING = {"choose": "by {}", "signal": "on {}", "judged": "on {}", "loss": "{}", "n_trainings": "seen {}x"}
_OF_NETWORKS = ("loss", "epochs", "batch_size", "lr", "device")
_WHY = {
    **dict.fromkeys(_OF_NETWORKS, "as its encoder is not a network"),
    "choose": "as there is no stage after the first",
    "n_trainings": "as it learns from a signal",
}
_N_NAMED = 2  # features that a name holds
_NOT_SAID = ("name", "seeds", "encoder", "n_fit", "draw", "stages", "features", "n_candidates", "label", "device")


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


@final
class PredictorConfig(MeasuringConfig):
    """A model learned from some architectures of the study.

    `n_fit`: how many. `draw`: which random choice of them, or "by_seed", the one of the seed's number, so that seeds
    differ in draw and training alike.

    `stages`: after how many further stages it is judged, an estimator each: in every one it chose the `n_fit` best
    unseen ones by its own scores and learned again from all. `choose`: how it looks for them, a name of SEARCHES;
    `n_candidates`: how many it scores for that, where a search has a budget, else all. `n_trainings`: how many
    trainings of each it sees (default: all). `signal`: an estimator above from whose scores it learns in place of the
    ground truth; `features`: estimators above whose scores it reads besides the architecture, and files (`arch` and
    columns of numbers) whose columns it reads, or the name of a single file. An encoder that reads scores alone reads
    nothing else.

    `encoder`, `loss`: names of ENCODERS and LOSSES; `epochs`, `batch_size`, `lr`, `device`: of networks. `judged`:
    "all" architectures of the study, the "unseen" ones, or "unseen_classes", without isomorphic duplicates of those
    learned from. `label`: its name in tables, "encoder-n_fit/draw" with what differs from the defaults (but for the
    device) if it has none, and the stage.
    """

    chunk: ClassVar[int] = 1_000_000  # fitted for each task, which takes seconds

    name: Literal["predictor"] = "predictor"
    encoder: str = "gates"
    loss: str = "hinge"
    n_fit: Annotated[int, Field(ge=2)] = 78
    draw: Seed | Literal["by_seed"] = 0
    stages: Annotated[Distinct[Annotated[int, Field(ge=0)]], Field(min_length=1)] = (0,)
    choose: str = "exhaustive"
    n_candidates: Count | None = None
    n_trainings: Count | None = None
    signal: str = ""
    features: Annotated[Distinct[str], BeforeValidator(_listed)] = ()
    epochs: Count = 200
    batch_size: Count = 512
    lr: Positive = 1e-3
    judged: Literal["all", "unseen", "unseen_classes"] = "all"
    label: Label | Literal[""] = ""
    device: str = "cpu"

    @property
    def kind(self) -> str:
        """What it is apart from n_fit, draw, stage and device: the encoder, and what differs from the defaults.

        >>> PredictorConfig(loss="mse", features=["synflow", "macs"], n_trainings=1).kind
        'gates +synflow +macs mse seen 1x'
        >>> PredictorConfig(features=["synflow", "macs", "snip"]).kind
        'gates +3 scores'
        """
        names = [Path(name).name if names_a_file(name) else name for name in self.features]
        names = names if len(names) <= _N_NAMED else [f"{len(names)} scores"]
        parts = [short_name(self.encoder), *(f"+{name}" for name in names)]
        for key, field in type(self).model_fields.items():
            value = getattr(self, key)
            if key not in _NOT_SAID and value != field.default:
                shown = short_name(value) if isinstance(value, str) else value
                parts.append(_WORDING.get(key, key + "={}").format(shown))
        return " ".join(parts)

    def names(self) -> tuple[str, ...]:
        draw = "" if self.draw == _BY_SEED else f"/{self.draw}"
        name = self.label or f"{self.kind}-{self.n_fit}{draw}"
        return tuple(f"{name} stage {stage}" if len(self.stages) > 1 or stage else name for stage in self.stages)

    def components(self) -> Mapping[str, tuple[str, ...]]:
        searches = (self.choose,) if max(self.stages) else ()
        return {"encoders": (self.encoder,), "losses": (self.loss,), "searches": searches}

    def dependencies(self) -> tuple[Dependency, ...]:
        needs = tuple(Dependency(name, "all", every_seed=True) for name in self._scored)
        return (*needs, Dependency(self.signal, "learned", every_seed=True)) if self.signal else needs

    @property
    def _scored(self) -> tuple[str, ...]:
        """The features that are estimators."""
        return tuple(name for name in self.features if not names_a_file(name))

    def tables(self) -> tuple[str, ...]:
        return tuple(name for name in self.features if names_a_file(name))

    def files(self, training: Truth | None) -> tuple[Path, ...]:
        return tuple(map(self.place.located, self.tables()))

    def training_set(self, seed: int) -> TrainingSet:
        names = dict(zip(self.stages, self.names(), strict=True))
        return TrainingSet(
            n_fit=self.n_fit, names=names, draw=seed if self.draw == _BY_SEED else int(self.draw),
            acquisition=self.choose, n_candidates=self.n_candidates, n_trainings=self.n_trainings, signal=self.signal,
        )  # fmt: skip

    @model_validator(mode="after")
    def _checked(self) -> Self:
        """The keys that only together can be wrong."""
        if list(self.stages) != sorted(self.stages):
            raise UserError(f"stages {list(self.stages)}; give them in ascending order")
        budget = get_search(self.choose).takes_budget
        if budget and (self.n_candidates is None or self.n_candidates < self.n_fit):
            raise UserError(f"choose = {self.choose!r} scores n_candidates architectures; give at least n_fit")
        if not budget and self.n_candidates is not None:
            raise UserError(f"choose = {self.choose!r} scores all; remove n_candidates, or choose another search")
        unused = [] if max(self.stages) else ["choose"]
        self._refuse([*unused, *(["n_trainings"] if self.signal else [])])
        return self

    def build(self, context: RunContext) -> Any:
        from nasgauge.estimators.predictors.encoders import get_encoder
        from nasgauge.estimators.predictors.model import Training
        from nasgauge.estimators.predictors.predictor import Predictor
        from nasgauge.estimators.predictors.score_features import ScoreFeatures
        from nasgauge.nets import device_named

        device_named(self.device, self.where)
        if not get_encoder(self.encoder).trains:
            self._refuse(_OF_NETWORKS, self.where + ": ")
        features = ScoreFeatures(self._scored)
        if context.scores is not None:
            features = ScoreFeatures.of(context.scores, self._scored)
        for path in self.files(context.training):
            if context.numbers is None:
                raise UserError(f"{self.where}: the features of {path} are read in a study alone; run one")
            features = features.beside(path.name, context.numbers(path))
        kind = self.kind + (f", stages of {self.n_fit}" if max(self.stages) else "")
        training = Training(self.loss, self.epochs, self.batch_size, self.lr, self.device)
        return Predictor(
            context.space, self.encoder, training, features=features, seed=context.seed, label=self.names()[0],
            kind=kind, draw=self.training_set(context.seed).draw, signal=self.signal, judged=self.judged,
        )  # fmt: skip

    def _refuse(self, keys: Any, before: str = "") -> None:
        """UserError for a key that differs from its default and has no effect."""
        for key in keys:
            if getattr(self, key) != type(self).model_fields[key].default:
                raise UserError(f"{before}{key} = {getattr(self, key)!r} has no effect, {_WHY[key]}; leave it out")
