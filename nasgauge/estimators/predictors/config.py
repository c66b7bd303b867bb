"""Words of predictors."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

from nasgauge.core.errors import UserError
from nasgauge.estimators import Estimator
from nasgauge.estimators.context import Family, Learning, Need, Place
from nasgauge.estimators.predictors import Beside, Predictor, Training, get_encoder
from nasgauge.nets import device_named
from nasgauge.search import get_search
from nasgauge.spaces import Space
from nasgauge.studies.schema import Options, options_for


@dataclass(frozen=True)
class PredictorWords:
    """A model learned from `n_fit` architectures of the study, the `draw`-th random choice of them, or "by_seed", the
    one of the seed's number, so that seeds differ in draw and training alike.

    `stages`: after how many further stages it is judged, an estimator each: in every one it chose the `n_fit` best
    unseen ones by its own scores and learned again from all. `choose`: how it looks for them, a name of SEARCHES, among
    all or, where a search has a budget, by scoring `n_candidates`. `n_trainings`: how many trainings of each it sees,
    all if absent. `signal`: an estimator above from whose scores it learns in place of the truth; `features`:
    estimators above whose scores it reads beside the architecture.

    `encoder`, `loss`: names of ENCODERS and LOSSES; `epochs`, `batch_size`, `lr`, `device`: of networks. `judged`:
    "all" architectures of the study, the "unseen" ones, or "unseen_classes", without isomorphic twins of those learned
    from. `label`: its name in tables, "encoder-n_fit/draw" with what differs from the defaults (but for the device) if
    it has none, and the stage.
    """

    encoder: str = "gates"
    loss: str = "hinge"
    n_fit: int = 78
    draw: int | str = 0
    stages: Sequence[int] = (0,)
    choose: str = "exhaustive"
    n_candidates: int | None = None
    n_trainings: int | None = None
    signal: str = ""
    features: Sequence[str] = ()
    epochs: int = 200
    batch_size: int = 512
    lr: float = 1e-3
    judged: str = "all"
    label: str = ""
    device: str = "cpu"


_BY_SEED = "by_seed"
_WORDS = {"choose": "by {}", "signal": "on {}", "judged": "on {}", "loss": "{}", "n_trainings": "seen {}x"}
_OF_NETWORKS = ("loss", "epochs", "batch_size", "lr", "device")
_WHY = {
    **dict.fromkeys(_OF_NETWORKS, "as its encoder is no network"),
    "choose": "as there is no stage after the first",
    "n_trainings": "as it learns from a signal",
}
_N_NAMED = 2  # features that a name holds
_NOT_SAID = ("encoder", "n_fit", "draw", "stages", "features", "n_candidates", "label", "device")


def kind_of(words: PredictorWords) -> str:
    """What it is apart from n_fit, draw, stage and device: the encoder, and what differs from the defaults.

    >>> kind_of(PredictorWords(loss="mse", features=["synflow", "macs"], n_trainings=1))
    'gates +synflow +macs mse seen 1x'
    >>> kind_of(PredictorWords(features=["synflow", "macs", "snip"]))
    'gates +3 scores'
    """
    names = words.features if len(words.features) <= _N_NAMED else [f"{len(words.features)} scores"]
    said = [words.encoder, *(f"+{name}" for name in names)]
    for field in fields(words):
        value = getattr(words, field.name)
        if field.name not in _NOT_SAID and value != field.default:
            said.append(_WORDS.get(field.name, field.name + "={}").format(value))
    return " ".join(said)


def _names(words: PredictorWords) -> list[str]:
    draw = "" if words.draw == _BY_SEED else f"/{words.draw}"
    name = words.label or f"{kind_of(words)}-{words.n_fit}{draw}"
    return [f"{name} stage {stage}" if len(words.stages) > 1 or stage else name for stage in words.stages]


def _needs(words: PredictorWords) -> list[Need]:
    needs = [Need(name, "all", every_seed=True) for name in words.features]
    return [*needs, Need(words.signal, "learned", every_seed=True)] if words.signal else needs


def _build(options: Options, space: Space, seed: int, place: Place) -> Estimator:
    words: PredictorWords = options_for(PredictorWords, options, "estimator 'predictor'")
    _check(words)
    beside = Beside(tuple(words.features))
    if place.scores is not None:
        beside = Beside.of(place.scores, words.features)
    kind = kind_of(words) + (f", stages of {words.n_fit}" if max(words.stages) else "")
    training = Training(words.loss, words.epochs, words.batch_size, words.lr, words.device)
    return Predictor(
        space, words.encoder, training, beside=beside, seed=seed,
        label=_names(words)[0], kind=kind, draw=_draw(words, seed), signal=words.signal, judged=words.judged,
    )  # fmt: skip


def _check(words: PredictorWords) -> None:
    """UserError for what can be wrong in the words alone."""
    where = "estimator 'predictor'"
    get_encoder(words.encoder)
    device_named(words.device, where)
    counts = isinstance(words.draw, int) and not isinstance(words.draw, bool) and words.draw >= 0
    if words.n_fit < 2 or not (counts or words.draw == _BY_SEED):
        raise UserError(
            f"{where}: n_fit {words.n_fit}, draw {words.draw!r}; give at least 2, and 0 or more or {_BY_SEED!r}"
        )
    if not words.stages or min(words.stages) < 0 or list(words.stages) != sorted(set(words.stages)):
        raise UserError(f"{where}: stages {list(words.stages)}; give different ones from 0 on, in ascending order")
    budget = get_search(words.choose).takes_budget
    if budget and (words.n_candidates is None or words.n_candidates < words.n_fit):
        raise UserError(f"{where}: choose = {words.choose!r} scores n_candidates architectures; give at least n_fit")
    if not budget and words.n_candidates is not None:
        raise UserError(f"{where}: choose = {words.choose!r} scores all; remove n_candidates, or choose another search")
    unused = [] if get_encoder(words.encoder).trains else list(_OF_NETWORKS)
    unused += [] if max(words.stages) else ["choose"]
    unused += ["n_trainings"] if words.signal else []
    for name in unused:
        if getattr(words, name) != getattr(PredictorWords, name):
            raise UserError(f"{where}: {name} = {getattr(words, name)!r} changes nothing, {_WHY[name]}; leave it out")
    if words.n_trainings is not None and words.n_trainings < 1:
        raise UserError(f"{where}: n_trainings is {words.n_trainings}; give at least 1")


def _draw(words: PredictorWords, seed: int) -> int:
    return seed if words.draw == _BY_SEED else int(words.draw)


def _learning(words: PredictorWords) -> Learning:
    return Learning(
        words.n_fit, dict(zip(words.stages, _names(words), strict=True)), words.choose, words.n_candidates,
        words.n_trainings, words.signal,
    )  # fmt: skip


PREDICTOR = Family(
    PredictorWords,
    _names,
    build=_build,
    needs=_needs,
    learns=_learning,
    chunk=1_000_000,  # learned anew in each piece of work, which takes seconds
)
