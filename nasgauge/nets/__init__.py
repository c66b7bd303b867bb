"""What does an architecture compute?

`build(space, arch, options)` gives the stand-alone network of an architecture, `supernet(space, ...)` one network whose
weights all architectures share. Rule: networks and their operations only; no sampling of architectures and no training
loop.

What it offers is imported when it is first asked for: configurations are read without torch.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "average_pooling": ["avg_pool2d"],
        "counting": ["CONVOLUTIONS", "Complexity", "count", "count_convolutions", "count_parameters"],
        "depthwise": ["quicken"],
        "device": ["device_named", "device_title"],
        "initialisation": ["INITS", "drawn_from", "initialise"],
        "landscape": ["loss_landscape"],
        "nds": ["zero_init_residual"],
        "networks": ["build", "check_size", "complexity"],
        "options": ["NetOptions", "SupernetOptions"],
        "own": ["space_from"],
        "precision": ["PRECISIONS", "autocast", "check_precision", "dtype_of", "products", "rounding", "unrounded"],
        "program": ["Path"],
        "registered": ["NETS", "StandAlone", "check_meaning", "stand_alone"],
        "shared": ["SUPERNETS", "Supernet", "supernet"],
        "surface": ["Landscape"],
    },
)
