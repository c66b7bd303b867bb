"""How good is an architecture, judged with the shared weights of a supernet?

A sampler says which architectures a step trains, a protocol how; `train` is the loop, probes watch it, and `OneShot`
turns the checkpoints into scores. Rule: no truth, no criteria, no files.
"""

from nasgauge.estimators.oneshot.averaging import averaged
from nasgauge.estimators.oneshot.naming import names, path_string
from nasgauge.estimators.oneshot.one_shot import OneShot
from nasgauge.estimators.oneshot.probes import ForgettingProbe, GradientProbe, Probe
from nasgauge.estimators.oneshot.protocol import OPTIONAL, PROTOCOLS, Protocol
from nasgauge.estimators.oneshot.samplers import SAMPLERS, Sampler, get_sampler, per_cell
from nasgauge.estimators.oneshot.scoring import BatchScores, score, validation_batches
from nasgauge.estimators.oneshot.train import train

__all__ = [
    "OPTIONAL",
    "PROTOCOLS",
    "SAMPLERS",
    "BatchScores",
    "ForgettingProbe",
    "GradientProbe",
    "OneShot",
    "Probe",
    "Protocol",
    "Sampler",
    "averaged",
    "get_sampler",
    "names",
    "path_string",
    "per_cell",
    "score",
    "train",
    "validation_batches",
]
