"""Where the estimators of a study compute."""

from nasgauge.core.conditions import processor


def title_of(device: str) -> str:
    """What a device that a study names is on this machine."""
    if device == "cpu":
        return processor()
    from nasgauge.nets import device_named, device_title  # late: needs torch

    return device_title(device_named(device, "device"))
