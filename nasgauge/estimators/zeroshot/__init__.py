"""How good is an architecture, judged by its untrained network?

`ZeroShot` is the estimator, `measure` the same for modules of any kind, `PROXIES` the dictionary, `record_of` the
passes that proxies share. Rule: a proxy sees no ground truth; a shipped one is a pure function of a `Record` and runs
no network, one's own may (`as_proxy`).

What it offers is imported when it is first asked for: configurations are read without torch.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "inputs": ["Batch", "INPUTS", "draw_batches", "noise_like"],
        "modules": ["measure"],
        "own": ["as_proxy"],
        "passes": ["PASSES", "record_of"],
        "profile": ["layer_profile"],
        "proxies": ["PROXIES", "get_proxy"],
        "proxy": ["Proxy"],
        "record": ["Codes", "Counts", "Gradients", "Layer", "Record", "Unmeasurable", "Zen"],
        "zero_shot": ["ZeroShot"],
    },
)
