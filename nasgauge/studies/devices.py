"""Where the estimators of a study compute."""

from nasgauge.core.conditions import processor
from nasgauge.estimators import supernets_of
from nasgauge.studies.schema import Study


def device_of(study: Study, index: int) -> str:
    """The device, as a study names it, on which one of its estimators computes; a supernet's for what lives in one."""
    supernets, config = supernets_of(study.estimators), study.estimators[index]
    parents = (supernets[need.name] for need in config.dependencies() if need.name in supernets)
    return next((one.device for one in (config, *parents) if hasattr(one, "device")), "cpu")


def title_of(device: str) -> str:
    """What a device that a study names is on this machine."""
    if device == "cpu":
        return processor()
    from nasgauge.nets import device_named, device_title  # late: needs torch

    return device_title(device_named(device, "device"))
