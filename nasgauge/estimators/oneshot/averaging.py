"""One set of weights out of several."""

from collections.abc import Sequence

import torch

from nasgauge.core.errors import UserError


def averaged(states: Sequence[dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """The mean of several states of one network: w = (w_1 + ... + w_n) / n for every floating tensor.

    Whole numbers (how many batches a running statistic has seen) take the maximum. states: what `state_dict` gives,
    equal names and shapes, at least one; they are left as they are. UserError: none, or of different networks.
    Reference: Ning et al. 2021, section 6.1 (temporal ensemble).

    >>> averaged([{"w": torch.tensor([1.0]), "n": torch.tensor(3)}, {"w": torch.tensor([2.0]), "n": torch.tensor(5)}])
    {'w': tensor([1.5000]), 'n': tensor(5)}
    """
    if not states:
        raise UserError("average of weights: no checkpoint; give at least one")
    shapes = {name: w.shape for name, w in states[0].items()}
    for number, state in enumerate(states[1:], start=2):
        if {name: w.shape for name, w in state.items()} != shapes:
            raise UserError(f"average of weights: checkpoint {number} is of another network; leave it out")
    return {name: _combined(torch.stack([state[name] for state in states])) for name in shapes}


def _combined(stacked: torch.Tensor) -> torch.Tensor:
    return stacked.mean(0) if stacked.is_floating_point() else stacked.amax(0)
