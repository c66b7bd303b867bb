"""The training log as event files."""

import pytest

from nasgauge.core.errors import UserError
from nasgauge.core.places import paths_from
from nasgauge.estimators import estimator_config
from nasgauge.estimators.oneshot import built
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


def test_a_logger_writes_nothing_before_the_first_epoch(tmp_path):
    pytest.importorskip("tensorboard")
    log = tensorboard_logger(tmp_path / "logs")
    assert not (tmp_path / "logs").exists()
    log({"seed": 0, "epoch": 1, "lr": 0.5, "train_loss": 3.0, "train_seconds": 0.1})
    assert len(list((tmp_path / "logs").iterdir())) == 1


def test_the_folder_of_logs_starts_where_other_paths_of_the_study_do(tmp_path, monkeypatch):
    named = []
    monkeypatch.setattr(built, "tensorboard_logger", named.append)
    with paths_from(tmp_path):
        config = estimator_config({"name": "oneshot", "epochs": 1, "tensorboard": "logs"})
    built._logger(config, 3)
    assert named == [f"{tmp_path}/logs/oneshot-seed3"]
