"""Where networks can live on this machine."""

import torch

from nasgauge.core.conditions import processor
from nasgauge.core.errors import UserError


def device_named(device: str | torch.device, where: str) -> str:
    """The device of that name: "cpu", an accelerator that is here, by kind or number, or for "auto" what is best here.

    "auto" is the current accelerator if there is one, else the CPU. UserError for an unknown or absent device; where:
    the place that the message begins with.

    >>> device_named("cpu", "recipe.toml")
    'cpu'
    """
    offered = _available()
    if device == "auto":
        return offered[-1].partition(":")[0]
    try:
        wanted = torch.device(device)
    except RuntimeError:  # no name that torch knows
        wanted = None
    kinds = {name.partition(":")[0] for name in offered}
    if wanted is None or (wanted.type != "cpu" and str(wanted) not in {*offered, *kinds}):
        raise UserError(
            f"{where}: device {str(device)!r} is not available here, only {', '.join(offered)}; write device = "
            f'"{offered[-1]}", or "auto"'
        )
    return str(wanted)


def device_title(device: str) -> str:
    """What a device of `device_named` is: the model of the accelerator, or of the processor for "cpu"."""
    if torch.device(device).type == "cuda":
        return torch.cuda.get_device_name(device)
    return processor() if torch.device(device).type == "cpu" else device


def _available() -> tuple[str, ...]:
    """The CPU, and every accelerator by kind and number."""
    if not torch.accelerator.is_available():
        return ("cpu",)
    kind = torch.accelerator.current_accelerator().type
    return ("cpu", *(f"{kind}:{i}" for i in range(torch.accelerator.device_count())))
