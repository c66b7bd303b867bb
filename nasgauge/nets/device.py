"""Where networks can live on this machine."""

import torch

from nasgauge.errors import UserError


def check_device(device: str | torch.device, where: str) -> None:
    """UserError unless networks can live on `device`: the CPU, or an accelerator that is here, by kind or number.

    where: the place that the message begins with; it says which devices there are.

    >>> check_device("cpu", "recipe.toml")
    """
    offered = _available()
    try:
        wanted = torch.device(device)
    except RuntimeError:  # no name that torch knows
        wanted = None
    kinds = {name.partition(":")[0] for name in offered}
    if wanted is None or (wanted.type != "cpu" and str(wanted) not in {*offered, *kinds}):
        raise UserError(
            f"{where}: device {str(device)!r} is not available here, only {', '.join(offered)}; write device = "
            f'"{offered[-1]}"'
        )


def _available() -> tuple[str, ...]:
    """The CPU, and every accelerator by kind and number."""
    if not torch.accelerator.is_available():
        return ("cpu",)
    kind = torch.accelerator.current_accelerator().type
    return ("cpu", *(f"{kind}:{i}" for i in range(torch.accelerator.device_count())))
