"""What of a network's output is scored."""

from collections.abc import Mapping

import torch

from nasgauge.estimators.zeroshot.record import Unmeasurable


def logits_of(output: object, n_images: int) -> torch.Tensor:
    """The logits (n_images, classes): the output itself, or its entry or attribute `logits`.

    Auxiliary outputs beside `logits` are left out. Unmeasurable for anything else: which of several heads is meant,
    nobody can know.

    >>> logits_of({"logits": torch.zeros(2, 3), "auxiliary": torch.ones(2, 3)}, 2).shape
    torch.Size([2, 3])
    """
    found = output.get("logits") if isinstance(output, Mapping) else getattr(output, "logits", output)
    if isinstance(found, torch.Tensor) and found.dim() == 2 and len(found) == n_images:
        return found
    raise Unmeasurable(
        f"the network gives {_what(output)} for {n_images} image{'s' if n_images > 1 else ''}; logits (images, "
        "classes) are needed, or an output with an entry or attribute 'logits'"
    )


def _what(output: object) -> str:
    if isinstance(output, torch.Tensor):
        return f"a tensor {tuple(output.shape)}"
    if isinstance(output, tuple | list | Mapping):
        return f"a {type(output).__name__} of {len(output)}"
    return f"a {type(output).__name__}"
