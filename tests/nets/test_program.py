"""Programs over shared modules, on toys that are no cells: plans, lifetimes, widths and concatenation."""

import weakref

import pytest
import torch
from torch import nn

from nasgauge.nets import Supernet
from nasgauge.nets.program import IMAGES, Blueprint, Step, plan


class Twice(nn.Module):
    def forward(self, x, width=3):
        return 2 * x[:, :width]


class Concatenate(nn.Module):
    def forward(self, *xs):
        return torch.cat(xs, 1)


def toy(program):
    parts = nn.ModuleDict({"twice": Twice(), "cat": Concatenate()})
    return Supernet(Blueprint(parts, program, lambda path: (nn.Identity(), {}), 1))


def widths(path):
    """The images cut to each width of the path, joined, and the first two columns of that."""
    narrow = [Step("twice", (0,), (width,)) for width in path]
    return (IMAGES, *narrow, Step("cat", tuple(range(1, 1 + len(path)))), Step("twice", (1 + len(path),), (2,)))


def test_a_plan_computes_equal_steps_once_and_nothing_twice():
    programs = [widths((1, 2)), widths((2, 1)), widths((1, 2)), widths((2, 2))]
    plain = plan(programs)
    assert [call.part for call in plain.calls].count("cat") == 3
    assert len(plain.calls) == 2 + 2 * 3 == plain.n_values - 1
    assert plain.results[0] == plain.results[2] and len(set(plain.results)) == 3
    together = plan(programs, batched=True)
    assert [(call.part, call.args, len(call.steps)) for call in together.calls] == [
        ("twice", (1,), 1),
        ("twice", (2,), 1),
        ("cat", (), 3),
        ("twice", (2,), 3),
    ]
    for todo in (plain, together):
        done = [i for call in todo.calls for i in call.done]
        assert sorted([0, *done, *set(todo.results)]) == list(range(todo.n_values))  # each value ends exactly once


@pytest.mark.parametrize("batched", [False, True])
def test_a_blueprint_with_widths_and_concatenation(batched):
    net = toy(widths)
    x = torch.arange(6.0).reshape(2, 3)
    paths = [(1, 2), (2, 1), (1, 2, 3), (3,)]
    expected = [4 * torch.cat([x[:, :w] for w in path], 1)[:, :2] for path in paths]
    assert torch.equal(net.each(x, paths, batched=batched), torch.stack(expected))
    assert net.used((1, 2)) == ("twice", "cat")


def test_a_value_is_gone_once_its_last_reader_has_run():
    steps = [Step("twice", (i,), args) for i, args in ((0, ()), (0, (5,)), (1, ()), (3, ()))]
    net = toy(lambda path: (IMAGES, *steps))
    born, alive = [], []

    def watch(module, inputs, output):
        alive.append(sum(reference() is not None for reference in born))
        born.append(weakref.ref(output))

    net.parts["twice"].register_forward_hook(watch)
    with torch.no_grad():
        logits = net(torch.ones(2, 3), (0,))
    assert torch.equal(logits, torch.full((2, 3), 8.0))
    assert alive == [0, 1, 1, 1]  # the second value is read by nobody
