"""How good is an architecture, judged by its untrained network?

`ZeroShot` is the estimator, `PROXIES` its dictionary, `measure` the passes that proxies share. Rule: a proxy is a pure
function of a `Record`; it runs no network and sees no ground truth.
"""

from nasgauge.estimators.zeroshot.inputs import INPUTS, Batch, draw_batches, noise_like
from nasgauge.estimators.zeroshot.measure import PASSES, measure
from nasgauge.estimators.zeroshot.profile import layer_profile
from nasgauge.estimators.zeroshot.proxies import PROXIES, get_proxy
from nasgauge.estimators.zeroshot.proxy import Proxy
from nasgauge.estimators.zeroshot.record import Codes, Counts, Gradients, Layer, Record, Unmeasurable, Zen
from nasgauge.estimators.zeroshot.zero_shot import ZeroShot

__all__ = [
    "INPUTS", "PASSES", "PROXIES", "Batch", "Codes", "Counts", "Gradients", "Layer", "Proxy", "Record", "Unmeasurable",
    "Zen", "ZeroShot", "draw_batches", "get_proxy", "layer_profile", "measure", "noise_like",
]  # fmt: skip
