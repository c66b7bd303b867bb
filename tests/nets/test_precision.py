"""Switches of PyTorch that decide how products are rounded: set, read and put back."""

import pytest
import torch

from nasgauge.core.errors import UserError
from nasgauge.nets import PRECISIONS, autocast, check_precision, dtype_of, products, rounding, unrounded

SWITCHES = (
    (torch.backends.cudnn, "allow_tf32"),
    (torch.backends.cuda.matmul, "allow_tf32"),
    (torch.backends.cudnn, "deterministic"),
    (torch.backends.cudnn, "benchmark"),
)
AS_SET = {"float64": (False, False, True, False), "float32": (False, False, True, False),
          "tf32": (True, True, True, False), "bfloat16": (False, False, True, False)}  # fmt: skip


def switches():
    return tuple(getattr(where, name) for where, name in SWITCHES)


@pytest.fixture(params=[(True, True, False, True), (False, True, True, False), (True, False, False, False)])
def before(request, monkeypatch):
    for (where, name), value in zip(SWITCHES, request.param, strict=True):
        was = getattr(where, name)
        setattr(where, name, value)
        request.addfinalizer(lambda where=where, name=name, was=was: setattr(where, name, was))
    assert switches() == request.param
    return request.param


@pytest.mark.parametrize("precision", PRECISIONS)
def test_switches_are_set_inside_and_put_back_afterwards(precision, before):
    with products(precision):
        assert switches() == AS_SET[precision]
        with products("float32"):
            assert switches() == AS_SET["float32"]
        assert switches() == AS_SET[precision]
    assert switches() == before


@pytest.mark.parametrize("precision", PRECISIONS)
def test_switches_are_put_back_after_an_exception(precision, before):
    with pytest.raises(ZeroDivisionError), products(precision):
        raise ZeroDivisionError
    assert switches() == before


def test_a_function_computes_under_the_switches_too(before):
    assert products("float32")(switches)() == AS_SET["float32"]
    assert switches() == before


@pytest.mark.parametrize(("precision", "eps"), [("float32", 2**-23), ("bfloat16", 2**-7)])
def test_rounding_is_that_of_the_products_of_a_network(precision, eps):
    generator = torch.Generator().manual_seed(0)
    x, layer = torch.randn(4, 64, generator=generator), torch.nn.Linear(64, 64, bias=False)
    torch.nn.init.normal_(layer.weight, generator=generator)
    with autocast(precision, "cpu"):
        assert rounding(x) == eps
        out = layer(x)
        with unrounded("cpu"):
            assert rounding(x) == 2**-23 and torch.equal(layer(x), x @ layer.weight.T)
        assert rounding(x) == eps
    exact = x.double() @ layer.weight.double().T
    error = ((out - exact).abs() / exact.abs().max()).max()
    assert eps / 100 < error < 8 * eps


def test_float64_is_rounded_by_no_precision():
    x = torch.ones(2, 2, dtype=torch.float64)
    for precision in PRECISIONS:
        with products(precision), autocast(precision, "cpu"):
            assert rounding(x) == 2**-52 and (x @ x).dtype == torch.float64


@pytest.mark.parametrize("allowed", [False, True])
def test_tf32_is_known_by_the_switches(allowed):
    with products("tf32" if allowed else "float32"):
        x = torch.empty(1, device="meta")
        assert rounding(_OnCuda(x)) == (2.0**-10 if allowed else 2.0**-23)
        assert rounding(torch.empty(1)) == 2.0**-23


class _OnCuda:
    """A tensor's type and a device that this machine may lack."""

    def __init__(self, x):
        self.dtype, self.device = x.dtype, torch.device("cuda")


def test_the_type_of_weights():
    assert {name: dtype_of(name) for name in PRECISIONS} == {
        "float64": torch.float64, "float32": torch.float32, "tf32": torch.float32, "bfloat16": torch.float32
    }  # fmt: skip


def test_tf32_is_of_cuda_devices():
    check_precision("tf32", "cuda:1", "here")
    for precision in set(PRECISIONS) - {"tf32"}:
        check_precision(precision, "cpu", "here")
    with pytest.raises(
        UserError, match=r'^here: precision "tf32" needs a CUDA device, and device is "mps"; write prec'
    ):
        check_precision("tf32", "mps", "here")
    with pytest.raises(UserError, match=r'^here: amp "tf32" needs a CUDA device, and .* "cpu"; write amp = "none"$'):
        check_precision("tf32", "cpu", "here", option="amp", instead="none")
