"""Words of predictors."""

from dataclasses import dataclass

from nasgauge.errors import UserError
from nasgauge.estimators import Estimator
from nasgauge.estimators.predictors import Predictor, Training
from nasgauge.families.family import Family, Learning, Place
from nasgauge.spaces import Space
from nasgauge.study import Options, options_for


@dataclass(frozen=True)
class PredictorWords:
    """A model learned from `n_fit` architectures of the study, the `draw`-th random choice of them.

    `stage`: after so many further stages, in each of which it chose the `n_fit` best unseen ones by its own scores,
    among all or `n_candidates` random ones, and learned again from all.

    `encoder`, `loss`: names of ENCODERS and LOSSES; `epochs`, `batch_size`, `lr`: of networks. `judged`: "all"
    architectures of the study, the "unseen" ones, or "unseen_classes", without isomorphic twins of those learned from.
    `label`: its name in tables, "encoder-n_fit/draw" if it has none, with the stage.
    """

    encoder: str = "gates"
    loss: str = "hinge"
    n_fit: int = 78
    draw: int = 0
    epochs: int = 200
    batch_size: int = 512
    lr: float = 1e-3
    stage: int = 0
    n_candidates: int | None = None
    judged: str = "all"
    label: str = ""


def _name(words: PredictorWords) -> str:
    stage = f" stage {words.stage}" if words.stage else ""
    return words.label or f"{words.encoder}-{words.n_fit}/{words.draw}{stage}"


def _build(options: Options, space: Space, seed: int, place: Place) -> Estimator:
    words: PredictorWords = options_for(PredictorWords, options, "estimator 'predictor'")
    if words.n_fit < 2 or words.draw < 0:
        raise UserError(
            f"estimator 'predictor': n_fit {words.n_fit}, draw {words.draw}; give at least 2, and 0 or more"
        )
    if words.stage < 0 or (words.n_candidates is not None and words.n_candidates < words.n_fit):
        raise UserError(
            f"estimator 'predictor': stage {words.stage}, {words.n_candidates} candidates; give a stage from 0, and at "
            f"least n_fit candidates"
        )
    training = Training(words.loss, words.epochs, words.batch_size, words.lr)
    return Predictor(space, words.encoder, training, seed=seed, label=_name(words), judged=words.judged)


PREDICTOR = Family(
    PredictorWords,
    lambda words: (_name(words),),
    build=_build,
    learns=lambda words: Learning(words.n_fit, words.draw, words.stage, words.n_candidates),
    chunk=1_000_000,  # learned anew in each piece of work, which takes seconds
)
