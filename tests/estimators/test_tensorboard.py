"""The training log as event files."""

import pytest

from nasgauge.core.errors import UserError
from nasgauge.estimators.oneshot.tensorboard import tensorboard_logger


def test_the_log_can_be_looked_at_in_tensorboard(tmp_path, monkeypatch):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    log = tensorboard_logger(tmp_path)
    for epoch in (1, 2):
        log({"seed": 0, "epoch": epoch, "lr": 0.5, "train_loss": 3.0 / epoch, "train_seconds": 0.1})
    events = EventAccumulator(str(tmp_path)).Reload()
    assert [(e.step, e.value) for e in events.Scalars("train_loss")] == [(1, 3.0), (2, 1.5)]
    monkeypatch.setitem(__import__("sys").modules, "torch.utils.tensorboard", None)
    with pytest.raises(UserError, match=r"pip install 'nasgauge\[tensorboard\]'"):
        tensorboard_logger(tmp_path)
