"""The training log as curves in TensorBoard."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from nasgauge.core.errors import UserError


def tensorboard_logger(folder: str | Path) -> Callable[[Mapping[str, Any]], None]:
    """A function for `OneShot(on_epoch=...)` that writes a row's numbers, by epoch, as event files into a folder.

    UserError: TensorBoard is not installed.
    """
    try:
        from torch.utils.tensorboard import SummaryWriter  # imported late: an extra
    except ImportError as error:
        raise UserError(f"{folder}: writing for TensorBoard needs it; pip install 'nasgauge[tensorboard]'") from error
    writer = cache(lambda: SummaryWriter(str(folder)))  # its file is there from the first row on

    def log(row: Mapping[str, Any]) -> None:
        for name in ("lr", "train_loss", "train_seconds"):
            writer().add_scalar(name, row[name], row["epoch"])
        writer().flush()  # so that a training that is killed leaves its curves

    return log
