"""How good is an architecture, judged by a model that learned from a few trained ones?

`Predictor` is the estimator, `ENCODERS` and `LOSSES` its dictionaries. Rule: a model sees the truth that `fit` is given
and nothing else of it; scores are higher-better and carry no unit.

What it offers is imported when it is first asked for: configurations are read without torch.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "encoders": ["ENCODERS", "Encoder", "get_encoder"],
        "losses": ["LOSSES"],
        "model": ["Training"],
        "predictor": ["Predictor"],
        "score_features": ["ScoreFeatures"],
    },
)
