"""A search space of one's own from functions that build modules."""

import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import fields
from typing import Any

from torch import nn

from nasgauge.core.arguments import DICTIONARY, LIST, TEXT, takes
from nasgauge.core.errors import UserError, unknown_name
from nasgauge.nets.options import NetOptions
from nasgauge.nets.registered import StandAlone
from nasgauge.spaces import SPACES, Arch, ListedSpace, Operation

_OF_IMAGES = ("in_channels", "n_classes")  # decided by the data set, and no user's choice


@takes("space_from", name=TEXT, reads=LIST, operations=DICTIONARY, reference=TEXT)
def space_from(
    name: str,
    networks: Mapping[str | tuple[str, ...], Callable[..., nn.Module]],
    *,
    reads: Collection[str] = (),
    operations: Mapping[str, Operation] | None = None,
    reference: str | None = None,
) -> ListedSpace:
    """The search space of these networks, known by its name to studies, recipes and commands from then on.

    networks: by architecture, a name or a tuple of words ("conv3", "pool", ...) of equal length, the function that
    builds its module: of one argument, NetOptions with `in_channels` and `n_classes` of the images, or of none. It
    initialises the module as it likes; PyTorch's, NumPy's and Python's random numbers are seeded meanwhile. The module
    takes images (N, C, H, W) and gives logits (N, classes). reads: further options of NetOptions that the functions
    heed, such as "channels"; to set another one is an error. operations: what the words do, by word, if depth or
    numbers of convolutions are to be known. reference: bib key.

    Words are what predictors learn from and what biases are measured by (`ListedSpace`). A space of that name made
    here earlier is replaced. UserError: a name that another space has; architectures that are not names; values that
    are not such functions; unknown options.

    >>> from nasgauge.nets import NetOptions, build
    >>> import torch
    >>> space = space_from("widths", {f"w{n}": lambda o, n=n: nn.Linear(n, o.n_classes) for n in (2, 3)})
    >>> build(space, space.from_str("w3"), NetOptions(n_classes=5), generators=[torch.Generator()])
    Linear(in_features=3, out_features=5, bias=True)
    >>> del SPACES["widths"]
    """
    where = f"search space {name!r}"
    if not isinstance(networks, Mapping) or not networks:
        raise UserError(f"{where}: networks is {networks!r:.80}; give a dictionary of names to functions, one at least")
    options = [field.name for field in fields(NetOptions)]
    for option in reads:
        if option not in options:
            raise unknown_name("option of networks", option, options)
    builders = {key: _of_options(value, f"{where}: {key!r:.80}") for key, value in networks.items()}
    space = ListedSpace(name, builders, operations=operations, reference=reference)
    by_arch = dict(zip(space.enumerate(), builders.values(), strict=True))

    def build(arch: Arch, options: NetOptions) -> nn.Module:
        return by_arch[arch](options)

    heeded = {*_OF_IMAGES, *reads}
    space.network = StandAlone(build, tuple(option for option in options if option not in heeded))
    if name in SPACES and not isinstance(SPACES[name], ListedSpace):
        raise UserError(f"{where}: the name is another space's; choose another name")
    SPACES[name] = space
    return space


def _of_options(function: Any, where: str) -> Callable[[NetOptions], nn.Module]:
    if isinstance(function, nn.Module) or not callable(function):
        raise UserError(
            f"{where} is of type {type(function).__name__}; give a function that builds the module, as each seed "
            "needs a fresh one"
        )
    try:
        arguments = inspect.signature(function).parameters.values()
    except (TypeError, ValueError) as error:
        raise UserError(
            f"{where}: its arguments cannot be read; give a function of one argument, or of none"
        ) from error
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    required = [a for a in arguments if a.default is a.empty and a.kind not in (a.VAR_POSITIONAL, a.VAR_KEYWORD)]
    if len(required) > 1 or any(a.kind not in positional for a in required):
        names = ", ".join(a.name for a in required)
        raise UserError(
            f"{where}: its function requires {names}; give a function of one argument, NetOptions, or of none"
        )
    return function if required else lambda options: function()
