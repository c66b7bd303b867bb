"""Estimates of accuracy with the shared weights of a supernet.

A sampler says which architectures a step trains, a protocol how; `train` is the loop, probes watch it, and `OneShot`
turns the checkpoints into scores. Rule: no truth, no criteria, no files.

What it offers is imported when it is first asked for: configurations are read without torch.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "averaging": ["averaged"],
        "controllers": ["Controller", "Judge", "Timing"],
        "few_shot": ["FewShot"],
        "naming": ["names", "path_string"],
        "one_shot": ["OneShot"],
        "probes": ["ForgettingProbe", "GradientProbe", "Probe"],
        "protocol": ["OPTIONAL", "PROTOCOLS", "Protocol"],
        "samplers": ["SAMPLERS", "Sampler", "get_sampler", "per_cell"],
        "scoring": ["BatchScores", "score", "validation_batches"],
        "training_loop": ["train"],
    },
)
