"""From a plain function to a proxy."""

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

from nasgauge.core.errors import UserError, unknown_name
from nasgauge.core.signatures import n_positional, summary
from nasgauge.estimators.zeroshot.proxy import Proxy
from nasgauge.estimators.zeroshot.view import FIELDS, mentioned

_FORMS = "a proxy is a function of (network, (images, labels)), or of a Record"


def as_proxy(
    function: Callable[..., Any] | None = None,
    *,
    name: str | None = None,
    needs: Collection[str] | None = None,
    reference: str | None = None,
    data_free: bool = False,
    pooled: bool = False,
) -> Any:
    """The proxy of a function, or a decorator that makes one; two positional arguments mean the network and a batch,
    one a Record.

    name: in tables, that of the function if absent. needs: the passes whose fields a function of a Record reads, those
    that its text mentions if absent; it has to be given where other functions read them. The others: see Proxy.

    UserError: a function of other arguments; an unknown pass, with the nearest.

    >>> as_proxy(lambda record: len(record.layers), name="n_layers").needs
    frozenset({'layers'})
    >>> @as_proxy(data_free=True)
    ... def n_modules(network, batch):
    ...     return len(list(network.modules()))
    >>> n_modules.name, n_modules.reads
    ('n_modules', 'network')
    """
    options = {"name": name, "needs": needs, "reference": reference, "data_free": data_free, "pooled": pooled}
    if function is None:
        return lambda decorated: as_proxy(decorated, **options)
    name = name or getattr(function, "__name__", type(function).__name__)
    n = n_positional(function)
    if n not in (1, 2):
        given = "no fixed number of" if n is None else str(n)
        raise UserError(f"proxy {name!r}: takes {given} positional arguments; {_FORMS}")
    shared = {"reference": reference, "summary": summary(function), "data_free": data_free}
    if n == 2:
        return Proxy(name, function, frozenset(needs or ()), pooled=pooled, reads="network", **shared)
    wanted = mentioned(function) if needs is None else frozenset([needs] if isinstance(needs, str) else needs)
    for need in sorted(wanted - FIELDS):
        raise UserError(f"proxy {name!r}: {unknown_name('pass', need, FIELDS)}")
    return Proxy(name, function, wanted, pooled=pooled, **shared)


def adapted(thing: Any, name: str) -> Proxy | None:
    """What a reference yields: a Proxy, which takes its name, or a function; None for anything else."""
    if isinstance(thing, Proxy):
        return replace(thing, name=name)
    return as_proxy(thing, name=name) if callable(thing) and not isinstance(thing, type) else None
