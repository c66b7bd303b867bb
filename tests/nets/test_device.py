"""Devices that are there and devices that are not, on machines with and without accelerators."""

import pytest
import torch

from nasgauge.core.errors import UserError
from nasgauge.nets import device_named


def machine(monkeypatch, kind, n):
    """A machine with n accelerators of a kind."""
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: n > 0)
    monkeypatch.setattr(torch.accelerator, "device_count", lambda: n)
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda: torch.device(kind) if n else None)


@pytest.mark.parametrize(
    ("kind", "n", "devices"),
    [
        ("cuda", 0, ["cpu", "cpu:0", torch.device("cpu")]),
        ("cuda", 2, ["cpu", "cuda", "cuda:0", "cuda:1", torch.device("cuda", 1)]),
        ("mps", 1, ["cpu", "mps", "mps:0"]),
    ],
)
def test_what_is_there(monkeypatch, kind, n, devices):
    machine(monkeypatch, kind, n)
    for device in devices:
        assert device_named(device, "here") == str(device)


@pytest.mark.parametrize(
    ("n", "device", "says"),
    [
        (0, "cuda", r"a\.toml: device 'cuda' is not available here, only cpu; write device = \"cpu\", or \"auto\"$"),
        (0, torch.device("cuda:0"), "device 'cuda:0' is not available here, only cpu;"),
        (
            2,
            "cuda:2",
            r"device 'cuda:2' is not available here, only cpu, cuda:0, cuda:1; write device = \"cuda:1\", or \"auto\"$",
        ),
        (2, "mps", "device 'mps' is not available"),
        (2, "gpu", "device 'gpu' is not available"),
        (2, "meta", "device 'meta' is not available"),
        (2, "", "device '' is not available"),
    ],
)
def test_what_is_not_there_is_told_with_what_is(monkeypatch, n, device, says):
    machine(monkeypatch, "cuda", n)
    with pytest.raises(UserError, match=says):
        device_named(device, "a.toml")


@pytest.mark.parametrize(("kind", "n", "best"), [("cuda", 0, "cpu"), ("cuda", 2, "cuda"), ("mps", 1, "mps")])
def test_auto_is_the_accelerator_where_there_is_one(monkeypatch, kind, n, best):
    machine(monkeypatch, kind, n)
    assert device_named("auto", "here") == best
